"""Clockify's time entries, read tolerantly here and nowhere else. Pure.

The regular API and the reports API differ: `id` or `_id`, ISO text or seconds, `hourlyRate` or `rate`, null or "".
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from integrations.clockify.payloads import (
    ID_NAMES,
    Raw,
    currency_of,
    display_name,
    identifier,
    name_of,
    nested_object,
    text,
)
from integrations.reading import values
from integrations.reading.values import Unreadable

TYPE_LENGTH = 20
# Of a rate in minor units; the column keeps ten digits before the point, also where it rounds up.
HIGHEST_AMOUNT = 10**12 - 1


@dataclass(frozen=True, slots=True)
class EntryPayload:
    """One time entry. `tags`: ids and names.

    `rate` and `cost_rate` are per hour, in major units; None where Clockify has none, or shows none to this key.
    """

    id: str
    user_id: str
    user_name: str
    project_id: str
    project_name: str
    client_id: str
    client_name: str
    task_id: str
    task_name: str
    tags: tuple[tuple[str, str], ...]
    start_at: datetime
    end_at: datetime | None
    billable: bool
    type: str
    description: str
    rate: Decimal | None
    currency: str
    invoiced: bool
    cost_rate: Decimal | None = None

    @property
    def content_hash(self) -> str:
        """Fingerprint of person, project, start, end, billable, description and type; an edit is a change of these."""
        content = [
            self.user_id,
            self.project_id,
            self.start_at.isoformat(),
            self.end_at.isoformat() if self.end_at else None,
            self.billable,
            self.description,
            self.type,
        ]
        return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()


# What says whose time an entry is, and how long; not what it is worth.
OF_TIME = {
    *ID_NAMES,
    *("userId", "userName", "user", "projectId", "projectName", "project", "clientId", "clientName"),
    *("timeInterval", "type"),
}


def entry(raw: Raw) -> EntryPayload:
    """Return a time entry in either API's form. Raises Unreadable."""
    raw = values.record(raw)
    interval = values.nested(raw, "timeInterval")
    user_raw, project_raw = nested_object(raw, "user"), nested_object(raw, "project")
    entry_id = values.identifier(raw, *ID_NAMES)
    user_id = values.text(raw, "userId", longest=values.ID_LENGTH) or identifier(user_raw)
    if not user_id:
        raise Unreadable("it has no userId")
    start_at = values.instant(interval, "start")
    if start_at is None:
        raise Unreadable("it has no start")
    rate, currency = _rate(raw)
    task_raw = nested_object(raw, "task")
    return EntryPayload(
        id=entry_id,
        user_id=user_id,
        user_name=display_name(raw, "userName") or display_name(user_raw, "name"),
        project_id=values.text(raw, "projectId", longest=values.ID_LENGTH) or identifier(project_raw),
        project_name=display_name(raw, "projectName") or display_name(project_raw, "name"),
        client_id=values.text(raw, "clientId", longest=values.ID_LENGTH) or text(project_raw.get("clientId"))[:64],
        client_name=display_name(raw, "clientName") or display_name(project_raw, "clientName"),
        task_id=_plain_id(raw.get("taskId")) or identifier(task_raw),
        task_name=display_name(raw, "taskName") or display_name(task_raw, "name"),
        tags=_tags(raw),
        start_at=start_at,
        end_at=values.instant(interval, "end"),
        billable=values.flag(raw, "billable"),
        type=values.text(raw, "type", longest=TYPE_LENGTH) or "REGULAR",
        description=name_of(raw, "description"),
        rate=rate,
        currency=currency,
        invoiced=_invoiced(raw.get("invoicingInfo")),
        cost_rate=_cost_rate(raw, currency),
    )


def _plain_id(value: Any) -> str:
    """Return an id that only line rules look at; "" for what is none."""
    return value if isinstance(value, str) and len(value) <= values.ID_LENGTH else ""


def _tags(raw: Raw) -> tuple[tuple[str, str], ...]:
    """Return id and name of each tag; the regular API has ids alone, the report objects as well."""
    ids, objects = raw.get("tagIds"), raw.get("tags")
    tags = {_plain_id(key): "" for key in ids} if isinstance(ids, list) else {}
    for tag in objects if isinstance(objects, list) else []:
        if isinstance(tag, Mapping):
            tags[identifier(tag)] = display_name(tag, "name")
    return tuple((key, name) for key, name in tags.items() if key)


def time_of(raw: Raw) -> EntryPayload:
    """Return an unreadable entry as far as its time goes: whose it is, for which project, from when to when.

    What else it has counts as empty. Raises Unreadable where that can't be read either.
    """
    return entry({name: value for name, value in values.record(raw).items() if name in OF_TIME})


def _rate(raw: Raw) -> tuple[Decimal | None, str]:
    """Return rate, in major units, and currency. The report has `rate`, the regular API `hourlyRate`."""
    currency = currency_of(raw, "currency")
    if raw.get("hourlyRate") is not None:
        nested = values.nested(raw, "hourlyRate")
        amount = values.number(nested, "amount", below=HIGHEST_AMOUNT)
        currency = currency or currency_of(nested, "currency")
    else:
        # A rate of 0 counts; only a missing one falls back to the earned rate.
        name = "rate" if raw.get("rate") is not None else "earnedRate"
        amount = values.number(raw, name, below=HIGHEST_AMOUNT)
    # Both APIs send minor units: 12500 is 125.00.
    return (None if amount is None else amount / 100), currency


def _cost_rate(raw: Raw, currency: str) -> Decimal | None:
    """Return the cost rate in major units; None where it can't be read, or is of another currency than the entry.

    The report has a number, the regular API an object (reference, clockify.md §4 and §5); a key that may not see cost
    rates gets 0, null or nothing. Time goes without one, so nothing about it makes an entry unreadable.
    """
    try:
        if isinstance(raw.get("costRate"), Mapping):
            nested = values.nested(raw, "costRate")
            amount = values.number(nested, "amount", below=HIGHEST_AMOUNT)
            other = currency_of(nested, "currency")
        else:
            amount, other = values.number(raw, "costRate", below=HIGHEST_AMOUNT), ""
    except Unreadable:
        return None
    is_known = amount and not (other and currency and other != currency)
    return amount / 100 if amount and is_known else None


def _invoiced(info: Any) -> bool:
    """Return whether an entry is invoiced: by an invoice id or `manuallyInvoiced`; not by null, [] or {}.

    Raises Unreadable for what nobody could read: it may have said that it is.
    """
    if isinstance(info, list):
        return any(_invoiced(part) for part in info)
    if not isinstance(info, Mapping):
        return bool(info)
    values.nested({"invoicingInfo": info}, "invoicingInfo")
    return bool(info.get("manuallyInvoiced")) or bool(info.get("invoiceId"))
