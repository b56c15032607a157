"""The page *Unknown outcomes*: what was sent beside similar activities in QuickBooks, for a person to decide."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypedDict

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from integrations.errors import ApiError
from integrations.fields import SecretUnreadable
from integrations.kinds import Kind
from integrations.models import Company, Customer, Item, TimeEntry, Workspace
from integrations.quickbooks.payloads import Activity
from integrations.typed_numbers import whole_number
from mapping.decisions import notes
from mapping.errors import Refused
from mapping.queries import QUICKBOOKS_MODELS, company_of
from syncjobs.display.formatting import day, duration, hourly_rate, moment
from syncjobs.models import Action, Run
from syncjobs.pages import access, run_requests
from syncjobs.planning import inputs
from syncjobs.rules.codes import Code
from syncjobs.rules.drafts.draft import Draft
from syncjobs.run_options import RunDetails, RunOptions
from syncjobs.runs import lifecycle as runs
from syncjobs.runs import undo
from syncjobs.settling import manual
from syncjobs.settling.manual import UncertainWrite, UncertainWriteDecision
from syncjobs.worker import schedules

# Each look reads QuickBooks for every write shown; the others follow once these are decided.
MAX_SHOWN = 20


@dataclass(frozen=True)
class ComparedField:
    """One field: what was sent, and for each activity its value and whether it differs."""

    label: str
    sent: str
    activities: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class ShownWrite:
    """One uncertain write as the page shows it; without `lines` QuickBooks could not be read."""

    action: Action
    entry: TimeEntry | None
    lines: tuple[ComparedField, ...] = ()
    alike: tuple[Activity, ...] = ()


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the writes that need a person and those that settle by themselves; a POST carries one decision."""
    workspace = access.workspace_at(pk)
    if request.method == "POST":
        try:
            messages.success(request, _decide(request, workspace))
        except Refused as refusal:
            messages.error(request, str(refusal))
        except (ApiError, SecretUnreadable) as problem:
            messages.error(request, _message(problem))
        return redirect("hourbridge:uncertain-writes", workspace.pk)
    return access.show(request, "runs/uncertain_writes.html", page_context(workspace), title="Unknown outcomes")


# --- deciding ----------------------------------------------------------------------------------------------
def _decide(request: HttpRequest, workspace: Workspace) -> str:
    """Carry out one decision and return the message about it. Raises Refused, ApiError and SecretUnreadable."""
    form = request.POST
    action_id = whole_number(form.get("action", ""))
    if workspace.company is None or action_id is None:
        raise Refused("Nothing was chosen.")
    # Activity id and SyncToken of each activity on the page: a decision is refused if one has changed since.
    seen = dict(pair.split(":", 1) for pair in form.getlist("seen") if ":" in pair)
    decision = UncertainWriteDecision(workspace, action_id, seen, request.user, notes.cleaned(form.get("note", "")))
    now = timezone.now()
    if form.get("take"):
        manual.take(decision, form["take"], now=now)
        return f"Activity {form['take']} is this entry's own now; nothing was written to QuickBooks."
    if form.get("verb") == "send_again":
        return _start_resend(request, manual.send_again(decision, now=now))
    if form.get("verb") == "leave_out":
        manual.leave_out(decision, now=now)
        return "Left out: nothing is sent again, nothing was deleted, and the entry is ignored."
    raise Refused("Nothing was chosen.")


def _start_resend(request: HttpRequest, action: Action) -> str:
    """Request the run that sends the entry again and return the message; another open run does it instead."""
    details: RunDetails = {
        "person": request.user,
        "first": action.txn_date,
        "last": action.txn_date,
        "options": RunOptions(entries=(action.entry_id,)),
    }
    try:
        run = run_requests.request_run(action.workspace, Run.Kind.SYNC, **details)
    except runs.AlreadyRunning as busy:
        return f"None of these: the next sync sends it again, under a new number. {busy}"
    return f"None of these: {run} sends it again, under a new number."


# --- showing -----------------------------------------------------------------------------------------------
class UncertainWritesContext(TypedDict):
    """The writes that need a person, those that settle by themselves, and when something happens next."""

    workspace: Workspace
    zone: str
    uncertain_writes: Sequence[ShownWrite]
    more: int
    settling: Sequence[tuple[Action, TimeEntry | None]]
    problem: str
    read_at: datetime
    next_sync: datetime | None
    table: str
    open_run: Run | None


