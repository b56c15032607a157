"""The tables of a bundle as CSV: their columns, and what kind of text each has. Rows are read in chunks."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from integrations.models import (
    ApiCall,
    ClockifyClient,
    ClockifyProject,
    ClockifyUser,
    ConnectionEvent,
    Customer,
    Employee,
    Item,
    TimeEntry,
    Vendor,
    Workspace,
)
from mapping.models import Decision
from syncjobs.models import Receipt, RunItem
from syncjobs.support.bundle.texts import Texts
from syncjobs.support.bundle.vendor_fields import DESCRIPTION, EMAIL, NAME, PLAIN

MESSAGE, JSON = "message", "json"
CHUNK = 2000
Cells = dict[str, Any]
# By header: the column it is read from, and what its texts are.
Columns = Mapping[str, tuple[str, str]]


@dataclass(frozen=True)
class Table:
    """One CSV file of a bundle."""

    name: str
    columns: Columns
    rows: QuerySet[Any]

    @property
    def headers(self) -> tuple[str, ...]:
        return tuple(self.columns)

    def cells(self, texts: Texts) -> Iterator[Cells]:
        """Yield each row by header."""
        names = [source for source, _ in self.columns.values()]
        for values in self.rows.order_by("pk").values_list(*names).iterator(chunk_size=CHUNK):
            pairs = zip(self.columns.items(), values, strict=True)
            yield {header: cell(value, kind, texts) for (header, (_, kind)), value in pairs}


def cell(value: Any, kind: str, texts: Texts) -> Any:
    """Return a value as a cell: a time as ISO text, JSON as text, none as an empty cell."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if kind == JSON:
        return json.dumps(texts.value(value), ensure_ascii=False) if value else ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if not isinstance(value, str):
        return value
    if kind == DESCRIPTION:
        return texts.description(value)
    return {NAME: texts.name, EMAIL: texts.email, MESSAGE: texts.message, PLAIN: texts.plain}[kind](value)


def _plain(*names: str) -> Columns:
    return {name: (name, PLAIN) for name in names}


_SEEN = _plain("first_seen_at", "last_seen_at", "gone_at")
_CLOCKIFY: Columns = {"id": ("clockify_id", PLAIN), "name": ("name", NAME)}
_QUICKBOOKS: Columns = {"id": ("quickbooks_id", PLAIN), "name": ("name", NAME), **_plain("active")}
_QUICKBOOKS_SEEN = {**_SEEN, **_plain("inactive_since")}
ENTRY_COLUMNS: Columns = {
    "id": ("clockify_id", PLAIN),
    "user_id": ("user_id", PLAIN),
    "user_name": ("user_name", NAME),
    "project_id": ("project_id", PLAIN),
    "project_name": ("project_name", NAME),
    "client_id": ("client_id", PLAIN),
    "client_name": ("client_name", NAME),
    **_plain("start_at", "end_at", "txn_date", "billable", "type"),
    "description": ("description", DESCRIPTION),
    **_plain("rate", "currency", "invoiced", "approved", "first_seen_at", "last_seen_at", "deleted_at"),
    "state": ("status__state", PLAIN),
    "minutes": ("status__minutes", PLAIN),
    "reasons": ("status__reasons", JSON),
    "warnings": ("status__warnings", JSON),
    "evaluated_at": ("status__evaluated_at", PLAIN),
}
CALL_COLUMNS = _plain("at", "vendor", "account", "run_id", "method", "path", "status", "milliseconds", "attempt")
EVENT_HEADERS = ("at", "kind", "message", "by")


