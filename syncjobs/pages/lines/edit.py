"""Adding, changing and removing a line rule: previewed first, then saved as it was previewed."""

from __future__ import annotations

import json
from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from integrations.database import database_now
from integrations.errors import ApiError
from integrations.models import Workspace
from mapping.errors import Refused
from syncjobs import line_rules
from syncjobs.line_rules import LABELS
from syncjobs.models import LineRule
from syncjobs.pages import access
from syncjobs.pages.lines.contexts import EditContext, PreviewContext, RemoveContext
from syncjobs.pages.lines.forms import RuleForm
from syncjobs.planning import line_preview, lines
from syncjobs.planning.line_preview import LinePreview


def add(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the form of a new rule; a POST previews it, then saves it."""
    workspace = access.workspace_at(pk)
    if workspace.company is None:
        return redirect("hourbridge:line-rules", workspace.pk)
    return _edit(request, workspace, None)


def change(request: HttpRequest, pk: int, rule_id: int) -> HttpResponse:
    """Show a rule's form; a POST previews the change, then saves it."""
    workspace = access.workspace_at(pk)
    row = _row(request, workspace, rule_id)
    return redirect("hourbridge:line-rules", workspace.pk) if row is None else _edit(request, workspace, row)


def remove(request: HttpRequest, pk: int, rule_id: int) -> HttpResponse:
    """Show what time would get without a rule; a POST removes it."""
    workspace = access.workspace_at(pk)
    row = _row(request, workspace, rule_id)
    if row is None:
        return redirect("hourbridge:line-rules", workspace.pk)
    moved = request.method == "POST" and request.POST.get("seen") != row.at.isoformat()
    if request.method == "POST" and not moved:
        now = database_now()
        try:
            line_rules.remove(workspace, str(rule_id), now=now, person=request.user)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            line_rules.evaluate_again(workspace, now=now)
            messages.success(request, f"Rule {rule_id} is gone. What was sent before stays as it is.")
        return redirect("hourbridge:line-rules", workspace.pk)
    rows = line_rules.with_changes(workspace, [], removed=[rule_id])
    context: RemoveContext = {
        "workspace": workspace,
        "rule": next(rule for rule in lines.load(workspace).rules if rule.id == rule_id),
        "preview": shown_preview(workspace, rows),
        "seen": row.at.isoformat(),
        "moved": moved,
    }
    return access.show(request, "lines/remove.html", context, title=f"Remove rule {rule_id}, {workspace.name}")


def _row(request: HttpRequest, workspace: Workspace, rule_id: int) -> LineRule | None:
    """Return the rule; None where there is none any more, which the page Line rules then says."""
    if workspace.company is None:
        return None
    try:
        return line_rules.find(workspace, str(rule_id))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return None


def _edit(request: HttpRequest, workspace: Workspace, row: LineRule | None) -> HttpResponse:
    values = lines.values_of(row) if row else None
    form = RuleForm(workspace, request.POST if request.method == "POST" else None, values=values)
    context: EditContext = {"workspace": workspace, "form": form, "rule_id": row.pk if row else None}
    if form.is_bound and form.is_valid():
        seen = _seen(form.given, row)
        wants_to_save = request.POST.get("action") == "save"
        if wants_to_save and request.POST.get("seen") == seen:
            return _save(request, workspace, row, form.given)
        after = line_rules.unsaved(workspace, form.given, rule_id=row.pk if row else None)
        rows = line_rules.with_changes(workspace, [after])
        context["seen"], context["moved"] = seen, wants_to_save
        context["preview"] = shown_preview(workspace, rows)
        if "description" in form.given:
            rule = next(rule for rule in lines.load(workspace, [after]).rules)
            context["examples"] = line_preview.examples(workspace, rule)
    title = f"Rule {row.pk}, {workspace.name}" if row else f"Add a line rule, {workspace.name}"
    return access.show(
        request, "lines/edit.html", context, title=title, status=422 if form.is_bound and form.errors else 200
    )


def _seen(given: Mapping[str, str], row: LineRule | None) -> str:
    """Return what was previewed, and of which state of the rule, so that nothing else is saved."""
    return json.dumps([row.at.isoformat() if row else "", given], sort_keys=True)


def _save(request: HttpRequest, workspace: Workspace, row: LineRule | None, given: Mapping[str, str]) -> HttpResponse:
    now = database_now()
    try:
        if row is None:
            saved, verb = line_rules.add(workspace, given, now=now, person=request.user), "added"
        else:
            saved, verb = line_rules.change(workspace, str(row.pk), given, now=now, person=request.user), "changed"
    except (Refused, ApiError) as refusal:
        messages.error(request, f"Nothing was saved: {refusal}")
    else:
        line_rules.evaluate_again(workspace, now=now)
        messages.success(request, f"Rule {saved.pk} was {verb}. What was sent before stays as it is.")
    return redirect("hourbridge:line-rules", workspace.pk)


def shown_preview(workspace: Workspace, rows: list[LineRule]) -> PreviewContext:
    """Return the preview of these rules for the template, with fields by their labels."""
    found: LinePreview = line_preview.preview(workspace, lines.load(workspace, rows))
    return {
        "waiting": found.waiting,
        "entries": found.entries,
        "by_field": [(LABELS[name], count) for name, count in found.by_field.most_common()],
        "differences": [(LABELS[row.field], row) for row in found.differences],
        "more": sum(found.by_field.values()) - len(found.differences),
    }
