"""Canaries: a secret of its own in every place where one can be, quoted back by both vendors, and found nowhere.

The vendors quote them in bodies, headers and redirects, in the encodings they use. Then the log, everything that
commands printed, every table, every page of the admin and the file of commands' errors are searched.
"""

from __future__ import annotations

import base64
import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from zipfile import ZipFile

import pytest
from django.apps import apps
from django.contrib import admin
from django.core import signing
from django.db import connection as database
from django.test import Client
from django.urls import reverse

from config import scrubber, sentry
from integrations.fields import EncryptedTextField
from integrations.limits import retry
from integrations.models import Company, Workspace
from integrations.quickbooks.connecting import authorization
from mapping import command_output
from sandbox.data.datasets import REALM
from sandbox.quickbooks.tokens import Tokens
from syncjobs import tasks
from syncjobs.models import Run
from tests.support.scene import Result, Scene, run_command

CLIENT_ID = "sandbox-client"
KEY = "bm90LWEta2V5LWNhbmFyeS1hcGkta2V5/QWFCYkNjRGREZUVm"
WRONG_KEY = "d3JvbmctY2FuYXJ5LWtleS10eXBlZC1pbi1ieS1hLXBlcnNvbg"
CLIENT_SECRET = "Canary+Client/Secret-7c1d"
ENVIRONMENT = {
    "SECRET_KEY": "canary-secret-key-of-django-5f",
    "ENCRYPTION_KEYS": "Q2FuYXJ5RW5jcnlwdGlvbktleU9uZTAxMjM0NTY3ODk=,Q2FuYXJ5RW5jcnlwdGlvbktleVR3bzAxMjM0NTY3ODk=",
    "QUICKBOOKS_CLIENT_SECRET": CLIENT_SECRET,
    "QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN": "canary-verifier-90a1",
    "METRICS_TOKEN": "canary-metrics-77b2",
    "DATABASE_URL": "postgres://hourbridge:canary%2Fdatabase-4c@db/hourbridge",
    "REDIS_URL": "redis://:canary-redis-3e@cache:6379/0",
    "EMAIL_URL": "smtp+tls://mail:canary-mail-8d@smtp.example.com:587",
}
FIXED = [
    *(KEY, CLIENT_SECRET, "canary-secret-key-of-django-5f", *ENVIRONMENT["ENCRYPTION_KEYS"].split(",")),
    *("canary-verifier-90a1", "canary-metrics-77b2", "canary/database-4c", "canary-redis-3e", "canary-mail-8d"),
]
BASIC = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
FORGED = "2026-03-04 10:00:00,000 ERROR hourbridge.run Everything was deleted"


class Nest:
    """The secrets there are, the words in which vendors quote them, and the places where they may have gone."""

    def __init__(self, scene: Scene, log: io.StringIO, folder: Path) -> None:
        self.scene, self.log, self.folder = scene, log, folder
        self.printed: list[str] = []
        # Known from when it is typed in.
        self.typed: list[str] = []

    def secrets(self) -> list[str]:
        grants = self.scene.world.quickbooks.tokens
        kept = [token for grant in grants._grants for token in (grant.refresh, *grant.retired)]
        # The sandbox's own, by which anybody connects to it, stands in the docs.
        kept = [token for token in kept if token != "sandbox-refresh-1"]
        return [*FIXED, *self.typed, *grants._access, *kept]

    def words(self) -> str:
        """Return everything quoted, the newest tokens first, so that some of it is cut wherever the text is cut."""
        newest = self.secrets()[::-1]
        quoted = [f"Bearer {newest[-1]}", f"X-Api-Key: {KEY}", f"Authorization: Basic {BASIC}"]
        return " ".join(
            [*quoted, f"no\n{FORGED}", *newest, *map(quote, newest), f"refresh_token={newest[0]}", json.dumps(newest)]
        )

    def run(self, name: str, *args: str) -> Result:
        result = run_command(name, *args)
        self.printed += [json.dumps(result.json, ensure_ascii=False), result.stderr]
        return result

    def tables(self) -> str:
        """Return every column of every table as text, but for the encrypted ones and Django's sessions."""
        rows = []
        for model in apps.get_models():
            fields = [f.attname for f in model._meta.concrete_fields if not isinstance(f, EncryptedTextField)]
            rows += [f"{model.__name__} {row}" for row in model._default_manager.values_list(*fields)]
        return "\n".join(rows)

    def pages(self, client: Client) -> Iterator[str]:
        """Yield every list of the admin, and every record of those that have errors."""
        yield client.get("/admin/").content.decode()
        for model in admin.site._registry:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
            yield client.get(reverse(f"{name}_changelist")).content.decode()
            for pk in model._default_manager.order_by("-pk").values_list("pk", flat=True)[:4]:
                yield client.get(reverse(f"{name}_change", args=[pk])).content.decode()

    def sinks(self, client: Client) -> dict[str, str]:
        error_log = self.folder / "log" / "commands.log"
        return {
            "log": self.log.getvalue(),
            "commands": "\n".join(self.printed),
            "tables": self.tables(),
            "pages": "\n".join(self.pages(client)),
            "error log": error_log.read_text() if error_log.exists() else "",
        }


