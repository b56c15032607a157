"""Asks QuickBooks which invoices and sales receipts took the time that a run is about to change."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from django.utils import timezone

from integrations.errors import Gone, NoAnswer, Rejected, Unexpected
from integrations.models import Company, Customer
from integrations.quickbooks import payloads
from integrations.quickbooks.client import QuickBooksApiClient, quoted
from integrations.quickbooks.payloads import Activity
from integrations.quickbooks.sales_forms import KINDS, SalesForm, sales_form
from integrations.reading import unreadable
from integrations.reading.unreadable import Problem, Reading
from syncjobs.rules.billing import Billing

log = logging.getLogger("hourbridge.billing")

# With more customers than these, the query is not narrowed to them (contract, After sending).
MAX_CUSTOMERS = 30
# A form may have 10,000 lines and links (Intuit: limits), so that a page of a thousand would be too large.
PAGE_SIZE = 100
# Sub-customers go four levels deep (Intuit: customer page); a circle in a mirror must not be followed for ever.
MAX_LEVELS = 5
# Refusals and failures of these queries alone: the writes in question wait, and everything else goes on.
NOT_ASKED = (Rejected, Gone, NoAnswer, Unexpected)
PLURALS = {"Invoice": "Invoices", "SalesReceipt": "Sales receipts"}
EVER = datetime.min.replace(tzinfo=UTC)


class BillingReader:
    """Reads invoices and sales receipts for one run: once of each kind, since these calls are metered."""

    def __init__(self, client: QuickBooksApiClient, reading: Reading | None = None) -> None:
        """`reading`: collects forms that can't be read; without it they are not listed."""
        self._client, self._reading = client, reading
        self._forms: dict[str, dict[tuple[str, str], SalesForm]] = {}
        self._unclear: tuple[SalesForm, ...] = ()
        self.problem = ""
        # What was asked: forms of these customers (None: of all), changed since then. At first of nobody.
        self._customers: frozenset[str] | None = frozenset()
        self._since: datetime | None = None

    def read(self, activities: Collection[Activity], *, more_follow: bool = False) -> Billing:
        """Return what is known about these activities; asks unless the run has asked for as much before.

        `more_follow`: the run has others to change, so all customers are asked about at once. Raises ApiError only
        where nothing else can go on either: throttled, or the connection is lost.
        """
        payers = _payers(self._client.company, activities)
        if activities and not self.problem:
            since = min(activity.created_at or EVER for activity in activities)
            self._ask_unless_known(None if more_follow or None in payers.values() else _union(payers), since)
        return Billing(
            {key: list(forms.values()) for key, forms in self._forms.items()}, self._unclear, self.problem, payers
        )

    def _ask_unless_known(self, customers: frozenset[str] | None, since: datetime) -> None:
        """Ask for the forms of these customers (None: of all), and of those that were asked about before."""
        if self._since is not None:
            covered = self._customers is None or (customers is not None and customers <= self._customers)
            if covered and self._since <= since:
                return
            customers = None if customers is None or self._customers is None else customers | self._customers
            since = min(since, self._since)
        if customers is not None and len(customers) > MAX_CUSTOMERS:
            customers = None
        conditions = []
        if customers is not None:
            conditions.append(f"CustomerRef in ({', '.join(map(quoted, sorted(customers)))})")
        if since != EVER:
            conditions.append(f"MetaData.LastUpdatedTime >= '{since.isoformat(timespec='seconds')}'")
        forms: list[SalesForm] = []
        for entity in KINDS:
            # After a failure nothing can be told, whatever the other kind says.
            forms += self._forms_of(entity, " and ".join(conditions)) if not self.problem else []
        for form in forms:
            for key in form.activity_ids:
                # What came before comes again when more is asked for.
                self._forms.setdefault(key, {})[form.entity, form.id] = form
        self._unclear = tuple(form for form in forms if form.problem)
        self._customers, self._since = customers, since

    def _forms_of(self, entity: str, where: str) -> list[SalesForm]:
        """Return all forms of one kind; where these can't be asked, what came, and `problem` says why."""
        forms: list[SalesForm] = []
        try:
            for raw in self._client.query(entity, where, page_size=PAGE_SIZE):
                form = sales_form(entity, raw)
                forms.append(form)
                if form.problem and self._reading is not None:
                    self._reading.note(Problem(form.kind, form.id, form.problem, raw))
        except NOT_ASKED as error:
            self.problem = f"{PLURALS[entity]} could not be read: {error.message.rstrip('.')}."
            log.info("%s", self.problem)
        if self._reading is not None:
            kind = KINDS[entity]
            self._reading.seen[kind] += len(forms)
            read_ids = {form.id for form in forms if not form.problem}
            unreadable.keep(self._reading, self._client.company, {kind}, now=timezone.now(), read_ids=read_ids)
        return forms


def _union(payers: Mapping[str, frozenset[str] | None]) -> frozenset[str]:
    return frozenset(key for keys in payers.values() for key in keys or ())


def _payers(company: Company, activities: Collection[Activity]) -> dict[str, frozenset[str] | None]:
    """Return, by customer id, that customer and all above it, any of whose forms may have billed its time.

    None where the mirror does not know them for sure: of a customer that is new, renamed or moved since the last check.
    """
    names = {activity.customer_id: _customer_name(activity) for activity in activities}
    mirrored = _mirrored(company, set(names) - {""})
    payers: dict[str, frozenset[str] | None] = {}
    for key, name in names.items():
        is_as_mirrored = key in mirrored and (not name or name in mirrored[key][1:])
        payers[key] = _with_parents(key, mirrored) if is_as_mirrored else None
    return payers


def _mirrored(company: Company, ids: set[str]) -> dict[str, tuple[str, str, str]]:
    """Return parent id, full name and name of these customers and all above them, by id."""
    mirrored: dict[str, tuple[str, str, str]] = {}
    # One level at a time, and in chunks: SQLite limits the parameters of one query.
    for _ in range(MAX_LEVELS):
        wanted = sorted(ids - mirrored.keys())
        for start in range(0, len(wanted), 500):
            rows = Customer.objects.filter(
                company=company, gone_at=None, quickbooks_id__in=wanted[start : start + 500]
            ).values_list("quickbooks_id", "parent_id", "full_name", "name")
            mirrored |= {key: (parent_id, full_name, name) for key, parent_id, full_name, name in rows}
        ids = {parent_id for parent_id, *_ in mirrored.values()} - {""}
        if not wanted or ids <= mirrored.keys():
            break
    return mirrored


def _with_parents(key: str, mirrored: Mapping[str, tuple[str, str, str]]) -> frozenset[str] | None:
    found: set[str] = set()
    while key:
        if key not in mirrored or key in found:
            return None
        found.add(key)
        key = mirrored[key][0]
    return frozenset(found)


def _customer_name(activity: Activity) -> str:
    ref = activity.raw.get("CustomerRef")
    return payloads.text(ref.get("name")) if isinstance(ref, Mapping) else ""
