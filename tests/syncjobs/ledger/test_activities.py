from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integrations.quickbooks import payloads
from syncjobs.ledger import activities
from syncjobs.rules.drafts.draft import Draft
from syncjobs.rules.steps.answered import is_exactly

DRAFT = Draft("employee", "55", "8", "2026-03-04", 135, "Review\nagain", "80")
RECORD: dict[str, Any] = {
    "Id": "412",
    "SyncToken": "0",
    "NameOf": "Employee",
    "EmployeeRef": {"value": "55", "name": "Ada"},
    "CustomerRef": {"value": "8", "name": "Acme:Site"},
    "ItemRef": {"value": "2", "name": "Hours"},
    "TxnDate": "2026-03-04",
    "Hours": 2,
    "Minutes": 15,
    "HourlyRate": 80,
    "BillableStatus": "Billable",
    "Description": "Review\nagain",
}


def read(**changes: Any) -> payloads.Activity:
    return payloads.activity({name: value for name, value in {**RECORD, **changes}.items() if value is not None})


def test_what_was_sent_is_recognized() -> None:
    assert is_exactly(DRAFT, read())
    assert activities.differences(DRAFT, read()) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"Description": "Review\r\nagain "},
        {"HourlyRate": 80.0},
        {"BillableStatus": "HasBeenBilled"},
        {"ItemRef": {"value": "19"}},
        {"CustomerRef": {"value": "8", "name": "Acme:Renamed"}},
        {"Hours": None, "Minutes": 135},
    ],
    ids=str,
)
def test_another_form_of_the_same_is_the_same(changes: dict[str, Any]) -> None:
    assert is_exactly(DRAFT, read(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"NameOf": "Vendor", "VendorRef": {"value": "55"}},
        {"NameOf": "Other", "OtherNameRef": {"value": "55"}},
        {"EmployeeRef": {"value": "54"}},
        {"CustomerRef": {"value": "7"}},
        {"TxnDate": "2026-03-05"},
        {"Minutes": 16},
        {"Hours": None, "Minutes": None},
        {"HourlyRate": 81},
        {"HourlyRate": None},
        {"BillableStatus": "NotBillable"},
        {"Description": "Review again"},
        {"Description": None},
    ],
    ids=str,
)
def test_anything_else_is_not_ours(changes: dict[str, Any]) -> None:
    assert not is_exactly(DRAFT, read(**changes))


def test_an_item_that_we_named_has_to_be_there() -> None:
    named = replace(DRAFT, item_id="19")

    assert is_exactly(named, read(ItemRef={"value": "19"}))
    assert not is_exactly(named, read())


@pytest.mark.parametrize(
    ("span", "minutes"),
    [
        ({"StartTime": "2026-03-04T09:00:00-08:00", "EndTime": "2026-03-04T11:15:00-08:00"}, 135),
        (
            {
                "StartTime": "2026-03-04T09:00:00-08:00",
                "EndTime": "2026-03-04T12:00:00-08:00",
                "BreakMinutes": 45,
            },
            135,
        ),
        ({"StartTime": "2026-03-04T09:00:00-08:00"}, None),
        ({"StartTime": "nine", "EndTime": "ten"}, None),
        ({"StartTime": "2026-03-04T09:00:00", "EndTime": "2026-03-04T11:15:00-08:00"}, None),
    ],
    ids=str,
)
def test_time_from_start_to_end_counts_like_a_duration(span: dict[str, Any], minutes: int | None) -> None:
    assert read(Hours=None, Minutes=None, **span).minutes == minutes


@pytest.mark.parametrize(
    ("changes", "alike"),
    [
        ({}, True),
        ({"Minutes": 20}, True),  # customer and text
        ({"CustomerRef": {"value": "7"}}, True),  # minutes and text
        ({"Description": "other"}, True),  # customer and minutes
        ({"Description": "other", "Minutes": 20}, False),
        ({"Description": "other", "CustomerRef": {"value": "7"}}, False),
        ({"TxnDate": "2026-03-05"}, False),
        ({"EmployeeRef": {"value": "54"}}, False),
    ],
    ids=str,
)
def test_what_only_a_person_can_tell_from_ours(changes: dict[str, Any], alike: bool) -> None:
    assert activities.almost_fits(DRAFT, read(**changes)) is alike


def test_each_difference_is_named() -> None:
    changed = read(
        NameOf="Vendor",
        VendorRef={"value": "41"},
        CustomerRef={"value": "7"},
        TxnDate="2026-03-05",
        Minutes=0,
        BillableStatus="NotBillable",
    )

    fields = [difference.partition(":")[0] for difference in activities.differences(DRAFT, changed)]
    assert fields == ["kind of person", "person", "customer", "day", "minutes", "billable"]
