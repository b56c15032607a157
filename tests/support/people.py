"""People of each kind, as an administrator would make them."""

from __future__ import annotations

from types import SimpleNamespace

from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection

from integrations import roles

PASSWORD = "correct horse battery"
OUTSIDER, BARE_STAFF, ADMINISTRATOR = "Outsider", "Staff without a group", "Administrator"
ROLES = (OUTSIDER, BARE_STAFF, roles.SUPPORT, roles.BOOKKEEPERS, roles.MAPPING_ADMINS, ADMINISTRATOR)
MAY_LOOK = {roles.SUPPORT, roles.BOOKKEEPERS, roles.MAPPING_ADMINS, ADMINISTRATOR}
MAY_ACT = {roles.MAPPING_ADMINS, ADMINISTRATOR}


def make_groups() -> None:
    """Create the groups as the migration does; they are gone after a test that empties the database."""
    roles.set_up(apps, SimpleNamespace(connection=connection))


def person(name: str = "dana", *, role: str = BARE_STAFF) -> User:
    staff = role in {BARE_STAFF, ADMINISTRATOR}
    user = User.objects.create_user(name, f"{name}@example.com", PASSWORD, is_staff=staff)
    if role == ADMINISTRATOR:
        user.is_superuser = True
        user.save()
    elif role in roles.MAY_ACT:
        make_groups()
        user.groups.add(Group.objects.get(name=role))
    return user
