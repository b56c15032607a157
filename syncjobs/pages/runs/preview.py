"""A finished preview of a sync: what would be written, changes first, with hours and amounts; and if it is current."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Q, QuerySet

from integrations.database import chunks
from integrations.models import ConnectionEvent, Customer, TimeEntry
from mapping.models import Decision
from syncjobs.display.formatting import number
from syncjobs.models import EntryOverride, Receipt, Run, RunItem, SignOff
from syncjobs.planning.forecast import amount
from syncjobs.rules.verbs import Verb
from syncjobs.run_options import RunOptions

MAX_ROWS = 20
VERBS = (Verb.UPDATE, Verb.DELETE, Verb.CREATE)
NOTES = {
    Verb.UPDATE: "edited in Clockify after they were sent",
    Verb.DELETE: "no longer billable work, or deleted in Clockify; unbilled and unchanged in QuickBooks",
    Verb.CREATE: "not in QuickBooks yet",
}
RESEND_NOTE = "sent before, with a different rate, link, item or text than today"
# Events after which a plan is another one, with the sentence of each.
RULES_MOVED, ENTRIES_MOVED = "Rules were changed since.", "Decisions about time entries were made since."
MOVING_EVENTS: dict[str, str] = {
    ConnectionEvent.Kind.POLICY: RULES_MOVED,
    ConnectionEvent.Kind.LINE_RULE: RULES_MOVED,
    ConnectionEvent.Kind.ADOPTED: ENTRIES_MOVED,
    ConnectionEvent.Kind.DOUBT_DECIDED: ENTRIES_MOVED,
    ConnectionEvent.Kind.TRIED_AGAIN: ENTRIES_MOVED,
}
Money = dict[str, Decimal]


@dataclass(frozen=True)
class PlannedWrite:
    """One write of the plan. `was` is what QuickBooks has, in minutes; None for new time."""

    item: RunItem
    customer: str
    was: int | None
    minutes: int
    money: Money


@dataclass
class Group:
    """The writes of one verb: how many, the change in minutes and money, and the first rows."""

    verb: str
    note: str
    count: int = 0
    minutes: int = 0
    money: Money = field(default_factory=dict)
    rows: list[PlannedWrite] = field(default_factory=list)

    @property
    def more(self) -> int:
        return self.count - len(self.rows)


@dataclass
class Person:
    """What would be written of one person."""

    name: str
    count: int = 0
    minutes: int = 0
    money: Money = field(default_factory=dict)


@dataclass(frozen=True)
class Preview:
    """The plan as a page shows it. `moved`: why it is no longer current, "" while it is."""

    groups: list[Group]
    people: list[Person]
    writes: int
    moved: str


def is_shown(run: Run) -> bool:
    """Return whether the run is a finished preview of a sync; previews of corrections show both sides instead."""
    is_preview = run.kind == Run.Kind.SYNC and run.dry_run and not RunOptions.of(run).amend
    return is_preview and run.status == Run.Status.SUCCEEDED


def preview(run: Run) -> Preview:
    """Return the plan of a finished preview."""
    items = list(_planned(run).order_by("txn_date", "user_name", "pk"))
    sent = _sent_before(run, [item.entry_id for item in items if item.verb != Verb.CREATE])
    customers = _customers(run)
    groups = {verb: Group(verb, RESEND_NOTE if RunOptions.of(run).resend else NOTES[verb]) for verb in VERBS}
    groups[Verb.CREATE].note, groups[Verb.DELETE].note = NOTES[Verb.CREATE], NOTES[Verb.DELETE]
    people: dict[str, Person] = {}
    for item in items:
        write = _write(item, sent.get(item.entry_id), customers)
        change = write.minutes - (write.was or 0)
        group, person = groups[Verb(item.verb)], people.setdefault(item.user_name, Person(item.user_name))
        for total in (group, person):
            total.count += 1
            total.minutes += change
            _add(total.money, write.money)
        if len(group.rows) < MAX_ROWS:
            group.rows.append(write)
    shown = [group for group in groups.values() if group.count]
    by_name = sorted(people.values(), key=lambda person: (-person.minutes, person.name))
    return Preview(shown, by_name, len(items), moved_since(run, items) if items else "")


def out_of_date(run: Run) -> str:
    """Return what changed since a preview of a sync that its page shows; "" if nothing did."""
    return moved_since(run, _planned(run)) if is_shown(run) else ""


def _planned(run: Run) -> QuerySet[RunItem]:
    return run.items.filter(outcome=RunItem.Outcome.PLANNED, verb__in=VERBS).defer("source_snapshot")


def moved_since(run: Run, items: Iterable[RunItem]) -> str:
    """Return what changed here since the preview was made; "" if nothing did. Nobody is asked."""
    since, workspace = run.finished_at, run.workspace
    if workspace.company_id != run.company_id:
        return "The workspace now sends to another company."
    later = Run.objects.filter(workspace=workspace, dry_run=False, pk__gt=run.pk, kind__in=("sync", "undo"))
    if (newer := later.order_by("-pk").first()) is not None:
        return f"{newer} {'was started' if newer.is_open else 'ran'} since."
    if Decision.objects.filter(workspace=workspace, at__gt=since).exists():
        return "Decisions about names were made since."
    if EntryOverride.objects.filter(workspace=workspace, at__gt=since).exists():
        return ENTRIES_MOVED
    events = ConnectionEvent.objects.filter(workspace=workspace, at__gt=since, kind__in=MOVING_EVENTS)
    if (event := events.order_by("-at").first()) is not None:
        return MOVING_EVENTS[event.kind]
    sign_offs = SignOff.objects.filter(Q(at__gt=since) | Q(withdrawn_at__gt=since), company=run.company)
    if workspace.keep_signed and sign_offs.filter(workspace=workspace).exists():
        return "A period was signed, or a sign-off withdrawn, since."
    hashes = dict(run.items.filter(verb__in=VERBS).values_list("entry_id", "source_snapshot__content_hash"))
    moved = 0
    for keys in chunks([item.entry_id for item in items]):
        rows = TimeEntry.objects.filter(workspace=workspace, clockify_id__in=keys)
        for key, content_hash, deleted_at in rows.values_list("clockify_id", "content_hash", "deleted_at"):
            is_new_deletion = deleted_at is not None and since is not None and deleted_at > since
            moved += hashes.get(key) not in (None, content_hash) or is_new_deletion
    return f"{number(moved, 'entry,entries')} changed in Clockify since." if moved else ""


def _write(item: RunItem, sent: Mapping[str, Any] | None, customers: Mapping[str, tuple[str, str]]) -> PlannedWrite:
    draft = item.draft if item.verb != Verb.DELETE else None
    customer_id = str((draft or sent or {}).get("customer_id", ""))
    name, currency = customers.get(customer_id, (item.project_name, ""))
    money: Money = {currency: _amount(draft) - _amount(sent)}
    was = int(sent["minutes"]) if sent is not None else None
    # Rows of earlier versions have no draft.
    minutes = int(draft["minutes"]) if draft else 0 if item.verb == Verb.DELETE else item.minutes
    return PlannedWrite(item, name, was, minutes, money)


def _amount(draft: Mapping[str, Any] | None) -> Decimal:
    try:
        return amount(Decimal(str(draft["rate"])), int(draft["minutes"])) if draft else Decimal()
    except InvalidOperation:
        return Decimal()


def _add(total: Money, money: Money) -> None:
    for currency, value in money.items():
        total[currency] = total.get(currency, Decimal()) + value


def _sent_before(run: Run, entry_ids: list[str]) -> dict[str, Mapping[str, Any]]:
    """Return what was last sent for these entries, by id."""
    found: dict[str, Mapping[str, Any]] = {}
    for keys in chunks(entry_ids):
        rows = Receipt.objects.filter(workspace=run.workspace, company=run.company, part=0, entry_id__in=keys)
        found |= {key: {"minutes": minutes, **(draft or {})} for key, minutes, draft in rows.values_list(*RECEIPT)}
    return found


RECEIPT = ("entry_id", "minutes", "draft")


def _customers(run: Run) -> dict[str, tuple[str, str]]:
    """Return full name and currency of the company's customers by id."""
    home = run.company.home_currency if run.company else ""
    rows = Customer.objects.filter(company=run.company).values_list("quickbooks_id", "full_name", "name", "currency")
    return {key: (full_name or name, currency or home) for key, full_name, name, currency in rows}
