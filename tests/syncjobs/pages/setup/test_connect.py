"""Connecting Clockify by pasting a key, against the sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from integrations import roles
from integrations.models import ConnectionEvent, Workspace
from syncjobs.display.formatting import moment
from tests.support.factories import UserFactory, WorkspaceFactory
from tests.support.page_text import main_text, text
from tests.syncjobs.pages.conftest import LOOK

FORM = "/admin/connect/clockify/"
pytestmark = pytest.mark.sandbox(dataset="agency")


def test_a_good_key_connects_and_says_from_when_time_goes(dana: Client, sandbox: Any) -> None:
    fields = {"api_key": "sandbox-clockify-key", "region": "settings", "start_date": "2026-03-09"}

    page = dana.post(FORM, fields, follow=True)

    workspace = Workspace.objects.get()
    assert workspace.name == "Northlight Studio"
    assert workspace.start_date.isoformat() == "2026-03-09"
    assert "Connected Northlight Studio. Time goes from March 9, 2026 on." in text(page)
    assert ConnectionEvent.objects.filter(kind="clockify_connected", by__username="dana").exists()


def test_a_key_owner_with_an_unknown_time_zone_is_a_warning(dana: Client, sandbox: Any) -> None:
    with sandbox.world.lock:
        owner = sandbox.world.clockify.user_of_key("sandbox-clockify-key")
        sandbox.world.clockify.put_user(replace(owner, settings={"timeZone": "Mars/Olympus"}))

    page = dana.post(FORM, {"api_key": "sandbox-clockify-key", "region": "settings"}, follow=True)

    assert "the time zone “Mars/Olympus”, which is unknown here; the workspace's is UTC for now." in text(page)


def test_a_new_key_for_a_known_workspace_leaves_its_rules_alone(dana: Client, sandbox: Any) -> None:
    fields = {"api_key": "sandbox-clockify-key", "region": "settings", "start_date": "2026-03-09"}
    dana.post(FORM, fields)

    dana.post(FORM, fields | {"start_date": "2026-01-01"})

    assert Workspace.objects.get().start_date.isoformat() == "2026-03-09"


def test_a_replaced_key_says_who_had_connected_before(dana: Client, sandbox: Any) -> None:
    fields = {"api_key": "sandbox-clockify-key", "region": "settings"}
    dana.post(FORM, fields)
    assert "Northlight Studio was connected by dana, " in main_text(dana.get(FORM))
    erin = second_administrator()

    page_text = text(erin.post(FORM, fields, follow=True))

    assert "replaces the one before: Northlight Studio was connected by dana, " in page_text
    assert "Rules, links and history stay." in page_text


def test_a_key_of_another_workspace_says_that_the_first_one_stays(dana: Client, sandbox: Any) -> None:
    WorkspaceFactory(name="Harbor")

    page_text = text(dana.post(FORM, {"api_key": "sandbox-clockify-key", "region": "settings"}, follow=True))

    assert "It is a separate workspace; the others are unchanged." in page_text


# --- the way to Intuit -----------------------------------------------------------------------------------------
def second_administrator() -> Client:
    client = Client()
    client.force_login(UserFactory.allowed(*LOOK, *roles.ACT_RIGHTS, username="erin"))
    return client


def connect_page_url(workspace: Workspace) -> str:
    return f"/admin/workspaces/{workspace.pk}/connect/quickbooks/"


@pytest.fixture
def public_url(settings: Any) -> None:
    settings.PUBLIC_URL = "http://localhost:8000"


@pytest.mark.usefixtures("public_url", "sandbox")
def test_a_second_administrator_sees_who_is_connecting_already(dana: Client) -> None:
    page, host = connect_page_url(WorkspaceFactory(company=None)), "localhost:8000"
    assert dana.post(page, HTTP_HOST=host)["Location"].startswith("http")
    assert "went to Intuit" not in main_text(dana.get(page, HTTP_HOST=host))
    erin = second_administrator()

    response = erin.post(page, HTTP_HOST=host)

    assert response.status_code == 200 and "dana went to Intuit to connect QuickBooks, " in main_text(response)
    assert erin.post(page, {"anyway": "1"}, HTTP_HOST=host)["Location"].startswith("http")


def test_who_comes_back_is_not_under_way_any_more(dana: Client, workspace: Workspace) -> None:
    now = timezone.now()
    for kind, minutes in (("quickbooks_set_out", 5), ("quickbooks_connected", 2)):
        person = User.objects.get(username="dana")
        ConnectionEvent.objects.create(
            workspace=workspace, company=workspace.company, at=now - timedelta(minutes=minutes), kind=kind, by=person
        )

    page_text = main_text(second_administrator().get(connect_page_url(workspace)))

    assert "went to Intuit" not in page_text
    assert (
        f"Northlight Studio LLC was connected by dana, {moment(now - timedelta(minutes=2), workspace.time_zone)}."
        in page_text
    )


@pytest.mark.usefixtures("sandbox")
def test_a_wrong_address_is_shown_on_the_page_before_the_redirect(dana: Client, settings: Any) -> None:
    settings.PUBLIC_URL = "http://hours.example.com"

    page_text = main_text(dana.get(connect_page_url(WorkspaceFactory(company=None))))

    assert "PUBLIC_URL is http://hours.example.com; Intuit sends people back to https addresses only." in page_text


def test_a_refused_key_is_explained_and_never_sent_back(dana: Client, sandbox: Any) -> None:
    page = dana.post(FORM, {"api_key": "a-wrong-key", "region": "settings"})

    assert page.status_code == 422
    assert "Clockify does not accept the API key. Make a new key in Clockify" in main_text(page)
    assert "a-wrong-key" not in page.content.decode()
    assert not Workspace.objects.exists()


def test_a_workspace_the_key_does_not_see_is_named_with_what_there_is(dana: Client, sandbox: Any) -> None:
    page = dana.post(FORM, {"api_key": "sandbox-clockify-key", "region": "settings", "workspace": "Elsewhere"})

    page_text = main_text(page)
    assert "This key sees no workspace 'Elsewhere': Northlight Studio" in page_text
    assert "in the Workspace field" in page_text
    assert "--workspace" not in page_text


def test_no_address_can_be_typed_in(dana: Client, sandbox: Any) -> None:
    fields = {"api_key": "sandbox-clockify-key", "region": "https://elsewhere.example/api"}

    assert dana.post(FORM, fields).status_code == 422
    assert not Workspace.objects.exists()


def test_clockify_s_regions_and_the_settings_own_addresses_are_offered(dana: Client, sandbox: Any) -> None:
    page_text = main_text(dana.get(FORM))

    for region in ("As in this installation's settings", "Global", "Germany", "Australia"):
        assert region in page_text


def test_only_who_may_act_connects(visitor: Client, sandbox: Any) -> None:
    assert 'name="api_key"' not in visitor.get(FORM).content.decode()
    assert visitor.post(FORM, {"api_key": "sandbox-clockify-key", "region": "settings"}).status_code == 403
