"""What becomes of an item and of its write by QuickBooks' answer, where nothing has to be read for that."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.utils import timezone

from integrations.errors import NoAnswer, Rejected, TryLater
from integrations.limits import retry
from integrations.quickbooks.client import QuickBooksApiClient
from syncjobs.ledger import journal
from syncjobs.models import Action, Receipt, Reconciliation, Run, RunItem, SignOff
from syncjobs.sending.circuit_breaker import CircuitBreaker
from syncjobs.sending.responses import Outcomes
from tests.support.factories import NOW, ReceiptFactory, RunFactory, RunItemFactory, WorkspaceFactory

DAY = date(2026, 3, 2)
DRAFT = {
    "person_kind": "employee",
    "person_id": "59",
    "customer_id": "84",
    "txn_date": DAY.isoformat(),
    "minutes": 90,
    "description": "Design review",
    "rate": "120",
}
SILENCE = NoAnswer("It did not answer.", vendor="quickbooks", code="10000", tid="1-silence")


@pytest.fixture
def run(db: None) -> Run:
    made: Run = RunFactory(workspace=WorkspaceFactory(keep_signed=True), status=Run.Status.RUNNING)
    return made


@pytest.fixture
def breaker() -> CircuitBreaker:
    return CircuitBreaker()


@pytest.fixture
def outcomes(run: Run, breaker: CircuitBreaker) -> Outcomes:
    assert run.company is not None
    return Outcomes(run, QuickBooksApiClient(run.company), breaker)


def on_its_way(run: Run, verb: str = "create", *, sent_before: bool = False, **values: Any) -> tuple[RunItem, Action]:
    """Return an item and its write, as they are while QuickBooks is asked; `sent_before`: not for the first time."""
    snapshot = {"content_hash": "content", "start_at": "2026-03-02T09:00:00-05:00", **values.pop("snapshot", {})}
    item = RunItemFactory(run=run, verb=verb, outcome="planned", draft=DRAFT, source_snapshot=snapshot, **values)
    action = journal.open_action(item, run=run)
    if sent_before:
        item.source_snapshot[RunItem.ACTION] = action.pk
        item.save()
    return item, action


def refusal(code: str, **details: Any) -> Rejected:
    return Rejected("Not this one.", vendor="quickbooks", code=code, tid="1-refused", **details)


def stored(item: RunItem, action: Action) -> tuple[RunItem, Action]:
    """Return both as the database has them."""
    return RunItem.objects.get(pk=item.pk), Action.objects.get(pk=action.pk)


def error_of(row: RunItem | Action) -> tuple[str, str, str]:
    return row.error_code, row.error_message, row.intuit_tid


# --- refusals ----------------------------------------------------------------------------------------------
def test_a_refusal_fails_its_item_with_quickbooks_words(run: Run, outcomes: Outcomes) -> None:
    item, action = on_its_way(run)

    assert outcomes.refused(item, action, refusal("6330")) is False

    item, action = stored(item, action)
    assert (item.outcome, action.state) == ("failed", "refused")
    assert item.reasons == [{"code": "QUICKBOOKS_REFUSED", "error": "6330", "words": "Not this one."}]
    assert error_of(item) == error_of(action) == ("6330", "Not this one.", "1-refused")


def test_a_refusal_without_a_code_is_told_by_its_status(run: Run, outcomes: Outcomes) -> None:
    item, action = on_its_way(run)

    outcomes.refused(item, action, refusal("", status=400))

    assert stored(item, action)[0].reasons[0]["error"] == "400"


def test_refusals_that_are_all_alike_stop_the_run(run: Run, outcomes: Outcomes, breaker: CircuitBreaker) -> None:
    for number in range(retry.MAX_EQUAL_REFUSALS):
        assert not breaker.is_set(), number
        outcomes.refused(*on_its_way(run), refusal("6330"))

    assert breaker.is_set()


@pytest.mark.parametrize("code", ["6200", "6210"])
def test_closed_books_hold_their_time_and_never_stop_the_run(
    run: Run, outcomes: Outcomes, breaker: CircuitBreaker, code: str
) -> None:
    for _ in range(retry.MAX_EQUAL_REFUSALS - 1):
        breaker.refused(refusal("6330"))
    item, action = on_its_way(run)

    assert outcomes.refused(item, action, refusal(code)) is False

    breaker.refused(refusal("6330"))
    assert not breaker.is_set(), "the refusals of others come no more in a row"
    item, action = stored(item, action)
    assert (item.outcome, action.state, action.error_code) == ("blocked", "refused", code)
    facts = {"closed": "a date that QuickBooks did not say", "day": "2026-03-02"}
    assert item.reasons == [{"code": "BOOKS_CLOSED", **facts}]
    assert error_of(item) == (code, "Not this one.", "1-refused")


@pytest.mark.parametrize(
    ("code", "sent_before", "arrived"),
    [("600", False, True), ("2130", False, True), ("600", True, True), ("6000", True, True), ("6000", False, False)],
)
def test_an_id_that_quickbooks_knows_already_leaves_the_write_in_doubt(
    run: Run, outcomes: Outcomes, code: str, sent_before: bool, arrived: bool
) -> None:
    """A new random id is known to nobody; 6000 of a first attempt is a rule of QuickBooks' that refused it."""
    item, action = on_its_way(run, sent_before=sent_before)

    assert outcomes.refused(item, action, refusal(code)) is False

    item, action = stored(item, action)
    assert (item.outcome, action.state) == (("unknown", "sending") if arrived else ("failed", "refused"))
    assert action.duplicate_id_said is arrived


