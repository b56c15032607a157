"""The groups of users and what each may do; docs/people.md explains them to administrators."""

from __future__ import annotations

from typing import Any

from django.apps import apps as installed_apps
from django.contrib.auth import get_permission_codename, get_user_model
from django.contrib.auth.management import create_permissions

MAPPING_ADMINS = "Mapping admins"
SUPPORT = "Support (read only)"
BOOKKEEPERS = "Bookkeepers"

OUR_APPS = ("integrations", "mapping", "syncjobs")
# One permission covers all pages. Whatever is written needs one of the others, which one right was once.
VIEW_RIGHT = "integrations.view_workspace"
MAP_RIGHT = "integrations.map_records"
SEND_RIGHT = "integrations.send_time"
CONNECT_RIGHT = "integrations.connect_accounts"
ALLOW_PLAN_RIGHT = "integrations.allow_plan"
DOWNLOAD_NAMES_RIGHT = "integrations.download_names"
# To sign periods, and to explain what is not explained.
SIGN_RIGHT = "syncjobs.sign_period"
ACT_RIGHTS = (MAP_RIGHT, SEND_RIGHT, CONNECT_RIGHT, ALLOW_PLAN_RIGHT)
# Codenames of the permissions that each group has besides viewing, as far as a model has them.
GROUP_RIGHTS = {
    MAPPING_ADMINS: ("map_records", "send_time", "connect_accounts"),
    SUPPORT: (),
    BOOKKEEPERS: ("sign_period",),
}


def set_up(apps: Any, schema_editor: Any) -> None:
    """Create the groups and give them the permissions they lack; called by migrations.

    Permissions that an administrator added or another migration gave stay. A migration that adds a model or a
    permission calls this again, so that the groups have it.
    """
    using = schema_editor.connection.alias
    _create_permissions(apps, using)
    ours = apps.get_model("auth", "Permission").objects.using(using).filter(content_type__app_label__in=OUR_APPS)
    view_permissions = ours.filter(codename__startswith="view_")
    for name, codenames in GROUP_RIGHTS.items():
        group, _ = apps.get_model("auth", "Group").objects.using(using).get_or_create(name=name)
        group.permissions.add(*view_permissions, *ours.filter(codename__in=codenames))


def split_act_right(apps: Any, schema_editor: Any) -> None:
    """Give everybody who could press all buttons the rights that this one right became; called by a migration.

    The group of ours gets what `set_up` gives it; its members keep allowing plans, each by name.
    """
    using = schema_editor.connection.alias
    set_up(apps, schema_editor)
    permissions = (
        apps.get_model("auth", "Permission").objects.using(using).filter(content_type__app_label="integrations")
    )
    rights = list(permissions.filter(codename__in=[right.partition(".")[2] for right in ACT_RIGHTS]))
    had_it = permissions.filter(codename="change_workspace", content_type__model="workspace")
    groups = apps.get_model("auth", "Group").objects.using(using).filter(permissions__in=had_it)
    users = apps.get_model("auth", "User").objects.using(using)
    for group in groups.exclude(name=MAPPING_ADMINS):
        group.permissions.add(*rights)
    for user in users.filter(user_permissions__in=had_it):
        user.user_permissions.add(*rights)
    for user in users.filter(groups__in=groups.filter(name=MAPPING_ADMINS)):
        user.user_permissions.add(*(right for right in rights if right.codename == "allow_plan"))


def rename_permissions(apps: Any, schema_editor: Any, *, app: str, old: str, new: str, title: str) -> None:
    """Let the permissions of a renamed model keep their rows, and whoever has them: Django renames none (5.2).

    For migrations, after RenameModel. `old` and `new` are model names in small letters, `title` the new one in words.
    """
    permissions = apps.get_model("auth", "Permission").objects.using(schema_editor.connection.alias)
    for permission in permissions.filter(content_type__app_label=app, codename__endswith=f"_{old}"):
        verb = permission.codename.removesuffix(f"_{old}")
        permission.codename, permission.name = f"{verb}_{new}", f"Can {verb} {title}"
        permission.save()


def name_permissions(*, app_config: Any, using: str, apps: Any = installed_apps, **_: Any) -> None:
    """Name an app's permissions after its models as they are called now, since Django keeps their first names (5.2).

    Called after each `migrate`.
    """
    names = {}
    for model in app_config.get_models():
        options = model._meta
        for verb in options.default_permissions:
            codename = get_permission_codename(verb, options)
            names[options.model_name, codename] = f"Can {verb} {options.verbose_name_raw}"
        names |= {(options.model_name, codename): name for codename, name in options.permissions}
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    for permission in permissions.filter(content_type__app_label=app_config.label).select_related("content_type"):
        name = names.get((permission.content_type.model, permission.codename), permission.name)
        if name != permission.name:
            permission.name = name
            permission.save(update_fields=["name"])


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
    joined = members.filter(groups__pk__in=group_ids, groups__name__in=GROUP_RIGHTS).update(is_staff=True)
    if joined and not reverse:
        instance.is_staff = True
