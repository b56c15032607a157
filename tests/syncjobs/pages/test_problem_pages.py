"""What a person sees where a page is missing, fails, or is used after the session ended: words, and the way on."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views import defaults

from integrations.models import Workspace
from syncjobs.models import Run
from tests.support.factories import UserFactory, WorkspaceFactory
from tests.support.page_text import text


def test_a_press_after_the_session_ended_leads_back_to_the_page(client: Client, workspace: Workspace) -> None:
    page = reverse("hourbridge:people", args=[workspace.pk])
    start = reverse("hourbridge:start", args=[workspace.pk, "sync"])

    answer = client.post(start, headers={"Referer": f"http://testserver{page}?right=acme"}, follow=True)

    assert "Your session had ended, so nothing was done." in text(answer)
    assert answer.redirect_chain[-1][0].endswith(f"?next={page}%3Fright%3Dacme")
    assert not Run.objects.exists()


def test_a_foreign_referer_leads_to_the_overview(client: Client, workspace: Workspace) -> None:
    start = reverse("hourbridge:start", args=[workspace.pk, "sync"])

    answer = client.post(start, headers={"Referer": "https://elsewhere.test/trap"})

    assert answer["Location"].endswith("?next=/admin/")


def test_a_press_whose_token_is_old_says_that_nothing_was_done(workspace: Workspace) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(UserFactory.allowed("integrations.send_time", username="dana"))

    answer = browser.post(reverse("hourbridge:start", args=[workspace.pk, "sync"]))

    assert answer.status_code == 403 and "Nothing was done" in text(answer)


def test_a_missing_page_has_a_way_on(dana: Client) -> None:
    answer = dana.get("/admin/nothing/here/")

    assert answer.status_code == 404
    assert "Page not found" in text(answer) and 'href="/admin/"' in answer.content.decode()


def test_a_failing_page_says_whose_fault_it_is(rf: RequestFactory) -> None:
    answer = defaults.server_error(rf.get("/admin/"))

    assert answer.status_code == 500 and "Something went wrong" in answer.content.decode()


def test_a_wrong_encryption_key_is_a_sentence(dana: Client, settings: Any) -> None:
    workspace = WorkspaceFactory(api_key="key-of-another-time")
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    answer = dana.post(reverse("quickbooks:disconnect", args=[workspace.pk]))

    assert answer.status_code == 503
    assert "A stored secret can't be read with any of ENCRYPTION_KEYS." in text(answer)
