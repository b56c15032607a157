"""Decisions about one entry: ignore it, send it despite a reason, or adopt a duplicate in QuickBooks as its own."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from integrations.errors import ApiError
from integrations.models import TimeEntry, Workspace
from mapping.decisions import notes
from mapping.errors import Refused
from syncjobs import decisions
from syncjobs.decisions import NewEntryDecision
from syncjobs.display.sent import difference_sentences
from syncjobs.pages import access
from syncjobs.rules import reasons
from syncjobs.settling import adopt, retry
from syncjobs.support import explain


def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one decision, show its message, and redirect to the entry's page."""
    entry = get_object_or_404(TimeEntry, pk=pk)
    workspace = access.workspace_at(entry.workspace_id)
    action = ACTIONS.get(request.POST.get("verb", ""))
    try:
        if action is None:
            raise Refused("Nothing was chosen.")
        if entry.deleted_at is not None and action not in {_try_again, _keep, _stop_keeping}:
            raise Refused("The entry was deleted in Clockify; there is nothing left to decide.")
        messages.success(request, action(request, workspace, entry))
    except Refused as refusal:
        messages.error(request, str(refusal))
    except ApiError as error:  # adopting an activity reads it in QuickBooks first
        messages.error(request, f"{error.message} {error.fix}".strip())
    return redirect("admin:integrations_timeentry_change", entry.pk)


def _ignore(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> str:
    decisions.ignore(_decision(request, workspace, entry))
    return "Ignored; it is left out. Time sent before stays in QuickBooks."


def _stop_ignoring(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> str:
    decisions.stop_ignoring(_decision(request, workspace, entry))
    return "No longer ignored."


def _keep(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> str:
    decisions.keep_quickbooks(_decision(request, workspace, entry))
    return "Kept: QuickBooks keeps what was sent, until the entry is billable work again."


def _stop_keeping(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> str:
    decisions.stop_ignoring(_decision(request, workspace, entry))
    return "No longer kept; the next sync deletes its time in QuickBooks, or asks first if it is one of many."


def _send_anyway(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> str:
    code = request.POST.get("code", "")
    decisions.send_anyway(_decision(request, workspace, entry), code)
    return f"“{reasons.title(code)}” is set aside for this entry; the next sync sends it if nothing else holds it."


def _take_back(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> str:
    code = request.POST.get("code", "")
    decisions.take_back_send_anyway(_decision(request, workspace, entry), code)
    return f"“{reasons.title(code)}” counts again."


def _adopt(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> str:
    quickbooks_id, version = request.POST.get("quickbooks_id", ""), _version(request)
    adopted = adopt.adopt(workspace, entry, quickbooks_id, now=timezone.now(), person=request.user, version=version)
    return adopt.told(adopted)


def _try_again(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> str:
    return retry.try_again(workspace, entry, now=timezone.now(), person=request.user, version=_version(request))


def _look_again(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> str:
    explanation = explain.explain(workspace, entry.clockify_id, now=timezone.now())
    sentences = difference_sentences(workspace.company, explanation.differences)
    differences = [f"It differs: {sentence}." for sentence in sentences]
    return " ".join(["Checked again.", *differences, *explanation.not_asked])


def _version(request: HttpRequest) -> str:
    """Return the version of the entry as the page showed it; one that the page did not say is refused as unknown."""
    return request.POST.get("version") or "unknown"


def _decision(request: HttpRequest, workspace: Workspace, entry: TimeEntry) -> NewEntryDecision:
    note = notes.cleaned(request.POST.get("note", ""))
    return NewEntryDecision(
        workspace, entry, at=timezone.now(), person=request.user, note=note, version=_version(request)
    )


ACTIONS: dict[str, Callable[[HttpRequest, Workspace, TimeEntry], str]] = {
    "ignore": _ignore,
    "stop_ignoring": _stop_ignoring,
    "keep": _keep,
    "stop_keeping": _stop_keeping,
    "send_anyway": _send_anyway,
    "take_back": _take_back,
    "adopt": _adopt,
    "try_again": _try_again,
    "look_again": _look_again,
}
