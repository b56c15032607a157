from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.quickbooks.payloads import Activity
from syncjobs.rules import reasons
from syncjobs.rules.billing import NOT_BILLED
from syncjobs.rules.drafts.draft import Draft
from syncjobs.rules.drafts.eligibility import MappingTable, Partner, Policy, ResolvedPartner
from syncjobs.rules.drafts.line_rules import LineRules
from syncjobs.rules.steps import changes
from syncjobs.rules.steps.answered import as_row
from syncjobs.rules.steps.changes import Sent, Step
from tests.support.values import ACME, EMPLOYEE, SITE, WORK, activity_of, make_mapping_table, resolved, sent_for, work

EDITED = "edited"


def intend(
    sent: Sent | None,
    *,
    mapping_table: MappingTable | None = None,
    policy: Policy | None = None,
    item: str = "",
    **edits: Any,
) -> Step:
    entry = work(**edits)
    policy = policy or Policy(line_rules=LineRules(defaults={"item": item}))
    return changes.intend(entry, resolved(entry, mapping_table, policy), sent)


def draft_as_sent() -> Draft:
    draft = intend(None).draft
    assert draft is not None
    return draft


SENT = sent_for(draft_as_sent())


def test_work_that_was_never_sent_is_created() -> None:
    assert intend(None).verb == "create"


@pytest.mark.parametrize("edits", [{"billable": False}, {"seconds": None}, {"seconds": 10}, {"ignored": True}])
def test_work_that_was_never_sent_and_may_not_go_is_blocked(edits: dict[str, Any]) -> None:
    step = intend(None, **edits)

    assert step.verb == "block"
    assert step.reasons


def test_time_that_was_not_edited_stays_as_it_is() -> None:
    assert intend(SENT).verb == "keep"


NOT_AN_EDIT: list[tuple[str, dict[str, Any]]] = [
    ("another rate", {"rate": Decimal("99")}),
    ("no rate", {"rate": None}),
    ("another time zone's day", {"txn_date": date(2026, 3, 5)}),
    ("another currency", {"currency": "EUR"}),
    ("invoiced since", {"invoiced": True}),
    ("ignored since", {"ignored": True}),
    ("another default item", {"item": "19"}),
    ("a shorter longest", {"policy": Policy(longest_seconds=60)}),
    ("closed books", {"policy": Policy(book_close_date=date(2026, 12, 31))}),
    ("approval wanted", {"policy": Policy(approved_only=True)}),
    ("user unlinked", {"mapping_table": make_mapping_table(user=None)}),
    (
        "user linked to another",
        {"mapping_table": make_mapping_table(user=ResolvedPartner(Partner("employee", "56", "Bea")))},
    ),
    ("project unlinked", {"mapping_table": make_mapping_table(project=None)}),
    (
        "customer inactive",
        {"mapping_table": make_mapping_table(client=ResolvedPartner(ACME, suspended="CUSTOMER_INACTIVE"))},
    ),
]


@pytest.mark.parametrize("edits", [edits for _, edits in NOT_AN_EDIT], ids=[name for name, _ in NOT_AN_EDIT])
def test_what_is_no_edit_never_touches_time_already_sent(edits: dict[str, Any]) -> None:
    assert intend(SENT, **edits).verb == "keep"


@pytest.mark.parametrize(
    ("edits", "field", "value"),
    [
        ({"seconds": 5400}, "minutes", 90),
        ({"description": "Rework"}, "description", "Rework"),
        ({"description": ""}, "description", ""),
        ({"start_at": WORK.start_at + timedelta(days=1), "txn_date": date(2026, 3, 5)}, "txn_date", "2026-03-05"),
        (
            {"mapping_table": make_mapping_table(user=ResolvedPartner(Partner("employee", "56", "Bea")))},
            "person_id",
            "56",
        ),
        (
            {"mapping_table": make_mapping_table(project=ResolvedPartner(Partner("customer", "9", "Hall")))},
            "customer_id",
            "9",
        ),
    ],
)
def test_an_edit_that_shows_updates_what_was_sent(edits: dict[str, Any], field: str, value: Any) -> None:
    step = intend(SENT, content_hash=EDITED, **edits)

    assert step.verb == "update"
    assert step.draft == replace(SENT.draft, **{field: value})
    assert step.why.startswith("Edited in Clockify: ")


def test_an_edit_that_does_not_show_only_brings_the_receipt_up_to_date() -> None:
    step = intend(SENT, content_hash=EDITED, seconds=3610)

    assert (step.verb, step.refresh_receipt) == ("keep", True)


def test_a_changed_link_reaches_time_already_sent_only_when_a_person_resends() -> None:
    moved = resolved(WORK, make_mapping_table(project=ResolvedPartner(replace(SITE, id="9"))))

    plain = changes.intend(WORK, moved, SENT)
    resent = changes.intend(WORK, moved, SENT, resend=True)

    assert plain.verb == "keep"
    assert (resent.verb, resent.draft) == ("update", replace(SENT.draft, customer_id="9"))
    assert changes.intend(WORK, resolved(), SENT, resend=True).verb == "keep"


