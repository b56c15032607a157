"""Corrections that a person requests, as plain values."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integrations.quickbooks.payloads import Activity
from syncjobs.rules.billing import NOT_BILLED, Billing
from syncjobs.rules.drafts.eligibility import Policy
from syncjobs.rules.steps import changes, corrections
from syncjobs.rules.steps.changes import Sent, Step
from syncjobs.rules.verbs import Verb
from tests.support.values import WORK, activity_of, resolved, sent_for, work

DRAFT = changes.intend(WORK, resolved(), None).draft
SENT = sent_for(DRAFT)
BILLED = replace(activity_of(SENT), sync_token="1", billable_status="HasBeenBilled")
CHANGED = replace(BILLED, billable_status="Billable", minutes=300)


def intend(sent: Sent = SENT, **edits: Any) -> Step:
    entry = work(**edits)
    return corrections.intend(entry, resolved(entry), sent)


def correct(*activities: Activity, sent: Sent = SENT, **edits: Any) -> Step:
    return corrections.correct(intend(sent, **edits), sent, activities, NOT_BILLED, part=1)


NINETY_MINUTES = {"content_hash": "edited", "seconds": 5400}


def test_an_entry_that_was_not_edited_can_be_put_back() -> None:
    step = intend()

    assert (step.verb, step.draft, step.refresh_receipt) == ("update", DRAFT, False)


def test_an_entry_that_cannot_go_now_is_held_though_nothing_was_edited() -> None:
    step = intend(ignored=True)

    assert (step.verb, step.why) == ("block", "It can't be sent now.")
    assert [reason.code for reason in step.reasons] == ["IGNORED"]


def test_the_missing_minutes_are_added_beside_an_invoice() -> None:
    step = correct(BILLED, **NINETY_MINUTES)

    assert (step.verb, step.part) == ("create", 1)
    assert step.draft == replace(SENT.draft, minutes=30)
    assert step.why == "Adds 0:30 as a new activity; activity 412 stays with 1:00 as it is."


def test_earlier_corrections_count_as_covered() -> None:
    earlier = replace(BILLED, id="500", minutes=20, billable_status="Billable")
    step = correct(BILLED, earlier, sent=replace(SENT, corrections=1), **NINETY_MINUTES)

    assert step.draft == replace(SENT.draft, minutes=10)
    assert "activities 412, 500 stay with 1:20" in step.why


@pytest.mark.parametrize("other", [{"customer_id": "9"}, {"person_id": "56"}, {"person_kind": "vendor"}])
def test_time_of_somebody_else_covers_nothing_and_is_named(other: dict[str, str]) -> None:
    step = correct(replace(BILLED, **other), **NINETY_MINUTES)

    assert step.draft == replace(SENT.draft, minutes=90)
    assert "1:00 of that is for somebody else" in step.why


@pytest.mark.parametrize(
    ("found", "edits", "code"),
    [
        (BILLED, {"content_hash": "edited", "seconds": 3600, "description": "Other"}, "BILLED_IN_QUICKBOOKS"),
        (BILLED, {"content_hash": "edited", "seconds": 1800}, "BILLED_IN_QUICKBOOKS"),
        (BILLED, {"content_hash": "edited", "billable": False}, "BILLED_IN_QUICKBOOKS"),
        (replace(BILLED, minutes=None), NINETY_MINUTES, "BILLED_IN_QUICKBOOKS"),
        (CHANGED, NINETY_MINUTES, "CHANGED_IN_QUICKBOOKS"),
        (replace(BILLED, id="999"), NINETY_MINUTES, "CHANGED_IN_QUICKBOOKS"),
    ],
    ids=["nothing missing", "less", "not billable", "unreadable", "changed, nothing missing", "deleted"],
)
def test_time_is_never_taken_away(found: Activity, edits: dict[str, Any], code: str) -> None:
    step = correct(found, **edits)

    assert (step.verb, [reason.code for reason in step.reasons]) == ("block", [code])
    if code == "CHANGED_IN_QUICKBOOKS":
        assert step.reasons[0].facts == {"how": "deleted" if found.id == "999" else "changed"}


def test_more_time_does_not_make_billed_time_unbillable() -> None:
    too = Policy(send_nonbillable=True)
    entry = work(billable=False, **NINETY_MINUTES)
    step = corrections.intend(entry, resolved(entry, policy=too), SENT)

    held = corrections.correct(step, SENT, [BILLED], NOT_BILLED, part=1)

    assert (held.verb, [reason.code for reason in held.reasons]) == ("block", ["BILLED_IN_QUICKBOOKS"])
    assert held.why == (
        "QuickBooks has it as billable, Clockify says not billable, and more time does not change that. "
        "Credit it in QuickBooks."
    )
    written_off = replace(CHANGED, billable_status="NotBillable", minutes=60)
    assert corrections.correct(step, SENT, [written_off], NOT_BILLED, part=1).verb == "create"
    # What people wrote off there alone may get more time beside it.
    assert correct(written_off, **NINETY_MINUTES).verb == "create"


def test_what_the_next_sync_updates_is_not_corrected() -> None:
    as_sent = replace(BILLED, billable_status="Billable", sync_token="0")

    assert correct(as_sent, **NINETY_MINUTES).verb == "keep"


@pytest.mark.parametrize(
    ("found", "sent", "verb"),
    [
        (CHANGED, SENT, "update"),
        (BILLED, SENT, "block"),
        (None, SENT, "create"),
        (CHANGED, replace(SENT, corrections=1), "block"),
    ],
    ids=["changed", "billed", "deleted", "corrected before"],
)
def test_an_override_leaves_invoices_and_corrections_alone(found: Activity | None, sent: Sent, verb: str) -> None:
    step = corrections.override(intend(sent, **NINETY_MINUTES), sent, found, NOT_BILLED)

    assert step.verb == verb


def test_an_override_waits_until_it_is_known_whether_the_time_is_billed() -> None:
    unknown = Billing(problem="QuickBooks did not answer.")

    step = corrections.override(intend(**NINETY_MINUTES), SENT, CHANGED, unknown)

    assert (step.verb, [reason.code for reason in step.reasons]) == ("block", ["INVOICES_NOT_READ"])
    assert step.why == changes.NOT_KNOWN


def test_an_override_shows_both_times_and_writes_on_what_was_read() -> None:
    step = corrections.override(intend(**NINETY_MINUTES), SENT, CHANGED, NOT_BILLED)

    assert "5:00 becomes 1:30" in step.why
    assert step.reading == CHANGED


def test_an_override_of_what_quickbooks_has_already_writes_nothing() -> None:
    step = corrections.override(intend(), SENT, activity_of(SENT), NOT_BILLED)

    assert (step.verb, step.reasons) == ("keep", ())
    assert step.why == "QuickBooks has what Clockify says already: nothing is left to write."


def test_work_that_is_not_billable_any_more_is_deleted_and_not_recreated() -> None:
    step = intend(content_hash="edited", billable=False)

    assert corrections.override(step, SENT, CHANGED, NOT_BILLED).verb == "delete"
    assert corrections.override(step, SENT, None, NOT_BILLED).verb == "block"


@pytest.mark.parametrize(("minutes", "text"), [(None, "an unknown time"), (0, "0:00"), (65, "1:05")])
def test_a_length_that_is_not_known_is_said(minutes: int | None, text: str) -> None:
    assert corrections.length(minutes) == text


def test_a_step_that_writes_nothing_has_a_fingerprint_too() -> None:
    assert corrections.fingerprint(Step("e1", Verb.BLOCK, "Why."), {})["draft"] is None


@pytest.mark.parametrize(
    "edit", [{"minutes": 61}, {"customer_id": "9"}, {"description": "Other"}, {"billable_status": "NotBillable"}]
)
def test_a_change_by_hand_with_the_same_sync_token_changes_the_fingerprint(edit: dict[str, Any]) -> None:
    step = intend(**NINETY_MINUTES)

    before = corrections.fingerprint(step, {"412": CHANGED})
    assert corrections.fingerprint(step, {"412": replace(CHANGED, **edit)}) != before
