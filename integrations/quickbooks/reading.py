"""Reading of a company's lists and its subscription, in as few metered calls as possible.

One batch has a query for each list that fits into its 1000 records, and two for the subscription. Longer lists are
read whole once a day, page by page; in between, only their changes are read (change data capture). Where QuickBooks
refuses a batch or the changes, plain queries return the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from integrations.errors import ApiError, Gone, Rejected, Unexpected
from integrations.http.bounded_json import UNREADABLE
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.models import Class, Company, Customer, Department, Employee, Item, Listed, Vendor
from integrations.reading.values import Raw

log = logging.getLogger("hourbridge.reading")

LISTS: Mapping[str, type[Listed]] = {"Employee": Employee, "Vendor": Vendor, "Customer": Customer, "Item": Item}
# Read where the company uses them; without them everything else can be read and sent.
OPTIONAL_LISTS: Mapping[str, type[Listed]] = {"Class": Class, "Department": Department}
# Name lists answer with active records only unless asked for both (Intuit: data queries).
EVERYBODY = "Active in (true, false)"
# Of all queries in a batch together, and of one answer with changes (Intuit: batch and changedatacapture pages).
MAX_RECORDS = 1000
SUBSCRIPTION_QUERIES = {"CompanyInfo": "select * from CompanyInfo", "Preferences": "select * from Preferences"}
# Records that may have been added since the last reading; the rest of a longer list is read page by page.
MARGIN = 50
# Records to be shown as new; more of them are only said to be more.
MAX_NEW = 50
# QuickBooks keeps changes for 30 days, but records that were merged away may be missing from them.
MAX_CHANGES_AGE = timedelta(days=1)
# A change that was being saved during the last reading may have an earlier time than that reading.
OVERLAP = timedelta(minutes=10)
# Refusals of this kind of call, as opposed to failures that a plain query would meet as well.
REFUSALS = (Rejected, Gone, Unexpected)


@dataclass
class ListReading:
    """The records that were read: `whole` lists and `changes` by entity, and the two `subscription` records."""

    whole: dict[str, list[Raw]] = field(default_factory=dict)
    changes: dict[str, list[Raw]] = field(default_factory=dict)
    subscription: dict[str, Raw] = field(default_factory=dict)
    server_time: datetime | None = None


def read(company: Company, client: QuickBooksApiClient, *, with_subscription: bool, now: datetime) -> ListReading:
    """Return each list, whole or as changes, and the subscription where wanted. Raises ApiError."""
    result = ListReading()
    lists = lists_of(company)
    shares = _batch_shares(company, lists)
    _read_batch(client, result, shares, with_subscription=with_subscription)
    unread = [entity for entity in lists if entity not in result.whole]
    since = company.changes_read_to
    changes_usable = company.lists_read_at is not None and now - company.lists_read_at < MAX_CHANGES_AGE
    if unread and since is not None and changes_usable:
        # Lists with a share in the batch are short; the batch failed for them, and a plain query reads them whole.
        _read_changes(client, result, [entity for entity in unread if entity not in shares], since - OVERLAP)
    for entity in unread:
        if entity not in result.changes:
            read_whole(client, result, entity)
    if with_subscription and len(result.subscription) < len(SUBSCRIPTION_QUERIES):
        reads = {"CompanyInfo": client.company_info, "Preferences": client.preferences}
        result.subscription = {entity: _readable(entity, read) for entity, read in reads.items()}
    return result


def statements_of_new(company: Company, entities: Sequence[str]) -> dict[str, str]:
    """Return queries for records that were created since the lists were read, at most MAX_NEW of each entity."""
    read_at = company.changes_read_to or company.pulled_at
    if read_at is None:
        return {}
    since = (read_at - OVERLAP).isoformat(timespec="seconds")
    where = f"{EVERYBODY} and MetaData.CreateTime > '{since}'"
    return {
        entity: f"select * from {entity} where {where} orderby Id startposition 1 maxresults {MAX_NEW}"
        for entity in entities
    }


def lists_of(company: Company) -> dict[str, type[Listed]]:
    """Return the models of the lists to read of this company, by entity."""
    used = {"Class": company.tracks_classes, "Department": company.tracks_locations}
    return {**LISTS, **{entity: model for entity, model in OPTIONAL_LISTS.items() if used[entity]}}


def read_whole(client: QuickBooksApiClient, result: ListReading, entity: str) -> None:
    """Read one list into the result; one that is optional and refused stays out of it. Raises ApiError."""
    try:
        result.whole[entity] = list(client.query(entity, EVERYBODY))
    except REFUSALS as refusal:
        if entity in LISTS:
            raise
        log.warning("QuickBooks refuses its list of %s (%s); what is known of it stays.", entity, refusal.message)


def _readable(entity: str, read: Callable[[], Raw]) -> Raw:
    """Return the record, or one that says that it can't be read: people and customers can be checked all the same."""
    try:
        return read()
    except Unexpected as problem:
        log.warning("%s can't be read: %s", entity, problem.message)
        return {UNREADABLE: entity}


