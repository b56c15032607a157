"""What QuickBooks answered, and whether a later reading says the same."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from integrations.quickbooks.payloads import Activity
from syncjobs.rules.drafts.draft import Draft
from syncjobs.rules.steps import answered
from tests.support.values import activity_of, sent_for

DRAFT = Draft("employee", "55", "8", "2026-03-04", 60, " Review\nagain ", "80.50")


def reading(**edits: Any) -> Activity:
    copy = {"rate": Decimal("80.5"), "description": "Review\nagain"}
    return replace(activity_of(sent_for(DRAFT)), **(copy | edits))


@pytest.mark.parametrize("description", ["Review\r\nagain", "Review\ragain", "\n Review\nagain\t"])
@pytest.mark.parametrize("rate", ["80.5", "80.500"])
def test_another_form_of_what_was_sent_is_no_change(description: str, rate: str) -> None:
    found = reading(description=description, rate=Decimal(rate))

    assert answered.changed(found, DRAFT, None) == []
    assert answered.is_exactly(DRAFT, found)


@pytest.mark.parametrize(
    ("rate", "same"), [(None, True), (Decimal(0), True), (Decimal("0.00"), True), (Decimal("0.01"), False)]
)
def test_no_rate_counts_as_a_rate_of_0(rate: Decimal | None, same: bool) -> None:
    assert answered.is_exactly(replace(DRAFT, rate="0"), reading(rate=rate)) is same


@pytest.mark.parametrize("edits", [{"txn_date": None}, {"minutes": None}, {"billable_status": "NotBillable"}], ids=str)
def test_what_is_missing_is_a_change(edits: dict[str, Any]) -> None:
    assert len(answered.changed(reading(**edits), DRAFT, answered.as_row(reading()))) == 1
    assert not answered.is_exactly(DRAFT, reading(**edits))


def test_an_answer_is_kept_as_json_with_each_field_of_ours() -> None:
    row = answered.as_row(reading(txn_date=None, rate=None))

    assert list(row) == [*answered.LABELS, "class_id", "department_id", "cost_rate"]
    assert (row["txn_date"], row["rate"]) == ("", "0")


def test_what_billed_time_says_of_being_billable_is_no_difference() -> None:
    found = reading(billable_status="HasBeenBilled")

    assert answered.is_exactly(DRAFT, found)
    assert answered.changed(found, DRAFT, None) == ["billable"]


def test_an_item_counts_where_it_is_ours_and_a_rate_where_time_is_billable() -> None:
    with_item, free = replace(DRAFT, item_id="7"), replace(DRAFT, billable_status="NotBillable", rate="0")

    assert answered.changed(reading(item_id="2"), with_item, None) == [answered.LABELS["item_id"]]
    assert answered.changed(reading(item_id="2"), DRAFT, None) == []
    assert answered.changed(reading(billable_status="NotBillable", rate=Decimal(50)), free, None) == []
