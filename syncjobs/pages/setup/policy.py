"""The page of a workspace's rules: matching of names, time to send, and schedules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from integrations.database import database_now
from integrations.models import START_DATE_RULE, ConnectionEvent, Item, Workspace
from integrations.roles import ALLOW_PLAN_RIGHT, MAP_RIGHT, SEND_RIGHT
from mapping.matching.names import strip_deleted
from syncjobs import policy
from syncjobs.display.formatting import number
from syncjobs.pages import access
from syncjobs.pages.setup import schedule_fields
from syncjobs.pages.setup.schedule_fields import ScheduleFields
from syncjobs.planning import evaluate, service_item
from syncjobs.rules import reasons

YES_NO = (("true", "Yes"), ("false", "No"))
MAX_CHANGES = 10
# By rule: the right that changing it needs, which is that of sending for all others; and who has it, in words.
RIGHTS = {
    "matching": MAP_RIGHT,
    "people_to_vendors": MAP_RIGHT,
    "allow_sku": ALLOW_PLAN_RIGHT,
    "allow_unstated_payroll": ALLOW_PLAN_RIGHT,
}
WHO = {MAP_RIGHT: "A mapping admin", SEND_RIGHT: "A mapping admin", ALLOW_PLAN_RIGHT: "An administrator"}


@dataclass(frozen=True)
class FieldWording:
    """Label and input of a rule: `kind` is the input's type, `choices` make it a list to choose from."""

    label: str
    help: str
    kind: str = "text"
    choices: tuple[tuple[str, str], ...] = ()


WORDINGS: Mapping[str, FieldWording] = {
    "matching": FieldWording(
        "Same name",
        "Whether names that differ only in case and inner spaces are linked automatically, or only suggested.",
        choices=(("strict", "Exact match"), ("forgiving", "Forgiving: ignores case and extra spaces")),
    ),
    "people_to_vendors": FieldWording(
        "People to vendors",
        "Contractors are vendors in QuickBooks: suggest vendors for people and let them be linked by hand. "
        "Existing links stay.",
        choices=YES_NO,
    ),
    "start_date": FieldWording("Send time from", START_DATE_RULE, kind="date"),
    "time_zone": FieldWording(
        "Time zone", "For people who have none in Clockify; pages show times in it.", kind="zone"
    ),
    "rounding": FieldWording(
        "Rounding",
        "minute: to the nearest minute, half up. clockify: as Clockify's reports round. nearest:15, up:6, down:5: to a "
        "multiple of that many minutes. A minimum may follow, as in up:6,minimum:15.",
    ),
    "approved_only": FieldWording("Approved time only", "Time that is not approved in Clockify waits.", choices=YES_NO),
    "block_invoiced": FieldWording(
        "Exclude invoiced time", "Time that Clockify has invoiced already would be billed twice.", choices=YES_NO
    ),
    "send_nonbillable": FieldWording(
        "Send non-billable time",
        "Only billable time is sent, as Clockify's own QuickBooks integration does. Yes sends the rest too, as not "
        "billable: it counts in job costing and goes on no invoice.",
        choices=YES_NO,
    ),
    "send_cost_rate": FieldWording(
        "Send cost rates",
        "Whether time goes with Clockify's cost rate, so that QuickBooks knows what it costs. Where Clockify shows "
        "none to this API key, time goes without one.",
        choices=YES_NO,
    ),
    "keep_signed": FieldWording(
        "Keep signed periods",
        "Whether time of a signed period is held instead of sent, changed or deleted, until the sign-off is withdrawn.",
        choices=YES_NO,
    ),
    "longest_hours": FieldWording(
        "Longest entry, hours", "Longer entries wait for review, since a timer may have been left running."
    ),
    "service_item": FieldWording(
        "Service item",
        "What sent time is booked on where no line rule says it. Left to QuickBooks, it is the item for time in "
        "its own settings, or one that it chooses.",
        kind="item",
    ),
    "class": FieldWording(
        "Class", "The QuickBooks class of time that no line rule gives one, by id or full name. Empty for none."
    ),
    "location": FieldWording(
        "Location", "The QuickBooks location of time that no line rule gives one, by id or full name. Empty for none."
    ),
    "description": FieldWording(
        "Description",
        "The words of time that no line rule gives any, such as {project}: {description}. Empty for Clockify's text.",
    ),
    "allow_sku": FieldWording(
        "Allow another plan",
        "The exact text of a plan besides Essentials and Plus, as QuickBooks names it. For this company.",
    ),
    "allow_unstated_payroll": FieldWording(
        "Allow unstated Payroll", "Send although QuickBooks does not say whether Payroll is on.", choices=YES_NO
    ),
    "check_schedule": FieldWording("Automatic check", "When new users and customers are looked for.", kind="schedule"),
    "sync_schedule": FieldWording("Automatic sync", "When billable time is sent without a person.", kind="schedule"),
    "compare_schedule": FieldWording(
        "Automatic comparison",
        "When both sides are read for the proof: the days after the last signed period, up to yesterday, three "
        "months at most. Nothing is written.",
        kind="schedule",
    ),
}


