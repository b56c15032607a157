"""Northlight Studio: 12 people, 10 clients, 25 projects, five weeks of time, and a company that nearly matches."""

from __future__ import annotations

from datetime import date, timedelta
from unicodedata import normalize

from sandbox.clockify.state import ADMIN_KEY, MEMBER_KEY, WORKSPACE_ID
from sandbox.data import agency_data as data
from sandbox.data.agency_records import Agency
from sandbox.data.agency_time import Calendar
from sandbox.data.builder import Builder, Record
from sandbox.quickbooks.companies.company import Company
from sandbox.world import World

REALM = "9341454182739650"
WEEKS, CLOSED_DAYS = 5, 3


def build(world: World, *, today: date, entries: int = 400, seed: int = 1) -> None:
    """Fill the world with about `entries` time entries in the five weeks before today.

    The books are closed for the first three of those days.
    """
    first = today - timedelta(weeks=WEEKS)
    workspace = world.clockify.add_workspace("Northlight Studio", id=WORKSPACE_ID)
    company = world.quickbooks.add_company(
        realm=REALM,
        name="Northlight Studio LLC",
        BookCloseDate=(first + timedelta(days=CLOSED_DAYS - 1)).isoformat(),
        MultiCurrencyEnabled=True,
        ClassTrackingPerTxn=True,
        TrackDepartments=True,
    )
    builder = Builder(world, workspace, company, born=first - timedelta(days=30))
    agency = Agency()
    _fill_clockify(builder, agency)
    _fill_quickbooks(builder, agency)
    calendar = Calendar(builder, agency, today=today, seed=seed)
    calendar.fill(entries)
    world.clockify.expected = {**_expected(agency), "entries": dict(calendar.special)}


def _fill_clockify(builder: Builder, agency: Agency) -> None:
    for person in data.PEOPLE:
        agency.users[person.email] = builder.user(
            person.name,
            person.email,
            time_zone=person.time_zone,
            status=person.status,
            roles=person.roles,
            hourly_rate=person.rate,
        )
    builder.clockify.put_key(ADMIN_KEY, agency.users[data.OWNER].id)
    builder.clockify.put_key(MEMBER_KEY, agency.users[data.MEMBER].id)
    agency.clients = {name: builder.client(name) for name in data.CLIENTS}
    for work in data.PROJECTS:
        client = agency.clients[work.client] if work.client else None
        agency.projects[work] = builder.project(
            work.name, client, hourly_rate=work.rate, archived=work.archived, billable=work.billable
        )


def _fill_quickbooks(builder: Builder, agency: Agency) -> None:
    company = builder.company
    _fill_lists(company)
    for name, email in data.EMPLOYEES:
        agency.employees[name] = builder.employee(name, email)
    for name, is_contractor in data.VENDORS:
        builder.vendor(name, Vendor1099=is_contractor)
    for name, below in data.CUSTOMERS.items():
        currency = {"CurrencyRef": {"value": "CAD"}} if name == data.FOREIGN_CUSTOMER else {}
        agency.customers[name] = builder.customer(name, **currency)
        for path in below:
            _sub_customer(builder, agency, f"{name}:{path}")
    former = agency.employees[data.FORMER_EMPLOYEE]
    company.put("Employee", {"Id": former["Id"], "Active": False})
    for full_name in data.INACTIVE_CUSTOMERS:
        company.put("Customer", {"Id": agency.customers[full_name]["Id"], "Active": False})


def _fill_lists(company: Company) -> None:
    """Add items, some in a category, and classes and locations of several levels."""
    income = {"IncomeAccountRef": {"value": "1", "name": "Services"}}
    for name, price in data.ITEMS:
        company.put("Item", {"Name": name, "UnitPrice": price, **income})
    category = company.put("Item", {"Name": data.CATEGORY, "Type": "Category"})
    below = {"SubItem": True, "ParentRef": {"value": category["Id"]}}
    for name, price in data.ITEMS_IN_CATEGORY:
        company.put("Item", {"Name": name, "UnitPrice": price, **below, **income})
    for entity, flag, full_names in (
        ("Class", "SubClass", data.CLASSES),
        ("Department", "SubDepartment", data.DEPARTMENTS),
    ):
        ids: dict[str, str] = {}
        for full_name in full_names:
            parent, _, name = full_name.rpartition(":")
            place = {flag: True, "ParentRef": {"value": ids[parent]}} if parent else {}
            ids[full_name] = company.put(entity, {"Name": name, **place})["Id"]
            if full_name == data.INACTIVE_CLASS:
                company.put(entity, {"Id": ids[full_name], "Active": False})


def _sub_customer(builder: Builder, agency: Agency, full_name: str) -> None:
    parent, _, name = full_name.rpartition(":")
    is_project = full_name in data.QUICKBOOKS_PROJECTS
    agency.customers[full_name] = builder.customer(name, agency.customers[parent], IsProject=is_project)


def _expected(agency: Agency) -> Record:
    """Return the pairs that matching must find, and the reasons it must give, before anyone links by hand."""
    pairs: dict[str, dict[str, str]] = {"users": {}, "clients": {}, "projects": {}}
    mismatches: list[Record] = []
    employees = {_plain(name): record["Id"] for name, record in agency.employees.items()}
    customers = {name: record["Id"] for name, record in agency.customers.items()}
    for person in data.PEOPLE:
        key = agency.users[person.email].id
        if person.reason:
            mismatches.append(_mismatch("user", person.reason, clockify=key))
        else:
            pairs["users"][key] = employees[_plain(person.name or "")]
    for name, reason in data.CLIENTS.items():
        key = agency.clients[name].id
        if reason:
            mismatches.append(_mismatch("client", reason, clockify=key))
        else:
            pairs["clients"][key] = customers[name]
    for work, project in agency.projects.items():
        full_name = f"{work.client}:{work.name}" if work.client else work.name
        if work.reason:
            mismatches.append(_mismatch("project", work.reason, clockify=project.id))
        else:
            pairs["projects"][project.id] = customers[full_name.strip()]
    for name, reason in data.ONLY_IN_QUICKBOOKS["Employee"].items():
        mismatches.append(_mismatch("employee", reason, quickbooks=agency.employees[name]["Id"]))
    for name, reason in data.ONLY_IN_QUICKBOOKS["Customer"].items():
        mismatches.append(_mismatch("customer", reason, quickbooks=agency.customers[name]["Id"]))
    return {"pairs": pairs, "mismatches": mismatches}


def _mismatch(kind: str, reason: str, *, clockify: str | None = None, quickbooks: str | None = None) -> Record:
    return {"kind": kind, "reason": reason, "clockify_id": clockify, "quickbooks_id": quickbooks}


def _plain(name: str) -> str:
    return normalize("NFC", name).strip()
