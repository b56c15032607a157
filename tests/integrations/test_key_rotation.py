"""Stored secrets are encrypted again with the newest key, and none is lost on the way."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.apps import apps
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

from integrations import key_rotation
from integrations.fields import EncryptedTextField, seal, unseal
from integrations.models import Company, Workspace
from tests.support.factories import CompanyFactory, UserFactory, WorkspaceFactory
from tests.support.scene import run_command
from tests.worker.conftest import PATIENCE, environment_of_processes, until

OLD, NEW, LOST = (Fernet.generate_key().decode() for _ in range(3))


@pytest.fixture
def old_secrets(transactional_db: None, settings: Any) -> Workspace:
    """Store each kind of secret with the old key, then put the new key first."""
    settings.ENCRYPTION_KEYS = [OLD]
    company = CompanyFactory(access_token="access", refresh_token="refresh")
    workspace = WorkspaceFactory(api_key="key", company=company)
    user = UserFactory()
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": seal("totp")})
    codes = {"seed": seal("seed"), "used_mask": 5, "migrated_codes": [seal("one"), seal("two")]}
    Authenticator.objects.create(user=user, type=Authenticator.Type.RECOVERY_CODES, data=codes)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    return workspace


def secrets() -> list[str]:
    workspace, company = Workspace.objects.get(), Company.objects.get()
    totp, codes = Authenticator.objects.order_by("pk")
    sealed = [totp.data["secret"], codes.data["seed"], *codes.data["migrated_codes"]]
    return [workspace.api_key, company.access_token, company.refresh_token, *(unseal(one) for one in sealed)]


def test_every_secret_is_read_with_the_new_key_alone_afterwards(old_secrets: Workspace, settings: Any) -> None:
    result = run_command("rotate_keys")

    assert (result.code, result.json) == (0, {"encrypted": 5, "current": 0, "unreadable": [], "replaced": []})
    settings.ENCRYPTION_KEYS = [NEW]
    assert secrets() == ["key", "access", "refresh", "totp", "seed", "one", "two"]
    assert Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).data["used_mask"] == 5


def test_repeated_it_finds_everything_current_and_writes_nothing(old_secrets: Workspace) -> None:
    run_command("rotate_keys")
    before = list(key_rotation.sealed_values())

    again = run_command("rotate_keys")

    assert again.json == {"encrypted": 0, "current": 5, "unreadable": [], "replaced": []}
    assert list(key_rotation.sealed_values()) == before


def test_an_unreadable_secret_is_named_and_the_others_go_on(old_secrets: Workspace, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [LOST]
    Workspace.objects.update(api_key="gone", name="Studio")
    Authenticator.objects.filter(type=Authenticator.Type.TOTP).update(data={"secret": seal("gone")})
    settings.ENCRYPTION_KEYS = [NEW, OLD]

    result = run_command("rotate_keys")

    assert result.code == 4
    assert (result["encrypted"], len(result["unreadable"])) == (3, 2)
    assert "workspace Studio, api key" in result["unreadable"]
    assert "Can't be read with any of ENCRYPTION_KEYS: workspace Studio, api key." in result.stderr
    assert "Add the key they were stored with" in result.stderr


@contextmanager
def before_the_update(column: str, happens: Callable[[], object]) -> Iterator[None]:
    """Let something happen right before the first UPDATE of a column."""
    left = [happens]

    def wrapper(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith("UPDATE") and f'SET "{column}"' in sql and left:
            left.pop()()
        return execute(sql, *args)

    with connection.execute_wrapper(wrapper):
        yield


def test_a_token_that_is_refreshed_meanwhile_stays(old_secrets: Workspace, settings: Any) -> None:
    def refresh() -> None:
        Company.objects.update(access_token="newer", refresh_token="newest")

    with before_the_update("access_token", refresh):
        result = run_command("rotate_keys")

    assert result.code == 0
    settings.ENCRYPTION_KEYS = [NEW]
    assert secrets()[:3] == ["key", "newer", "newest"]


def test_a_process_with_the_old_key_first_is_told_of(old_secrets: Workspace, settings: Any) -> None:
    def refresh_with_the_old_key() -> None:
        settings.ENCRYPTION_KEYS = [OLD]
        Company.objects.update(access_token="newer")
        settings.ENCRYPTION_KEYS = [NEW, OLD]

    def wrapper(execute: Any, sql: str, *args: Any) -> Any:
        if sql.startswith("UPDATE") and 'SET "access_token"' in sql and settings.ENCRYPTION_KEYS[0] == NEW:
            refresh_with_the_old_key()
        return execute(sql, *args)

    with connection.execute_wrapper(wrapper):
        result = run_command("rotate_keys")

    assert result.code == 4 and len(result["replaced"]) == 1
    assert "Start web site and worker again, and repeat." in result.stderr
    assert run_command("rotate_keys").code == 0


def test_a_company_that_is_disconnected_meanwhile_gets_no_tokens_back(old_secrets: Workspace) -> None:
    with before_the_update("access_token", lambda: Company.objects.update(access_token="", refresh_token="")):
        result = run_command("rotate_keys")

    assert result.code == 0
    assert Company.objects.values_list("access_token", "refresh_token").get() == ("", "")


def test_every_column_of_secrets_is_found() -> None:
    fields = [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, EncryptedTextField)
    ]

    assert set(key_rotation.columns()) == set(fields)
    assert {(Workspace, "api_key"), (Company, "refresh_token")} <= set(fields)


def test_killed_in_the_middle_it_loses_nothing_and_goes_on(transactional_db: None, settings: Any) -> None:
    count = 2000
    settings.ENCRYPTION_KEYS = [OLD]
    Workspace.objects.bulk_create(
        Workspace(clockify_id=f"w{n}", name=f"W{n}", api_key=f"key {n}", start_date=date(2026, 3, 1))
        for n in range(count)
    )
    before = set(key_rotation.sealed_values())
    environment = environment_of_processes() | {"ENCRYPTION_KEYS": f"{NEW},{OLD}"}

    process = subprocess.Popen(
        [sys.executable, "manage.py", "rotate_keys"],
        cwd=django_settings.BASE_DIR,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: _changed(before) or process.poll() is not None)
    os.kill(process.pid, 9)
    process.wait(PATIENCE)
    done = _changed(before)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    readable = sorted(Workspace.objects.values_list("api_key", flat=True))
    result = run_command("rotate_keys")

    assert 0 < done < count
    assert readable == sorted(f"key {n}" for n in range(count))
    assert result.json == {"encrypted": count - done, "current": done, "unreadable": [], "replaced": []}


def _changed(before: set[str]) -> int:
    rows = Workspace.objects.annotate(sealed=Cast("api_key", TextField()))
    return sum(1 for sealed in rows.values_list("sealed", flat=True) if sealed not in before)


def test_the_check_list_says_what_needs_an_older_key(old_secrets: Workspace) -> None:
    def line() -> dict[str, Any]:
        checks = run_command("doctor", "--workspace", old_secrets.clockify_id)["checks"]
        return next(check for check in checks if check["name"] == "encryption")

    assert (line()["level"], line()["ok"]) == ("warn", True)
    assert "7 of 7 stored secrets still need an older key" in line()["message"] and "rotate_keys" in line()["fix"]
    call_command("rotate_keys")
    assert line()["level"] == "ok" and "all with the first" in line()["message"]
