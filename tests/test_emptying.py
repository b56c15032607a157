"""A test never sees rows that an earlier test committed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.test import TransactionTestCase

from integrations import roles
from integrations.models import Workspace
from tests.support.factories import (
    ActionFactory,
    ClockifyUserFactory,
    EmployeeFactory,
    EntryStatusFactory,
    LinkFactory,
    ReceiptFactory,
    RunItemFactory,
    UserFactory,
)
from tests.support.people import make_groups

pytestmark = pytest.mark.django_db(transaction=True)


def clean_up() -> None:
    """Clean up as at the end of a test that commits."""
    TransactionTestCase()._fixture_teardown()


def tables_with_rows() -> set[str]:
    models = apps.get_models(include_auto_created=True)
    return {model._meta.label for model in models if model._base_manager.exists()}


def made_by_migrating() -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    return (
        set(ContentType.objects.values_list("app_label", "model")),
        set(Permission.objects.values_list("content_type__model", "codename")),
    )


def test_only_rows_of_migrations_remain() -> None:
    initial = made_by_migrating()
    make_groups()
    UserFactory.allowed("integrations.view_workspace", *roles.ACT_RIGHTS)
    for factory in (ActionFactory, ClockifyUserFactory, EmployeeFactory, LinkFactory, ReceiptFactory, RunItemFactory):
        factory()
    EntryStatusFactory()
    User.objects.get().groups.add(Group.objects.all()[0])
    cache.set("colour", "blue", None)
    assert len(tables_with_rows()) > 12

    clean_up()

    assert tables_with_rows() == {"contenttypes.ContentType", "auth.Permission"}
    assert made_by_migrating() == initial
    assert cache.get("colour") is None


def delete_a_permission() -> None:
    Permission.objects.filter(codename="view_workspace").delete()


def rename_a_permission() -> None:
    Permission.objects.filter(codename="view_workspace").update(codename="see_workspace")


def add_a_permission() -> None:
    Permission.objects.create(codename="fly", name="May fly", content_type=ContentType.objects.get_for_model(Workspace))


def delete_a_content_type() -> None:
    ContentType.objects.get_for_model(Workspace).delete()


@pytest.mark.parametrize("touch", [delete_a_permission, rename_a_permission, add_a_permission, delete_a_content_type])
def test_rows_of_migrations_are_restored_where_a_test_changed_them(touch: Callable[[], None]) -> None:
    initial = made_by_migrating()
    UserFactory.allowed("integrations.view_workspace")
    touch()
    assert made_by_migrating() != initial

    clean_up()

    assert made_by_migrating() == initial
    assert tables_with_rows() == {"contenttypes.ContentType", "auth.Permission"}
    # As another test finds it.
    assert UserFactory.allowed("integrations.view_workspace").has_perm("integrations.view_workspace")
