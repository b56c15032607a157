"""Connecting Clockify by pasting a key, against the sandbox."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from integrations.models import ConnectionEvent, Workspace
from tests.admin.reading import main_text, text

FORM = "/admin/connect/clockify/"
pytestmark = pytest.mark.sandbox(dataset="agency")


def test_a_good_key_connects_and_says_from_when_time_goes(dana: Client, sandbox: Any) -> None:
    wanted = {"api_key": "sandbox-clockify-key", "region": "settings", "start_date": "2026-03-09"}

    page = dana.post(FORM, wanted, follow=True)

    workspace = Workspace.objects.get()
    assert workspace.name == "Northlight Studio"
    assert workspace.start_date.isoformat() == "2026-03-09"
    assert "Connected Northlight Studio. Time goes from 9 March 2026 on." in text(page)
    assert ConnectionEvent.objects.filter(kind="clockify_connected", by__username="dana").exists()


def test_a_new_key_for_a_known_workspace_leaves_its_rules_alone(dana: Client, sandbox: Any) -> None:
    wanted = {"api_key": "sandbox-clockify-key", "region": "settings", "start_date": "2026-03-09"}
    dana.post(FORM, wanted)

    dana.post(FORM, wanted | {"start_date": "2026-01-01"})

    assert Workspace.objects.get().start_date.isoformat() == "2026-03-09"


def test_a_refused_key_is_explained_and_never_sent_back(dana: Client, sandbox: Any) -> None:
    page = dana.post(FORM, {"api_key": "a-wrong-key", "region": "settings"})

    assert page.status_code == 422
    assert "Clockify does not accept the API key. Make a new key in Clockify" in main_text(page)
    assert "a-wrong-key" not in page.content.decode()
    assert not Workspace.objects.exists()


def test_a_workspace_the_key_does_not_see_is_named_with_what_there_is(dana: Client, sandbox: Any) -> None:
    page = dana.post(FORM, {"api_key": "sandbox-clockify-key", "region": "settings", "workspace": "Elsewhere"})

    said = main_text(page)
    assert "This key sees no workspace 'Elsewhere': Northlight Studio" in said
    assert "into the field Workspace" in said
    assert "--workspace" not in said


def test_no_address_can_be_typed_in(dana: Client, sandbox: Any) -> None:
    wanted = {"api_key": "sandbox-clockify-key", "region": "https://elsewhere.example/api"}

    assert dana.post(FORM, wanted).status_code == 422
    assert not Workspace.objects.exists()


def test_clockify_s_regions_and_the_settings_own_addresses_are_offered(dana: Client, sandbox: Any) -> None:
    said = main_text(dana.get(FORM))

    for region in ("As in this installation's settings", "Global", "Germany", "Australia"):
        assert region in said


def test_only_who_may_act_connects(visitor: Client, sandbox: Any) -> None:
    assert 'name="api_key"' not in visitor.get(FORM).content.decode()
    assert visitor.post(FORM, {"api_key": "sandbox-clockify-key", "region": "settings"}).status_code == 403
