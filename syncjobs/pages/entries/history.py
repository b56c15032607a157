"""The events of one entry in the order of time: read, linked, decided, tried, changed, deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from integrations.models import TimeEntry, Workspace
from mapping.models import Link
from syncjobs.display import badges
from syncjobs.display.badges import StatusBadge
from syncjobs.models import Action, EntryOverride, EntryStatus, Receipt
from syncjobs.rules import reasons
from syncjobs.rules.verbs import Verb

READ = StatusBadge("Read", "download", "waiting")
LINKED = StatusBadge("Linked", "link", "sent")
SUSPENDED = StatusBadge("Link waits", "link_off", "held")
DECIDED = StatusBadge("Decided", "person", "waiting")
VERB_LABELS: dict[str, str] = {Verb.CREATE: "Create", Verb.UPDATE: "Update", Verb.DELETE: "Delete"}


@dataclass(frozen=True)
class Event:
    at: datetime
    badge: StatusBadge
    text: str


def history(
    workspace: Workspace,
    entry: TimeEntry,
    *,
    status: EntryStatus | None,
    receipt: Receipt | None,
    actions: Iterable[Action],
    override: EntryOverride | None,
) -> list[Event]:
    """Return the events, newest first, in one query (for the links)."""
    events = [
        *_clockify_events(entry),
        *_link_events(workspace, entry),
        *_action_events(actions),
        *_override_events(override),
        *_status_events(status, receipt),
    ]
    return sorted(events, key=lambda event: event.at, reverse=True)


def _clockify_events(entry: TimeEntry) -> Iterator[Event]:
    yield Event(entry.first_seen_at, READ, "First read from Clockify")
    if entry.deleted_at is not None:
        yield Event(entry.deleted_at, badges.DELETED, "Clockify reported it as deleted")


def _link_events(workspace: Workspace, entry: TimeEntry) -> Iterator[Event]:
    """Yield present and former links of the entry's user, client and project, each with the person who made it."""
    of_entry = Q(kind="user", clockify_id=entry.user_id)
    for kind, clockify_id in (("client", entry.client_id), ("project", entry.project_id)):
        if clockify_id:
            of_entry |= Q(kind=kind, clockify_id=clockify_id)
    links = Link.objects.filter(of_entry, workspace=workspace, company=workspace.company)
    for link in links.select_related("person"):
        username = link.person.get_username() if link.person else "a person"
        by = f"by {username}" if link.by == "person" else "by its name"
        partner = f"{link.quickbooks_kind} {link.quickbooks_id}, {link.quickbooks_name}"
        yield Event(link.made_at, LINKED, f"{link.kind.capitalize()} {link.clockify_name} linked to {partner} {by}")
        if link.suspended and link.suspended_at is not None:
            reason = reasons.title(link.suspended)
            yield Event(link.suspended_at, SUSPENDED, f"The link of {link.clockify_name} waits for review: {reason}")
        if link.given_back_at is not None:
            what = f"{link.kind.capitalize()} {link.clockify_name}"
            message = f"{what} is no longer linked to {partner}, which another record has now"
            yield Event(link.given_back_at, SUSPENDED, message)


def _action_events(actions: Iterable[Action]) -> Iterator[Event]:
    for action in actions:
        badge = badges.of_action(action.shown_state)
        parts = [f"{VERB_LABELS.get(action.verb, action.verb)}: {badge.word.lower()}"]
        parts += [f"code {action.error_code}"] if action.error_code else []
        parts += [f"activity {action.quickbooks_id}"] if action.quickbooks_id else []
        parts += [str(action.run)] if action.run else []
        yield Event(action.ended_at or action.created_at, badge, ", ".join(parts))


def _override_events(override: EntryOverride | None) -> Iterator[Event]:
    if override is None:
        return
    username = override.person.get_username() if override.person else "a command"
    decisions = ["ignored it"] if override.ignored else []
    decisions += ["kept its time in QuickBooks"] if override.kept else []
    decisions += [f"set “{reasons.title(code)}” aside" for code in override.send_anyway]
    yield Event(override.at, DECIDED, f"{username} {' and '.join(decisions) or 'took the decision back'}")


def _status_events(status: EntryStatus | None, receipt: Receipt | None) -> Iterator[Event]:
    if receipt is not None and receipt.changed_at != receipt.sent_at:
        yield Event(receipt.changed_at, badges.SENT, "Last changed in QuickBooks by Hourbridge")
    if status is not None:
        codes = [str(row.get("code")) for row in status.reasons]
        badge = badges.of_entry(status.state, held=status.held, codes=codes)
        if any(reasons.is_on_the_way(row) for row in status.reasons):
            # Its call, not its state, which the run's end decides.
            badge, codes = badges.ON_THE_WAY, []
        titles = ", ".join(reasons.title(code) for code in codes)
        yield Event(status.evaluated_at, badge, f"Last checked: {badge.word.lower()}{f', {titles}' if titles else ''}")
