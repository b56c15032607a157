"""A new database needs `migrate` and nothing else."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.db.models import Q
from django.utils.module_loading import import_string

from tests.support import schema
from tests.support.people import make_groups

pytestmark = pytest.mark.django_db


def test_no_model_change_lacks_its_migration(settings: Any) -> None:
    settings.MIGRATION_MODULES = {}

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_migrations_make_the_tables_that_the_models_say(tmp_path: Path) -> None:
    with another_database(tmp_path) as url:
        environment = os.environ | {"DATABASE_URL": url}
        command = [sys.executable, "-m", "tests.support.schema"]
        made = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr

    assert json.loads(made.stdout) == json.loads(json.dumps(schema.of(connection)))


@contextmanager
def another_database(folder: Path) -> Iterator[str]:
    """Yield the address of an empty database beside that of the tests."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{folder / 'migrated.sqlite3'}"
        return
    name = f"migrated_{os.getpid()}"
    # In a connection of its own: the test's is in a transaction.
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield re.sub(r"(//[^/]*/)[^?]*", rf"\1{name}", os.environ["DATABASE_URL"])
        finally:
            server.execute(f"DROP DATABASE {name}")


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
