"""Groups that people are put into, and what each may do. docs/people.md tells administrators."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.management import create_permissions

MAPPING_ADMINS = "Mapping admins"
SUPPORT = "Support (read only)"
BOOKKEEPERS = "Bookkeepers"

OUR_APPS = ("integrations", "mapping", "syncjobs")
# One right stands for all pages of ours, one for all buttons: it is asked for wherever something would be written.
VIEW_RIGHT = "integrations.view_workspace"
ACT_RIGHT = "integrations.change_workspace"
MAY_ACT = {MAPPING_ADMINS: True, SUPPORT: False, BOOKKEEPERS: False}


def set_up(apps: Any, schema_editor: Any) -> None:
    """For migrations: make the groups and give them the rights they lack.

    Rights that an administrator added or another migration gave stay. A migration that brings a model calls this
    again, so that the groups may see it.
    """
    using = schema_editor.connection.alias
    _make_permissions(apps, using)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    looking = permissions.filter(content_type__app_label__in=OUR_APPS, codename__startswith="view_")
    app, codename = ACT_RIGHT.split(".")
    acting = permissions.filter(content_type__app_label=app, codename=codename)
    for name, may_act in MAY_ACT.items():
        group, _ = apps.get_model("auth", "Group").objects.using(using).get_or_create(name=name)
        group.permissions.add(*looking, *(acting if may_act else ()))


def _make_permissions(apps: Any, using: str) -> None:
    """Django makes permissions after all migrations; here they are needed before."""
    for label in OUR_APPS:
        config = apps.get_app_config(label)
        before = getattr(config, "models_module", None)
        # Historical apps have no module of models, and Django skips those that have none.
        config.models_module = before or True
        create_permissions(config, apps=apps, using=using, verbosity=0)
        config.models_module = before


def let_members_in(*, instance: Any, action: str, reverse: bool, pk_set: set[int] | None, using: str, **_: Any) -> None:
    """Whoever joins one of our groups may open the admin: a group without *staff status* would be no use."""
    if action != "post_add" or not pk_set:
        return
    people, groups = (pk_set, {instance.pk}) if reverse else ({instance.pk}, pk_set)
    members = get_user_model()._default_manager.using(using).filter(pk__in=people)
    joined = members.filter(groups__pk__in=groups, groups__name__in=MAY_ACT).update(is_staff=True)
    if joined and not reverse:
        instance.is_staff = True
