"""Archiving of a workspace's connection to its QuickBooks company: the history stays, the workspace is free."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, Q, Sum

from integrations.models import ArchivedConnection, Company, ConnectionEvent, Workspace
from integrations.quickbooks.connecting import archived, connection
from mapping.errors import Refused
from syncjobs.display.formatting import in_hours, number
from syncjobs.ledger import lease
from syncjobs.models import Action, EntryOverride, EntryStatus, Receipt, Run
from syncjobs.rules import timetable
from syncjobs.rules.codes import Code
from syncjobs.runs import lifecycle
from syncjobs.worker import schedules

# A duplicate in the archived company says nothing about the next one's books.
OF_THE_COMPANY = Code.ALREADY_IN_QUICKBOOKS
BUSY_FIX = "Archive when it is done, or cancel it first."


@dataclass(frozen=True, slots=True)
class Outlook:
    """What archiving the connection means; `from_start`: of what was sent, on or after the workspace's start date."""

    company: Company
    entries: int
    minutes: int
    from_start: int
    in_doubt: int
    others: tuple[str, ...]  # names of other workspaces that send to the company

    @property
    def sent_text(self) -> str:
        """How much was sent, and what it counts as with a new company; "" where nothing was sent."""
        if not self.entries:
            return ""
        sent = f"{number(self.entries, 'entry,entries')}, {in_hours(self.minutes)} {_were(self.entries)} sent"
        return f"{sent} to {self.company}; with a new company they count as not sent."

    @property
    def doubt_text(self) -> str:
        """What becomes of writes without a clear answer; "" where there are none."""
        if not self.in_doubt:
            return ""
        one = self.in_doubt == 1
        writes = number(self.in_doubt, "write without a clear answer stays,writes without a clear answer stay")
        are, they_are = ("is", "it is") if one else ("are", "they are")
        return (
            f"{writes} in doubt and {are} never sent again. Should {self.company} be connected again, {they_are} "
            "looked for first."
        )


@dataclass(frozen=True, slots=True)
class Archived:
    """What archiving did. `message`: a sentence about the permission at Intuit."""

    outlook: Outlook
    start_date: date
    message: str
    sync_was_scheduled: bool


def outlook(workspace: Workspace) -> Outlook:
    """Return what archiving the workspace's connection means. Raises Refused if there is none."""
    company = workspace.company
    if company is None:
        raise Refused(f"No QuickBooks company is connected to {workspace}.")
    sent = Receipt.objects.in_quickbooks(workspace)
    # A correction (part 1 and on) adds minutes to an entry that part 0 has counted (decision 8).
    totals = sent.aggregate(
        entries=Count("pk", filter=Q(part=0)),
        minutes=Sum("minutes"),
        from_start=Count("pk", filter=Q(part=0, txn_date__gte=workspace.start_date)),
    )
    open_actions = Action.objects.of(workspace).open()
    others = company.workspaces.exclude(pk=workspace.pk).order_by("name").values_list("name", flat=True)
    return Outlook(
        company=company,
        entries=totals["entries"],
        minutes=totals["minutes"] or 0,
        from_start=totals["from_start"],
        in_doubt=open_actions.count(),
        others=tuple(others),
    )


def sent_elsewhere(workspace: Workspace) -> list[str]:
    """Return a sentence for each other company that has time of the workspace from its start date on.

    With the company that is connected now, or that will be, that time counts as not sent.
    """
    sent = (
        Receipt.objects.live()
        .filter(workspace=workspace, part=0, txn_date__gte=workspace.start_date)
        .exclude(company=workspace.company_id)
    )
    grouped = sent.order_by("company__name", "company").values_list("company", "company__name", "company__realm_id")
    day = workspace.start_date
    return [
        f"{number(entries, 'entry,entries')} ({in_hours(minutes)}) from {day} on {_were(entries)} sent to "
        f"{name or realm}. "
        "With another company that time counts as not sent; change the start date if it should not go there as well."
        for _, name, realm, entries, minutes in grouped.annotate(Count("pk"), Sum("minutes"))
    ]


