"""The three groups: created by a migration, complete, and joined in one step."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command
from django.db import connection

from integrations import roles
from tests.support.people import PASSWORD, make_groups, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def groups() -> None:
    make_groups()


def rights(group: str) -> set[str]:
    pairs = Group.objects.get(name=group).permissions.values_list("content_type__app_label", "codename")
    return {".".join(pair) for pair in pairs}


@pytest.mark.parametrize("group", roles.GROUP_RIGHTS)
def test_each_group_may_look_at_everything_of_ours(group: str) -> None:
    models = [model._meta for label in roles.OUR_APPS for model in apps.get_app_config(label).get_models()]

    assert {f"{model.app_label}.view_{model.model_name}" for model in models} <= rights(group)


def test_only_mapping_admins_may_act_and_only_bookkeepers_may_sign() -> None:
    beyond = {name: {right for right in rights(name) if ".view_" not in right} for name in roles.GROUP_RIGHTS}
    sign = Permission.objects.filter(codename="sign_period").values_list("content_type__app_label", "codename")

    assert beyond == {
        roles.MAPPING_ADMINS: {roles.MAP_RIGHT, roles.SEND_RIGHT, roles.CONNECT_RIGHT},
        roles.SUPPORT: set(),
        roles.BOOKKEEPERS: {".".join(pair) for pair in sign},
    }


def test_permissions_are_named_after_their_models_as_they_are_called_now() -> None:
    permissions = Permission.objects.filter(content_type__app_label__in=roles.OUR_APPS)
    permissions.filter(codename__in=("view_receipt", "sign_period")).update(name="As it was called once")

    call_command("migrate", verbosity=0)

    names = dict(permissions.values_list("codename", "name"))
    assert names["view_receipt"] == "Can view sent time entry"
    assert names["view_action"] == "Can view change sent to QuickBooks"
    assert names["sign_period"] == "Can sign periods, and explain what is not explained"


def test_nothing_but_ours_is_in_a_group() -> None:
    for group in roles.GROUP_RIGHTS:
        assert {right.partition(".")[0] for right in rights(group)} == set(roles.OUR_APPS)


def test_setting_up_again_changes_nothing_and_keeps_what_an_administrator_added() -> None:
    support = Group.objects.get(name=roles.SUPPORT)
    support.permissions.add(Permission.objects.get(codename="view_user"))
    before = {name: rights(name) for name in roles.GROUP_RIGHTS}

    make_groups()

    assert {name: rights(name) for name in roles.GROUP_RIGHTS} == before
    assert "auth.view_user" in rights(roles.SUPPORT)


def test_a_group_that_was_removed_comes_back() -> None:
    Group.objects.get(name=roles.BOOKKEEPERS).delete()
    Permission.objects.filter(codename="view_receipt").delete()

    make_groups()

    assert "syncjobs.view_receipt" in rights(roles.BOOKKEEPERS)


def test_joining_one_of_our_groups_opens_the_admin() -> None:
    user = User.objects.create_user("erin", password=PASSWORD)

    user.groups.add(Group.objects.get(name=roles.BOOKKEEPERS))

    assert user.is_staff
    user.refresh_from_db()
    assert user.is_staff


def test_being_added_from_the_group_s_side_opens_it_too() -> None:
    user, colleague = User.objects.create_user("erin"), User.objects.create_user("finn")

    Group.objects.get(name=roles.SUPPORT).user_set.add(user)

    user.refresh_from_db()
    colleague.refresh_from_db()
    assert user.is_staff and not colleague.is_staff


def test_other_groups_open_nothing() -> None:
    member = person(role=roles.SUPPORT)
    User.objects.update(is_staff=False)

    member.groups.add(Group.objects.create(name="Choir"))

    member.refresh_from_db()
    assert not member.is_staff


def test_who_had_the_one_right_of_old_keeps_all_that_it_allowed() -> None:
    old = Permission.objects.get(codename="change_workspace")
    choir = Group.objects.create(name="Choir")
    choir.permissions.add(old)
    Group.objects.get(name=roles.MAPPING_ADMINS).permissions.set([old])
    people = {name: User.objects.create_user(name) for name in ("admin", "singer", "alone", "support")}
    people["admin"].groups.add(Group.objects.get(name=roles.MAPPING_ADMINS))
    people["singer"].groups.add(choir)
    people["alone"].user_permissions.add(old)
    people["support"].groups.add(Group.objects.get(name=roles.SUPPORT))

    roles.split_act_right(apps, SimpleNamespace(connection=connection))

    may = {
        name: {right for right in roles.ACT_RIGHTS if User.objects.get(pk=user.pk).has_perm(right)}
        for name, user in people.items()
    }
    everything = set(roles.ACT_RIGHTS)
    assert may == {"admin": everything, "singer": everything, "alone": everything, "support": set()}
    newcomer = person(role=roles.MAPPING_ADMINS)
    assert not newcomer.has_perm(roles.ALLOW_PLAN_RIGHT) and newcomer.has_perm(roles.SEND_RIGHT)
