"""Steps to the letter: what holds them, what they say, and what they carry along."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from syncjobs.rules.billing import NOT_BILLED, Billing
from syncjobs.rules.closed_periods import ClosedPeriods, SignedPeriod
from syncjobs.rules.drafts import draft
from syncjobs.rules.drafts.eligibility import MappingTable, Partner, Policy, ResolvedPartner
from syncjobs.rules.drafts.line_rules import LineRules
from syncjobs.rules.reasons import Reason
from syncjobs.rules.steps import changes
from syncjobs.rules.steps.changes import MAX_DUPLICATES, Sent, Step
from tests.support.values import WORK, activity_of, make_mapping_table, resolved, sent_for, work

DRAFT = changes.intend(WORK, resolved(), None).draft
assert DRAFT is not None
SOURCE = {"user": WORK.user_id, "project": WORK.project_id}
SENT = sent_for(DRAFT, source=SOURCE)
DAY = SENT.txn_date
OFF, PAYROLL = Reason("NOT_CONNECTED", {}), Reason("PAYROLL_ENABLED", {})
CLOSED = {"closed": DAY.isoformat(), "day": DAY.isoformat()}


def intend(
    sent: Sent | None = SENT,
    *,
    table: MappingTable | None = None,
    policy: Policy | None = None,
    item: str = "",
    resend: bool = False,
    **edits: Any,
) -> Step:
    entry = work(content_hash="edited", **edits)
    policy = policy or Policy(line_rules=LineRules(defaults={"item": item}))
    return changes.intend(entry, resolved(entry, table, policy), sent, resend=resend)


def codes(step: Step) -> list[str]:
    return [reason.code for reason in step.reasons]


# --- what may be written ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("verb", ["create", "update", "delete", "keep", "block"])
def test_three_verbs_write(verb: str) -> None:
    assert Step("e1", verb, "").writes is (verb in {"create", "update", "delete"})


@pytest.mark.parametrize(
    ("verb", "reasons", "undone"),
    [
        ("block", ["INVOICES_NOT_READ"], True),
        ("block", ["NOT_APPROVED", "INVOICES_NOT_READ"], True),
        ("block", ["NOT_APPROVED"], False),
        ("delete", ["INVOICES_NOT_READ"], False),
    ],
)
def test_only_a_held_step_is_undone(verb: str, reasons: list[str], undone: bool) -> None:
    assert Step("e1", verb, "", tuple(Reason(code, {}) for code in reasons)).is_undone is undone


def test_a_step_is_of_an_entry_that_clockify_has_unless_it_says_otherwise() -> None:
    step = Step("e1", "keep", "")

    assert (step.gone, step.refresh_receipt, step.part, step.action_id, SENT.corrections) == (False, False, 0, None, 0)


# --- sent entries -----------------------------------------------------------------------------------------------
def test_what_was_kept_stays_while_it_is_no_billable_work() -> None:
    assert (intend(kept=True, billable=False).verb, intend(billable=False).verb) == ("keep", "delete")
    assert intend(kept=True, seconds=5400).verb == "update"


TOO = Policy(send_nonbillable=True)


def test_unbillable_time_is_updated_where_such_time_goes() -> None:
    step = intend(policy=TOO, billable=False)

    assert (step.verb, step.why, step.draft and (step.draft.billable_status, step.draft.rate)) == (
        "update",
        "Edited in Clockify: billable or not.",
        ("NotBillable", "0"),
    )
    back = intend(sent_for(step.draft), policy=Policy()) if step.draft else step
    assert (back.verb, back.why) == (
        "update",
        "Edited in Clockify: billable or not, and the rate is now 80.00, it was none.",
    )
    assert intend(policy=TOO, billable=False, kept=True).verb == "keep"
    assert intend(policy=TOO, billable=False, kept=True, project_id="").verb == "keep"
    held = intend(policy=TOO, billable=False, table=make_mapping_table(user=None))
    assert (held.verb, codes(held)) == ("block", ["USER_NOT_MAPPED"])


def test_what_was_sent_as_unbillable_is_work_while_such_time_goes() -> None:
    unbillable = work(billable=False)
    sent = intend(None, policy=TOO, billable=False).draft

    assert sent is not None and not changes.is_no_work(unbillable, resolved(unbillable, policy=TOO), sent_for(sent))
    assert changes.is_no_work(unbillable, resolved(unbillable, policy=TOO), SENT)
    assert not changes.is_no_work(unbillable, resolved(unbillable, policy=TOO), None)


def test_unbillable_time_goes_without_a_rate_and_a_warning_of_one() -> None:
    step = intend(None, policy=TOO, billable=False, rate=None)

    assert (step.verb, step.why, step.warnings) == ("create", "New: not sent before. It is sent as not billable.", ())
    assert intend(None, policy=TOO).why == "New: not sent before."
    body = json.loads(draft.create_body(step.draft)) if step.draft else {}
    assert (body["BillableStatus"], "HourlyRate" in body) == ("NotBillable", False)


@pytest.mark.parametrize(
    ("close_date", "verb"), [(DAY - timedelta(days=1), "update"), (DAY, "block"), (DAY + timedelta(days=1), "block")]
)
def test_nothing_changes_on_a_day_whose_books_are_closed(close_date: date, verb: str) -> None:
    """The entry's day now is open: it was moved on, which the receipt's day is not."""
    moved = {"start_at": WORK.start_at + timedelta(days=20), "txn_date": DAY + timedelta(days=20)}

    step = intend(policy=Policy(book_close_date=close_date), **moved)

    assert (step.verb, codes(step)) == (verb, ["BOOKS_CLOSED"] if verb == "block" else [])
    if verb == "block":
        assert step.reasons[0].facts == {"closed": close_date.isoformat(), "day": DAY.isoformat()}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(), ("delete", ["NOT_BILLABLE"])),
        (Policy(book_close_date=DAY), ("block", ["NOT_BILLABLE", "BOOKS_CLOSED"])),
        (Policy(whole_connection=(OFF,)), ("block", ["NOT_BILLABLE", "NOT_CONNECTED"])),
        (Policy(whole_connection=(PAYROLL,)), ("block", ["NOT_BILLABLE", "PAYROLL_ENABLED"])),
    ],
)
def test_time_that_has_to_go_stays_where_nothing_may_change(policy: Policy, expected: tuple[str, list[str]]) -> None:
    step = intend(policy=policy, billable=False)

    assert (step.verb, sorted(codes(step))) == (expected[0], sorted(expected[1]))
    if step.verb == "delete":
        assert step.draft == SENT.draft
    if "BOOKS_CLOSED" in codes(step):
        assert step.reasons[-1].facts == CLOSED


def test_an_entry_moved_into_closed_books_is_deleted_where_it_was_sent() -> None:
    moved = {"start_at": WORK.start_at - timedelta(days=20), "txn_date": DAY - timedelta(days=20)}

    step = intend(policy=Policy(book_close_date=DAY - timedelta(days=10)), billable=False, **moved)

    assert (step.verb, codes(step)) == ("delete", ["NOT_BILLABLE"])


def test_only_causes_are_told_beside_a_deletion() -> None:
    step = intend(billable=False, table=make_mapping_table(user=None))

    assert (step.verb, codes(step)) == ("delete", ["NOT_BILLABLE"])


def test_a_resend_of_what_may_not_go_changes_nothing() -> None:
    entry = replace(WORK, rate=Decimal("99"))
    held, free = resolved(entry, make_mapping_table(user=None)), resolved(entry)

    def step(resolution: Any) -> Step:
        return changes.intend(entry, resolution, SENT, resend=True)

    assert (step(held).verb, step(free).verb) == ("keep", "update")


def test_a_resend_into_closed_days_is_held_with_its_reason() -> None:
    entry, closed = replace(WORK, rate=Decimal("99")), Policy(book_close_date=DAY)
    moved = replace(entry, txn_date=DAY + timedelta(days=1))

    def step(work: Any) -> Step:
        return changes.intend(work, resolved(work, policy=closed), SENT, resend=True)

    held = step(entry)
    assert (held.verb, codes(held), held.warnings) == ("block", ["BOOKS_CLOSED"], ("RATE_CHANGED",))
    assert held.why == "To be sent again, but its books are closed."
    # Also where only the day that was sent is closed, and the entry is of another one by now.
    assert (step(moved).verb, codes(step(moved))) == ("block", ["BOOKS_CLOSED"])
    assert step(WORK).verb == "keep"
    signed = SignedPeriod(DAY, DAY, "Beth")
    both = changes.intend(entry, resolved(entry, policy=replace(closed, signed=(signed,))), SENT, resend=True)
    assert (both.verb, codes(both)) == ("block", ["BOOKS_CLOSED", "PERIOD_SIGNED"])


def test_an_entry_that_is_as_sent_tells_what_changed_around_it() -> None:
    entry = replace(WORK, rate=Decimal("99"))

    step = changes.intend(entry, resolved(entry), SENT)

    assert (step.verb, step.warnings, step.refresh_receipt) == ("keep", ("RATE_CHANGED",), False)


def test_a_note_on_another_form_of_the_same_carries_what_was_sent() -> None:
    step = intend(seconds=3601)

    assert (step.verb, step.refresh_receipt, step.draft) == ("keep", True, SENT.draft)


@pytest.mark.parametrize("sent", [SENT, None], ids=["update", "create"])
def test_a_write_says_what_is_odd_about_it(sent: Sent | None) -> None:
    assert intend(sent, rate=None, seconds=5400).warnings == ("NO_RATE",)


# --- entries that are gone --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("close_date", "connection", "expected", "why"),
    [
        (None, (), [], "It was deleted in Clockify."),
        (DAY, (), ["BOOKS_CLOSED"], "It was deleted in Clockify, but its books are closed."),
        (None, (OFF,), ["NOT_CONNECTED"], "It was deleted in Clockify, but can't be deleted now."),
        (
            DAY,
            (OFF,),
            ["BOOKS_CLOSED", "NOT_CONNECTED"],
            "It was deleted in Clockify, but its books are closed.",
        ),
    ],
)
def test_a_gone_entry_is_deleted_unless_nothing_may_change(
    close_date: date | None, connection: tuple[Reason, ...], expected: list[str], why: str
) -> None:
    step = changes.intend_gone("e1", SENT, closed=ClosedPeriods(close_date), whole_connection=connection)

    assert (step.verb, codes(step), step.why) == ("block" if expected else "delete", expected, why)
    assert (step.gone, step.draft) == (True, SENT.draft)


def test_a_person_leaves_or_keeps_a_gone_entry() -> None:
    left, kept = changes.leave_gone("e1", SENT), changes.keep_gone("e1")

    assert (left.verb, left.gone, left.draft, codes(left)) == ("block", True, SENT.draft, ["IGNORED"])
    assert left.reasons[0].facts == {"what": "This entry"}
    assert (kept.verb, kept.gone, kept.writes) == ("keep", True, False)


# --- corrected entries ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("edits", "held"),
    [
        ({"seconds": 5400}, True),
        ({"billable": False}, True),
        ({"seconds": 3601}, True),
        ({"kept": True, "type": "BREAK"}, False),
    ],
    ids=["update", "delete", "receipt", "kept"],
)
def test_a_person_decides_about_a_corrected_entry(edits: dict[str, Any], held: bool) -> None:
    corrected = replace(SENT, corrections=1)

    step = intend(corrected, **edits)

    assert (step.verb == "block") is held
    if held:
        assert (codes(step), step.refresh_receipt) == (["CHANGED_IN_QUICKBOOKS"], False)
        assert step.why == "It was corrected by a second activity."
        assert step.reasons[0].facts == {"how": "corrected by a second activity, which counts as a change"}
    assert changes.intend_gone("e1", corrected).verb == "block"


# --- what would be sent -----------------------------------------------------------------------------------------
def test_what_would_be_sent_is_known_only_of_time_that_may_go() -> None:
    held = work(approved=False)
    policy = Policy(approved_only=True)

    assert changes.draft_of(WORK, resolved(), SENT) == SENT.draft
    assert changes.draft_of(held, resolved(held, policy=policy), SENT) is None
    # As linked, whatever else holds it.
    assert changes.draft_as_linked(held, resolved(held, policy=policy)) == SENT.draft


@pytest.mark.parametrize(
    ("table", "edits"), [({"user": None}, {}), ({"project": None}, {}), ({}, {"seconds": None})], ids=str
)
def test_without_partners_or_length_nothing_can_be_compared(table: dict[str, Any], edits: dict[str, Any]) -> None:
    entry = work(**edits)

    assert changes.draft_as_linked(entry, resolved(entry, make_mapping_table(**table))) is None


# --- what an update says ----------------------------------------------------------------------------------------
OTHER_PERSON = make_mapping_table(user=ResolvedPartner(Partner("vendor", "70", "Linus")))
OTHER_SITE = make_mapping_table(project=ResolvedPartner(Partner("customer", "9", "Hall", "USD")))


@pytest.mark.parametrize(
    ("details", "why"),
    [
        ({"seconds": 5400}, "time"),
        ({"description": "Rework", "seconds": 5400}, "time, description"),
        ({"start_at": WORK.start_at + timedelta(days=1), "txn_date": DAY + timedelta(days=1)}, "day"),
        ({"seconds": 5400, "rate": Decimal("99")}, "time, and the rate is now 99.00, it was 80.00"),
        ({"seconds": 5400, "item": "19"}, "time, and the service item is now 19, it was QuickBooks' own choice"),
        ({"seconds": 5400, "table": OTHER_PERSON}, "time, and the person is now 70 Linus, it was 55"),
        ({"seconds": 5400, "table": OTHER_SITE}, "time, and the customer is now 9 Hall, it was 8"),
        (
            {"seconds": 5400, "rate": Decimal("99"), "table": OTHER_SITE},
            "time, and the customer is now 9 Hall, it was 8, and the rate is now 99.00, it was 80.00",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_update_says_what_was_edited_and_what_goes_along(details: dict[str, Any], why: str) -> None:
    assert intend(**details).why == f"Edited in Clockify: {why}."


@pytest.mark.parametrize(
    ("source", "table", "why"),
    [
        ({"user": "somebody else", "project": "site"}, OTHER_PERSON, "kind of person, person"),
        ({"user": "ada", "project": "another"}, OTHER_SITE, "customer"),
        ({}, OTHER_SITE, "customer"),
    ],
)
def test_a_partner_of_another_user_or_project_is_an_edit(source: dict[str, str], table: MappingTable, why: str) -> None:
    assert intend(replace(SENT, source=source), table=table).why == f"Edited in Clockify: {why}."


def test_an_item_of_ours_that_is_switched_off_stays_without_a_word() -> None:
    sent = replace(SENT, draft=replace(DRAFT, item_id="19"))

    step = intend(sent, seconds=5400)

    assert step.why == "Edited in Clockify: time."
    assert step.draft is not None and step.draft.item_id == ""


@pytest.mark.parametrize(
    ("field", "kind", "label"), [("class_id", "class", "class"), ("department_id", "location", "location")]
)
def test_a_class_or_location_that_goes_along_is_named(field: str, kind: str, label: str) -> None:
    given = Policy(line_rules=LineRules(defaults={kind: "3"}))
    sent = replace(SENT, draft=replace(DRAFT, **{field: "5"}))

    assert intend(policy=given, seconds=5400).why == f"Edited in Clockify: time, and the {label} is now 3, it was none."
    assert intend(sent, seconds=5400).why == f"Edited in Clockify: time, and the {label} is now none, it was 5."


COSTS = Policy(send_cost_rate=True)


@pytest.mark.parametrize(
    ("known", "was_sent", "goes", "warned"),
    [("40", None, "40", ()), (None, None, "", ("NO_COST_RATE",)), (None, "40", "40", ()), ("45", "40", "45", ())],
)
def test_a_cost_rate_that_was_sent_stays_where_none_is_known_any_more(
    known: str | None, was_sent: str | None, goes: str, warned: tuple[str, ...]
) -> None:
    sent = sent_for(replace(DRAFT, cost_rate=was_sent), source=SOURCE) if was_sent else None

    step = intend(sent, policy=COSTS, seconds=5400, cost_rate=Decimal(known) if known else None)

    assert (step.draft and step.draft.cost_rate, step.warnings) == (goes, warned)
    if known and was_sent:
        assert step.why == "Edited in Clockify: time, and the cost rate is now 45.00, it was 40.00."


def test_a_resend_names_what_is_different_now() -> None:
    entry = replace(WORK, rate=Decimal("99"))

    step = changes.intend(entry, resolved(entry), SENT, resend=True)

    assert step.why == "Resent as requested, and the rate is now 99.00, it was 80.00."
    assert step.warnings == () and step.draft is not None and step.draft.rate == "99"
    rateless = replace(WORK, rate=None)
    again = changes.intend(rateless, resolved(rateless), SENT, resend=True)
    assert (again.verb, again.warnings) == ("update", ("NO_RATE",))


# --- against QuickBooks -----------------------------------------------------------------------------------------
UPDATE = intend(seconds=5400)
ACTIVITY = activity_of(SENT)


def test_the_reasons_say_how_quickbooks_differs() -> None:
    gone = changes.against_quickbooks(UPDATE, SENT, None, NOT_BILLED)
    changed = changes.against_quickbooks(UPDATE, SENT, replace(ACTIVITY, sync_token="1", minutes=5), NOT_BILLED)
    unasked = changes.against_quickbooks(UPDATE, SENT, ACTIVITY, Billing(problem="Not answered."))

    assert [step.reasons[0].facts for step in (gone, changed)] == [{"how": "deleted"}, {"how": "changed"}]
    assert gone.why == "QuickBooks has something other than what was sent."
    assert (unasked.verb, unasked.why) == ("block", changes.NOT_KNOWN)
    assert changes.against_quickbooks(UPDATE, None, ACTIVITY, NOT_BILLED) == UPDATE


def test_billed_time_says_so_without_a_form_too() -> None:
    step = changes.against_quickbooks(UPDATE, SENT, replace(ACTIVITY, billable_status="HasBeenBilled"), NOT_BILLED)

    assert step.why == "It is billed; the invoice is left as is."


def test_a_held_step_refreshes_no_receipt() -> None:
    assert not changes.hold(Step("e1", "keep", "", refresh_receipt=True), OFF).refresh_receipt


def test_what_resembles_a_create_is_listed_with_what_it_says() -> None:
    create = intend(None)
    same_time = [replace(ACTIVITY, id=str(number), customer_id="9") for number in range(12)]
    same_customer = replace(ACTIVITY, id="99", minutes=5)

    held = changes.against_existing_duplicates(create, [*same_time, same_customer], set_aside=())
    by_customer = changes.against_existing_duplicates(create, [same_customer], set_aside=())
    equal = changes.against_existing_duplicates(create, [same_customer, replace(ACTIVITY, id="7")], set_aside=())

    facts = held.reasons[0].facts
    assert (held.why, facts["same"]) == (
        "QuickBooks has almost the same time already.",
        "customer and description or time and description",
    )
    assert (len(facts["found"]), facts["found"][0]["id"], facts["found"][0]["minutes"]) == (MAX_DUPLICATES, "0", 60)
    assert by_customer.reasons[0].facts["same"] == "customer and description"
    assert (equal.why, equal.reasons[0].facts["twins"]) == ("QuickBooks has the same time already.", "7")
    assert MAX_DUPLICATES == 10
    assert changes.against_existing_duplicates(replace(create, draft=None), same_time, set_aside=()).verb == "create"
