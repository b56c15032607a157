"""Time that changed after it was sent and waits for a person: what Clockify says now beside what was sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from integrations.models import Customer, TimeEntry, Workspace
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.payloads import Activity
from mapping.models import MappingOverride
from mapping.queries import QUICKBOOKS_MODELS, company_of, links_of, mapping_overrides_of
from syncjobs.display import badges
from syncjobs.display.badges import LOCKING, StatusBadge
from syncjobs.display.formatting import day, duration
from syncjobs.ledger import activities
from syncjobs.models import EntryOverride, EntryStatus, Receipt
from syncjobs.pages import links
from syncjobs.planning import inputs
from syncjobs.rules import changes, corrections
from syncjobs.rules.draft import Draft, from_row
from syncjobs.rules.eligibility import Resolution
from syncjobs.rules.reasons import explain

CHANGED_THERE = "CHANGED_IN_QUICKBOOKS"
WORDS = ("Who", "For whom", "Day", "Time", "Text", "Rate")


@dataclass(frozen=True)
class FieldComparison:
    """One field on each side; `there` is what QuickBooks has, if it was asked."""

    word: str
    ours: str
    sent: str
    there: str
    differs: bool
    differs_there: bool


@dataclass
class ChangedRow:
    """One entry with both sides and what may be done about it."""

    entry: TimeEntry
    badge: StatusBadge
    receipt: Receipt | None
    lines: list[FieldComparison] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    decide_links: list[tuple[str, str]] = field(default_factory=list)  # words and where the reason is decided
    may_send: bool = False
    corrections_offered: list[str] = field(default_factory=list)  # the ways of `amend` that may mend it
    is_gone_there: bool = False
    note: str = ""
    left_by: str = ""


def rows_of(workspace: Workspace, *, left: bool = False) -> QuerySet[TimeEntry]:
    """Entries whose sent copy is not what they say now, or was changed by hand; `left`: those left as they are."""
    override = EntryOverride.objects.filter(workspace=workspace, clockify_id=OuterRef("clockify_id"), ignored=True)
    receipts = Receipt.objects.filter(workspace=workspace, company=workspace.company, part=0, conflict=CHANGED_THERE)
    changed = Q(status__state=EntryStatus.State.CHANGED) | Q(
        clockify_id__in=receipts.filter(state=Receipt.State.SENT).values("entry_id")
    )
    rows = TimeEntry.objects.filter(changed, workspace=workspace).filter(
        Exists(override) if left else ~Exists(override)
    )
    return rows.select_related("status").defer("raw").order_by("txn_date", "user_name", "pk")


def open_count(workspace: Workspace) -> int:
    return rows_of(workspace).count()


def shown(workspace: Workspace, entries: Sequence[TimeEntry], *, ask_quickbooks: bool = False) -> list[ChangedRow]:
    """Return the rows of a page.

    `ask_quickbooks` reads in one query what it has now; raises ApiError where it does not answer.
    """
    if not entries:
        return []
    ids = [entry.clockify_id for entry in entries]
    receipts = inputs.receipts_by_entry(workspace, ids)
    context = _context(workspace, entries, receipts)
    found = {}
    if ask_quickbooks:
        wanted = [receipt.quickbooks_id for receipt in receipts.values()]
        found = activities.by_ids(QuickBooksClient(company_of(workspace)), wanted)
    drafts = {key: from_row(receipt.draft) for key, receipt in receipts.items() if receipt.draft}
    resolved = {entry.clockify_id: context.resolve(context.entry(entry)) for entry in entries}
    names = _Names(workspace, drafts.values(), found.values(), resolved.values())
    overrides = EntryOverride.objects.filter(workspace=workspace, clockify_id__in=ids).select_related("person")
    words = {one.clockify_id: one for one in overrides}
    rows = []
    for entry in entries:
        receipt = receipts.get(entry.clockify_id)
        row = _row(workspace, entry, receipt, words.get(entry.clockify_id))
        sent = drafts.get(entry.clockify_id)
        if receipt is not None and sent is not None:
            there = found.get(receipt.quickbooks_id)
            row.is_gone_there = ask_quickbooks and there is None
            if row.is_gone_there and corrections.CORRECT in row.corrections_offered:
                row.corrections_offered.remove(corrections.CORRECT)
            now = _now(entry, context, receipt, resolved[entry.clockify_id], names)
            row.lines = _beside(now, _of(sent, names), _of_activity(there, names) if there else None)
        rows.append(row)
    return rows


def _context(
    workspace: Workspace, entries: Sequence[TimeEntry], receipts: Mapping[str, Receipt]
) -> inputs.PlanningContext:
    """What the statuses of these entries depend on: their own links and partners, not everybody's."""
    ids = {key for one in entries for key in (one.user_id, one.client_id, one.project_id) if key}
    links_of_these = list(links_of(workspace).filter(clockify_id__in=ids))
    partners = inputs.partners_of(company_of(workspace), among=links_of_these)
    ignored = mapping_overrides_of(workspace).filter(choice=MappingOverride.Choice.IGNORED, clockify_id__in=ids)
    overrides = EntryOverride.objects.filter(workspace=workspace, clockify_id__in=[one.clockify_id for one in entries])
    return inputs.PlanningContext(
        policy=inputs.policy_of(workspace),
        mapping_table=inputs.build_mapping_table(
            links_of_these, set(ignored.values_list("kind", "clockify_id")), partners
        ),
        overrides={one.clockify_id: one for one in overrides},
        receipts=receipts,
        actions={},
    )


