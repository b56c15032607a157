"""What may be done with the entries that are ticked in the list: sync them, ignore them, or send them anyway.

Ignoring and sending anyway show first what they would do; the page carries the version of each entry as it showed it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from integrations.models import TimeEntry, Workspace
from mapping.errors import Refused
from syncjobs import decisions, entry_versions
from syncjobs.display.formatting import number
from syncjobs.pages import access, run_requests
from syncjobs.pages.amounts import tally_of
from syncjobs.pages.links import list_of
from syncjobs.rules import reasons
from syncjobs.run_options import RunOptions

MAX_AT_ONCE = 500
MAX_LISTED = 20
ENTRIES = "entry,entries"


def sync(request: HttpRequest, chosen: QuerySet[TimeEntry]) -> HttpResponse | None:
    """Request a sync of the ticked entries alone, on their days."""
    try:
        workspace, entries = _of_one_workspace(chosen)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return None
    days = [entry.txn_date for entry in entries]
    options = RunOptions(entries=tuple(sorted(entry.clockify_id for entry in entries)))
    run_name = f"Sync of {number(len(entries), ENTRIES)}"
    return run_requests.request_sync(request, workspace, run_name, first=min(days), last=max(days), options=options)


def ignore(request: HttpRequest, chosen: QuerySet[TimeEntry]) -> HttpResponse | None:
    """Show what ignoring the ticked entries means; ignore them when the page's own form says so."""
    return _decide(request, chosen, "ignore_selected")


def send_anyway(request: HttpRequest, chosen: QuerySet[TimeEntry]) -> HttpResponse | None:
    """Show which reasons may be set aside for the ticked entries; set one aside when the page's form says so."""
    return _decide(request, chosen, "send_anyway_selected")


def _decide(request: HttpRequest, chosen: QuerySet[TimeEntry], action: str) -> HttpResponse | None:
    try:
        workspace, entries = _of_one_workspace(chosen)
        choices = _may_be_set_aside(entries)
        if action == "send_anyway_selected" and not choices:
            raise Refused("None of these entries is held for a reason that can be set aside.")
        if "decided" in request.POST:
            messages.success(request, _taken(request, workspace, action))
            return None
    except Refused as refusal:
        messages.error(request, str(refusal))
        return None
    context = {
        "breadcrumbs": [("Time entries", list_of("integrations.timeentry"))],
        "action": action,
        "workspace": workspace,
        "versions": sorted(entry_versions.versions_of(workspace, entries).items()),
        "totals": tally_of(chosen),
        "entries": entries[:MAX_LISTED],
        "more": len(entries) - MAX_LISTED,
        "choices": choices,
        "back": request.get_full_path(),
    }
    title = "Ignore time entries" if action == "ignore_selected" else "Send time entries anyway"
    return access.show(request, "entries/selected.html", context, title=title)


def _of_one_workspace(chosen: QuerySet[TimeEntry]) -> tuple[Workspace, list[TimeEntry]]:
    """Return the ticked entries and their workspace. Raises Refused for too many, or for several workspaces."""
    entries = list(chosen.select_related("status")[: MAX_AT_ONCE + 1])
    if len(entries) > MAX_AT_ONCE:
        raise Refused(f"Choose up to {MAX_AT_ONCE} entries at once. To sync everything, use the overview.")
    workspace_ids = {entry.workspace_id for entry in entries}
    if len(workspace_ids) != 1:
        raise Refused("Choose entries of one workspace; the filter by workspace helps.")
    return access.workspace_at(workspace_ids.pop()), entries


def _may_be_set_aside(entries: list[TimeEntry]) -> list[tuple[str, str, int]]:
    """Return code, title and number of entries of each reason that people may set aside."""
    counts = Counter(
        str(row.get("code")) for entry in entries if hasattr(entry, "status") for row in entry.status.reasons
    )
    return [(code, reasons.title(code), counts[code]) for code in sorted(reasons.MAY_BE_SET_ASIDE) if counts[code]]


def _taken(request: HttpRequest, workspace: Workspace, action: str) -> str:
    """Take the decision for the entries as the page showed them; return the sentence about it."""
    versions = _posted_versions(request.POST.getlist("version"))
    person, now, note = request.user, timezone.now(), request.POST.get("note", "")[:500]
    if action == "ignore_selected":
        count = decisions.ignore_many(workspace, versions, person=person, now=now, note=note)
        text = f"Ignored {number(count, ENTRIES)}. What was sent before stays in QuickBooks."
    else:
        code = request.POST.get("code", "")
        concerned = _with_reason(workspace, versions, code)
        count = decisions.send_anyway_many(workspace, concerned, code, person=person, now=now, note=note)
        text = f"“{reasons.title(code)}” is set aside for {number(count, ENTRIES)}; the next sync sends them."
        versions = concerned
    left = len(versions) - count
    if left:
        text += f" {number(left, 'entry was,entries were')} changed since the page was opened and not touched."
    return text


def _posted_versions(values: list[str]) -> Mapping[int, str]:
    """Return the versions that the page showed, by primary key of the entry.

    All of them in one field: Django refuses a form of more than a thousand.
    """
    pairs = (pair.partition(":") for value in values for pair in value.split())
    return {int(key): version for key, _, version in pairs if key.isascii() and key.isdigit() and len(key) < 19}


def _with_reason(workspace: Workspace, versions: Mapping[int, str], code: str) -> Mapping[int, str]:
    """Return the versions of those entries that are held for the reason."""
    rows = TimeEntry.objects.filter(workspace=workspace, pk__in=list(versions)).select_related("status")
    held = {
        row.pk
        for row in rows
        if hasattr(row, "status") and any(reason.get("code") == code for reason in row.status.reasons)
    }
    return {key: version for key, version in versions.items() if key in held}