def test_the_day_stays_while_the_start_stays() -> None:
    moved_zone = {"content_hash": EDITED, "seconds": 5400, "txn_date": date(2026, 3, 5)}

    assert intend(SENT, **moved_zone).draft == replace(SENT.draft, minutes=90)
    shifted = intend(SENT, **moved_zone, start_at=WORK.start_at + timedelta(minutes=1)).draft
    assert shifted == replace(SENT.draft, minutes=90, txn_date="2026-03-05")


def test_an_edit_takes_the_rate_of_now_along() -> None:
    step = intend(SENT, content_hash=EDITED, seconds=5400, rate=None)

    assert step.draft == replace(SENT.draft, minutes=90, rate="0")
    assert step.warnings == ("NO_RATE",)


@pytest.mark.parametrize(
    "edits",
    [{"billable": False}, {"project_id": "", "client_id": ""}, {"type": "BREAK"}, {"seconds": 20}, {"seconds": -5}],
)
def test_time_that_is_no_billable_work_any_more_is_deleted(edits: dict[str, Any]) -> None:
    assert intend(SENT, content_hash=EDITED, **edits).verb == "delete"


@pytest.mark.parametrize(
    ("edits", "code"),
    [
        ({"seconds": None}, "NOT_FINISHED"),
        ({"seconds": 90_000}, "TOO_LONG"),
        ({"invoiced": True}, "INVOICED_IN_CLOCKIFY"),
        ({"ignored": True}, "IGNORED"),
        ({"currency": "EUR"}, "CURRENCY_DIFFERS"),
        ({"mapping_table": make_mapping_table(user=None)}, "USER_NOT_MAPPED"),
        ({"mapping_table": make_mapping_table(project=None)}, "PROJECT_NOT_MAPPED"),
        (
            {"mapping_table": make_mapping_table(user=ResolvedPartner(EMPLOYEE, suspended="EMPLOYEE_INACTIVE"))},
            "EMPLOYEE_INACTIVE",
        ),
        (
            {"mapping_table": make_mapping_table(project=ResolvedPartner(SITE, suspended="CUSTOMER_INACTIVE"))},
            "CUSTOMER_INACTIVE",
        ),
        ({"policy": Policy(book_close_date=date(2026, 3, 31))}, "BOOKS_CLOSED"),
        ({"policy": Policy(approved_only=True)}, "NOT_APPROVED"),
    ],
)
def test_an_edit_that_can_not_be_sent_now_leaves_what_is_there(edits: dict[str, Any], code: str) -> None:
    step = intend(SENT, content_hash=EDITED, **{"description": "Rework", **edits})

    assert step.verb == "block"
    assert code in {reason.code for reason in step.reasons}


UPDATE = intend(SENT, content_hash=EDITED, seconds=5400)
DELETE = intend(SENT, content_hash=EDITED, billable=False)
GONE = changes.intend_gone("e1", SENT)


def reading(**edits: Any) -> Activity:
    """Return SENT's activity as QuickBooks has it, with its first SyncToken."""
    return replace(activity_of(SENT), **edits)


@pytest.mark.parametrize("step", [UPDATE, DELETE, GONE], ids=["update", "delete", "gone"])
@pytest.mark.parametrize(
    ("found", "code"),
    [
        (None, "CHANGED_IN_QUICKBOOKS"),
        (reading(sync_token="1", minutes=61), "CHANGED_IN_QUICKBOOKS"),
        (reading(billable_status="HasBeenBilled"), "BILLED_IN_QUICKBOOKS"),
        (reading(billable_status="HasBeenBilled", sync_token="1"), "BILLED_IN_QUICKBOOKS"),
    ],
)
def test_time_that_people_billed_changed_or_deleted_is_left_alone(
    step: Step, found: Activity | None, code: str
) -> None:
    held = changes.against_quickbooks(step, SENT, found, NOT_BILLED)

    assert (held.verb, [reason.code for reason in held.reasons]) == ("block", [code])
    assert held.gone is step.gone


@pytest.mark.parametrize("step", [UPDATE, DELETE, GONE], ids=["update", "delete", "gone"])
def test_time_that_is_as_we_left_it_is_acted_upon(step: Step) -> None:
    checked = changes.against_quickbooks(step, SENT, reading(), NOT_BILLED)

    assert checked.verb == step.verb
    assert checked.reading == reading()


@pytest.mark.parametrize("step", [UPDATE, DELETE, GONE], ids=["update", "delete", "gone"])
@pytest.mark.parametrize(
    "answered", [None, as_row(reading(description="Review\t"))], ids=["old receipt", "answer kept"]
)
def test_a_sync_token_alone_is_no_change_of_ours(step: Step, answered: dict[str, Any] | None) -> None:
    sent = replace(SENT, answered=answered)
    # An invoice that was deleted again, a class, a cost rate: the token moves, and our fields stay.
    found = reading(sync_token="3", item_id="7", description="Review\t" if answered else "Review ")

    checked = changes.against_quickbooks(step, sent, found, NOT_BILLED)

    assert (checked.verb, checked.reading) == (step.verb, found)


