"""Reading a company's lists, and its subscription with them, in as few metered calls as they need.

One batch holds a query for each list that fits into its 1000 records, and the two that tell the subscription. Lists
too long for that are read whole once a day, page by page; in between QuickBooks is asked for what changed (change data
capture). Where a batch or the change list is refused, plain queries give the same.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from integrations.errors import ApiError, Gone, Rejected, Unexpected
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.models import Company, Customer, Employee, Item, Vendor

log = logging.getLogger("hourbridge.reading")

Raw = Mapping[str, Any]
LISTS = {"Employee": Employee, "Vendor": Vendor, "Customer": Customer, "Item": Item}
# Name lists answer with active records only unless asked for both (Intuit: data queries).
EVERYBODY = "Active in (true, false)"
# Records of all queries of a batch together, and of one list of changes (Intuit: batch and changedatacapture pages).
MAX_RECORDS = 1000
SUBSCRIPTION_QUERIES = {"CompanyInfo": "select * from CompanyInfo", "Preferences": "select * from Preferences"}
# Room for records that were added since the last reading; a list that grew more is read on page by page.
MARGIN = 50
# How long changes are trusted. QuickBooks keeps them for 30 days; what was merged away may be missing among them.
CHANGES_TRUSTED = timedelta(days=1)
# Changes that were being written during the last reading may have got an earlier time.
OVERLAP = timedelta(minutes=10)
# What says "not in this way", as opposed to trouble that a plain query would meet as well.
REFUSALS = (Rejected, Gone, Unexpected)


@dataclass
class ListReading:
    """What came back: `whole` lists by entity, `changes` since the last reading, the two `subscription` records."""

    whole: dict[str, list[Raw]] = field(default_factory=dict)
    changes: dict[str, list[Raw]] = field(default_factory=dict)
    subscription: dict[str, Raw] = field(default_factory=dict)
    server_time: datetime | None = None


def read(company: Company, client: QuickBooksClient, *, with_subscription: bool, now: datetime) -> ListReading:
    """Raises ApiError when QuickBooks can't be read."""
    found = ListReading()
    shares = _shares(company)
    _read_batch(client, found, shares, with_subscription=with_subscription)
    long = [entity for entity in LISTS if entity not in found.whole]
    since = company.changes_read_to
    fresh = company.lists_read_at is not None and now - company.lists_read_at < CHANGES_TRUSTED
    if long and since is not None and fresh:
        _read_changes(client, found, [one for one in long if one not in shares], since - OVERLAP)
    for entity in long:
        if entity not in found.changes:
            found.whole[entity] = list(client.query(entity, EVERYBODY))
    if with_subscription and len(found.subscription) < len(SUBSCRIPTION_QUERIES):
        found.subscription = {"CompanyInfo": client.company_info(), "Preferences": client.preferences()}
    return found


def _shares(company: Company) -> dict[str, int]:
    """How many records of each list the batch asks for; lists that may not fit are left out."""
    known = {entity: model._default_manager.filter(company=company).count() for entity, model in LISTS.items()}
    left, shares = MAX_RECORDS - len(SUBSCRIPTION_QUERIES), {}
    waiting = sorted(known, key=lambda entity: known[entity])
    for place, entity in enumerate(waiting):
        fair = left // (len(waiting) - place)
        if known[entity] < fair:
            shares[entity] = fair if company.lists_read_at is None else min(fair, known[entity] + MARGIN)
            left -= shares[entity]
    return shares


def _read_batch(
    client: QuickBooksClient, found: ListReading, shares: Mapping[str, int], *, with_subscription: bool
) -> None:
    statements = dict(SUBSCRIPTION_QUERIES) if with_subscription else {}
    for entity, most in shares.items():
        statements[entity] = f"select * from {entity} where {EVERYBODY} orderby Id startposition 1 maxresults {most}"
    if not statements:
        return
    try:
        answers, found.server_time = client.queries(statements)
    except REFUSALS as refusal:
        log.warning("QuickBooks takes no batch of queries (%s); asking one by one.", refusal.message)
        return
    for entity, rows in answers.items():
        if isinstance(rows, ApiError):
            if not isinstance(rows, REFUSALS):
                raise rows
            log.warning("QuickBooks refused a query for %s in a batch (%s).", entity, rows.message)
        elif entity in SUBSCRIPTION_QUERIES:
            if rows:
                found.subscription[entity] = rows[0]
        elif len(rows) < shares[entity]:
            found.whole[entity] = list(rows)
        else:
            found.whole[entity] = [*rows, *client.query(entity, EVERYBODY, after=rows)]


def _read_changes(client: QuickBooksClient, found: ListReading, entities: Sequence[str], since: datetime) -> None:
    if not entities:
        return
    try:
        changes, server_time = client.changes(entities, since=since)
    except REFUSALS as refusal:
        log.warning("QuickBooks gives no list of changes (%s); reading all.", refusal.message)
        return
    if sum(len(rows) for rows in changes.values()) >= MAX_RECORDS:
        # It is cut there, without a word and without further pages.
        return
    found.changes = changes
    found.server_time = min(server_time, found.server_time) if server_time and found.server_time else server_time