def _were(entries: int) -> str:
    return "was" if entries == 1 else "were"


def archive(workspace: Workspace, *, start_date: date | None = None, now: datetime, person: Any = None) -> Archived:
    """Archive the connection. Nothing of the company is sent, changed or deleted for this workspace any more.

    1. Take the company's writer lease, so that no run and no decision is writing.
    2. Revoke at Intuit and wipe the tokens, unless another workspace sends to the company.
    3. In one transaction: end the runs that wait, and set the workspace free, with `start_date` if one is given.

    A process that dies in between leaves a company that is disconnected; archiving again goes on. Raises Refused where
    nothing is connected, and Busy while a run is at work.
    """
    company = outlook(workspace).company
    with lease.writer_lease(company) as owner:
        others = outlook(workspace).others
        message = (
            f"It stays connected for {', '.join(others)}."
            if others
            else connection.disconnect(company, now=now, person=person)
        )
        return _set_free(workspace, company, owner, message, start_date=start_date, now=now, person=person)


def _set_free(
    workspace: Workspace,
    company: Company,
    owner: str,
    message: str,
    *,
    start_date: date | None,
    now: datetime,
    person: Any,
) -> Archived:
    with transaction.atomic():
        # Runs are asked for under the same lock.
        row = Workspace.objects.select_for_update(of=("self",)).only("company_id").get(pk=workspace.pk)
        is_ours = lease.renew_writer_lease(company, owner, only_if_valid=True)
        if row.company_id != company.pk or not is_ours:
            raise Refused("Someone else changed the connection, or Intuit took too long; check again.")
        for run in Run.objects.open().filter(workspace=workspace):
            lifecycle.cancel(run, now=now, person=person)
        before = outlook(workspace)
        sync_was_scheduled = _stop_syncs(workspace, now=now)
        ArchivedConnection.objects.create(
            workspace=workspace,
            company=company,
            at=now,
            by=person,
            **{name: getattr(workspace, name) for name in archived.COMPANYS_OWN},
            sent_entries=before.entries,
            sent_minutes=before.minutes,
            in_doubt=before.in_doubt,
        )
        first = start_date or workspace.start_date
        # Ids of another company's records mean nothing in the next one.
        emptied: dict[str, Any] = {**dict.fromkeys(archived.COMPANYS_OWN, ""), "service_item_declined": False}
        Workspace.objects.filter(pk=workspace.pk).update(company=None, start_date=first, **emptied)
        _forget_statuses(workspace)
        ConnectionEvent.objects.record(
            ConnectionEvent.Kind.QUICKBOOKS_ARCHIVED,
            f"The connection to {company} was archived; time is sent from {first} on. {message}",
            workspace=workspace,
            company=company,
            at=now,
            by=person,
        )
    workspace.refresh_from_db()
    return Archived(before, first, message, sync_was_scheduled)


def _stop_syncs(workspace: Workspace, *, now: datetime) -> bool:
    """Switch scheduled syncs off; return whether they were on. A new company gets no time before a person asks."""
    if schedules.shown(workspace, Run.Kind.SYNC) == timetable.OFF:
        return False
    schedules.change(workspace, Run.Kind.SYNC, timetable.parse(timetable.OFF), now=now)
    return True


def _forget_statuses(workspace: Workspace) -> None:
    """Forget what was evaluated by this company's links and answers; the next check evaluates every entry."""
    EntryStatus.objects.filter(workspace=workspace).delete()
    for override in EntryOverride.objects.filter(workspace=workspace).exclude(send_anyway=[]):
        kept = [code for code in override.send_anyway if code != OF_THE_COMPANY]
        if kept != override.send_anyway:
            override.send_anyway = kept
            override.save(update_fields=["send_anyway"])
