"""A new database needs `migrate` and nothing else."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.db.models import Q
from django.utils.module_loading import import_string

from tests.support.people import make_groups

pytestmark = pytest.mark.django_db


def test_no_model_change_lacks_its_migration() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_migrate_makes_the_table_of_the_shared_cache() -> None:
    # The test database was given one by Django's own test set-up, which a real database never sees.
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE hourbridge_cache")

    migration = import_string("integrations.migrations.0002_cache_table.Migration")
    for operation in migration.operations:
        operation.code(apps, SimpleNamespace(connection=connection))

    cache.set("colour", "blue")
    assert cache.get("colour") == "blue"


@pytest.mark.parametrize(
    ("model", "table"),
    [("mapping.MappingOverride", "mapping_stance"), ("syncjobs.EntryStatus", "syncjobs_entryverdict")],
)
def test_a_renamed_model_keeps_its_table_and_its_readers(model: str, table: str) -> None:
    label, _, name = model.partition(".")
    # As the migrations do it; tests that empty the database take the groups away.
    make_groups()
    readers = Group.objects.filter(permissions__codename=f"view_{name.lower()}")
    old = Permission.objects.filter(Q(codename__endswith="_stance") | Q(codename__endswith="_entryverdict"))

    assert apps.get_model(model)._meta.db_table == table
    assert table in connection.introspection.table_names()
    assert readers.count() == 3
    assert not old.exists()
    assert not ContentType.objects.filter(app_label=label, model__in=["stance", "entryverdict"]).exists()
