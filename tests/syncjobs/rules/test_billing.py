"""Whether time is billed, by its own record and by the forms that name it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from integrations.quickbooks.sales_forms import SalesForm
from syncjobs.rules import reasons
from syncjobs.rules.billing import NOT_BILLED, Billing, facts_of, form_in
from syncjobs.rules.steps import changes
from syncjobs.rules.steps.changes import Step
from tests.support.values import WORK, activity_of, resolved, sent_for

DRAFT = changes.intend(WORK, resolved(), None).draft
assert DRAFT is not None
SENT = sent_for(DRAFT)
CREATED = datetime(2026, 3, 5, tzinfo=UTC)
ACTIVITY = replace(activity_of(SENT), created_at=CREATED)
UPDATE = Step(WORK.id, "update", "Edited.", draft=SENT.draft)
INVOICE = SalesForm("Invoice", "145", "1043", date(2026, 3, 31), "8", CREATED, frozenset({ACTIVITY.id}))
PAYERS = {ACTIVITY.customer_id: {ACTIVITY.customer_id, "above"}}


def compared(billing: Billing, **values: Any) -> Step:
    return changes.against_quickbooks(UPDATE, SENT, replace(ACTIVITY, **values), billing)


def test_time_that_an_invoice_names_is_billed_whatever_its_status_says() -> None:
    held = compared(Billing({ACTIVITY.id: [INVOICE]}))

    row = held.reasons[0].as_row()
    assert (held.verb, row["code"], held.is_undone) == ("block", "BILLED_IN_QUICKBOOKS", False)
    assert "billed in QuickBooks on invoice 1043 of March 31, 2026, but" in reasons.sentence(row)
    assert held.why == "It is billed on invoice 1043 of March 31, 2026; the invoice is left as is."


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (replace(INVOICE, entity="SalesReceipt"), "on sales receipt 1043 of March 31, 2026"),
        (replace(INVOICE, number=""), "on an invoice of March 31, 2026"),
        (replace(INVOICE, number="", txn_date=None, entity="SalesReceipt"), "on a sales receipt, but"),
    ],
)
def test_the_form_is_named_as_far_as_it_is_known(form: SalesForm, words: str) -> None:
    row = compared(Billing({ACTIVITY.id: [form]})).reasons[0].as_row()

    assert words in reasons.sentence(row)


@pytest.mark.parametrize(
    ("links", "facts"),
    [([{"TxnId": "145", "TxnType": "Invoice"}], "145"), ([{"TxnId": "3", "TxnType": "Other"}], None), ("odd", None)],
)
def test_any_link_of_its_own_counts(links: object, facts: str | None) -> None:
    held = compared(NOT_BILLED, raw={"LinkedTxn": links})

    assert held.reasons[0].code == "BILLED_IN_QUICKBOOKS"
    assert held.reasons[0].facts.get("transaction_id") == facts


def test_what_could_not_be_asked_waits_and_is_not_done() -> None:
    billing = Billing(problem="Invoices could not be read: QuickBooks did not answer.")

    held = compared(billing)

    assert ([reason.code for reason in held.reasons], held.is_undone) == (["INVOICES_NOT_READ"], True)
    # What is known anyway needs no question.
    assert compared(billing, billable_status="HasBeenBilled").reasons[0].code == "BILLED_IN_QUICKBOOKS"
    assert compared(billing, sync_token="7", minutes=5).reasons[0].code == "CHANGED_IN_QUICKBOOKS"


FORMS = pytest.mark.parametrize(
    ("form", "payers", "holds"),
    [
        ({"customer_id": ACTIVITY.customer_id}, PAYERS, True),
        ({"customer_id": "above"}, PAYERS, True),
        ({"customer_id": "another"}, PAYERS, False),
        ({"customer_id": "another"}, {ACTIVITY.customer_id: None}, True),
        ({"customer_id": ""}, PAYERS, True),
        ({"customer_id": "above", "updated_at": datetime(2026, 3, 4, tzinfo=UTC)}, PAYERS, False),
        ({"customer_id": "above", "updated_at": None}, PAYERS, True),
    ],
)


@FORMS
def test_only_a_form_that_can_have_taken_the_time_bills_it(
    form: dict[str, Any], payers: dict[str, Any], holds: bool
) -> None:
    naming = replace(INVOICE, **form)

    held = compared(Billing({ACTIVITY.id: [naming]}, payers=payers))

    assert [reason.code for reason in held.reasons] == (["BILLED_IN_QUICKBOOKS"] if holds else [])
    # Another form beside it is as good as alone.
    assert compared(Billing({ACTIVITY.id: [naming, INVOICE]})).verb == "block"


@FORMS
def test_a_form_that_is_not_clear_holds_what_it_may_have_billed(
    form: dict[str, Any], payers: dict[str, Any], holds: bool
) -> None:
    unclear = replace(INVOICE, activity_ids=frozenset(), problem="LinkedTxn is no list", **form)

    held = compared(Billing({}, (unclear,), payers=payers))

    assert [reason.code for reason in held.reasons] == (["UNREADABLE"] if holds else [])
    if holds:
        assert "The invoice 1043 could not be read: LinkedTxn is no list" in reasons.sentence(held.reasons[0].as_row())


def test_an_unclear_form_holds_time_whose_own_age_is_not_known() -> None:
    unclear = replace(INVOICE, activity_ids=frozenset(), problem="odd", updated_at=datetime(2020, 1, 1, tzinfo=UTC))

    held = compared(Billing({}, (unclear,), payers=PAYERS), created_at=None)

    assert [reason.code for reason in held.reasons] == ["UNREADABLE"]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "The invoice 1043"),
        ({"number": ""}, "The invoice 145"),
        ({"number": "", "id": ""}, "An invoice"),
        ({"entity": "SalesReceipt"}, "The sales receipt 1043"),
        ({"entity": "SalesReceipt", "number": "", "id": ""}, "A sales receipt"),
    ],
)
def test_an_unclear_form_is_named_as_far_as_it_is_known(form: dict[str, Any], words: str) -> None:
    unclear = replace(INVOICE, activity_ids=frozenset(), problem="odd", **form)

    reason = Billing({}, (unclear,), payers=PAYERS).doubt(ACTIVITY)

    assert reason is not None
    assert reason.facts["what"] == words and reason.facts["record"] == unclear.kind
    assert reasons.explain(reason.as_row())["fix_in"] == "quickbooks"


def test_what_is_billed_leaves_no_doubt() -> None:
    billing = Billing({ACTIVITY.id: [INVOICE]}, problem="Invoices could not be read.")
    named, by_status = ACTIVITY, replace(ACTIVITY, id="9", billable_status="HasBeenBilled")
    other = replace(ACTIVITY, id="10")

    assert (billing.doubt(named), billing.doubt(by_status)) == (None, None)
    doubt = billing.doubt(other)
    assert doubt is not None and doubt.facts == {"cause": "Invoices could not be read."}


def test_of_odd_links_the_first_that_names_a_form_is_told() -> None:
    links = ["odd", None, {"TxnId": "9" * 80, "TxnType": "SalesReceipt"}, {"TxnId": "1", "TxnType": "Invoice"}]

    reason = NOT_BILLED.billed(replace(ACTIVITY, raw={"LinkedTxn": links}))

    assert reason is not None
    assert reason.facts == {"transaction": "SalesReceipt", "transaction_id": "9" * 64, "number": "", "date": ""}


def test_a_receipt_keeps_the_form_alone() -> None:
    facts = facts_of(INVOICE)

    assert form_in({"code": "BILLED_IN_QUICKBOOKS", **facts}) == facts
    assert form_in({"transaction": "Invoice"}) == {
        "transaction": "Invoice",
        "transaction_id": "",
        "number": "",
        "date": "",
    }
    assert [form_in(row) for row in (None, {}, {"code": "BILLED_IN_QUICKBOOKS"}, {"transaction": ""})] == [None] * 4