def page_context(workspace: Workspace) -> UncertainWritesContext:
    """Return the context of the page. Reads QuickBooks each time; without an answer `problem` says why."""
    waiting, settling = manual.waiting(workspace), manual.settling(workspace)
    entries = _entries(workspace, [*waiting, *settling])
    shown, problem_text = _shown(workspace, waiting[:MAX_SHOWN], entries)
    resent_by = undo.resent_by(workspace)
    return {
        "workspace": workspace,
        "zone": workspace.time_zone,
        "uncertain_writes": shown,
        "more": len(waiting) - len(shown),
        "settling": [(action, entries.get(action.entry_id)) for action in settling],
        "problem": problem_text,
        "read_at": timezone.now(),
        "next_sync": resent_by.next_at if resent_by else None,
        "table": str(schedules.table_of(resent_by)) if resent_by else "",
        "open_run": next(iter(schedules.open_runs(workspace)), None),
    }


def _entries(workspace: Workspace, actions: Iterable[Action]) -> dict[str, TimeEntry]:
    ids = [action.entry_id for action in actions]
    rows = TimeEntry.objects.filter(workspace=workspace, clockify_id__in=ids).defer("raw")
    return {row.clockify_id: row for row in rows}


def _shown(workspace: Workspace, waiting: list[Action], entries: dict[str, TimeEntry]) -> tuple[list[ShownWrite], str]:
    if not waiting:
        return [], ""
    blocking_reasons = [reason for reason in inputs.connection_reasons(workspace) if reason.code == Code.NOT_CONNECTED]
    try:
        if blocking_reasons:
            raise Refused("QuickBooks and Clockify have to be connected before anything can be decided.")
        uncertain_writes = manual.look(workspace, waiting)
    except (ApiError, SecretUnreadable, Refused) as problem:
        return [ShownWrite(action, entries.get(action.entry_id)) for action in waiting], _message(problem)
    names = _Names(company_of(workspace), uncertain_writes)
    zone = workspace.time_zone
    return [
        ShownWrite(write.action, entries.get(write.action.entry_id), _lines(write, names, zone), write.alike)
        for write in uncertain_writes
    ], ""


class _Names:
    """The mirror's names of the people, customers and items in these writes and activities, by QuickBooks id."""

    def __init__(self, company: Company, uncertain_writes: list[UncertainWrite]) -> None:
        records: list[Draft | Activity] = [write.sent for write in uncertain_writes]
        records += [activity for write in uncertain_writes for activity in write.alike]
        self._people: dict[tuple[str, str], str] = {}
        for kind, model in QUICKBOOKS_MODELS.items():
            rows = model._default_manager.filter(
                company=company, quickbooks_id__in={record.person_id for record in records}
            )
            if kind != Kind.CUSTOMER:
                self._people |= {(kind, key): name for key, name in rows.values_list("quickbooks_id", "name")}
        customers = Customer.objects.filter(
            company=company, quickbooks_id__in={record.customer_id for record in records}
        )
        self._customers = dict(customers.values_list("quickbooks_id", "full_name"))
        items = Item.objects.filter(company=company, quickbooks_id__in={record.item_id for record in records})
        self._items = dict(items.values_list("quickbooks_id", "name"))

    def person(self, record: Draft | Activity) -> str:
        return self._people.get((record.person_kind, record.person_id)) or f"{record.person_kind} {record.person_id}"

    def customer(self, record: Draft | Activity) -> str:
        return self._customers.get(record.customer_id) or f"customer {record.customer_id}"

    def item(self, record: Draft | Activity) -> str:
        return self._items.get(record.item_id) or record.item_id or "none"


def _lines(uncertain: UncertainWrite, names: _Names, zone: str) -> tuple[ComparedField, ...]:
    sent, alike = uncertain.sent, uncertain.alike

    def line(label: str, sent_text: str, activity_texts: list[str]) -> ComparedField:
        return ComparedField(label, sent_text, tuple((text, text != sent_text) for text in activity_texts))

    return (
        line("Employee or vendor", names.person(sent), [names.person(activity) for activity in alike]),
        line("Customer", names.customer(sent), [names.customer(activity) for activity in alike]),
        line("Day", day(date.fromisoformat(sent.txn_date)), [day(activity.txn_date) or "none" for activity in alike]),
        line("Time", duration(sent.minutes), [duration(activity.minutes) for activity in alike]),
        line(
            "Description",
            sent.description.strip() or "none",
            [activity.description.strip() or "none" for activity in alike],
        ),
        line("Rate", hourly_rate(sent.rate), [hourly_rate(activity.rate) for activity in alike]),
        line("Billable", sent.billable_status, [activity.billable_status or "not stated" for activity in alike]),
        # Without a default item QuickBooks chooses one, which is no difference.
        line("Service", names.item(sent), [names.item(activity) if sent.item_id else "none" for activity in alike]),
        ComparedField("Made there", "", tuple((_made(activity, zone), False) for activity in alike)),
    )


def _made(activity: Activity, zone: str) -> str:
    return moment(activity.created_at, zone) if activity.created_at else "not stated"


def _message(problem: Exception) -> str:
    return f"{problem.message} {problem.fix}".strip() if isinstance(problem, ApiError) else str(problem)