# --- no clear answer, or nothing done ----------------------------------------------------------------------
def test_a_write_without_an_answer_stays_open_and_its_item_unknown(run: Run, outcomes: Outcomes) -> None:
    item, action = on_its_way(run)
    minutes = {f"{timezone.now():%Y-%m-%d %H:%M} UTC"}

    outcomes.mark_unknown(item, action, SILENCE)

    minutes.add(f"{timezone.now():%Y-%m-%d %H:%M} UTC")
    item, action = stored(item, action)
    assert (item.outcome, action.state, action.duplicate_id_said) == ("unknown", "sending", False)
    [reason] = item.reasons
    assert reason["code"] == "OUTCOME_UNKNOWN" and reason["at"] in minutes
    assert error_of(item) == error_of(action) == ("10000", "It did not answer.", "1-silence")


@pytest.mark.parametrize("sent_before", [False, True])
def test_what_quickbooks_did_not_process_stays_planned_unless_an_earlier_attempt_may_have_arrived(
    run: Run, outcomes: Outcomes, sent_before: bool
) -> None:
    item, action = on_its_way(run, sent_before=sent_before)

    outcomes.not_done(item, action, TryLater("Later.", vendor="quickbooks", code="3001", tid="1-later"))

    item, action = stored(item, action)
    assert (item.outcome, action.state) == (("unknown", "sending") if sent_before else ("planned", "abandoned"))
    assert error_of(action) == ("3001", "Later.", "1-later")


# --- accepted ----------------------------------------------------------------------------------------------
def answer(key: str = "151", **fields: Any) -> dict[str, Any]:
    work = {"NameOf": "Employee", "EmployeeRef": {"value": "59"}, "CustomerRef": {"value": "84"}, "Minutes": 90}
    return {"Id": key, "SyncToken": "0", "TxnDate": DAY.isoformat(), **work, **fields}


def test_a_create_that_was_accepted_has_its_receipt(run: Run, outcomes: Outcomes, breaker: CircuitBreaker) -> None:
    for _ in range(retry.MAX_EQUAL_REFUSALS - 1):
        breaker.refused(refusal("6330"))
    item, action = on_its_way(run)

    assert outcomes.accepted(item, action, answer(), tid="1-done") is True

    breaker.refused(refusal("6330"))
    assert not breaker.is_set()
    item, action = stored(item, action)
    assert (item.outcome, item.quickbooks_id, item.intuit_tid) == ("sent", "151", "1-done")
    assert (action.state, action.quickbooks_id, action.intuit_tid) == ("done", "151", "1-done")
    assert Receipt.objects.get().quickbooks_id == "151"


def test_an_accepted_write_of_an_earlier_run_finishes_the_items_of_both(run: Run, outcomes: Outcomes) -> None:
    earlier: Run = RunFactory(workspace=run.workspace)
    first, action = on_its_way(earlier, entry_id="entry")
    again = RunItemFactory(run=run, entry_id="entry", outcome="planned", source_snapshot={RunItem.ACTION: action.pk})

    outcomes.accepted(again, action, answer(), tid="1-done")

    assert [RunItem.objects.get(pk=item.pk).outcome for item in (first, again)] == ["sent", "sent"]


