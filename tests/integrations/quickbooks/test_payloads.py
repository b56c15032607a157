"""QuickBooks' records as they are read: odd values are None or empty, never an error."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from integrations.quickbooks import company_payloads, payloads

WORK: dict[str, Any] = {
    "Id": "412",
    "SyncToken": "3",
    "NameOf": "Employee",
    "EmployeeRef": {"value": "55"},
    "CustomerRef": {"value": "84"},
    "TxnDate": "2026-03-04",
    "Hours": 1,
    "Minutes": 30,
    "BillableStatus": "Billable",
    "HourlyRate": 80.5,
    "MetaData": {"CreateTime": "2026-03-05T10:00:00-08:00"},
}


def test_an_activity_is_read() -> None:
    activity = payloads.activity(WORK)

    assert (activity.id, activity.sync_token, activity.person_kind, activity.person_id) == (
        "412",
        "3",
        "employee",
        "55",
    )
    assert (activity.customer_id, activity.txn_date, activity.minutes) == ("84", date(2026, 3, 4), 90)
    assert (activity.billed, activity.rate, activity.description) == (False, Decimal("80.5"), "")
    assert activity.created_at == datetime(2026, 3, 5, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "minutes"),
    [
        ({"Hours": 2, "Minutes": None}, 120),
        ({"Hours": "2", "Minutes": "05"}, 125),
        ({"Hours": None, "Minutes": 5}, 5),
        ({"StartTime": "2026-03-04T09:00:00-05:00", "EndTime": "2026-03-04T11:15:00-05:00"}, 135),
        ({"StartTime": "2026-03-04T09:00:00Z", "EndTime": "2026-03-04T11:00:00Z", "BreakMinutes": 20}, 100),
        ({"StartTime": "2026-03-04T09:00:00Z", "EndTime": "2026-03-04T11:00:00"}, None),
        ({"StartTime": "nine", "EndTime": "eleven"}, None),
        ({}, None),
        ({"Hours": True}, None),
    ],
)
def test_a_length_comes_as_a_duration_or_as_a_span(fields: dict[str, Any], minutes: int | None) -> None:
    bare = {key: value for key, value in WORK.items() if key not in {"Hours", "Minutes"}}

    assert payloads.activity(bare | fields).minutes == minutes


@pytest.mark.parametrize(
    ("name_of", "kind"), [("Employee", "employee"), ("Vendor", "vendor"), ("Other", "other"), (None, "other")]
)
def test_whose_time_it_is(name_of: str | None, kind: str) -> None:
    assert payloads.activity(WORK | {"NameOf": name_of}).person_kind == kind


@pytest.mark.parametrize(
    ("value", "read"), [("true", True), ("False", False), (True, True), ("", None), ("maybe", None)]
)
def test_yes_and_no_come_as_text_or_json(value: Any, read: bool | None) -> None:
    assert payloads.yes_no(value) is read


def test_a_record_is_active_unless_it_says_otherwise() -> None:
    assert payloads.is_active({}) and payloads.is_active({"Active": True}) and payloads.is_active({"Active": None})
    assert not payloads.is_active({"Active": False}) and not payloads.is_active({"Active": "false"})


def test_a_company_that_says_nothing_leaves_everything_open() -> None:
    evidence = company_payloads.subscription({}, {})

    assert (evidence.sku, evidence.subscription, evidence.payroll) == ("", "", None)
    assert (evidence.time_tracking, evidence.book_close_date, evidence.home_currency) == (None, None, "")


@pytest.mark.parametrize("odd", ["NaN", "sNaN", "Infinity", "-Infinity", "1e999999", "1e-999999", "9" * 5000, {}, True])
@pytest.mark.parametrize("field", ["Hours", "Minutes", "Seconds", "BreakHours", "BreakMinutes", "HourlyRate"])
def test_a_number_that_is_none_costs_its_own_field_alone(field: str, odd: Any) -> None:
    activity = payloads.activity({"Id": "7", "TxnDate": "2026-03-04", "Hours": 7, "Minutes": 3, field: odd})

    assert (activity.minutes, activity.rate) == ((423, None) if field == "HourlyRate" else (None, None))
