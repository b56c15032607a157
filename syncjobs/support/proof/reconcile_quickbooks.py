"""QuickBooks' side of a reconciliation: a period's time activities, whose they are, and what billed them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import QuerySet

from integrations.database import chunks
from integrations.models import Company, Customer, Workspace
from integrations.quickbooks import payloads
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.payloads import Activity, BillableStatus
from syncjobs.ledger import activities
from syncjobs.models import Receipt
from syncjobs.planning.billing import BillingReader
from syncjobs.rules.billing import Billing, form_in
from syncjobs.rules.proof import reconciliation
from syncjobs.rules.proof.reconciliation import Booked, Place
from syncjobs.support.proof.reconcile_names import Names, customer_key, person_key

# QuickBooks' statuses of time that has an amount.
BILLABLE = {BillableStatus.BILLABLE, BillableStatus.BILLED}
PROGRESS_EVERY = 1000


class Owner(NamedTuple):
    """Whose time an activity is, by its receipt: an entry's own, or a part of its correction."""

    entry_id: str
    part: int
    minutes: int


class QuickBooksSide:
    """The activities of some days and of some entries.

    Of a month of 20,000 entries only a few values each stay in memory; whole receipts are loaded by the chunk.
    """

    def __init__(self, workspace: Workspace, company: Company, names: Names, *, first: date, last: date) -> None:
        self._workspace, self._company, self._names = workspace, company, names
        self._first, self._last = first, last
        self.booked: dict[str, Booked] = {}
        self.owners: dict[str, Owner] = {}
        # By entry, activity and sent minutes of each of its corrections.
        self.corrections: dict[str, list[tuple[str, int]]] = {}
        self.unreadable: list[str] = []
        # Billable activities without their texts, for the question which invoice took them. Their own status may lag.
        self._billable: list[Activity] = []
        currencies = Customer.objects.filter(company=company).exclude(currency="")
        self._currencies = dict(currencies.values_list("quickbooks_id", "currency"))

    def read(
        self,
        client: QuickBooksApiClient,
        entry_ids: Collection[str],
        *,
        with_invoices: bool,
        on_progress: Callable[[int], None],
    ) -> None:
        """Read the period's activities, then those of receipts that are not among them. Raises ApiError.

        `entry_ids`: the entries that the other side has. `on_progress`: told how many activities were read.
        """
        unclear: list[Activity] = []
        days = {self._first + timedelta(days=number) for number in range((self._last - self._first).days + 1)}
        for activity in activities.each_on_days(client, days, unclear=unclear):
            self._add(activity)
            if len(self.booked) % PROGRESS_EVERY == 0:
                on_progress(len(self.booked))
        for activity in unclear:
            self.unreadable.append(
                f"QuickBooks' time activity {activity.id or 'without an id'}: its time is no length."
            )
            if activity.id:
                self._add(activity)
        # After the reading: time that a sync sent meanwhile has its receipt by now, and is asked for below.
        self._load_receipts(entry_ids)
        for activity in activities.by_ids(client, self.owners.keys() - self.booked.keys()).values():
            self._add(activity)
        if with_invoices and self._billable:
            self._name_forms(BillingReader(client).read(self._billable))

    def _add(self, activity: Activity) -> None:
        day = activity.txn_date or date.max
        place = Place(person_key(activity.person_kind, activity.person_id), customer_key(activity.customer_id), day)
        readable = activity.minutes is not None and activity.txn_date is not None
        seconds = payloads.exact_seconds(activity.raw) if readable else None
        currency = self._currencies.get(activity.customer_id) or self._company.home_currency
        rate = activity.rate if activity.billable_status in BILLABLE else None
        money = reconciliation.money(currency, rate, seconds)
        self.booked[activity.id] = Booked(activity.id, place, seconds, activity.billed, money)
        self._names.learn(activity, place)
        if activity.billable_status in BILLABLE or activity.billed:
            kept = {name: activity.raw.get(name) for name in ("CustomerRef", "LinkedTxn")}
            self._billable.append(replace(activity, raw=kept, description=""))

    def _name_forms(self, billing: Billing) -> None:
        """Note the invoice or sales receipt that took each activity. Where these can't be asked for, none is named."""
        if billing.problem:
            self.unreadable.append(billing.problem)
        for activity in self._billable:
            reason = billing.billed(activity)
            if reason is not None:
                self.booked[activity.id] = replace(self.booked[activity.id], billed=True, form=form_in(reason.facts))

    def _load_receipts(self, entry_ids: Collection[str]) -> None:
        rows = Receipt.objects.in_quickbooks(self._workspace)
        self._note_receipts(rows.filter(txn_date__range=(self._first, self._last)))
        for column, ids in (("entry_id", sorted(entry_ids)), ("quickbooks_id", sorted(self.booked))):
            for chunk in chunks(ids):
                self._note_receipts(rows.filter(**{f"{column}__in": chunk}))
        others = {owner.entry_id for owner in self.owners.values()} - set(entry_ids)
        for chunk in chunks(sorted(others)):
            self._note_receipts(rows.filter(entry_id__in=chunk))
        for key, owner in self.owners.items():
            if owner.part:
                self.corrections.setdefault(owner.entry_id, []).append((key, owner.minutes))

    def _note_receipts(self, rows: QuerySet[Receipt]) -> None:
        values = rows.values_list("quickbooks_id", "entry_id", "part", "minutes")
        found = values.iterator(chunk_size=2000)
        self.owners.update({key: Owner(entry_id, part, minutes) for key, entry_id, part, minutes in found})
