"""Connecting QuickBooks in the browser: the consent page and every way back from it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from integrations.clockify.connection import connect as connect_clockify
from integrations.models import ApiCall, Company, ConnectionEvent, Workspace
from syncjobs.models import Run

pytestmark = pytest.mark.django_db
HOST = "localhost:8000"
CALLBACK = "/connections/quickbooks/callback/"


@pytest.fixture
def workspace(sandbox: Any) -> Workspace:
    return connect_clockify("sandbox-clockify-key", now=timezone.now())


def submit_connect(client: Client, workspace: Workspace, host: str = HOST) -> Any:
    return client.post(f"/connections/quickbooks/{workspace.pk}/connect/", HTTP_HOST=host)


def answer_consent(consent_page: str, choice: str, realm: str) -> dict[str, str]:
    """Answer Intuit's consent page as a person does; return what Intuit sends back."""
    assert requests.get(consent_page, timeout=5).status_code == 200
    answer = requests.post(consent_page, data={"choice": choice, "realm": realm}, timeout=5, allow_redirects=False)
    back = urlsplit(answer.headers["Location"])
    assert f"{back.scheme}://{back.netloc}{back.path}" == f"http://{HOST}{CALLBACK}"
    return {name: values[0] for name, values in parse_qs(back.query).items()}


def return_from_consent(client: Client, answer: dict[str, str]) -> str:
    """Return the sentence the person reads."""
    response = client.get(CALLBACK, answer, HTTP_HOST=HOST)
    assert response.status_code == 302
    return " ".join(str(message) for message in get_messages(response.wsgi_request))


@pytest.fixture
def realm(sandbox: Any) -> str:
    return str(requests.get(f"{sandbox.url}/control/info", timeout=5).json()["quickbooks"]["realm"])


def test_a_consent_connects_the_company_and_names_its_subscription(
    admin_client: Client, workspace: Workspace, realm: str
) -> None:
    answer = answer_consent(submit_connect(admin_client, workspace)["Location"], "connect", realm)

    message = return_from_consent(admin_client, answer)

    company = Company.objects.get(realm_id=realm)
    assert company.state == "connected"
    assert company.plan_read_at is not None
    assert Workspace.objects.get().company == company
    assert "is connected" in message and "without Payroll is supported" in message
    assert ConnectionEvent.objects.filter(company=company, kind="quickbooks_connected", by__isnull=False).exists()


def test_a_declined_consent_changes_nothing_and_says_so(admin_client: Client, workspace: Workspace, realm: str) -> None:
    answer = answer_consent(submit_connect(admin_client, workspace)["Location"], "decline", realm)

    assert "declined" in return_from_consent(admin_client, answer)
    assert not Company.objects.exists()


def test_an_answer_with_another_state_is_refused_before_its_code_is_used(
    admin_client: Client, workspace: Workspace, realm: str
) -> None:
    answer = answer_consent(submit_connect(admin_client, workspace)["Location"], "connect", realm)

    assert "does not belong" in return_from_consent(admin_client, {**answer, "state": "forged"})
    assert not ApiCall.objects.filter(vendor="quickbooks").exists()


def test_a_state_serves_once(admin_client: Client, workspace: Workspace, realm: str) -> None:
    answer = answer_consent(submit_connect(admin_client, workspace)["Location"], "connect", realm)
    return_from_consent(admin_client, answer)

    assert "does not belong" in return_from_consent(admin_client, answer)


def test_a_second_company_is_refused_before_its_code_is_used(
    admin_client: Client, workspace: Workspace, realm: str
) -> None:
    first = Company.objects.create(realm_id="1234567890", name="Harbor LLC")
    Workspace.objects.update(company=first)
    answer = answer_consent(submit_connect(admin_client, workspace)["Location"], "connect", realm)

    message = return_from_consent(admin_client, answer)

    assert "already belongs to Harbor LLC" in message
    assert not ApiCall.objects.filter(path__contains="token").exists()