def tables(workspace: Workspace) -> Iterator[Table]:
    """Yield the tables that are read from our database, in the order of the zip."""
    ours, company = {"workspace": workspace}, {"company": workspace.company}
    known = _plain("archived", *_SEEN, "from_entries", "retired_at")
    user = {**_CLOCKIFY, "email": ("email", EMAIL), **_plain("active", "time_zone", *_SEEN, "from_entries")}
    yield Table("clockify/users.csv", user, ClockifyUser.objects.filter(**ours))
    client = {**_CLOCKIFY, **_plain("currency"), **known}
    yield Table("clockify/clients.csv", client, ClockifyClient.objects.filter(**ours))
    project: Columns = {**_CLOCKIFY, **_plain("client_id"), "client_name": ("client_name", NAME), **_plain("billable")}
    yield Table("clockify/projects.csv", {**project, **known}, ClockifyProject.objects.filter(**ours))
    yield Table("clockify/entries.csv", ENTRY_COLUMNS, TimeEntry.objects.filter(**ours))
    person = {**_QUICKBOOKS, "email": ("email", EMAIL), **_QUICKBOOKS_SEEN}
    yield Table("quickbooks/employees.csv", person, Employee.objects.filter(**company))
    yield Table("quickbooks/vendors.csv", person, Vendor.objects.filter(**company))
    place: Columns = {"full_name": ("full_name", NAME), **_plain("parent_id", "currency", "is_project")}
    yield Table(
        "quickbooks/customers.csv", {**_QUICKBOOKS, **place, **_QUICKBOOKS_SEEN}, Customer.objects.filter(**company)
    )
    item = {**_QUICKBOOKS, **_plain("type"), **_QUICKBOOKS_SEEN}
    yield Table("quickbooks/items.csv", item, Item.objects.filter(**company))
    yield Table("run_items.csv", _run_item(), RunItem.objects.filter(run__workspace=workspace))
    yield Table("receipts.csv", _receipt(), Receipt.objects.filter(**ours))
    yield Table("api_calls.csv", _call(), calls_of(workspace))


def _run_item() -> Columns:
    return {
        **_plain("run_id", "entry_id", "verb", "outcome", "gone", "minutes", "txn_date"),
        "user_name": ("user_name", NAME),
        "project_name": ("project_name", NAME),
        "why": ("why", MESSAGE),
        "reasons": ("reasons", JSON),
        "warnings": ("warnings", JSON),
        **_plain("quickbooks_id", "attempts", "error_code"),
        "error_message": ("error_message", MESSAGE),
        **_plain("intuit_tid", "finished_at"),
    }


def _receipt() -> Columns:
    return {
        "realm": ("company__realm_id", PLAIN),
        **_plain("entry_id", "part", "corrections", "quickbooks_id", "sync_token", "state", "txn_date", "minutes"),
        "conflict": ("conflict", PLAIN),
        "billed_on": ("billed_on", JSON),
        "differences": ("differences", JSON),
        **_plain("sent_at", "changed_at", "run_id"),
    }


def _call() -> Columns:
    return {**CALL_COLUMNS, "intuit_tid": ("intuit_tid", PLAIN), "problem": ("problem", MESSAGE)}


def calls_of(workspace: Workspace) -> QuerySet[ApiCall]:
    """Return the calls to the workspace and to its company."""
    accounts = Q(vendor="clockify", account=workspace.clockify_id)
    if workspace.company is not None:
        accounts |= Q(vendor="quickbooks", account=workspace.company.realm_id)
    return ApiCall.objects.filter(accounts)


def call_cells(table: Table, texts: Texts) -> Iterator[Cells]:
    """Yield the calls without the parameters of their addresses, which may quote names."""
    for cells in table.cells(texts):
        yield {**cells, "path": str(cells["path"]).partition("?")[0]}


def event_cells(workspace: Workspace, texts: Texts) -> Iterator[Cells]:
    """Yield what happened to the connections, then what people decided on the desk, each oldest first."""
    of_either = Q(workspace=workspace)
    if workspace.company_id is not None:
        of_either |= Q(company=workspace.company_id)
    events = ConnectionEvent.objects.filter(of_either).order_by("pk")
    rows = events.values_list("at", "kind", "message", "by__username").iterator(chunk_size=CHUNK)
    yield from _events(rows, texts)
    decisions = Decision.objects.filter(workspace=workspace).order_by("pk")
    columns = ("at", "verb", "kind", "clockify_id", "note", "person__username")
    yield from _events(
        (
            # A note is what a person wrote, as a description is: it calls people by names that no list has.
            (at, "decision", f"{verb} {kind} {key}{f': {texts.description(note)}' if note else ''}", person)
            for at, verb, kind, key, note, person in decisions.values_list(*columns).iterator(chunk_size=CHUNK)
        ),
        texts,
    )


def _events(rows: Iterable[tuple[Any, ...]], texts: Texts) -> Iterator[Cells]:
    kinds = (PLAIN, PLAIN, MESSAGE, NAME)
    for row in rows:
        pairs = zip(EVENT_HEADERS, row, kinds, strict=True)
        yield {header: cell(value, kind, texts) for header, value, kind in pairs}
