"""The groups of users and what each may do; docs/people.md explains them to administrators."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.management import create_permissions

MAPPING_ADMINS = "Mapping admins"
SUPPORT = "Support (read only)"
BOOKKEEPERS = "Bookkeepers"

OUR_APPS = ("integrations", "mapping", "syncjobs")
# One permission covers all pages, one all buttons; the second is checked wherever something would be written.
VIEW_RIGHT = "integrations.view_workspace"
ACT_RIGHT = "integrations.change_workspace"
MAY_ACT = {MAPPING_ADMINS: True, SUPPORT: False, BOOKKEEPERS: False}


def set_up(apps: Any, schema_editor: Any) -> None:
    """Create the groups and give them the permissions they lack; called by migrations.

    Permissions that an administrator added or another migration gave stay. A migration that adds a model calls this
    again, so that the groups may view it.
    """
    using = schema_editor.connection.alias
    _create_permissions(apps, using)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    view_permissions = permissions.filter(content_type__app_label__in=OUR_APPS, codename__startswith="view_")
    app, codename = ACT_RIGHT.split(".")
    act_permissions = permissions.filter(content_type__app_label=app, codename=codename)
    for name, may_act in MAY_ACT.items():
        group, _ = apps.get_model("auth", "Group").objects.using(using).get_or_create(name=name)
        group.permissions.add(*view_permissions, *(act_permissions if may_act else ()))


def rename_permissions(apps: Any, schema_editor: Any, *, app: str, old: str, new: str, title: str) -> None:
    """Let the permissions of a renamed model keep their rows, and whoever has them: Django renames none (5.2).

    For migrations, after RenameModel. `old` and `new` are model names in small letters, `title` the new one in words.
    """
    permissions = apps.get_model("auth", "Permission").objects.using(schema_editor.connection.alias)
    for permission in permissions.filter(content_type__app_label=app, codename__endswith=f"_{old}"):
        verb = permission.codename.removesuffix(f"_{old}")
        permission.codename, permission.name = f"{verb}_{new}", f"Can {verb} {title}"
        permission.save()


def _create_permissions(apps: Any, using: str) -> None:
    """Create the permissions now; Django does it after all migrations, which is too late for the groups."""
    for label in OUR_APPS:
        config = apps.get_app_config(label)
        models_module = getattr(config, "models_module", None)
        # Apps of a migration have no models module, and Django skips apps without one.
        config.models_module = models_module or True
        create_permissions(config, apps=apps, using=using, verbosity=0)
        config.models_module = models_module


def grant_staff_status(
    *, instance: Any, action: str, reverse: bool, pk_set: set[int] | None, using: str, **_: Any
) -> None:
    """Give staff status to users who join one of our groups; without it nobody can open the admin."""
    if action != "post_add" or not pk_set:
        return
    # Django sends the ids of users instead of groups when users are added to a group (group.user_set.add).
    user_ids, group_ids = (pk_set, {instance.pk}) if reverse else ({instance.pk}, pk_set)
    members = get_user_model()._default_manager.using(using).filter(pk__in=user_ids)
    joined = members.filter(groups__pk__in=group_ids, groups__name__in=MAY_ACT).update(is_staff=True)
    if joined and not reverse:
        instance.is_staff = True
