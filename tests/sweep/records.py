"""One record of a list with one field spoiled: everybody else's time arrives, and the mended record follows."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest

from integrations.models import UnreadableRecord
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene

FIELDS = {
    "user": ("id", "name", "email", "status", "memberships", "settings", "settings.timeZone"),
    "client": ("id", "name", "archived", "currencyCode", "note"),
    "project": ("id", "name", "archived", "clientId", "clientName", "billable", "hourlyRate"),
    "entry": (
        *("_id", "userId", "userName", "projectId", "projectName", "clientId", "clientName", "timeInterval"),
        *("timeInterval.start", "timeInterval.end", "billable", "type", "description", "rate", "currency"),
        *("invoicingInfo", "tags"),
    ),
    "employee": ("Id", "DisplayName", "Active", "PrimaryEmailAddr", "PrimaryEmailAddr.Address", "MetaData"),
    "customer": ("Id", "DisplayName", "Active", "ParentRef", "FullyQualifiedName", "CurrencyRef", "IsProject"),
    "item": ("Id", "Name", "Active", "Type"),
    "activity": (
        *("Id", "TxnDate", "Hours", "Minutes", "NameOf", "EmployeeRef", "CustomerRef", "Description"),
        *("HourlyRate", "BillableStatus", "SyncToken", "MetaData"),
    ),
}
MISSING = object()
VALUES: dict[str, Any] = {
    "missing": MISSING,
    "null": None,
    "number": 7,
    "text": "odd",
    "list": [1],
    "object": {},
    "true": True,
    "NaN": float("nan"),
    "half a character pair": "x\ud800y",
    "NUL": "a\0b",
    "10,000 characters": "x" * 10_000,
    "huge number": 10**40,
    "empty text": "",
}
# Spoiled values that are good ones of their field: a text in an id is another record, a number in a rate another price.
GOOD = {("id", "text"), ("_id", "text"), ("Id", "text"), ("rate", "number")}
# A record that was moved, renamed or made inactive for a while may wait for review afterwards.
FOR_A_PERSON = {
    "USER_NOT_MAPPED",
    "CLIENT_NOT_MAPPED",
    "PROJECT_NOT_MAPPED",
    "EMPLOYEE_INACTIVE",
    "CUSTOMER_INACTIVE",
}


@dataclass(frozen=True)
class Spoiled:
    kind: str
    field: str
    value: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.field}: {self.value}"


def all_spoiled() -> list[Spoiled]:
    whole = [Spoiled(kind, "", value) for kind in FIELDS for value in ("null", "text", "list", "number")]
    parts = [
        Spoiled(kind, field, value)
        for kind, fields in FIELDS.items()
        for field in fields
        for value in VALUES
        if (field, value) not in GOOD
    ]
    return whole + parts


def sample(seed: int, per_kind: int) -> list[Spoiled]:
    chance = random.Random(seed)
    cells = all_spoiled()
    return [cell for kind in FIELDS for cell in chance.sample([cell for cell in cells if cell.kind == kind], per_kind)]


def play(spoiled: Spoiled, scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """Play one cell; fails on time that is lost or doubled, on a traceback, and on anybody who is held up."""
    ids = _set_up(scene)
    change = {} if VALUES[spoiled.value] is MISSING else {spoiled.field: VALUES[spoiled.value]}
    drop = [] if change else [spoiled.field]
    scene.fault(
        "answer_after_commit",
        # Other records have the same number, CompanyInfo among them.
        "TimeActivity" if spoiled.kind == "activity" else "",
        vendor="clockify" if spoiled.kind in ("user", "client", "project", "entry") else "quickbooks",
        method="",
        record=ids[spoiled.kind],
        change=change,
        drop=drop,
        times=0,
    )

    check, run = scene.check(), scene.sync()

    assert check.code == 0, check.json
    assert run.code == 0, run.json
    assert scene.receipt(ids["other"]).minutes == 33
    scene.clear_faults()
    for _ in range(2):
        check, run = scene.check(), scene.sync()
        assert (check.code, run.code) == (0, 0), run.json
    assert not UnreadableRecord.objects.exists(), UnreadableRecord.objects.values()
    if run["blocked"]:
        assert set(run["blocked_reasons"]) <= FOR_A_PERSON, run.json
        assert len(scene.activities()) == 2
    else:
        scene.delete_activity(ids["activity"])
        assert_books_agree(scene)
    assert "Traceback" not in caplog.text + check.stderr + run.stderr


def _set_up(scene: Scene) -> dict[str, str]:
    """Create somebody whose records are spoiled, and somebody else; returns the ids by kind."""
    # Nobody's: CompanyInfo has the id 1 as well.
    scene.put("Employee", {"DisplayName": "Nobody"})
    scene.put("Customer", {"DisplayName": "Nothing"})
    # The id of the item must not be that of an activity that is sent.
    for number in range(9):
        scene.put("Item", {"Name": f"Other {number}"})
    acme, globex = scene.client("Acme"), scene.client("Globex")
    ada, ben = scene.user("Ada"), scene.user("Ben")
    site = scene.project("Site", client=acme, hourlyRate=8000)
    hall = scene.project("Hall", client=globex, hourlyRate=9000)
    scene.policy(start_date="2026-03-01")
    scene.check()
    stranger = {"NameOf": "Employee", "EmployeeRef": {"value": scene.partner_of(ada)}, "TxnDate": "2026-03-04"}
    return {
        "user": ada,
        "client": acme,
        "project": site,
        "entry": scene.entry(ada, site, minutes=61),
        "other": scene.entry(ben, hall, minutes=33),
        "employee": scene.partner_of(ada),
        "customer": scene.partner_of(site),
        "item": scene.put("Item", {"Name": "Consulting"})["Id"],
        "activity": scene.put("TimeActivity", {**stranger, "Hours": 2, "Minutes": 0})["Id"],
    }
