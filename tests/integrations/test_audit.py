"""The audit trail: one way in, and a name for each kind of event, those of older rows included."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import ConnectionEvent, Workspace

Kind = ConnectionEvent.Kind
NOW = datetime(2026, 3, 9, 10, 40, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return Workspace.objects.create(clockify_id="w1", name="Northlight Studio", start_date="2026-03-01")


def test_each_kind_of_event_is_named_in_words_in_the_list(workspace: Workspace, admin_client: Client) -> None:
    for kind in Kind:
        ConnectionEvent.objects.record(kind, "A word.", workspace=workspace, at=NOW)
    page = admin_client.get(reverse("admin:integrations_connectionevent_changelist")).content.decode()
    assert [kind for kind in Kind if kind.label not in page] == []


def test_an_event_of_an_older_release_keeps_its_kind() -> None:
    assert ConnectionEvent(kind="of_long_ago").title == "Of long ago"
    assert ConnectionEvent(kind="quickbooks_set_out").title == "Signing in at Intuit"


def test_what_each_run_finds_is_recorded_once(workspace: Workspace) -> None:
    for _ in range(2):
        ConnectionEvent.objects.record_once(Kind.DOUBLE_KEPT, "It stays.", workspace=workspace, at=NOW)
    assert ConnectionEvent.objects.get().at == NOW