@pytest.mark.parametrize("verb", ["update", "delete"])
def test_an_update_or_delete_is_of_its_own_receipt(run: Run, outcomes: Outcomes, verb: str) -> None:
    ReceiptFactory(workspace=run.workspace, entry_id="entry", quickbooks_id="151")
    item, action = on_its_way(run, verb, entry_id="entry", quickbooks_id="151", snapshot={"record": answer()})

    assert outcomes.accepted(item, action, answer(SyncToken="1"), tid="") is True

    item, action = stored(item, action)
    assert (item.outcome, action.state) == (f"{verb}d", "done")
    assert Receipt.objects.get().state == ("sent" if verb == "update" else "deleted")


def test_an_activity_of_an_equal_entry_is_no_receipt_for_a_second_one(run: Run, outcomes: Outcomes) -> None:
    """Its request id only returns what settling has given to the other: it is sent under a new one."""
    ReceiptFactory(workspace=run.workspace, quickbooks_id="151")
    item, action = on_its_way(run, sent_before=True)

    assert outcomes.accepted(item, action, answer(), tid="") is False

    stored_item, action = stored(item, action)
    assert (stored_item.outcome, action.state) == ("planned", "abandoned")
    assert action.error_message == "Its activity was taken for that of an equal entry."
    for row in (item, stored_item):
        assert RunItem.ACTION not in row.source_snapshot and row.source_snapshot["content_hash"] == "content"
    assert Receipt.objects.count() == 1


def test_an_activity_of_another_entry_that_answers_a_first_attempt_is_in_doubt(run: Run, outcomes: Outcomes) -> None:
    ReceiptFactory(workspace=run.workspace, quickbooks_id="151")
    item, action = on_its_way(run)

    assert outcomes.accepted(item, action, answer(), tid="1-odd") is True

    item, action = stored(item, action)
    assert (item.outcome, action.state) == ("unknown", "sending")
    words = "QuickBooks answered with activity 151, which belongs to another entry."
    assert error_of(item) == error_of(action) == ("", words, "1-odd")
    assert Receipt.objects.count() == 1


# --- periods that were signed since the plan ---------------------------------------------------------------
def sign(run: Run, first: date, last: date) -> None:
    shared = {"workspace": run.workspace, "company": run.company, "from_date": first, "to_date": last}
    seconds = {"clockify_seconds": 0, "quickbooks_seconds": 0}
    compared = Reconciliation.objects.create(**shared, **seconds, compared_at=NOW)
    SignOff.objects.create(**shared, reconciliation=compared, figures={}, person_name="Beth", at=NOW)


@pytest.mark.parametrize(
    ("verb", "before", "after"),
    [
        ("create", None, DAY),
        ("update", DAY, date(2026, 4, 1)),
        ("update", date(2026, 4, 1), DAY),
        ("delete", DAY, DAY),
    ],
    ids=["new", "moved out", "moved in", "deleted"],
)
def test_time_of_a_period_that_was_signed_meanwhile_is_held(
    run: Run, outcomes: Outcomes, verb: str, before: date | None, after: date
) -> None:
    record = answer(TxnDate=f"{before}T00:00:00-05:00") if before else None
    item, action = on_its_way(run, verb, quickbooks_id="151", txn_date=after, snapshot={"record": record})
    other = on_its_way(run, txn_date=date(2026, 4, 1))
    sign(run, date(2026, 3, 1), date(2026, 3, 31))

    assert outcomes.hold_if_signed([(item, action), other]) == [other]

    item, action = stored(item, action)
    assert (item.outcome, action.state, error_of(item)) == ("blocked", "abandoned", ("", "", ""))
    days = {"first": "2026-03-01", "last": "2026-03-31", "day": "2026-03-02"}
    assert item.reasons == [{"code": "PERIOD_SIGNED", "by": "Beth", **days}]
    assert action.error_message == "Its period was signed before it was sent."
    assert (stored(*other)[0].outcome, stored(*other)[1].state) == ("planned", "sending")


def test_of_a_period_signed_meanwhile_an_earlier_attempt_stays_in_doubt(run: Run, outcomes: Outcomes) -> None:
    item, action = on_its_way(run, sent_before=True)
    sign(run, DAY, DAY)

    assert outcomes.hold_if_signed([(item, action)]) == []

    item, action = stored(item, action)
    assert (item.outcome, action.state) == ("unknown", "sending")
    assert item.error_message.startswith("Beth signed March 2, 2026 to March 2, 2026, ")