def test_a_wrong_public_address_is_told_before_the_redirect(admin_client: Client, workspace: Workspace) -> None:
    response = submit_connect(admin_client, workspace, host="127.0.0.1")

    assert response["Location"] == "/admin/"
    messages = " ".join(str(message) for message in get_messages(response.wsgi_request))
    assert "PUBLIC_URL says localhost:8000" in messages


def test_plain_http_to_another_machine_is_told_before_the_redirect(
    admin_client: Client, workspace: Workspace, settings: Any
) -> None:
    settings.PUBLIC_URL = "http://hours.example.com"
    settings.ALLOWED_HOSTS = ["hours.example.com"]

    response = submit_connect(admin_client, workspace, host="hours.example.com")

    messages = " ".join(str(message) for message in get_messages(response.wsgi_request))
    assert "https" in messages and response["Location"] == "/admin/"


def test_missing_app_keys_are_told_before_the_redirect(
    admin_client: Client, workspace: Workspace, settings: Any
) -> None:
    settings.QUICKBOOKS_CLIENT_ID = ""

    response = submit_connect(admin_client, workspace)

    messages = " ".join(str(message) for message in get_messages(response.wsgi_request))
    assert "QUICKBOOKS_CLIENT_ID" in messages


def test_disconnecting_wipes_the_tokens_and_keeps_the_company(
    admin_client: Client, workspace: Workspace, realm: str
) -> None:
    return_from_consent(
        admin_client, answer_consent(submit_connect(admin_client, workspace)["Location"], "connect", realm)
    )

    response = admin_client.post(f"/connections/quickbooks/{workspace.pk}/disconnect/", HTTP_HOST=HOST)

    company = Company.objects.get()
    assert (company.state, company.access_token, company.refresh_token) == ("disconnected", "", "")
    assert Workspace.objects.get().company == company
    messages = " ".join(str(message) for message in get_messages(response.wsgi_request))
    assert "Intuit confirmed" in messages and "are kept" in messages


def test_reconnecting_the_same_company_goes_on_with_it(admin_client: Client, workspace: Workspace, realm: str) -> None:
    return_from_consent(
        admin_client, answer_consent(submit_connect(admin_client, workspace)["Location"], "connect", realm)
    )
    admin_client.post(f"/connections/quickbooks/{workspace.pk}/disconnect/", HTTP_HOST=HOST)

    return_from_consent(
        admin_client, answer_consent(submit_connect(admin_client, workspace)["Location"], "connect", realm)
    )

    assert Company.objects.get().state == "connected"


def test_nobody_connects_by_get_or_without_the_right(
    workspace: Workspace, client: Client, admin_client: Client
) -> None:
    address = f"/connections/quickbooks/{workspace.pk}/connect/"

    assert admin_client.get(address, HTTP_HOST=HOST).status_code == 405
    assert "login" in client.post(address, HTTP_HOST=HOST)["Location"]


def test_a_first_connection_begins_a_check(admin_client: Client, workspace: Workspace, realm: str) -> None:
    message = return_from_consent(
        admin_client, answer_consent(submit_connect(admin_client, workspace)["Location"], "connect", realm)
    )

    assert "check for new users and customers starts as soon as a worker picks it up" in message
    assert [(run.kind, run.dry_run) for run in Run.objects.all()] == [("check", False)]


def test_a_reconnection_shows_what_the_catch_up_would_send(
    admin_client: Client, workspace: Workspace, realm: str
) -> None:
    return_from_consent(
        admin_client, answer_consent(submit_connect(admin_client, workspace)["Location"], "connect", realm)
    )
    Run.objects.all().delete()
    admin_client.post(f"/connections/quickbooks/{workspace.pk}/disconnect/", HTTP_HOST=HOST)

    message = return_from_consent(
        admin_client, answer_consent(submit_connect(admin_client, workspace)["Location"], "connect", realm)
    )

    assert "catch-up" in message
    assert [(run.kind, run.dry_run) for run in Run.objects.order_by("pk")] == [("check", False), ("sync", True)]
