"""The timeline of one record: first seen, changed, linked by whom and why, decided, written, sent. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet

from integrations.kinds import Kind
from integrations.models import ApiCall, ClockifyProject, RecordChange, TimeEntry, Workspace
from integrations.unnamed import named
from mapping.desk import wording
from mapping.matching.names import strip_deleted
from mapping.models import Decision, Link, Mismatch, PartnerWrite
from mapping.queries import CLOCKIFY_MODELS, QUICKBOOKS_MODELS
from syncjobs.display import badges, named_ids
from syncjobs.display.badges import StatusBadge
from syncjobs.display.formatting import day, number
from syncjobs.models import Action, EntryStatus, Receipt
from syncjobs.rules import reasons
from syncjobs.support.history import events
from syncjobs.support.history.events import Event

MAX_EVENTS = 100
READ = StatusBadge("Read", "download", "waiting")
CHANGED = StatusBadge("Changed", "edit", "held")
LINKED = StatusBadge("Linked", "link", "sent")
SUSPENDED = StatusBadge("Link waits", "link_off", "held")
WAITS = StatusBadge("Waits", "pause_circle", "held")
WRITTEN = StatusBadge("Written", "person_add", "waiting")
KINDS = {model: kind for kind, model in (CLOCKIFY_MODELS | QUICKBOOKS_MODELS).items()}
# What a changed column is called, where that is not its name.
COLUMNS = {"parent_id": "parent", "client_id": "client", "full_name": "full name", "is_project": "project"}


def of_record(row: Any) -> list[Event]:
    """Return what happened to a user, client, project, employee, vendor or customer, newest first."""
    kind = KINDS[type(row)]
    is_clockify = kind in CLOCKIFY_MODELS
    record_id = row.clockify_id if is_clockify else row.quickbooks_id
    links = _links(row, kind)
    first_seen, *gone = _seen(row, is_clockify=is_clockify)
    found = [*gone, *_changes(row, record_id), *_link_events(links)]
    for workspace in _workspaces(row):
        decisions = Decision.objects.filter(workspace=workspace, kind=kind, clockify_id=record_id)
        found += events.of_decisions(workspace, decisions.order_by("-at", "-pk")[:MAX_EVENTS])
        found += _waits(workspace, kind, record_id)
        found += _writes(workspace, kind, record_id)
        found += [*_time(workspace, kind, record_id), *_refusals(workspace, kind, record_id)] if is_clockify else []
        linked_records = (
            [] if is_clockify else links.filter(workspace=workspace).values_list("kind", "clockify_id").distinct()
        )
        for linked_kind, clockify_id in linked_records:
            found += _refusals(workspace, linked_kind, clockify_id, partner=(kind, record_id))
    # Whatever came of the same reading came after it.
    return [*sorted(found, key=lambda event: event.at, reverse=True)[:MAX_EVENTS], first_seen]


def _workspaces(row: Any) -> list[Workspace]:
    own = getattr(row, "workspace_id", None)
    condition = Q(pk=own) if own is not None else Q(company=row.company_id)
    return list(Workspace.objects.filter(condition).defer(*Workspace.SECRETS))


def _links(row: Any, kind: str) -> QuerySet[Link]:
    if kind in CLOCKIFY_MODELS:
        return Link.objects.filter(workspace=row.workspace_id, kind=kind, clockify_id=row.clockify_id)
    return Link.objects.filter(company=row.company_id, quickbooks_kind=kind, quickbooks_id=row.quickbooks_id)


def _seen(row: Any, *, is_clockify: bool) -> Iterator[Event]:
    side = "Clockify" if is_clockify else "QuickBooks"
    how = "First named by a time entry" if getattr(row, "from_entries", False) else f"First seen in {side}"
    yield Event(row.first_seen_at, READ, how, "", row, "")
    if row.gone_at is not None:
        yield Event(row.gone_at, badges.DELETED, f"{side} lists it no more", "", row, "")


def _changes(row: Any, record_id: str) -> Iterator[Event]:
    owner = {"workspace": row.workspace_id} if hasattr(row, "workspace_id") else {"company": row.company_id}
    changes = RecordChange.objects.filter(**owner, kind=type(row).__name__, vendor_id=record_id)
    for change in changes.order_by("-at", "-pk")[:MAX_EVENTS]:
        # QuickBooks renames what is made inactive, which is told by that.
        if change.column == "name" and strip_deleted(change.before) == strip_deleted(change.after):
            continue
        yield Event(change.at, CHANGED, _change_text(change), "", row, "")


def _change_text(change: RecordChange) -> str:
    if change.column == "name":
        return f"Renamed from “{change.before}” to “{change.after}”"
    if change.column in {"active", "archived"}:
        is_active = (change.after == "True") == (change.column == "active")
        return (
            ("Active again" if change.column == "active" else "No longer archived")
            if is_active
            else ("Made inactive" if change.column == "active" else "Archived")
        )
    label = COLUMNS.get(change.column, change.column.replace("_", " "))
    return f"{label.capitalize()} changed from {change.before or 'none'} to {change.after or 'none'}"


def _link_events(links: QuerySet[Link]) -> Iterator[Event]:
    for link in links.select_related("person").order_by("-pk")[:MAX_EVENTS]:
        username = link.person.get_username() if link.person else "a person"
        actor = username if link.by == "person" else "a rule"
        why = f": {link.why}" if link.why else ""
        pair = f"{link.kind} {link.clockify_name} with {link.quickbooks_kind} {link.quickbooks_name}"
        yield Event(link.made_at, LINKED, f"Linked {pair}{why}", actor, link, "link")
        if link.suspended and link.suspended_at is not None:
            text = f"The link waits for review: {reasons.title(link.suspended)}"
            yield Event(link.suspended_at, SUSPENDED, text, "", link, "link")
        if link.given_back_at is not None:
            yield Event(link.given_back_at, SUSPENDED, f"The link of {pair} ended", "", link, "link")


def _waits(workspace: Workspace, kind: str, record_id: str) -> Iterator[Event]:
    side = "clockify_id" if kind in CLOCKIFY_MODELS else "quickbooks_id"
    for row in Mismatch.objects.filter(workspace=workspace, kind=kind, **{side: record_id}):
        text = f"Listed on the review desk: {wording.words(row).sentence}"
        yield Event(row.first_seen_at, WAITS, text, "", row, "mismatch")


def _writes(workspace: Workspace, kind: str, record_id: str) -> Iterator[Event]:
    of_record = Q(clockify_id=record_id) if kind in CLOCKIFY_MODELS else Q(quickbooks_id=record_id, entity=kind)
    writes = PartnerWrite.objects.filter(of_record, workspace=workspace).select_related("person")
    for write in writes.order_by("-pk")[:MAX_EVENTS]:
        at = write.ended_at or write.created_at
        text = f"{write.get_verb_display()} in {write.get_side_display()}: {write.said or write.get_state_display()}"
        actor = write.person.get_username() if write.person else "a command"
        yield Event(at, WRITTEN, text, actor, write, "write")
        # The call behind it, as Intuit's support knows it.
        for call in ApiCall.objects.filter(intuit_tid=write.intuit_tid)[:1] if write.intuit_tid else ():
            yield Event(call.at, WRITTEN, f"{call}, intuit_tid {call.intuit_tid}", "", call, "call")


def _entries(workspace: Workspace, kind: str, record_id: str) -> QuerySet[TimeEntry]:
    """Return the time entries of a user, client or project."""
    entries = TimeEntry.objects.filter(workspace=workspace)
    if kind == Kind.CLIENT:
        # Entries have no index over clients, projects do.
        projects = ClockifyProject.objects.filter(workspace=workspace, client_id=record_id)
        return entries.filter(project_id__in=list(projects.values_list("clockify_id", flat=True)))
    return entries.filter(**{f"{kind}_id": record_id})


def _refusals(
    workspace: Workspace, kind: str, record_id: str, *, partner: named_ids.Key | None = None
) -> Iterator[Event]:
    """Yield what QuickBooks refused of the record's time, each write with its code and words.

    `partner`: only writes that named this employee, vendor or customer, as the record may be linked to another by now.
    """
    ids = _entries(workspace, kind, record_id).values("clockify_id")
    refused = Action.objects.of(workspace).filter(state=Action.State.REFUSED)
    actions = list(refused.filter(entry_id__in=ids).order_by("-pk")[:MAX_EVENTS])
    entries = TimeEntry.objects.filter(workspace=workspace, clockify_id__in=[action.entry_id for action in actions])
    by_id = {entry.clockify_id: entry for entry in entries.defer("raw", "description")}
    keys_of = {action.pk: named_ids.keys_of(action.source_snapshot.get("draft")) for action in actions}
    actions = [action for action in actions if partner is None or partner in keys_of[action.pk]]
    names = named_ids.rows_of(workspace.company, {key for keys in keys_of.values() for key in keys})
    for action in actions:
        entry = by_id[action.entry_id]
        about = f"{named(entry.user_name)}, {entry.project_name or 'no project'}, {day(entry.txn_date)}"
        code = f", code {action.error_code}" if action.error_code else ""
        words = named_ids.text(action.error_message, keys_of[action.pk], names)
        text = f"QuickBooks refused to {action.verb} the time of {about}{code}: “{words}”"
        yield Event(action.ended_at or action.created_at, badges.REFUSED, text, "", entry, "entry")


def _time(workspace: Workspace, kind: str, record_id: str) -> Iterator[Event]:
    """Yield when time of the record was sent first and last, and what of it waits now."""
    entries = _entries(workspace, kind, record_id)
    receipts = Receipt.objects.own_activities(workspace).filter(entry_id__in=entries.values("clockify_id"))
    sent = receipts.aggregate(first=Min("sent_at"), last=Max("sent_at"), count=Count("pk"))
    workspace_row: Any = workspace
    if sent["count"]:
        yield Event(sent["first"], badges.SENT, "First time entry sent", "", workspace_row, "")
        text = f"Last sent; {number(sent['count'], 'entry is,entries are')} in QuickBooks"
        yield Event(sent["last"], badges.SENT, text, "", workspace_row, "")
    waiting = EntryStatus.objects.filter(entry__in=entries).exclude(cause="").order_by()
    for state, count, since in waiting.values_list("state").annotate(Count("pk"), Min("since")):
        if since is not None:
            word = badges.of_entry(state, held=True, codes=("",)).word.lower()
            yield Event(since, WAITS, f"{number(count, 'entry,entries')} {word} since", "", workspace_row, "")
