"""The authenticator app, with its secret sealed in the database. The clock moves only by the tests' own steps."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import struct
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.core import serializers
from django.test import Client
from django.utils import timezone

from integrations.accounts import adapters
from integrations.fields import unseal
from tests.support.people import ADMINISTRATOR, PASSWORD, person

pytestmark = pytest.mark.django_db
CODE_PAGE = "/accounts/2fa/authenticate/"
ACTIVATE = "/accounts/2fa/totp/activate/"


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(datetime(2026, 3, 27, 10, 40, tzinfo=UTC), tick=False) as traveller:
        yield traveller


def code_of(secret: str) -> str:
    """Return the code an authenticator app shows now (RFC 6238, six digits, 30 seconds)."""
    counter = int(timezone.now().timestamp()) // 30
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), hashlib.sha1).digest()
    (number,) = struct.unpack_from(">I", digest, digest[-1] & 15)
    return f"{(number & 0x7FFFFFFF) % 1_000_000:06}"


def log_in(client: Client) -> str:
    """Log in by name and password; return the address that leads to."""
    return str(client.post("/accounts/login/", {"login": "dana", "password": PASSWORD})["Location"])


def set_up(client: Client) -> str:
    """Switch the app on, as a person would; return the secret that the app now holds."""
    log_in(client)
    assert client.get(ACTIVATE)["Location"].startswith("/accounts/reauthenticate/")
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get(ACTIVATE)
    secret = str(page.context["form"].secret)
    assert secret in page.content.decode()
    client.post(ACTIVATE, {"code": code_of(secret)})
    return secret


def test_the_secret_is_nowhere_in_the_database(client: Client) -> None:
    person()

    secret = set_up(client)

    stored = Authenticator.objects.get(type="totp")
    assert stored.data["secret"] != secret
    assert unseal(stored.data["secret"]) == secret
    rows = serializers.serialize("json", Authenticator.objects.all())
    sessions = json.dumps([session.get_decoded() for session in Session.objects.all()])
    assert secret not in rows and secret not in sessions


def test_recovery_codes_are_made_from_a_sealed_seed(client: Client) -> None:
    person()
    set_up(client)

    stored = Authenticator.objects.get(type="recovery_codes")

    assert unseal(stored.data["seed"]) not in json.dumps(stored.data)


def test_with_the_app_on_a_password_alone_opens_nothing(client: Client, clock: time_machine.Coordinates) -> None:
    person(role=ADMINISTRATOR)
    secret = set_up(client)
    client.post("/accounts/logout/")
    clock.shift(60)

    assert log_in(client) == CODE_PAGE
    assert client.get("/admin/").status_code == 302
    wrong = client.post(CODE_PAGE, {"code": "000000" if code_of(secret) != "000000" else "000001"})
    assert adapters.WRONG_CODE in wrong.content.decode()
    assert client.post(CODE_PAGE, {"code": code_of(secret)})["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


def test_a_code_works_once(client: Client, clock: time_machine.Coordinates) -> None:
    person(role=ADMINISTRATOR)
    secret = set_up(client)
    client.post("/accounts/logout/")
    clock.shift(60)
    log_in(client)
    client.post(CODE_PAGE, {"code": code_of(secret)})

    thief = Client()
    log_in(thief)
    second_login = thief.post(CODE_PAGE, {"code": code_of(secret)})

    assert adapters.WRONG_CODE in second_login.content.decode()


def test_a_recovery_code_opens_once(client: Client) -> None:
    person(role=ADMINISTRATOR)
    set_up(client)
    [code, *_] = client.get("/accounts/2fa/recovery-codes/").context["unused_codes"]
    client.post("/accounts/logout/")

    log_in(client)
    assert client.post(CODE_PAGE, {"code": code})["Location"] == "/admin/"
    client.post("/accounts/logout/")
    log_in(client)

    assert adapters.WRONG_CODE in client.post(CODE_PAGE, {"code": code}).content.decode()


def test_switching_the_app_off_asks_for_the_password_again(client: Client, clock: time_machine.Coordinates) -> None:
    person()
    set_up(client)
    clock.shift(3600)

    response = client.post("/accounts/2fa/totp/deactivate/")

    assert "reauthenticate" in response["Location"]
    assert Authenticator.objects.filter(type="totp").exists()


def test_an_administrator_resets_it_for_somebody_who_lost_the_phone(client: Client, admin_client: Client) -> None:
    person()
    set_up(client)
    client.post("/accounts/logout/")
    [factor] = Authenticator.objects.filter(type="totp")
    listed = admin_client.get("/admin/mfa/authenticator/")
    assert "dana" in listed.content.decode()

    chosen = {"action": "delete_selected", "_selected_action": factor.pk, "post": "yes"}
    admin_client.post("/admin/mfa/authenticator/", chosen)

    assert not Authenticator.objects.exists()
    assert log_in(client) == "/admin/"


def test_the_admin_shows_no_secret_not_even_sealed(client: Client, admin_client: Client) -> None:
    person()
    set_up(client)
    [factor] = Authenticator.objects.filter(type="totp")

    page = admin_client.get(f"/admin/mfa/authenticator/{factor.pk}/change/")

    assert page.status_code == 200
    assert factor.data["secret"] not in page.content.decode()