def _batch_shares(company: Company, lists: Mapping[str, type[Listed]]) -> dict[str, int]:
    """Return the number of records to request in the batch, by entity; lists that may not fit are left out."""
    counts = {entity: model._default_manager.filter(company=company).count() for entity, model in lists.items()}
    remaining, shares = MAX_RECORDS - len(SUBSCRIPTION_QUERIES), {}
    # Shortest list first, so that the longer ones share what it does not need.
    shortest_first = sorted(counts, key=lambda entity: counts[entity])
    for position, entity in enumerate(shortest_first):
        equal_share = remaining // (len(shortest_first) - position)
        if counts[entity] < equal_share:
            shares[entity] = equal_share if company.lists_read_at is None else min(equal_share, counts[entity] + MARGIN)
            remaining -= shares[entity]
    return shares


def _read_batch(
    client: QuickBooksApiClient, result: ListReading, shares: Mapping[str, int], *, with_subscription: bool
) -> None:
    statements = dict(SUBSCRIPTION_QUERIES) if with_subscription else {}
    for entity, share in shares.items():
        statements[entity] = f"select * from {entity} where {EVERYBODY} orderby Id startposition 1 maxresults {share}"
    if not statements:
        return
    try:
        answers, result.server_time = client.queries(statements)
    except REFUSALS as refusal:
        log.warning("QuickBooks takes no batch of queries (%s); asking one by one.", refusal.message)
        return
    for entity, rows in answers.items():
        if isinstance(rows, ApiError):
            # Throttling or a lost connection would stop a plain query as well.
            if not isinstance(rows, REFUSALS):
                raise rows
            log.warning("QuickBooks refused a query for %s in a batch (%s).", entity, rows.message)
        elif entity in SUBSCRIPTION_QUERIES:
            if rows:
                result.subscription[entity] = rows[0] if isinstance(rows[0], Mapping) else {UNREADABLE: entity}
        elif len(rows) < shares[entity]:
            result.whole[entity] = list(rows)
        else:
            # As many rows as requested: there may be more.
            result.whole[entity] = [*rows, *client.query(entity, EVERYBODY, after=rows)]


def _read_changes(client: QuickBooksApiClient, result: ListReading, entities: Sequence[str], since: datetime) -> None:
    if not entities:
        return
    try:
        changes, server_time = client.changes(entities, since=since)
    except REFUSALS as refusal:
        log.warning("QuickBooks gives no list of changes (%s); reading all.", refusal.message)
        return
    if sum(len(rows) for rows in changes.values()) >= MAX_RECORDS:
        # QuickBooks cuts the answer there, without saying so and without further pages.
        return
    result.changes = changes
    # The earlier time of the two answers, so that no change between them is skipped next time.
    result.server_time = min(server_time, result.server_time) if server_time and result.server_time else server_time
