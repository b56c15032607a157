"""The lists of what could not be read, and of lists that are not believed yet."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import ShrunkList, UnreadableRecord, Workspace
from tests.support.factories import NOW, ClockifyUserFactory, CustomerFactory, TimeEntryFactory, UserFactory
from tests.support.page_text import main_text

UNREADABLE, NOT_BELIEVED = ("admin:integrations_unreadablerecord", "admin:integrations_shrunklist")


def unreadable(kind: str, vendor_id: str, **owner: Any) -> UnreadableRecord:
    raw = '{"_id": "e1", "rate": "<b>much</b>"}'
    words = {"reason": "rate is a text instead of a number", "raw_text": raw}
    return UnreadableRecord.objects.create(
        kind=kind, vendor_id=vendor_id, first_seen_at=NOW, last_seen_at=NOW, **words, **owner
    )


def page_of(client: Client, name: str, row: Any) -> str:
    return main_text(client.get(reverse(f"{name}_change", args=[row.pk])))


def test_a_record_says_what_is_wrong_and_what_to_do(admin_client: Client, workspace: Workspace) -> None:
    row = unreadable("entry", "e1", workspace=workspace)
    entry = TimeEntryFactory(workspace=workspace, clockify_id="e1")

    listed = main_text(admin_client.get(reverse(f"{UNREADABLE}_changelist")))
    page = page_of(admin_client, UNREADABLE, row)
    written = admin_client.get(reverse(f"{UNREADABLE}_change", args=[row.pk])).content.decode()

    assert "1 record that could not be read" in listed and "rate is a text instead of a number" in listed
    assert "Time entry e1" in written
    assert "leaves this list automatically" in page and "Times in America/New_York" in page
    assert reverse("admin:integrations_timeentry_change", args=[entry.pk]) in written
    assert "&lt;b&gt;much&lt;/b&gt;" in written and "<b>much</b>" not in written


@pytest.mark.parametrize(
    ("kind", "vendor_id", "known"),
    [
        ("user", "u1", ClockifyUserFactory),
        ("customer", "7", CustomerFactory),
        ("item", "9", None),
        ("client", "", None),
    ],
)
def test_it_leads_to_what_was_read_before(
    admin_client: Client, workspace: Workspace, kind: str, vendor_id: str, known: Any
) -> None:
    in_clockify = kind in {"user", "client"}
    owner = {"workspace": workspace} if in_clockify else {"company": workspace.company}
    if known is not None:
        known(**owner, **({"clockify_id": vendor_id} if in_clockify else {"quickbooks_id": vendor_id}))

    page = page_of(admin_client, UNREADABLE, unreadable(kind, vendor_id, **owner))

    assert ("As last read successfully" in page) is (known is not None)


def test_a_list_that_is_not_believed_says_what_it_came_without(admin_client: Client, workspace: Workspace) -> None:
    row = ShrunkList.objects.create(
        company=workspace.company, kind="Customer", missing_ids=["7", "8", "9"], known=1200, first_at=NOW
    )

    listed = main_text(admin_client.get(reverse(f"{NOT_BELIEVED}_changelist")))
    page = page_of(admin_client, NOT_BELIEVED, row)

    assert "1 list to confirm" in listed and "QuickBooks customers" in listed
    assert row.sentence == "The list of QuickBooks customers is missing 3 of 1,200 known records."
    assert "3 known records" in page and "ten minutes later" in page and "Decide on the overview" in page


def test_people_who_may_look_see_both_and_others_neither(client: Client, workspace: Workspace) -> None:
    for right, status in (("integrations.view_unreadablerecord", 200), ("integrations.view_timeentry", 403)):
        client.force_login(UserFactory.allowed(right, username=right))
        assert client.get(reverse(f"{UNREADABLE}_changelist")).status_code == status
    client.force_login(UserFactory.allowed("integrations.view_shrunklist", username="dana"))
    assert client.get(reverse(f"{NOT_BELIEVED}_changelist")).status_code == 200
    assert client.post(reverse(f"{NOT_BELIEVED}_changelist")).status_code in {200, 403}


def test_a_record_that_was_read_well_meanwhile_leads_back_to_the_list(
    admin_client: Client, workspace: Workspace
) -> None:
    row = unreadable("entry", "e1", workspace=workspace)
    address = reverse(f"{UNREADABLE}_change", args=[row.pk])
    row.delete()

    answer = admin_client.get(address, follow=True)

    assert answer.redirect_chain == [(reverse(f"{UNREADABLE}_changelist"), 302)]
    assert "That record is no longer on this list: it was read successfully" in answer.content.decode()
