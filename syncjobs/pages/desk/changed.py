"""Time that changed after it was sent and needs a decision: Clockify's version beside the sent one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.safestring import SafeString

from integrations.models import Customer, TimeEntry, Workspace
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.payloads import Activity, BillableStatus
from integrations.unnamed import named
from mapping.queries import QUICKBOOKS_MODELS, company_of
from syncjobs import entry_versions
from syncjobs.display import badges, vendor_links
from syncjobs.display.badges import LOCKING, StatusBadge
from syncjobs.display.formatting import day, duration, hourly_rate, moment
from syncjobs.ledger import activities
from syncjobs.models import EntryOverride, EntryStatus, Receipt
from syncjobs.pages import links, waiting
from syncjobs.planning import inputs
from syncjobs.planning.context import PlanningContext, load_context_of
from syncjobs.rules.codes import Code
from syncjobs.rules.drafts.draft import Draft, from_row
from syncjobs.rules.drafts.eligibility import Resolution
from syncjobs.rules.reasons import explain
from syncjobs.rules.steps import changes, corrections

FIELD_LABELS = ("Employee or vendor", "Customer", "Day", "Time", "Description", "Rate", "Billable")
BILLABLE_WORDS = {True: "yes", False: "no"}
STATUS_WORDS: dict[str, str] = {
    BillableStatus.BILLABLE: "yes",
    BillableStatus.NOT_BILLABLE: "no",
    BillableStatus.BILLED: "yes, billed",
}


@dataclass(frozen=True)
class FieldComparison:
    """One field on each side; `quickbooks` is empty unless it was read, `clockify` where the entry was deleted."""

    label: str
    clockify: str
    sent: str
    quickbooks: str
    differs: bool
    differs_in_quickbooks: bool


@dataclass
class ChangedRow:
    """One entry with both sides and the actions that are allowed."""

    entry: TimeEntry
    badge: StatusBadge
    receipt: Receipt | None
    fields: list[FieldComparison] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    form_links: list[SafeString] = field(default_factory=list)
    decide_links: list[tuple[str, str]] = field(default_factory=list)  # label and address
    may_send: bool = False
    corrections_offered: list[str] = field(default_factory=list)  # `corrections.OVERRIDE` or `CORRECT`
    is_deleted_in_quickbooks: bool = False
    deleted: str = ""  # where, and since when
    note: str = ""
    left_by: str = ""
    version: str = ""


def rows_of(workspace: Workspace, *, left: bool = False, needs: bool = False) -> QuerySet[TimeEntry]:
    """Return entries that differ from their sent copy, or whose copy was changed by hand in QuickBooks.

    `left`: those that a person left as they are, instead of the open ones; `needs`: those alone that no sync takes
    over by itself.
    """
    if needs:
        keys = waiting.changed().filter(workspace=workspace).values("entry")
        return _ordered(TimeEntry.objects.filter(pk__in=keys))
    override = EntryOverride.objects.filter(workspace=workspace, clockify_id=OuterRef("clockify_id"), ignored=True)
    # A change by hand in QuickBooks is noted on the receipt; by Clockify's side such an entry is still just sent.
    changed_there = Receipt.objects.in_quickbooks(workspace).changed_by_hand()
    changed = Q(status__state=EntryStatus.State.CHANGED) | Q(clockify_id__in=changed_there.values("entry_id"))
    rows = TimeEntry.objects.filter(changed, workspace=workspace).filter(
        Exists(override) if left else ~Exists(override)
    )
    return _ordered(rows)


def _ordered(rows: QuerySet[TimeEntry]) -> QuerySet[TimeEntry]:
    return rows.select_related("status").defer("raw").order_by("txn_date", "user_name", "pk")


def open_count(workspace: Workspace) -> int:
    return rows_of(workspace).count()


def shown(workspace: Workspace, entries: Sequence[TimeEntry], *, ask_quickbooks: bool = False) -> list[ChangedRow]:
    """Return the rows of a page in the order of `entries`.

    `ask_quickbooks` also reads the activities as they are now, in one query. Raises ApiError when that fails.
    """
    if not entries:
        return []
    ids = [entry.clockify_id for entry in entries]
    receipts = inputs.receipts_by_entry(workspace, ids)
    context = load_context_of(workspace, entries, receipts)
    current_activities = {}
    if ask_quickbooks:
        quickbooks_ids = [receipt.quickbooks_id for receipt in receipts.values()]
        current_activities = activities.by_ids(QuickBooksApiClient(company_of(workspace)), quickbooks_ids)
    drafts = {key: from_row(receipt.draft) for key, receipt in receipts.items() if receipt.draft}
    resolutions = {entry.clockify_id: context.resolve(context.entry(entry)) for entry in entries}
    names = _PartnerNames(workspace, drafts.values(), current_activities.values(), resolutions.values())
    overrides = EntryOverride.objects.filter(workspace=workspace, clockify_id__in=ids).select_related("person")
    override_by_entry = {override.clockify_id: override for override in overrides}
    versions = entry_versions.versions_of(workspace, entries)
    rows = []
    for entry in entries:
        receipt = receipts.get(entry.clockify_id)
        row = _row(workspace, entry, receipt, override_by_entry.get(entry.clockify_id))
        row.version = versions[entry.pk]
        sent_draft = drafts.get(entry.clockify_id)
        if receipt is not None and sent_draft is not None:
            activity = current_activities.get(receipt.quickbooks_id)
            row.is_deleted_in_quickbooks = ask_quickbooks and activity is None
            # A correction adds time beside the activity; a deleted one leaves nothing to add to.
            if row.is_deleted_in_quickbooks and corrections.CORRECT in row.corrections_offered:
                row.corrections_offered.remove(corrections.CORRECT)
            clockify = None
            if entry.deleted_at is None:
                clockify = _clockify_values(entry, context, receipt, resolutions[entry.clockify_id], names)
            row.deleted = _deleted(row, workspace)
            quickbooks = _activity_values(activity, receipt, names) if activity else None
            row.fields = _compare(clockify, _draft_values(sent_draft, names), quickbooks)
            is_as_sent = activity is not None and not inputs.sent_of(receipt).changed_by_hand(activity)
            if is_as_sent and receipt.conflict == Code.CHANGED_IN_QUICKBOOKS:
                row.sentences.append("As read now, QuickBooks has what was sent.")
        rows.append(row)
    return rows


def _row(workspace: Workspace, entry: TimeEntry, receipt: Receipt | None, override: EntryOverride | None) -> ChangedRow:
    status: EntryStatus = entry.status
    codes = {str(reason.get("code")) for reason in status.reasons}
    row = ChangedRow(entry, badges.of_entry(status.state, held=status.held, codes=codes), receipt)
    row.sentences = [explain(reason)["message"] for reason in status.reasons]
    row.form_links = [link for reason in status.reasons if (link := vendor_links.form_link(reason, workspace.company))]
    # The status has the conflict only where the entry itself changed too; the receipt always has it.
    changed = Code.CHANGED_IN_QUICKBOOKS
    if receipt is not None and receipt.conflict == changed and changed not in codes:
        row.badge = badges.LOCKED
        row.sentences.append(
            "It was changed or deleted by hand in QuickBooks after it was sent; nothing is overwritten."
        )
    if entry.deleted_at is not None:
        row.sentences.insert(0, "It was deleted in Clockify.")
    if not row.sentences:
        row.sentences = ["It was edited in Clockify after it was sent; the next sync takes the change over."]
    for reason in status.reasons:
        address, label = links.decision(workspace.pk, reason)
        if address:
            row.decide_links.append((f"{label} the {reason['kind']}" if reason.get("kind") else label, address))
    is_unblocked_change = status.state == EntryStatus.State.CHANGED and not status.reasons
    row.may_send = is_unblocked_change and not (codes & LOCKING) and entry.deleted_at is None
    row.corrections_offered = _offered_corrections(entry, receipt, codes)
    if override is not None:
        row.note = override.note
        row.left_by = override.person.get_username() if override.person else "a command"
    return row


def _offered_corrections(entry: TimeEntry, receipt: Receipt | None, codes: set[str]) -> list[str]:
    """Return the corrections to offer, evaluated by our own records; their preview reads QuickBooks.

    None where anything but billing or a change by hand holds the entry back.
    """
    if receipt is None or codes - LOCKING:
        return []
    all_codes = codes | {receipt.conflict}
    # An invoice is never touched, so billed time may be added to but not overwritten (decision 8).
    offered = (
        [corrections.OVERRIDE]
        if Code.CHANGED_IN_QUICKBOOKS in all_codes and Code.BILLED_IN_QUICKBOOKS not in all_codes
        else []
    )
    if entry.deleted_at is None and all_codes & LOCKING:
        offered.append(corrections.CORRECT)
    return offered


# --- both sides ------------------------------------------------------------------------------------------------
class _PartnerNames:
    """Mirrored names of the people and customers of these drafts, activities and resolutions."""

    def __init__(
        self,
        workspace: Workspace,
        drafts: Iterable[Draft],
        current_activities: Iterable[Activity],
        resolutions: Iterable[Resolution],
    ) -> None:
        company = company_of(workspace)
        records: list[Any] = [*drafts, *current_activities]
        resolutions = list(resolutions)
        person_ids = {record.person_id for record in records} | {
            resolution.person.id for resolution in resolutions if resolution.person
        }
        customer_ids = {record.customer_id for record in records} | {
            resolution.customer.id for resolution in resolutions if resolution.customer
        }
        # An employee and a vendor can have the same id in QuickBooks, so the kind is part of the key.
        self.people: dict[tuple[str, str], str] = {}
        for kind in ("employee", "vendor"):
            rows = QUICKBOOKS_MODELS[kind]._default_manager.filter(company=company, quickbooks_id__in=person_ids)
            self.people |= {(kind, key): name for key, name in rows.values_list("quickbooks_id", "name")}
        customers = Customer.objects.filter(company=company, quickbooks_id__in=customer_ids)
        self.customers: Mapping[str, str] = dict(customers.values_list("quickbooks_id", "full_name"))

    def person(self, kind: str, key: str) -> str:
        return self.people.get((kind, key)) or f"{kind} {key}"

    def customer(self, key: str) -> str:
        return self.customers.get(key) or f"customer {key}"


def _clockify_values(
    entry: TimeEntry, context: PlanningContext, receipt: Receipt, resolution: Resolution, names: _PartnerNames
) -> list[str]:
    """Return the fields that would be sent now, in the order of `FIELD_LABELS`."""
    person, customer = resolution.person, resolution.customer
    # The day as sent stays while the start is unchanged, even if a time zone was changed since.
    txn_date = changes.day_of(context.entry(entry), inputs.sent_of(receipt))
    return [
        names.person(person.kind, person.id) if person else f"{named(entry.user_name)}, not linked now",
        names.customer(customer.id) if customer else f"{entry.project_name or 'no project'}, not linked now",
        day(txn_date),
        duration(resolution.minutes),
        entry.description.strip() or "none",
        hourly_rate(entry.rate if entry.billable else None),
        BILLABLE_WORDS[entry.billable],
    ]


def _draft_values(sent: Draft, names: _PartnerNames) -> list[str]:
    return [
        names.person(sent.person_kind, sent.person_id),
        names.customer(sent.customer_id),
        day(date.fromisoformat(sent.txn_date)),
        duration(sent.minutes),
        sent.description.strip() or "none",
        hourly_rate(sent.rate),
        BILLABLE_WORDS[sent.is_billable],
    ]


def _activity_values(activity: Activity, receipt: Receipt, names: _PartnerNames) -> list[str]:
    # The activity's own status may lag behind the invoice that a run found.
    status = BillableStatus.BILLED if receipt.conflict == Code.BILLED_IN_QUICKBOOKS else activity.billable_status
    return [
        names.person(activity.person_kind, activity.person_id),
        names.customer(activity.customer_id),
        day(activity.txn_date) or "none",
        duration(activity.minutes),
        activity.description.strip() or "none",
        hourly_rate(activity.rate),
        STATUS_WORDS.get(status, status or "not stated"),
    ]


def _compare(
    clockify_values: list[str] | None, sent_values: list[str], quickbooks_values: list[str] | None
) -> list[FieldComparison]:
    """Return one comparison for each field; the values of a side are None where it has none, or was not read."""
    no_values = [""] * len(FIELD_LABELS)
    columns = zip(FIELD_LABELS, clockify_values or no_values, sent_values, quickbooks_values or no_values, strict=True)
    return [
        FieldComparison(
            label,
            clockify,
            sent,
            quickbooks,
            clockify_values is not None and clockify != sent,
            # An invoice says that it was billed by itself; that is no change by hand.
            quickbooks_values is not None and quickbooks not in (sent, STATUS_WORDS[BillableStatus.BILLED]),
        )
        for label, clockify, sent, quickbooks in columns
    ]


def _deleted(row: ChangedRow, workspace: Workspace) -> str:
    """Return where the time was deleted, such as `in Clockify, noticed Mon Mar 23, 10:05`; "" where it was not."""
    places = []
    if row.entry.deleted_at is not None:
        places.append(f"in Clockify, noticed {moment(row.entry.deleted_at, workspace.time_zone)}")
    if row.is_deleted_in_quickbooks:
        places.append("in QuickBooks")
    return "; ".join(places)