def _row(workspace: Workspace, entry: TimeEntry, receipt: Receipt | None, override: EntryOverride | None) -> ChangedRow:
    status: EntryStatus = entry.status
    codes = {str(one.get("code")) for one in status.reasons}
    row = ChangedRow(entry, badges.of_entry(status.state, held=status.held, codes=codes), receipt)
    row.sentences = [explain(one)["message"] for one in status.reasons]
    if receipt is not None and receipt.conflict == CHANGED_THERE and CHANGED_THERE not in codes:
        row.badge = badges.LOCKED
        row.sentences.append(
            "It was changed or deleted by hand in QuickBooks after it was sent; nothing is overwritten."
        )
    if entry.deleted_at is not None:
        row.sentences.insert(0, "It was deleted in Clockify.")
    if not row.sentences:
        row.sentences = ["It was edited in Clockify after it was sent; the next sync takes the change over."]
    for one in status.reasons:
        where = links.desk(workspace.pk, str(one.get("kind") or ""), str(one.get("id") or ""))
        if where:
            row.decide_links.append((f"Decide the {one['kind']}", where))
    waits = status.state == EntryStatus.State.CHANGED and not status.reasons
    row.may_send = waits and not (codes & LOCKING) and entry.deleted_at is None
    row.corrections_offered = _amends(entry, receipt, codes)
    if override is not None:
        row.note = override.note
        row.left_by = override.person.get_username() if override.person else "a command"
    return row


def _amends(entry: TimeEntry, receipt: Receipt | None, codes: set[str]) -> list[str]:
    """As far as our own books tell; the preview asks QuickBooks. Only where nothing but people's work is in the way."""
    if receipt is None or codes - LOCKING:
        return []
    found = codes | {receipt.conflict}
    ways = [corrections.OVERRIDE] if CHANGED_THERE in found and "BILLED_IN_QUICKBOOKS" not in found else []
    if entry.deleted_at is None and found & LOCKING:
        ways.append(corrections.CORRECT)
    return ways


# --- both sides ------------------------------------------------------------------------------------------------
class _Names:
    """What our copy calls the people and customers that these drafts and activities name."""

    def __init__(
        self,
        workspace: Workspace,
        drafts: Iterable[Draft],
        there: Iterable[Activity],
        resolved: Iterable[Resolution],
    ) -> None:
        company = company_of(workspace)
        every: list[Any] = [*drafts, *there]
        resolved = list(resolved)
        people = {one.person_id for one in every} | {one.person.id for one in resolved if one.person}
        wanted = {one.customer_id for one in every} | {one.customer.id for one in resolved if one.customer}
        self.people: dict[tuple[str, str], str] = {}
        for kind in ("employee", "vendor"):
            rows = QUICKBOOKS_MODELS[kind]._default_manager.filter(company=company, quickbooks_id__in=people)
            self.people |= {(kind, key): name for key, name in rows.values_list("quickbooks_id", "name")}
        customers = Customer.objects.filter(company=company, quickbooks_id__in=wanted)
        self.customers: Mapping[str, str] = dict(customers.values_list("quickbooks_id", "full_name"))

    def person(self, kind: str, key: str) -> str:
        return self.people.get((kind, key)) or f"{kind} {key}"

    def customer(self, key: str) -> str:
        return self.customers.get(key) or f"customer {key}"


def _now(
    entry: TimeEntry, context: inputs.PlanningContext, receipt: Receipt, resolution: Resolution, names: _Names
) -> list[str]:
    """What Clockify's entry would make now, as far as its links tell."""
    person, customer = resolution.person, resolution.customer
    now_day = changes.day_of(context.entry(entry), inputs.sent_of(receipt))
    return [
        names.person(person.kind, person.id) if person else f"{entry.user_name}, has no partner now",
        names.customer(customer.id) if customer else f"{entry.project_name or 'no project'}, has no customer now",
        day(now_day),
        duration(resolution.minutes),
        entry.description.strip() or "none",
        _rate(entry.rate),
    ]


def _of(sent: Draft, names: _Names) -> list[str]:
    return [
        names.person(sent.person_kind, sent.person_id),
        names.customer(sent.customer_id),
        day(date.fromisoformat(sent.txn_date)),
        duration(sent.minutes),
        sent.description.strip() or "none",
        _rate(sent.rate),
    ]


def _of_activity(there: Activity, names: _Names) -> list[str]:
    return [
        names.person(there.person_kind, there.person_id),
        names.customer(there.customer_id),
        day(there.txn_date) or "none",
        duration(there.minutes),
        there.description.strip() or "none",
        _rate(there.rate),
    ]


def _beside(ours: list[str], sent: list[str], there: list[str] | None) -> list[FieldComparison]:
    theirs = there or [""] * len(WORDS)
    return [
        FieldComparison(word, mine, went, has, mine != went, there is not None and has != went)
        for word, mine, went, has in zip(WORDS, ours, sent, theirs, strict=True)
    ]


def _rate(rate: Any) -> str:
    return f"{float(rate or 0):.2f}"
