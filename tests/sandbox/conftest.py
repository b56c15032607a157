"""A sandbox of each test's own, without Django."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.server import Running, start
from tests.sandbox.clockify_client import ClockifyCaller
from tests.sandbox.quickbooks_client import QuickBooksCaller


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> Iterator[Running]:
    """Run a sandbox; `@pytest.mark.sandbox(dataset=...)` chooses what it starts with (default: empty)."""
    marker = request.node.get_closest_marker("sandbox")
    running = start(**(marker.kwargs if marker else {}))
    yield running
    running.stop()


@pytest.fixture
def clockify(sandbox: Running) -> ClockifyCaller:
    return ClockifyCaller(sandbox.url)


@pytest.fixture
def quickbooks(sandbox: Running) -> Iterator[QuickBooksCaller]:
    """Return a caller with a working token for a QuickBooks company with nothing but its two items."""
    realm = "9341454182739650"
    if realm not in sandbox.world.quickbooks.companies:
        sandbox.world.quickbooks.add_company(realm=realm, name="Sandbox Company")
    caller = QuickBooksCaller(sandbox.url)
    yield caller
    caller.session.close()


@pytest.fixture
def ids(quickbooks: QuickBooksCaller) -> dict[str, str]:
    """Return the ids of Ana (employee), Vic (vendor), Acme (customer) and its sub-customer Acme:Site."""
    ana = quickbooks.create("Employee", {"GivenName": "Ana", "FamilyName": "Roe"})["Id"]
    vic = quickbooks.create("Vendor", {"DisplayName": "Vic"})["Id"]
    acme = quickbooks.create("Customer", {"DisplayName": "Acme"})["Id"]
    site = {"DisplayName": "Site", "Job": True, "ParentRef": {"value": acme}}
    return {"ana": ana, "vic": vic, "acme": acme, "site": quickbooks.create("Customer", site)["Id"]}


@pytest.fixture
def work(ids: dict[str, str]) -> dict[str, Any]:
    """Return a valid TimeActivity: Ana, two hours and a quarter for Acme:Site."""
    return {
        "NameOf": "Employee",
        "EmployeeRef": {"value": ids["ana"]},
        "CustomerRef": {"value": ids["site"]},
        "TxnDate": "2026-03-04",
        "Hours": 2,
        "Minutes": 15,
        "BillableStatus": "Billable",
        "HourlyRate": 80,
        "Description": "Review",
    }