PLANNED = replace(draft_as_sent(), minutes=90)


@pytest.mark.parametrize("billable_status", ["Billable", "HasBeenBilled"])
def test_an_edit_that_quickbooks_has_already_writes_nothing(billable_status: str) -> None:
    step = replace(UPDATE, draft=PLANNED, warnings=("NO_RATE",))
    found = reading(sync_token="1", minutes=90, billable_status=billable_status)

    kept = changes.unless_there_already(step, SENT, found)

    assert (kept.verb, kept.reading, kept.refresh_receipt, kept.warnings) == ("keep", found, True, ())
    assert kept.why == "Edited, and QuickBooks already has it that way."
    assert changes.against_quickbooks(kept, SENT, found, NOT_BILLED) == kept


@pytest.mark.parametrize(
    "found",
    [
        None,
        reading(sync_token="1"),
        reading(sync_token="1", minutes=91),
        reading(sync_token="1", minutes=90, billable_status="NotBillable"),
        reading(sync_token="1", minutes=90, rate=Decimal("81")),
        # As we left it, whatever is planned.
        reading(minutes=90),
    ],
)
def test_an_edit_that_quickbooks_does_not_have_stays_an_update(found: Activity | None) -> None:
    step = replace(UPDATE, draft=PLANNED)

    assert changes.unless_there_already(step, SENT, found) == step


@pytest.mark.parametrize(
    "step",
    [replace(DELETE, draft=PLANNED), replace(GONE, draft=PLANNED), replace(UPDATE, draft=None)],
    ids=["delete", "gone", "no draft"],
)
def test_only_an_update_can_be_there_already(step: Step) -> None:
    found = reading(sync_token="1", minutes=90)

    assert changes.unless_there_already(step, SENT, found) == step
    assert changes.unless_there_already(replace(UPDATE, draft=PLANNED), None, found).verb == "update"


@pytest.mark.parametrize(
    ("edits", "label"),
    [
        ({"minutes": 300}, "time"),
        ({"minutes": None}, "time"),
        ({"customer_id": "9"}, "customer"),
        ({"person_id": "56"}, "person"),
        ({"person_kind": "vendor"}, "kind of person"),
        ({"txn_date": date(2026, 3, 5)}, "day"),
        ({"billable_status": "NotBillable"}, "billable"),
        ({"rate": Decimal("80.5")}, "rate"),
        ({"description": "Review, and more"}, "description"),
    ],
    ids=lambda value: str(value),
)
@pytest.mark.parametrize("is_kept", [True, False], ids=["answer kept", "old receipt"])
def test_a_field_of_ours_that_people_changed_is_named(edits: dict[str, Any], label: str, is_kept: bool) -> None:
    sent = replace(SENT, answered=as_row(reading()) if is_kept else None)

    held = changes.against_quickbooks(UPDATE, sent, reading(sync_token="1", **edits), NOT_BILLED)

    assert (held.verb, held.why) == ("block", f"Changed by hand in QuickBooks: {label}.")


def test_equal_activities_of_others_hold_a_create_until_a_person_decides() -> None:
    create, twins = intend(None), [reading(id="7"), reading(id="9")]

    held = changes.against_existing_duplicates(create, twins, set_aside=())
    sent_anyway = changes.against_existing_duplicates(create, twins, set_aside=["ALREADY_IN_QUICKBOOKS"])

    [reason] = held.reasons
    assert (reason.code, reason.facts["twins"], "same" in reason.facts) == ("ALREADY_IN_QUICKBOOKS", "7, 9", False)
    assert (sent_anyway.verb, sent_anyway.excluded_ids) == ("create", ("7", "9"))


def test_activities_that_almost_fit_hold_a_create_and_say_what_is_the_same() -> None:
    longer, elsewhere = reading(id="7", minutes=75), reading(id="9", customer_id="21")

    held = changes.against_existing_duplicates(intend(None), [longer, elsewhere], set_aside=())

    [row] = [reason.as_row() for reason in held.reasons]
    assert held.verb == "block"
    assert "customer and description or time and description, not sent from here (7, 9)" in reasons.sentence(row)
    assert [found["minutes"] for found in row["found"]] == [75, 60]
    # An equal one is the likelier.
    beside = changes.against_existing_duplicates(intend(None), [longer, reading(id="8")], set_aside=())
    assert [reason.facts["twins"] for reason in beside.reasons] == ["8"]


def test_equal_activities_matter_to_nothing_but_creates() -> None:
    assert changes.against_existing_duplicates(UPDATE, [reading()], set_aside=()) == UPDATE
    assert changes.against_existing_duplicates(intend(None), [], set_aside=()) == intend(None)
