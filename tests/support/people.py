"""People of each kind, as an administrator would make them."""

from __future__ import annotations

from types import SimpleNamespace

from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.db import connection

from integrations import roles

PASSWORD = "correct horse battery"
OUTSIDER, BARE_STAFF, ADMINISTRATOR = "Outsider", "Staff without a group", "Administrator"
# People with one of the rights beside the one to look, as an administrator may give them.
RIGHTS = {
    "Mapper": roles.MAP_RIGHT,
    "Sender": roles.SEND_RIGHT,
    "Connector": roles.CONNECT_RIGHT,
    "Plan allower": roles.ALLOW_PLAN_RIGHT,
}
ROLES = (OUTSIDER, BARE_STAFF, roles.SUPPORT, roles.BOOKKEEPERS, *RIGHTS, roles.MAPPING_ADMINS, ADMINISTRATOR)
MAY_LOOK = set(ROLES) - {OUTSIDER, BARE_STAFF}
MAY_MAP = {"Mapper", roles.MAPPING_ADMINS, ADMINISTRATOR}
MAY_SEND = {"Sender", roles.MAPPING_ADMINS, ADMINISTRATOR}
MAY_CONNECT = {"Connector", roles.MAPPING_ADMINS, ADMINISTRATOR}
MAY_SIGN = {roles.BOOKKEEPERS, ADMINISTRATOR}
MAY_ACT = {*RIGHTS, roles.MAPPING_ADMINS, ADMINISTRATOR}


def make_groups() -> None:
    """Create the groups as the migration does; they are gone after a test that empties the database."""
    roles.set_up(apps, SimpleNamespace(connection=connection))


def person(name: str = "dana", *, role: str = BARE_STAFF) -> User:
    staff = role in {BARE_STAFF, ADMINISTRATOR}
    user = User.objects.create_user(name, f"{name}@example.com", PASSWORD, is_staff=staff)
    if role == ADMINISTRATOR:
        user.is_superuser = True
        user.save()
    elif role in RIGHTS:
        make_groups()
        user.groups.add(Group.objects.get(name=roles.SUPPORT))
        user.user_permissions.add(Permission.objects.get(codename=RIGHTS[role].partition(".")[2]))
    elif role in roles.GROUP_RIGHTS:
        make_groups()
        user.groups.add(Group.objects.get(name=role))
    return user
