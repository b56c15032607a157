from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from syncjobs.rules.drafts import draft as drafts
from syncjobs.rules.drafts.draft import Draft
from syncjobs.rules.drafts.eligibility import Partner
from syncjobs.rules.drafts.line_rules import LineRules
from tests.support.values import EMPLOYEE, SITE, work


def draft_of(*, person: Partner = EMPLOYEE, minutes: int = 135, item: str = "", **changes: Any) -> Draft:
    return drafts.write(
        entry := work(**changes),
        person=person,
        customer=SITE,
        minutes=minutes,
        txn_date=date(2026, 3, 4),
        line=LineRules(defaults={"item": item}).line(entry),
    )


def body_of(**changes: Any) -> dict[str, Any]:
    return dict(json.loads(drafts.create_body(draft_of(**changes))))


def test_a_create_says_exactly_this() -> None:
    assert body_of() == {
        "NameOf": "Employee",
        "EmployeeRef": {"value": "55"},
        "CustomerRef": {"value": "8"},
        "TxnDate": "2026-03-04",
        "Hours": 2,
        "Minutes": 15,
        "BillableStatus": "Billable",
        "HourlyRate": 80,
        "Description": "Review",
    }


def test_a_contractor_is_named_as_a_vendor() -> None:
    body = body_of(person=Partner("vendor", "41", "Vic"))

    assert (body["NameOf"], body["VendorRef"]) == ("Vendor", {"value": "41"})
    assert "EmployeeRef" not in body


def test_a_service_item_goes_along_only_where_there_is_one() -> None:
    assert body_of(item="2")["ItemRef"] == {"value": "2"}
    assert "ItemRef" not in body_of()


@pytest.mark.parametrize(("minutes", "shown"), [(1, (0, 1)), (59, (0, 59)), (60, (1, 0)), (1440, (24, 0))])
def test_minutes_become_whole_hours_and_minutes(minutes: int, shown: tuple[int, int]) -> None:
    body = body_of(minutes=minutes)

    assert (body["Hours"], body["Minutes"]) == shown


@pytest.mark.parametrize(
    ("rate", "hourly_rate"),
    [
        (None, "0"),
        (Decimal("0"), "0"),
        (Decimal("125"), "125"),
        (Decimal("125.0000"), "125"),
        (Decimal("125.50"), "125.5"),
        (Decimal("0.3333"), "0.3333"),
        (Decimal("1.2E+3"), "1200"),
    ],
)
def test_the_rate_is_a_plain_number_of_major_units(rate: Decimal | None, hourly_rate: str) -> None:
    assert f'"HourlyRate": {hourly_rate}' in drafts.create_body(draft_of(rate=rate))


@pytest.mark.parametrize(("rate", "warned"), [(None, True), (Decimal(0), True), (Decimal(80), False)])
def test_no_rate_is_said(rate: Decimal | None, warned: bool) -> None:
    assert ("NO_RATE" in drafts.warnings(work(rate=rate), LineRules().line(work()))) is warned


@pytest.mark.parametrize("text", ["Grüße 👩‍👩‍👧 日本", "two\nlines\r\nand three", '"quoted" \\ back', " outer "])
def test_the_description_is_clockifys_text_unchanged(text: str) -> None:
    assert body_of(description=text)["Description"] == text


def test_a_stored_body_can_be_read_by_people() -> None:
    draft = draft_of(description="Grüße")

    assert "Grüße" in drafts.create_body(draft)
    assert "Grüße" in drafts.update_body(draft, record={}, sent={})


def test_an_empty_description_is_left_out() -> None:
    assert "Description" not in body_of(description="")


RECORD = {
    "NameOf": "Employee",
    "EmployeeRef": {"value": "54", "name": "Emily"},
    "CustomerRef": {"value": "7"},
    "ItemRef": {"value": "2", "name": "Hours"},
    "ClassRef": {"value": "300"},
    "CostRate": 30,
    "Taxable": True,
    "BillableStatus": "Billable",
    "Description": "old",
    "TxnDate": "2026-03-01",
    "Hours": 1,
    "Minutes": 0,
    "domain": "QBO",
    "sparse": False,
    "Id": "412",
    "SyncToken": "3",
    "MetaData": {"CreateTime": "2026-03-01T00:00:00-08:00"},
}


def updated(draft: Draft, **changes: Any) -> dict[str, Any]:
    return dict(json.loads(drafts.update_body(draft, record={**RECORD, **changes}, sent={})))


