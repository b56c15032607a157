"""One time entry as the rules see it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Entry:
    """One time entry as the rules see it. Times are UTC, `seconds` exact (None while it runs)."""

    id: str
    user_id: str
    user_name: str
    project_id: str
    project_name: str
    client_id: str
    client_name: str
    start_at: datetime
    seconds: int | None
    txn_date: date
    billable: bool
    type: str
    description: str
    rate: Decimal | None
    currency: str
    invoiced: bool
    approved: bool | None
    content_hash: str
    ignored: bool = False
    set_aside: frozenset[str] = frozenset()
    # Its time stays in QuickBooks although it is no longer billable work.
    kept: bool = False
    # What only line rules and templates look at; `tags` are ids and names, `zone` is its owner's.
    task_id: str = ""
    task_name: str = ""
    tags: tuple[tuple[str, str], ...] = ()
    zone: str = ""
    # Of an hour; None where Clockify has none, or shows none to this key.
    cost_rate: Decimal | None = None
