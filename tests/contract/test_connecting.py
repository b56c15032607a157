"""Connecting and disconnecting without a browser: what is proven, what is refused, what stays."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection

from integrations.models import Company, Workspace
from sandbox.clockify.records import Member
from sandbox.clockify.state import ADMIN_KEY, MEMBER_KEY
from sandbox.data.datasets import REALM
from tests.contract.conftest import lines
from tests.support.scene import Result, Scene, run_command


def connect_clockify(key: str = ADMIN_KEY, *args: str) -> Result:
    return run_command("connect_clockify", "--api-key", key, *args)


def connect_quickbooks(stage: Scene, *, realm: str = REALM, token: str = "") -> Result:
    token = token or stage.world.quickbooks.issue_refresh_token(REALM)
    return run_command("connect_quickbooks", "--realm", realm, "--refresh-token", token)


def member(stage: Scene, *, roles: tuple[str, ...]) -> str:
    """Create a colleague; return their API key."""
    user_id = stage.user("Colleague", partner=None)
    with stage.world.lock:
        stage.place.put_member(Member(user_id, roles=roles))
        stage.clockify.put_key(MEMBER_KEY, user_id)
    return MEMBER_KEY


# --- Clockify ------------------------------------------------------------------------------------------------------
def test_connecting_prints_the_workspace(stage: Scene) -> None:
    result = connect_clockify()

    assert result.code == 0
    assert (result["id"], result["name"]) == (stage.place.id, stage.place.name)


@pytest.mark.parametrize("zone", ["Mars/Olympus", ""])
def test_a_key_owner_without_a_known_time_zone_is_a_warning(stage: Scene, zone: str) -> None:
    owner = stage.user("Kim", partner=None)
    with stage.world.lock:
        kim = stage.clockify.users[owner]
        stage.clockify.put_user(replace(kim, settings={"timeZone": zone} if zone else None))
        stage.place.put_member(Member(owner, roles=("OWNER",)))
        stage.clockify.put_key(MEMBER_KEY, owner)

    result = connect_clockify(MEMBER_KEY)

    assert (result.code, result["time_zone"], result["warnings"]) == (0, "UTC", {"UNKNOWN_TIME_ZONE": 1})
    said = (
        f"the time zone “{zone}”, which is unknown here"
        if zone
        else "Clockify gives Kim, whose key it is, no time zone"
    )
    assert said in result.stderr and "policy time_zone=ZONE" in result.stderr
    # A new key leaves the workspace's zone alone.
    assert connect_clockify(MEMBER_KEY)["warnings"] == {}


def test_a_known_time_zone_is_no_warning(stage: Scene) -> None:
    result = connect_clockify()

    assert (result["warnings"], result.stderr) == ({}, "")


@pytest.mark.parametrize("role", ["OWNER", "WORKSPACE_ADMIN"])
def test_the_key_of_an_owner_or_an_admin_is_taken(stage: Scene, role: str) -> None:
    assert connect_clockify(member(stage, roles=(role,))).code == 0


def test_a_key_that_may_not_see_everybody_is_refused(stage: Scene) -> None:
    result = connect_clockify(member(stage, roles=()))

    assert (result.code, set(result.json)) == (3, {"error"})
    assert not Workspace.objects.exists()


def test_a_wrong_key_is_refused_in_one_line(stage: Scene) -> None:
    result = connect_clockify("no such key")

    assert (result.code, set(result.json)) == (3, {"error"})
    assert len(lines(result.stderr)) == 1


def test_a_workspace_that_the_key_does_not_see_is_wrong_usage(stage: Scene) -> None:
    result = connect_clockify(ADMIN_KEY, "--workspace", "Elsewhere")

    assert (result.code, result.json) == (2, None)
    assert stage.place.name in result.stderr


@pytest.mark.parametrize("address", ["http://192.0.2.7/api/v1", "https://[::1", "https://localhost:x/api/v1"])
def test_what_is_no_address_to_use_is_wrong_usage(stage: Scene, address: str) -> None:
    result = connect_clockify(ADMIN_KEY, "--api-url", address)

    assert (result.code, result.json) == (2, None)


def test_several_workspaces_have_to_be_told_apart(scene: Scene) -> None:
    with scene.world.lock:
        second = scene.clockify.add_workspace("Second")
        second.put_member(Member(scene.clockify.user_of_key(ADMIN_KEY).id, roles=("OWNER",)))  # type: ignore[union-attr]
    assert connect_clockify().code == 2
    assert connect_clockify(ADMIN_KEY, "--workspace", second.id).code == 0

    assert run_command("mapping").code == 2
    assert run_command("policy", "--workspace", "Second").code == 0
    assert run_command("policy", "--workspace", scene.place.id).code == 0


# --- QuickBooks ----------------------------------------------------------------------------------------------------
def test_the_subscription_is_read_when_connecting(stage: Scene) -> None:
    connect_clockify()

    result = connect_quickbooks(stage)

    assert result.code == 0
    assert result["plan"]["supported"] is True


def test_an_unsupported_subscription_is_stored_with_a_warning(stage: Scene) -> None:
    stage.configure(PayrollFeature="true")
    connect_clockify()

    result = connect_quickbooks(stage)

    assert (result.code, result["plan"]["reason"]) == (0, "PAYROLL_ENABLED")
    assert "Payroll" in result.stderr
    assert Company.objects.get().state == Company.State.CONNECTED


def test_a_refused_token_is_refused_here(stage: Scene) -> None:
    connect_clockify()

    result = connect_quickbooks(stage, token="no such token")

    assert (result.code, set(result.json)) == (3, {"error"})
    assert Workspace.objects.get().company is None


def test_the_token_of_another_company_is_refused(stage: Scene) -> None:
    connect_clockify()

    result = connect_quickbooks(stage, realm="9341000000000000")

    assert (result.code, set(result.json)) == (3, {"error"})
    assert Workspace.objects.get().company is None


def test_what_is_no_company_id_is_wrong_usage(stage: Scene) -> None:
    connect_clockify()

    assert connect_quickbooks(stage, realm="our books").code == 2


def test_a_wrong_client_secret_is_a_matter_of_settings(scene: Scene, settings: Any) -> None:
    settings.QUICKBOOKS_CLIENT_SECRET = "not the secret"

    result = connect_quickbooks(scene)

    assert result.code == 3
    assert "QUICKBOOKS_CLIENT_SECRET" in result["error"]["fix"]


def test_a_second_company_is_refused_before_its_token_is_used(scene: Scene) -> None:
    token = scene.world.quickbooks.issue_refresh_token(REALM)
    scene.zero_calls()

    result = connect_quickbooks(scene, realm="9341000000000000", token=token)

    assert (result.code, result["error"]["code"]) == (3, "SECOND_COMPANY")
    assert scene.calls() == {}


def test_disconnecting_wipes_the_tokens_and_keeps_the_links(scene: Scene) -> None:
    scene.user("Ada")
    scene.check()
    before = run_command("mapping").json

    assert "disconnected" in scene.decide("disconnect_quickbooks")

    company = Company.objects.get()
    assert (company.access_token, company.refresh_token) == ("", "")
    assert run_command("mapping").json == before
    result = scene.sync()
    assert (result.code, result["error"]["code"], result["seen"]) == (3, "NOT_CONNECTED", 0)


def test_tokens_are_wiped_even_if_nobody_answers(scene: Scene, settings: Any) -> None:
    settings.QUICKBOOKS_REVOKE_URL, settings.GIVE_UP_SECONDS = "http://127.0.0.1:9/revoke", 1

    assert "did not confirm" in scene.decide("disconnect_quickbooks")
    assert Company.objects.get().refresh_token == ""


# --- secrets -------------------------------------------------------------------------------------------------------
@pytest.mark.any_database
@pytest.mark.skipif(connection.vendor != "sqlite", reason="reads the database's file")
def test_no_secret_is_stored_in_clear(scene: Scene) -> None:
    company = Company.objects.get()
    secrets = [ADMIN_KEY, company.access_token, company.refresh_token]
    with sqlite3.connect(connection.settings_dict["NAME"]) as database:
        stored = "\n".join(database.iterdump())

    assert [secret for secret in secrets if secret in stored] == []


def test_old_secrets_are_read_after_a_new_key_was_put_first(scene: Scene, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode(), *settings.ENCRYPTION_KEYS]

    assert scene.check().code == 0


def test_after_a_lost_key_one_can_connect_again(scene: Scene, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    lost = scene.check()
    assert (lost.code, run_command("mapping").code) == (3, 0)
    assert "ENCRYPTION_KEYS" in lost.stderr

    assert connect_clockify().code == 0
    assert connect_quickbooks(scene).code == 0

    assert scene.check().code == 0


def test_after_a_lost_key_one_can_disconnect(scene: Scene, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    scene.decide("disconnect_quickbooks")

    assert Company.objects.get().refresh_token == ""
