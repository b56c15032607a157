"""Unknown outcomes: what was sent beside what QuickBooks has that almost fits, and a person who says which it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from integrations.errors import ApiError
from integrations.fields import SecretUnreadable
from integrations.models import Company, Customer, Item, TimeEntry, Workspace
from integrations.quickbooks.payloads import Activity
from mapping.errors import Refused
from mapping.queries import QUICKBOOKS_MODELS, company_of
from syncjobs.display.formatting import day, duration, moment
from syncjobs.models import Action, Run
from syncjobs.pages import access, run_requests
from syncjobs.planning import inputs
from syncjobs.rules.draft import BILLABLE, Draft
from syncjobs.runs import lifecycle as runs
from syncjobs.runs import undo
from syncjobs.settling import manual
from syncjobs.settling.manual import UncertainWrite, UncertainWriteDecision
from syncjobs.worker import schedules

# Decisions are few; what lies behind these is shown once they are taken.
MAX_SHOWN = 20


@dataclass(frozen=True)
class ComparedField:
    """One field: ours, and for each activity its value and whether it differs."""

    word: str
    ours: str
    theirs: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class ShownWrite:
    """One decision as the page shows it; without `lines` QuickBooks could not be asked."""

    action: Action
    entry: TimeEntry | None
    lines: tuple[ComparedField, ...] = ()
    alike: tuple[Activity, ...] = ()


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The decisions that wait and the writes that settle by themselves; posted to it: one decision."""
    workspace = access.workspace_at(pk)
    if request.method == "POST":
        try:
            messages.success(request, _decide(request, workspace))
        except Refused as refusal:
            messages.error(request, str(refusal))
        except (ApiError, SecretUnreadable) as problem:
            messages.error(request, _words(problem))
        return redirect("hourbridge:uncertain-writes", workspace.pk)
    return access.show(request, "runs/uncertain_writes.html", page_context(workspace), title="Unknown outcomes")


# --- deciding ----------------------------------------------------------------------------------------------
def _decide(request: HttpRequest, workspace: Workspace) -> str:
    asked = request.POST
    if workspace.company is None or not asked.get("action", "").isdigit():
        raise Refused("Nothing was chosen.")
    seen = dict(one.split(":", 1) for one in asked.getlist("seen") if ":" in one)
    decision = UncertainWriteDecision(workspace, int(asked["action"]), seen, request.user, asked.get("note", "")[:500])
    now = timezone.now()
    if asked.get("take"):
        manual.take(decision, asked["take"], now=now)
        return f"Activity {asked['take']} is this entry's own now; nothing was written to QuickBooks."
    if asked.get("verb") == "send_again":
        return _sent_by(request, manual.send_again(decision, now=now))
    if asked.get("verb") == "leave_out":
        manual.leave_out(decision, now=now)
        return "Left out: nothing is sent again, nothing was deleted, and the entry is ignored."
    raise Refused("Nothing was chosen.")


def _sent_by(request: HttpRequest, action: Action) -> str:
    """Begin the run that sends it, where none is under way."""
    details = {"first": action.txn_date, "last": action.txn_date, "options": {"entries": [action.entry_id]}}
    try:
        run = run_requests.request_run(action.workspace, Run.Kind.SYNC, person=request.user, **details)
    except runs.AlreadyRunning as busy:
        return f"None of these: the next sync sends it again, under a new number. {busy}"
    return f"None of these: {run} sends it again, under a new number."


# --- showing -----------------------------------------------------------------------------------------------
def page_context(workspace: Workspace) -> dict[str, Any]:
    """Everything the page shows. QuickBooks is read anew for each look; where it does not answer, the page says so."""
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
    ids = [one.entry_id for one in actions]
    rows = TimeEntry.objects.filter(workspace=workspace, clockify_id__in=ids).defer("raw")
    return {row.clockify_id: row for row in rows}


def _shown(workspace: Workspace, waiting: list[Action], entries: dict[str, TimeEntry]) -> tuple[list[ShownWrite], str]:
    if not waiting:
        return [], ""
    speaks_against = [one for one in inputs.connection_reasons(workspace) if one.code == "NOT_CONNECTED"]
    try:
        if speaks_against:
            raise Refused("QuickBooks and Clockify have to be connected before anything can be decided.")
        found = manual.look(workspace, waiting)
    except (ApiError, SecretUnreadable, Refused) as problem:
        return [ShownWrite(one, entries.get(one.entry_id)) for one in waiting], _words(problem)
    names = _Names(company_of(workspace), found)
    zone = workspace.time_zone
    return [
        ShownWrite(one.action, entries.get(one.action.entry_id), _lines(one, names, zone), one.alike) for one in found
    ], ""


class _Names:
    """What the mirror calls the people, customers and items that these doubts name."""

    def __init__(self, company: Company, found: list[UncertainWrite]) -> None:
        every: list[Draft | Activity] = [one.sent for one in found]
        every += [activity for one in found for activity in one.alike]
        self._people: dict[tuple[str, str], str] = {}
        for kind, model in QUICKBOOKS_MODELS.items():
            rows = model._default_manager.filter(company=company, quickbooks_id__in={one.person_id for one in every})
            if kind != "customer":
                self._people |= {(kind, key): name for key, name in rows.values_list("quickbooks_id", "name")}
        customers = Customer.objects.filter(company=company, quickbooks_id__in={one.customer_id for one in every})
        self._customers = dict(customers.values_list("quickbooks_id", "full_name"))
        items = Item.objects.filter(company=company, quickbooks_id__in={one.item_id for one in every})
        self._items = dict(items.values_list("quickbooks_id", "name"))

    def person(self, one: Draft | Activity) -> str:
        return self._people.get((one.person_kind, one.person_id)) or f"{one.person_kind} {one.person_id}"

    def customer(self, one: Draft | Activity) -> str:
        return self._customers.get(one.customer_id) or f"customer {one.customer_id}"

    def item(self, one: Draft | Activity) -> str:
        return self._items.get(one.item_id) or one.item_id or "none"


def _lines(uncertain: UncertainWrite, names: _Names, zone: str) -> tuple[ComparedField, ...]:
    sent, alike = uncertain.sent, uncertain.alike

    def line(word: str, ours: str, theirs: list[str]) -> ComparedField:
        return ComparedField(word, ours, tuple((text, text != ours) for text in theirs))

    return (
        line("Who", names.person(sent), [names.person(one) for one in alike]),
        line("For whom", names.customer(sent), [names.customer(one) for one in alike]),
        line("Day", day(date.fromisoformat(sent.txn_date)), [day(one.txn_date) or "none" for one in alike]),
        line("Time", duration(sent.minutes), [duration(one.minutes) for one in alike]),
        line("Text", sent.description.strip() or "none", [one.description.strip() or "none" for one in alike]),
        line("Rate", _rate(sent.rate), [_rate(one.rate) for one in alike]),
        line("Billable", BILLABLE, [one.billable_status or "not said" for one in alike]),
        # Without a default item QuickBooks chooses one, which is no difference.
        line("Service", names.item(sent), [names.item(one) if sent.item_id else "none" for one in alike]),
        ComparedField("Made there", "", tuple((_made(one, zone), False) for one in alike)),
    )


def _made(activity: Activity, zone: str) -> str:
    return moment(activity.created_at, zone) if activity.created_at else "not said"


def _rate(rate: Any) -> str:
    return f"{float(rate or 0):.2f}"


def _words(problem: Exception) -> str:
    return f"{problem.message} {problem.fix}".strip() if isinstance(problem, ApiError) else str(problem)