def test_an_update_keeps_what_is_not_ours() -> None:
    body = updated(draft_of())

    assert {name: body[name] for name in ("ClassRef", "CostRate", "Taxable", "Id", "SyncToken", "sparse")} == {
        "ClassRef": {"value": "300"},
        "CostRate": 30,
        "Taxable": True,
        "Id": "412",
        "SyncToken": "3",
        "sparse": False,
    }
    assert (body["EmployeeRef"], body["Description"], body["Hours"]) == ({"value": "55"}, "Review", 2)


def test_an_update_keeps_the_item_that_quickbooks_chose() -> None:
    assert updated(draft_of())["ItemRef"] == RECORD["ItemRef"]
    assert updated(draft_of(item="19"))["ItemRef"] == {"value": "19"}


@pytest.mark.parametrize(
    ("field", "name"), [("class_id", "ClassRef"), ("department_id", "DepartmentRef")], ids=["class", "location"]
)
@pytest.mark.parametrize(
    ("ours", "sent", "found", "written"),
    [
        ("", "300", "300", None),
        ("301", "300", "300", "301"),
        ("301", "300", "302", "302"),
        ("301", "300", None, None),
        ("", "", "302", "302"),
    ],
    ids=["ours goes", "ours changes", "theirs stays", "theirs is none", "theirs alone"],
)
def test_a_class_or_location_is_ours_until_people_change_it(
    field: str, name: str, ours: str, sent: str, found: str | None, written: str | None
) -> None:
    record = {key: value for key, value in RECORD.items() if key != "ClassRef"}
    record |= {name: {"value": found}} if found else {}

    body = json.loads(drafts.update_body(replace(draft_of(), **{field: ours}), record=record, sent={field: sent}))

    assert (body.get(name) or {}).get("value") == written


def test_an_update_to_an_empty_description_empties_it() -> None:
    assert "Description" not in updated(draft_of(description=""))


def test_an_update_from_employee_to_vendor_leaves_one_person() -> None:
    body = updated(draft_of(person=Partner("vendor", "41", "Vic")))

    assert (body["NameOf"], body["VendorRef"]) == ("Vendor", {"value": "41"})
    assert "EmployeeRef" not in body


def test_an_update_sends_one_form_of_time_only() -> None:
    body = updated(draft_of(), StartTime="2026-03-01T08:00:00-08:00", EndTime="2026-03-01T09:00:00-08:00")

    assert not {"StartTime", "EndTime"} & set(body)


@pytest.mark.parametrize(
    ("status", "billable", "rate"),
    [("NotBillable", False, 95), ("Billable", False, None), ("NotBillable", True, 80)],
    ids=["theirs stays", "ours goes", "ours comes"],
)
def test_time_that_is_not_billable_keeps_a_rate_that_people_gave_it(
    status: str, billable: bool, rate: int | None
) -> None:
    body = updated(draft_of(billable=billable), BillableStatus=status, HourlyRate=95)

    assert body.get("HourlyRate") == rate
    assert "HourlyRate" not in updated(draft_of(billable=False), BillableStatus="NotBillable")


@pytest.mark.parametrize(
    ("ours", "sent", "found", "written"),
    [
        ("40", "30", 30, 40),
        ("40", "30", 35, 35),
        ("40", "", None, 40),
        ("40", "30", None, None),
        ("", "30", 30, 30),
        ("", "", None, None),
    ],
    ids=["ours", "changed by people", "the first one", "removed by people", "none today", "never"],
)
def test_a_cost_rate_is_ours_until_people_change_it(
    ours: str, sent: str, found: int | None, written: int | None
) -> None:
    draft = replace(draft_of(), cost_rate=ours)
    record = {name: value for name, value in RECORD.items() if name != "CostRate"}
    record |= {"CostRate": found} if found else {}

    body = json.loads(drafts.update_body(draft, record=record, sent={"cost_rate": sent}))

    assert body.get("CostRate") == written


@pytest.mark.parametrize(
    "name", ["MetaData", "domain", "status", "StartTime", "EndTime", "BreakHours", "BreakMinutes", "Seconds"]
)
def test_an_update_leaves_out_what_quickbooks_only_answers(name: str) -> None:
    assert name not in updated(draft_of(), **{name: "as read"})


def test_a_draft_survives_being_stored() -> None:
    draft = draft_of(description="Grüße\n👋", rate=Decimal("125.50"), item="2")

    assert drafts.from_row(json.loads(json.dumps(draft.as_row()))) == draft