@pytest.fixture
def nest(sandbox: Any, transactional_db: None, settings: Any, tmp_path: Path, monkeypatch: Any) -> Iterator[Nest]:
    """Connect both vendors with canaries, with a log that keeps everything."""
    settings.VAR_DIR, settings.GIVE_UP_SECONDS = tmp_path, 1
    settings.QUICKBOOKS_CLIENT_SECRET = sandbox.world.quickbooks.client_secret = CLIENT_SECRET
    monkeypatch.setattr(retry, "THROTTLED_PAUSES", (0.1, 0.1, 0.1))
    monkeypatch.setattr(retry, "TOKEN_PAUSES", (0.1,))
    count = iter(range(1000, 9999))
    monkeypatch.setattr(Tokens, "_new_refresh", lambda self: f"AB11canaryRefreshToken{next(count)}{'x7' * 10}")
    scrubber.learn_environment(ENVIRONMENT)
    log, root = io.StringIO(), logging.getLogger()
    handler = logging.StreamHandler(log)
    handler.setFormatter(logging.Formatter("{asctime} {levelname} {name} {message}", style="{"))
    root.addHandler(handler)
    ours = logging.getLogger("hourbridge")
    level = ours.level
    ours.setLevel(logging.DEBUG)
    nest = Nest(Scene(sandbox), log, tmp_path)
    owner = next(iter(nest.scene.clockify.keys.values()))
    nest.scene.clockify.put_key(KEY, owner)
    token = nest.scene.world.quickbooks.issue_refresh_token(REALM)
    assert nest.run("connect_clockify", "--api-key", KEY).code == 0
    assert nest.run("connect_quickbooks", "--realm", REALM, "--refresh-token", token).code == 0
    nest.scene.entries(nest.scene.user("Ada"), nest.scene.project("Site"), 3)
    yield nest
    ours.setLevel(level)
    root.removeHandler(handler)