@dataclass
class PolicyLine:
    """One rule on the page, with the value it has or the one that was refused."""

    name: str
    wording: FieldWording
    value: str
    usable: bool
    problem: str = ""
    schedule: ScheduleFields | None = None
    # Why the stored value can't be used any more.
    broken: str = ""
    allowed: bool = True
    # Who may change it, where this person may not.
    who: str = ""


def rules(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the rules; a POST sets all of them or none."""
    workspace = access.workspace_at(pk)
    refused: dict[str, str] = {}
    if request.method == "POST":
        posted, refused = _posted(request)
        before = _values(workspace)
        changes = {name: text for name, text in posted.items() if text != before[name]}
        for name in changes:
            access.require(request, _right(name))
        refused |= policy.read(workspace, changes)[1]
        if not refused:
            return _change(request, workspace, changes)
    return _show(request, workspace, refused)


def _right(name: str) -> str:
    return RIGHTS.get(name, SEND_RIGHT)


def _posted(request: HttpRequest) -> tuple[dict[str, str], dict[str, str]]:
    """Return the form's values and its errors, both by rule; a schedule is joined from its three fields."""
    posted: dict[str, str] = {}
    refused: dict[str, str] = {}
    for name, setting in policy.SETTINGS.items():
        # A rule of a company is not on the form before one is connected.
        if name not in request.POST:
            continue
        if not setting.schedules:
            posted[name] = request.POST[name].strip()
            continue
        try:
            posted[name] = schedule_fields.posted(request.POST, name)
        except ValueError as problem:
            refused[name] = f"{problem}."
    return posted, refused


def _change(request: HttpRequest, workspace: Workspace, changes: Mapping[str, str]) -> HttpResponse:
    if not changes:
        messages.info(request, "Nothing was changed.")
        return redirect("hourbridge:rules", workspace.pk)
    now = database_now()
    policy.change(workspace, changes, now=now, person=request.user)
    if workspace.company is not None and workspace.pulled_at is not None:
        # A rule can free or hold entries, and new matching can link names, before any run.
        evaluate.refresh(workspace, now=now, compare_names=True)
    changed_text = number(len(changes), "rule was changed,rules were changed")
    messages.success(request, f"{changed_text}. What was sent before stays as it is.")
    return redirect("hourbridge:rules", workspace.pk)


def _show(request: HttpRequest, workspace: Workspace, refused: Mapping[str, str]) -> HttpResponse:
    values = _values(workspace)
    if refused:
        # What the person typed stays in the fields, next to the error.
        values |= {name: request.POST[name] for name in values if name in request.POST}
    events = ConnectionEvent.objects.filter(workspace=workspace, kind="policy").select_related("by")
    lines = [_line(workspace, name, value, refused.get(name, "")) for name, value in values.items()]
    broken_item = service_item.broken(workspace)
    for line in lines:
        line.allowed = access.may(request, _right(line.name))
        line.who = "" if line.allowed else WHO[_right(line.name)]
        line.broken = reasons.sentence(broken_item.as_row()) if broken_item and line.wording.kind == "item" else ""
    schedule_fields.fill(workspace, lines, written=request.POST if refused else {})
    context = {
        "workspace": workspace,
        "others": access.workspaces().exclude(pk=workspace.pk),
        "zone": workspace.time_zone,
        "lines": lines,
        "refused": [line for line in lines if line.problem],
        "zones": sorted(available_timezones()),
        "items": _items(workspace, with_unusable=workspace.service_item if broken_item else ""),
        "changes": [(event, _with_label(event.message)) for event in events.order_by("-at", "-pk")[:MAX_CHANGES]],
    }
    title = f"Rules, {workspace.name}"
    return access.show(request, "setup/policy.html", context, title=title, status=422 if refused else 200)


def _line(workspace: Workspace, name: str, value: str, problem: str) -> PolicyLine:
    setting = policy.SETTINGS[name]
    wording = WORDINGS.get(name) or FieldWording(name.replace("_", " ").capitalize(), setting.help)
    usable = workspace.company is not None or not setting.of_company
    return PolicyLine(name, wording, value, usable=usable, problem=problem)


def _values(workspace: Workspace) -> dict[str, str]:
    values = {name: _text(value) for name, value in policy.shown(workspace).items()}
    # On the page none is an answer, and no answer yet is another one.
    if workspace.service_item_declined and not values["service_item"]:
        values["service_item"] = "none"
    return values


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _items(workspace: Workspace, *, with_unusable: str) -> list[tuple[str, str]]:
    """Return id and name of the service items to choose from, and the chosen one that can't be used any more."""
    if workspace.company is None:
        return []
    rows = Item.objects.filter(company=workspace.company, active=True, gone_at=None, type="Service").order_by("name")
    items: list[tuple[str, str]] = list(rows.values_list("quickbooks_id", "name"))
    if with_unusable:
        # Without it, saving another rule would quietly choose QuickBooks' default.
        name = Item.objects.filter(company=workspace.company, quickbooks_id=with_unusable).values_list(
            "name", flat=True
        )
        items.insert(0, (with_unusable, f"{strip_deleted(name.first() or with_unusable)} (can't be used)"))
    return items


def _with_label(message: str) -> str:
    """Return the note of a change with the rule's label instead of its name on the command line."""
    name, _, value_text = message.partition(" ")
    return f"{WORDINGS[name].label} {value_text}" if name in WORDINGS else message
