"""Clockify's time entries as they are read, in the form of either API."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from integrations.clockify import entry_payloads, payloads
from integrations.reading.values import Unreadable

ROW: dict[str, Any] = {
    "_id": "e1",
    "userId": "u1",
    "userName": "Ada",
    "projectId": "p1",
    "projectName": "Site",
    "clientId": "c1",
    "clientName": "Acme",
    "timeInterval": {"start": "2026-03-04T09:00:00Z", "end": "2026-03-04T10:30:00Z", "duration": 5400},
    "billable": True,
    "type": "REGULAR",
    "description": "Drawings",
    "rate": 8000,
}


def test_a_row_of_the_report_is_read() -> None:
    entry = entry_payloads.entry(ROW)

    assert (entry.id, entry.user_id, entry.project_id, entry.client_id) == ("e1", "u1", "p1", "c1")
    assert entry.start_at == datetime(2026, 3, 4, 9, tzinfo=UTC)
    assert (entry.rate, entry.billable, entry.invoiced) == (Decimal("80"), True, False)


def test_an_entry_of_the_regular_api_is_the_same_entry() -> None:
    regular = {
        "id": "e1",
        "user": {"id": "u1", "name": "Ada"},
        "project": {"id": "p1", "name": "Site", "clientId": "c1", "clientName": "Acme"},
        "timeInterval": {"start": "2026-03-04T09:00:00+00:00", "end": "2026-03-04T11:30:00+01:00"},
        "billable": True,
        "description": "Drawings",
        "hourlyRate": {"amount": 8000, "currency": "usd"},
    }

    assert entry_payloads.entry(regular) == replace(entry_payloads.entry(ROW), currency="USD")


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        ({"_id": None}, "no id"),
        ({"_id": 7}, "_id is a number"),
        ({"_id": "x" * 65}, "_id has 65 characters"),
        ({"userId": None}, "no userId"),
        ({"userId": ["u1"]}, "userId is a list"),
        ({"timeInterval": None}, "no start"),
        ({"timeInterval": "today"}, "timeInterval is a text"),
        ({"timeInterval": {"start": None}}, "no start"),
        ({"timeInterval": {"start": "soon"}}, "start is “soon”"),
        ({"timeInterval": {"start": "0001-01-01T00:00:00Z"}}, "out of range"),
        ({"timeInterval": {"start": "9999-12-31T23:00:00-12:00"}}, "out of range"),
        ({"timeInterval": {"start": 1772000000}}, "start is a number"),
        ({"timeInterval": {"start": "2026-03-04T09:00:00Z", "end": {}}}, "end is an object"),
        ({"billable": "xyz"}, "billable is a text"),
        ({"billable": 1}, "billable is a number"),
        ({"type": 5}, "type is a number"),
        ({"type": "x" * 21}, "type has 21 characters"),
        ({"description": {}}, "description is an object"),
        ({"rate": "12550"}, "rate is a text"),
        ({"rate": True}, "rate is true"),
        ({"rate": [8000]}, "rate is a list"),
        ({"rate": 10**40}, "rate is"),
        ({"rate": -1}, "out of range"),
        ({"rate": {"unreadable": "NaN"}}, "rate is “NaN”"),
        ({"hourlyRate": 5}, "hourlyRate is a number"),
        ({"currency": "dollars"}, "no currency"),
        ({"projectId": 3}, "projectId is a number"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_a_row_that_cannot_be_read_says_what_is_wrong(broken: dict[str, Any], problem: str) -> None:
    with pytest.raises(Unreadable, match=re.escape(problem)):
        entry_payloads.entry(ROW | broken)


@pytest.mark.parametrize(
    "odd",
    [
        {"billable": None},
        {"type": None},
        {"type": ""},
        {"description": None},
        {"user": 7, "project": []},
        {"userName": 5, "projectName": "x" * 900, "clientName": ["Acme"]},
        {"tags": {"unreadable": "1e400"}, "customFields": "none"},
        {"timeInterval": {"start": "2026-03-04T09:00:00Z", "end": "", "duration": "long"}},
    ],
    ids=lambda value: str(value)[:50],
)
def test_what_is_empty_or_not_needed_never_matters(odd: dict[str, Any]) -> None:
    entry = entry_payloads.entry(ROW | odd)

    assert (entry.id, entry.type) == ("e1", "REGULAR")
    assert len(entry.project_name) <= 500


def test_empty_billable_is_not_billable() -> None:
    assert entry_payloads.entry(ROW | {"billable": None}).billable is False


def test_an_unknown_type_is_no_work() -> None:
    assert entry_payloads.entry(ROW | {"type": "VACATION"}).type == "VACATION"


@pytest.mark.parametrize(
    ("sent", "typed"),
    [
        ("R&amp;D", "R&D"),
        ("&lt;b&gt; &quot;x&quot; O&#39;Neil O&#x27;Neil O&apos;Neil", "<b> \"x\" O'Neil O'Neil O'Neil"),
        ("&amp;lt;", "&lt;"),
        ("&amp &AMP; &nbsp; &#34;", "&amp &AMP; &nbsp; &#34;"),
    ],
)
def test_entities_are_decoded_once_and_only_those_of_the_list(sent: str, typed: str) -> None:
    assert entry_payloads.entry(ROW | {"description": sent}).description == typed
    assert payloads.client({"id": "c1", "name": sent}).name == typed
    assert payloads.project({"id": "p1", "name": sent, "clientName": sent}).client_name == typed
    assert payloads.user({"id": "u1", "name": sent}, workspace_id="w").name == typed


@pytest.mark.parametrize(
    ("fields", "rate"),
    [
        ({"rate": 0}, Decimal(0)),
        ({"rate": None}, None),
        ({"rate": None, "earnedRate": 5000}, Decimal(50)),
        ({"rate": 0, "earnedRate": 5000}, Decimal(0)),
        ({"rate": 12550.5}, Decimal("125.505")),
    ],
)
def test_rates_are_minor_units(fields: dict[str, Any], rate: Decimal | None) -> None:
    assert entry_payloads.entry(ROW | fields).rate == rate


@pytest.mark.parametrize(
    ("info", "invoiced"),
    [
        (None, False),
        ([], False),
        ({}, False),
        ({"invoiceId": ""}, False),
        ({"invoiceId": "i1"}, True),
        ({"manuallyInvoiced": True}, True),
        ([{"invoiceId": "i1"}], True),
    ],
)
def test_when_an_entry_counts_as_invoiced(info: Any, invoiced: bool) -> None:
    assert entry_payloads.entry(ROW | {"invoicingInfo": info}).invoiced is invoiced


@pytest.mark.parametrize(
    "edit",
    [
        {"userId": "u2"},
        {"projectId": "p2"},
        {"timeInterval": {"start": "2026-03-04T09:01:00Z", "end": "2026-03-04T10:30:00Z"}},
        {"timeInterval": {"start": "2026-03-04T09:00:00Z", "end": None}},
        {"billable": False},
        {"description": "Other"},
        {"type": "BREAK"},
    ],
)
def test_the_fingerprint_changes_with_each_thing_that_counts_as_an_edit(edit: dict[str, Any]) -> None:
    assert entry_payloads.entry(ROW | edit).content_hash != entry_payloads.entry(ROW).content_hash


@pytest.mark.parametrize("same", [{"rate": 1}, {"userName": "Ada L."}, {"clientId": "c9"}, {"tags": ["x"]}])
def test_the_fingerprint_stays_with_what_does_not(same: dict[str, Any]) -> None:
    assert entry_payloads.entry(ROW | same).content_hash == entry_payloads.entry(ROW).content_hash