def assert_found_nowhere(nest: Nest, client: Client) -> None:
    for place, text in nest.sinks(client).items():
        plain = unquote(text)
        for secret in [*nest.secrets(), BASIC]:
            assert secret not in text and secret not in plain, f"{secret} in {place}"
            assert secret[: len(secret) // 2 + 8] not in plain, f"part of {secret} in {place}"
        assert not [line for line in text.splitlines() if line.startswith(FORGED)], place
    assert "canary" not in nest.log.getvalue().lower()


# A sample in `make test`, all of them in `make test-all`.
ODD_ANSWERS = [
    *((status, "fault") for status in (400, 401)),
    *(pytest.param(status, "fault", marks=pytest.mark.slow) for status in (200, 302, 403, 404, 429, 500)),
    *(pytest.param(status, "text", marks=pytest.mark.slow) for status in (200, 401, 502)),
]


def plan_quoting(nest: Nest, vendor: str, status: int, form: str) -> None:
    """Have the vendor answer every call with all secrets, in the body, the headers and a redirect."""
    words = nest.words()
    line = " ".join(words.split())
    fault = {"Fault": {"Error": [{"Message": words, "Detail": words, "code": "6000"}], "type": words[:80]}}
    body: Any = {"message": words, "code": words[:50]} if vendor == "clockify" else fault
    nest.scene.clear_faults()
    nest.scene.fault(
        "status_before",
        vendor=vendor,
        path="",
        method="",
        times=0,
        status=status,
        body=f"<html>{words}</html>" if form == "text" else body,
        headers={
            "intuit_tid": nest.secrets()[-1],
            "Location": f"{nest.scene.running.url}/?{quote(line)}",
            "X-Echo": line,
        },
    )


@pytest.mark.parametrize(("status", "form"), ODD_ANSWERS)
@pytest.mark.parametrize("vendor", ["clockify", "quickbooks"])
def test_what_a_vendor_quotes_is_found_nowhere(
    nest: Nest, admin_client: Client, vendor: str, status: int, form: str
) -> None:
    nest.run("check_for_new")
    plan_quoting(nest, vendor, status, form)

    nest.run("check_for_new")
    nest.run("sync_time", "--from", "2026-03-01", "--to", "2026-03-31")
    nest.run("explain", next(iter(nest.scene.place.entries)))
    # A key that is not stored, and quoted by the answer to the call that brings it.
    nest.typed.append(WRONG_KEY)
    plan_quoting(nest, vendor, status, form)
    nest.run("connect_clockify", "--api-key", WRONG_KEY)
    nest.run("connect_quickbooks", "--realm", REALM, "--refresh-token", nest.secrets()[-1])
    page = admin_client.post("/admin/connect/clockify/", {"api_key": WRONG_KEY, "region": "settings"}, follow=True)
    nest.printed.append(page.content.decode())

    assert nest.scene.hits()
    assert_found_nowhere(nest, admin_client)
    if (status, form) == (400, "fault"):
        assert scrubber.MASK in nest.tables() and scrubber.MASK in nest.log.getvalue()


@pytest.mark.parametrize("status", [400, 500])
def test_what_the_token_service_quotes_is_found_nowhere(nest: Nest, admin_client: Client, status: int) -> None:
    body = {"error": f"invalid_grant {nest.words()}", "error_description": nest.words()}
    nest.scene.fault("status_before", path="oauth2", status=status, body=body, times=0)
    Company.objects.update(access_expires_at=None)

    for command in (["check_for_new"], ["disconnect_quickbooks"]):
        nest.run(*command)

    assert nest.scene.hits()
    assert_found_nowhere(nest, admin_client)


def test_what_the_browser_brings_back_from_intuit_is_found_nowhere(nest: Nest, admin_client: Client) -> None:
    user = admin_client.get("/admin/").wsgi_request.user
    state = signing.dumps([Workspace.objects.get().pk, user.pk], salt=authorization.SALT)
    answers = [{"error": nest.words()}, {"code": "canary-code-0123456789", "realmId": REALM}, {"code": KEY}]
    for answer in answers:
        page = admin_client.get("/connections/quickbooks/callback/", {**answer, "state": state}, follow=True)
        nest.printed.append(page.content.decode())

    assert_found_nowhere(nest, admin_client)


def test_errors_of_ours_that_quote_secrets_are_found_nowhere(
    nest: Nest, admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise ValueError(nest.words())

    monkeypatch.setattr(command_output, "mapping_json", fail)
    assert nest.run("mapping").code == 3
    monkeypatch.setattr("syncjobs.runs.execution.RunExecution._perform", fail)
    assert nest.run("check_for_new").code == 3
    monkeypatch.setattr(tasks, "RunExecution", fail)
    with pytest.raises(tasks.TaskFailed) as raised:
        tasks.perform(Run.objects.latest("pk").pk)

    nest.printed += [str(raised.value), json.dumps(sentry.cleaned({"message": nest.words(), "extra": nest.words()}))]
    assert_found_nowhere(nest, admin_client)
    assert "Traceback" in nest.sinks(admin_client)["error log"]


def test_the_tables_hold_the_secrets_only_encrypted(nest: Nest) -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT api_key FROM integrations_workspace")
        [[stored]] = cursor.fetchall()

    assert KEY not in stored and Workspace.objects.get().api_key == KEY


PASTED = "A person pasted {secret} here"


def places_of_texts(nest: Nest) -> None:
    """Put the secrets where people and vendors can leave them: names, descriptions, notes, and words that are kept."""
    scene, secrets = nest.scene, [*nest.secrets(), BASIC]
    ada, site = scene.user("Ada with a key"), scene.project("Keys", client=scene.client("Secrets"))
    for number, secret in enumerate(secrets):
        text = PASTED.format(secret=secret)
        scene.entry(ada, site, f"2026-03-{2 + number % 20:02d} 09:00", description=text, minutes=10 + number)
        scene.user(f"User {secret}", email=f"{number}@example.test")
        scene.client(f"Client {secret}", customer=False, note=text)
        # More than QuickBooks takes, but people may have written it there by hand.
        scene.put("Customer", {"DisplayName": f"Customer {secret}"[:480], "Notes": text})
    scene.place.keep_row(scene.user("Odd"), {"id": "odd-user", "name": [nest.words()], "note": nest.words()})
    scene.put(
        "TimeActivity",
        {
            "NameOf": "Employee",
            "EmployeeRef": {"value": scene.partner_of(ada)},
            "TxnDate": "2026-03-04",
            "Minutes": 5,
            "Description": nest.words(),
        },
    )


@pytest.mark.parametrize("options", [(), ("--pseudonymize",)])
def test_no_secret_is_in_a_support_bundle(
    nest: Nest,
    client: Client,
    admin_client: Client,
    tmp_path: Path,
    settings: Any,
    options: tuple[str, ...],
    monkeypatch: Any,
) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    session = admin_client.cookies["sessionid"].value
    places_of_texts(nest)
    nest.run("policy", "start_date=2026-03-01")
    nest.run("check_for_new")
    # Vendors quote them in what is journaled, and in what a run, an action and an item keep.
    for vendor in ("clockify", "quickbooks"):
        plan_quoting(nest, vendor, 400, "fault")
        nest.run("sync_time", "--from", "2026-03-01", "--to", "2026-03-31")
    nest.scene.clear_faults()
    # A process that has not used any of them yet, as the command's own is.
    monkeypatch.setattr(scrubber, "_known", type(scrubber._known)())
    scrubber.learn_environment(ENVIRONMENT)
    path = tmp_path / "bundle.zip"

    made = nest.run("support_bundle", "--output", str(path), *options)

    assert made.code == 0, made.stderr
    with ZipFile(path) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
    for name, text in texts.items():
        plain = unquote(text)
        for secret in [*nest.secrets(), BASIC, session]:
            # Whole, and the half of one that was cut; JSON and CSV write some signs in their own way.
            for form in (secret, json.dumps(secret)[1:-1], secret[: len(secret) // 2 + 8]):
                assert form not in text and form not in plain, f"{secret} in {name}"
    assert scrubber.MASK in texts["clockify/entries.csv"] or options
    assert len(texts["clockify/entries.csv"].splitlines()) > len(nest.secrets())
