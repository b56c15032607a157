"""The page of a workspace's rules: matching of names, and time to send. Schedules have a page of their own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from integrations.database import database_now
from integrations.models import ConnectionEvent, Item, TimeEntry, Workspace
from integrations.roles import ALLOW_PLAN_RIGHT, MAP_RIGHT, SEND_RIGHT
from integrations.unnamed import named
from mapping.matching.names import strip_deleted
from syncjobs import policy
from syncjobs.display.formatting import day, duration, length, number
from syncjobs.pages import access
from syncjobs.pages.setup.rounding_fields import HELP, RoundingFields
from syncjobs.planning import lines
from syncjobs.rules import reasons, rounding

MAX_CHANGES = 10
RULES = [name for name, setting in policy.SETTINGS.items() if not setting.schedules]
# Entries among which an example is looked for.
MAX_LOOKED_AT = 50
# By rule: the right that changing it needs, which is that of sending for all others; and who has it, in words.
RIGHTS = {
    "matching": MAP_RIGHT,
    "people_to_vendors": MAP_RIGHT,
    "allow_sku": ALLOW_PLAN_RIGHT,
    "allow_unstated_payroll": ALLOW_PLAN_RIGHT,
}
WHO = {MAP_RIGHT: "A mapping admin", SEND_RIGHT: "A mapping admin", ALLOW_PLAN_RIGHT: "An administrator"}


def rules(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the rules; a POST sets all of them or none."""
    workspace = access.workspace_at(pk)
    refused: Mapping[str, Any] = {}
    if request.method == "POST":
        # A rule of a company is not on the form before one is connected.
        form = changed(request, workspace, _posted(request))
        if not form.errors:
            return saved(request, form, "hourbridge:rules", "rule was,rules were")
        refused = form.errors
    return _show(request, workspace, refused)


def _posted(request: HttpRequest) -> dict[str, str]:
    texts = {name: request.POST[name].strip() for name in RULES if name in request.POST}
    if "rounding" in texts:
        texts["rounding"] = RoundingFields().value_from_datadict(request.POST, {}, "rounding")
    return texts


def _right(name: str) -> str:
    return RIGHTS.get(name, SEND_RIGHT)


def changed(request: HttpRequest, workspace: Workspace, posted: Mapping[str, str]) -> policy.PolicyForm:
    """Return the form of what differs from what is stored; PermissionDenied where a right is missing."""
    before = policy.PolicyForm(workspace)
    changes = {name: text for name, text in posted.items() if text != before[name].value()}
    for name in changes:
        access.require(request, _right(name))
    return policy.PolicyForm(workspace, changes)


def saved(request: HttpRequest, form: policy.PolicyForm, page: str, nouns: str) -> HttpResponse:
    """Save the form and return to the page, such as `hourbridge:rules`; `nouns`: `rule was,rules were`."""
    if form.fields:
        form.save(now=database_now(), person=request.user)
        messages.success(request, f"{number(len(form.fields), nouns)} changed. What was sent before stays as it is.")
    else:
        messages.info(request, "Nothing was changed.")
    return redirect(page, form.workspace.pk)


def shown(request: HttpRequest, workspace: Workspace, names: Iterable[str]) -> policy.PolicyForm:
    """Return the form of these settings as stored; those that this person may not set are disabled."""
    form = policy.PolicyForm(workspace)
    form.fields = {name: form.fields[name] for name in names}
    for name, setting in form.fields.items():
        setting.disabled = not access.may(request, _right(name))
    return form


def _show(request: HttpRequest, workspace: Workspace, refused: Mapping[str, Any]) -> HttpResponse:
    form = shown(request, workspace, RULES)
    if refused:
        # What the person typed stays in the fields, next to the error.
        form.initial.update(_posted(request))
        form.errors.update(refused)
    form.fields["rounding"].widget, form.fields["rounding"].help_text = RoundingFields(), HELP
    broken = {name: reasons.sentence(reason.as_row()) for name, reason in lines.broken_defaults(workspace).items()}
    items = _items(workspace, with_unusable=workspace.service_item if "service_item" in broken else "")
    if items:
        not_chosen = [] if form["service_item"].value() else [("", "Not chosen yet")]
        choices = [*not_chosen, ("none", "Leave it to QuickBooks"), *items]
        form.fields["service_item"].widget = forms.Select(choices=choices)
    context = {
        "workspace": workspace,
        "others": access.workspaces().exclude(pk=workspace.pk),
        "zone": workspace.time_zone,
        "rules": [(form[name], WHO[_right(name)], broken.get(name)) for name in form.fields],
        "refused": [form[name] for name in form.fields if name in refused],
        "rounding_example": _rounding_example(workspace),
        "zones": sorted(available_timezones()),
        "changes": changes(workspace, ConnectionEvent.Kind.POLICY),
    }
    title = f"Rules, {workspace.name}"
    return access.show(request, "setup/policy.html", context, title=title, status=422 if refused else 200)


def changes(workspace: Workspace, kind: str) -> list[tuple[ConnectionEvent, str]]:
    """Return the latest changes of rules (`policy`) or schedules (`schedule`), each with what it was in words."""
    events = ConnectionEvent.objects.filter(workspace=workspace, kind=kind).select_related("by")
    return [(event, policy.with_label(event.message)) for event in events.order_by("-at", "-pk")[:MAX_CHANGES]]


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


def _rounding_example(workspace: Workspace) -> str:
    """Return what the saved rounding makes of one of the latest entries, of one that it changes if there is any."""
    rule = rounding.parse(workspace.rounding, workspace.report_rounding)
    rows = TimeEntry.objects.current(workspace).exclude(end_at=None).order_by("-start_at", "-pk")[:MAX_LOOKED_AT]
    lengths = [(row, row.seconds or 0, rounding.minutes(row.seconds or 0, rule)) for row in rows]
    changed = (found for found in lengths if found[1] != found[2] * 60)
    row, seconds, minutes = next(changed, lengths[0] if lengths else (None, 0, 0))
    if row is None:
        return ""
    name = named(row.user_name)
    return f"As saved, {length(seconds)} of {name} on {day(row.txn_date)} counts as {duration(minutes)}."
