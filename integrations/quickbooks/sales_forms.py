"""Invoices and sales receipts, as far as they say which time is billed. Read tolerantly, never raising. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from integrations.quickbooks import payloads
from integrations.reading import values
from integrations.reading.values import Raw, Unreadable

# QuickBooks' name of the entity, and ours as kind of a record.
KINDS = {"Invoice": "invoice", "SalesReceipt": "sales_receipt"}
ACTIVITY = "timeactivity"


@dataclass(frozen=True, slots=True)
class SalesForm:
    """One invoice or sales receipt. `activity_ids`: the time that it took, by its linked transactions.

    `problem`: what can't be read, "" if all can; the form may then have taken other time as well. A customer or time
    of change that can't be read is empty or None.
    """

    entity: str
    id: str
    number: str
    txn_date: date | None
    customer_id: str
    updated_at: datetime | None
    activity_ids: frozenset[str]
    problem: str = ""

    @property
    def kind(self) -> str:
        return KINDS[self.entity]


def sales_form(entity: str, raw: Any) -> SalesForm:
    """Return an Invoice or SalesReceipt record as a `SalesForm`.

    The time that an invoice took stands in LinkedTxn, on the header and on lines, as TxnType TimeActivity (Intuit:
    QuickBooks-V3-DotNET-SDK#127). A link that is not clear may name any time.
    """
    problems: list[str] = []
    try:
        record = values.record(raw)
    except Unreadable as problem:
        return SalesForm(entity, "", "", None, "", None, frozenset(), str(problem))
    form_id = payloads.identifier(record)
    if not form_id:
        problems.append("it has no Id")
    ids: set[str] = set()
    for name, links in _link_lists(record, problems):
        for link in _rows(links, name, problems):
            try:
                activity_id = _activity_id(link)
            except Unreadable as problem:
                problems.append(str(problem))
            else:
                ids |= {activity_id} - {""}
    meta = record.get("MetaData")
    return SalesForm(
        entity,
        form_id,
        payloads.text(record.get("DocNumber"))[: values.ID_LENGTH],
        payloads.day(record.get("TxnDate")),
        payloads.ref(record, "CustomerRef")[: values.ID_LENGTH],
        payloads.instant(meta.get("LastUpdatedTime")) if isinstance(meta, Mapping) else None,
        frozenset(ids),
        problems[0] if problems else "",
    )


def _link_lists(record: Raw, problems: list[str]) -> Iterator[tuple[str, Any]]:
    """Yield the header's links and those of each line; a line for a group has lines of its own (Intuit: invoice)."""
    yield "LinkedTxn", record.get("LinkedTxn")
    lines = list(_rows(record.get("Line"), "Line", problems))
    for line in lines:
        group = line.get("GroupLineDetail")
        if isinstance(group, Mapping):
            lines += _rows(group.get("Line"), "Line of a group", problems)
        yield "LinkedTxn of a line", line.get("LinkedTxn")


def _rows(value: Any, name: str, problems: list[str]) -> Iterator[Raw]:
    """Yield the objects of a list, none for null; note what is no list, or no object in it."""
    if value is None:
        return
    if not isinstance(value, list):
        problems.append(f"{name} is no list")
        return
    for row in value:
        try:
            yield values.record(row)
        except Unreadable as problem:
            problems.append(f"{name}: {problem}")


def _activity_id(link: Raw) -> str:
    """Return the id of the TimeActivity that the link names, "" where it names something else. Raises Unreadable."""
    kind = link.get("TxnType")
    if not isinstance(kind, str) or not kind:
        raise Unreadable("LinkedTxn has no TxnType")
    if kind.strip().lower() != ACTIVITY:
        return ""
    key = link.get("TxnId")
    # A number is as clear as its text.
    if isinstance(key, int) and not isinstance(key, bool):
        return str(key)
    if not isinstance(key, str) or not key.strip():
        raise Unreadable("LinkedTxn of a TimeActivity has no TxnId")
    return key.strip()
