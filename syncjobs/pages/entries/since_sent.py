"""Sent entries whose rate or link is another one today: what changed, and the button *Acknowledge*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from integrations.models import Company, TimeEntry, Workspace
from syncjobs import decisions
from syncjobs.display.formatting import number
from syncjobs.display.sent import difference_names
from syncjobs.models import EntryStatus, Receipt
from syncjobs.pages import access, paging
from syncjobs.planning import inputs
from syncjobs.planning.context import PlanningContext, load_context
from syncjobs.rules.steps import differences
from syncjobs.rules.steps.differences import Difference

TITLES = {"RATE_CHANGED": "Rate changed after sending", "LINK_CHANGED": "Link changed after sending"}


@dataclass(frozen=True)
class Warned:
    """One warning as text; `value` is what its button posts, the version that is shown included."""

    title: str
    code: str
    sentence: str
    value: str


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """List the entries that nobody took note of; a POST takes note of the warnings in its `noted` values."""
    workspace = access.workspace_at(pk)
    if request.method == "POST":
        return _take_note(request, workspace)
    statuses = EntryStatus.objects.filter(workspace=workspace).exclude(warnings=[]).select_related("entry")
    statuses = statuses.defer("entry__raw").order_by("entry__txn_date", "entry_id")
    current_page = paging.page_of(request, statuses)
    entries = [status.entry for status in current_page.object_list]
    context = load_context(workspace)
    receipts = inputs.receipts_by_entry(workspace, [entry.clockify_id for entry in entries])
    by_entry = warned([(entry, receipts.get(entry.clockify_id)) for entry in entries], context, workspace.company)
    rows = [(entry, receipts.get(entry.clockify_id), by_entry[entry.clockify_id]) for entry in entries]
    values = [warning.value for _, _, found in rows for warning in found]
    details = {"workspace": workspace, "page": current_page, "rows": rows, "values": values}
    return access.show(request, "entries/since_sent.html", details, title="Changed since it was sent")


def _take_note(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    seen = {}
    for value in request.POST.getlist("noted")[: 2 * paging.ROWS_A_PAGE]:
        entry_id, _, rest = value.partition("|")
        code, _, version = rest.partition("|")
        seen[entry_id, code] = version
    count = decisions.take_note(workspace, seen, person=request.user, now=timezone.now())
    if count < len(seen) or not seen:
        messages.warning(
            request, f"Acknowledged: {count}. What changed since you looked is still listed; look at it again."
        )
    else:
        messages.success(
            request, f"Acknowledged {number(count, 'change,changes')}. What changes further is counted again."
        )
    back = request.POST.get("back", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        return redirect(back)
    return redirect("hourbridge:since-sent", workspace.pk)


def warned(
    rows: Sequence[tuple[TimeEntry, Receipt | None]], context: PlanningContext, company: Company | None
) -> dict[str, list[Warned]]:
    """Return the warnings of sent entries that nobody took note of, by entry id; a fixed number of queries."""
    changed_of: dict[str, tuple[Receipt, Mapping[str, str], list[Difference]]] = {}
    for entry, receipt in rows:
        if receipt is not None:
            today: Mapping[str, str] = context.changed_since_sent(context.entry(entry), receipt)
            sent = inputs.sent_of(receipt).draft
            changed_of[entry.clockify_id] = receipt, today, differences.listed(sent, None, today, today)
    names = difference_names(company, [difference for _, _, found in changed_of.values() for difference in found])
    shown: dict[str, list[Warned]] = {entry.clockify_id: [] for entry, _ in rows}
    for entry_id, (receipt, today, found) in changed_of.items():
        for code in differences.warnings(today, inputs.sent_of(receipt).noted):
            sentences = [each.sentence(names) for each in found if each.field in differences.CODES[code]]
            value = f"{entry_id}|{code}|{differences.version(today, code)}"
            shown[entry_id].append(Warned(TITLES[code], code, "; ".join(sentences), value))
    return shown


def notes(receipt: Receipt | None) -> list[dict[str, Any]]:
    """Return what people took note of: the field, its value then, and who did it when."""
    return [{"field": name.replace("_", " "), **note} for name, note in (receipt.noted if receipt else {}).items()]
