"""The three groups: created by a migration, complete, and joined in one step."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User

from integrations import roles
from tests.support.people import PASSWORD, make_groups, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def groups() -> None:
    make_groups()


def rights(group: str) -> set[str]:
    pairs = Group.objects.get(name=group).permissions.values_list("content_type__app_label", "codename")
    return {".".join(pair) for pair in pairs}


@pytest.mark.parametrize("group", roles.MAY_ACT)
def test_each_group_may_look_at_everything_of_ours(group: str) -> None:
    models = [model._meta for label in roles.OUR_APPS for model in apps.get_app_config(label).get_models()]

    assert {f"{model.app_label}.view_{model.model_name}" for model in models} <= rights(group)


def test_only_mapping_admins_may_act() -> None:
    beyond = {name: {right for right in rights(name) if ".view_" not in right} for name in roles.MAY_ACT}

    assert beyond == {
        roles.MAPPING_ADMINS: {"integrations.change_workspace"},
        roles.SUPPORT: set(),
        roles.BOOKKEEPERS: set(),
    }


def test_nothing_but_ours_is_in_a_group() -> None:
    for group in roles.MAY_ACT:
        assert {right.partition(".")[0] for right in rights(group)} == set(roles.OUR_APPS)


def test_setting_up_again_changes_nothing_and_keeps_what_an_administrator_added() -> None:
    support = Group.objects.get(name=roles.SUPPORT)
    support.permissions.add(Permission.objects.get(codename="view_user"))
    before = {name: rights(name) for name in roles.MAY_ACT}

    make_groups()

    assert {name: rights(name) for name in roles.MAY_ACT} == before
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
