"""The sheet of many pairs: all that are safe, or the rows a person ticked; looked at first, then accepted together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from integrations.models import Workspace
from mapping.decisions.batch import Applied, Choice, apply
from mapping.decisions.safe_pairs import SafePair, accept_safe, among
from mapping.desk.index import KINDS, PROJECTS, TODO, Ref
from mapping.desk.name_diff import Piece, diff
from mapping.desk.rows import Option, Row, groups
from mapping.errors import Refused
from mapping.queries import mismatches_of
from syncjobs.display.formatting import in_hours, number
from syncjobs.pages import access
from syncjobs.pages.desk import page_context, safe_counts
from syncjobs.planning import evaluate
from syncjobs.planning.forecast import forecast

MAX_TICKED = 200
TAKEN_AS_SEEN = "Accepted with the rows that were ticked."


@dataclass(frozen=True)
class Pair:
    """One line of the sheet: both names with the letters that differ, and what the pair holds back."""

    key: str
    choice: Choice
    name: str
    client_name: str
    left: Sequence[Piece]
    right: Sequence[Piece]
    parent: str
    why: str
    minutes: int
    entries: int
    is_safe: bool = True

    @property
    def shown_as(self) -> str:
        """What a person sees and confirms: this record with that partner."""
        return f"{self.key}={self.choice.quickbooks_kind}:{self.choice.quickbooks_id}"


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Look at the pairs; posted to it: accept those that are ticked."""
    workspace = access.workspace_at(pk)
    if workspace.company is None:
        return redirect("hourbridge:people", workspace.pk)
    params = request.POST if request.method == "POST" else request.GET
    rows, tab = params.getlist("row")[:MAX_TICKED], _tab(params.get("tab", ""))
    # A tick taken away is only told apart from "not asked yet" by a field that is always sent.
    ticked = set(params.getlist("key")) if params.get("asked") else None
    if request.method == "POST":
        return _accept(request, workspace, tab, rows, ticked or set())
    return _show(request, workspace, tab, rows, ticked)


def count(request: HttpRequest, pk: int) -> HttpResponse:
    """The button with its number and what it would free, for the desk to show when it is there."""
    workspace = access.workspace_at(pk)
    tab = _tab(request.GET.get("tab", ""))
    context: dict[str, Any] = {"workspace": workspace, "safe": None}
    context["safe_url"] = f"{reverse('hourbridge:desk-safe', args=[workspace.pk])}?tab={tab}"
    if workspace.company is not None:
        context["safe"] = safe_counts.count(workspace, tab, now=timezone.now())
    return render(request, "hourbridge/desk/safe_button.html", context)


def _tab(word: str) -> str:
    return word if word in KINDS else PROJECTS


def _show(
    request: HttpRequest, workspace: Workspace, tab: str, rows: list[str], ticked: Collection[str] | None
) -> HttpResponse:
    safe = safe_counts.pairs_of(workspace, tab)
    pairs, left_out = ticked_pairs(workspace, tab, rows, safe=safe) if rows else ([_of_safe(one) for one in safe], [])
    keys = {pair.key for pair in pairs} if ticked is None else set(ticked)
    chosen = [pair.choice for pair in pairs if pair.key in keys]
    if not rows:
        kept, left_out = among(safe, keys & {pair.key for pair in pairs})
        chosen = [pair.choice for pair in kept]
    context = {
        "workspace": workspace,
        "tab": tab,
        "rows": rows,
        "back": reverse(f"hourbridge:{tab}", args=[workspace.pk]),
        "pairs": pairs,
        "keys": keys,
        "chosen": len(chosen),
        "left_out": left_out,
        "forecast": forecast(workspace, chosen, now=timezone.now()) if chosen else None,
    }
    title = "Accept the ticked pairs" if rows else "Accept all safe pairs"
    return access.show(request, "desk/bulk_accept.html", context, title=title)


def _of_safe(one: SafePair) -> Pair:
    left, right = diff(one.name, one.quickbooks_name)
    return Pair(
        one.key, one.choice, one.name, one.client_name, left, right, "", one.why, one.minutes, one.entries, True
    )


def ticked_pairs(
    workspace: Workspace, tab: str, keys: list[str], *, safe: Collection[SafePair] = ()
) -> tuple[list[Pair], list[tuple[str, str]]]:
    """The clear suggestion of each row, and the rows that have none, each with a sentence."""
    kind = KINDS[tab]
    ids = [key.partition("-")[2] for key in keys if key.startswith(f"{kind}-")]
    found = mismatches_of(workspace).filter(kind=kind, clockify_id__in=ids)
    refs = [Ref(TODO, kind, one.clockify_id, one.quickbooks_id, reason=one.reason) for one in found]
    safe_keys = {pair.key for pair in safe}
    pairs, left_out = [], []
    for group in groups(workspace, refs, tab=tab):
        for row in group.rows:
            if row.clear is None:
                left_out.append((row.key, f"{row.name or 'A record without a name'} has no clear suggestion."))
            else:
                pairs.append(_of_row(row, row.clear, is_safe=row.key in safe_keys))
    return sorted(pairs, key=lambda one: (-one.minutes, one.key)), left_out


def _of_row(row: Row, clear: Option, *, is_safe: bool) -> Pair:
    left, right = diff(row.name, clear.name)
    choice = Choice("link", row.ref.kind, row.ref.clockify_id, clear.id, clear.kind == "vendor")
    client = row.mismatch.clockify_client if row.mismatch else ""
    minutes, entries = (row.mismatch.blocked_minutes, row.mismatch.blocked_entries) if row.mismatch else (0, 0)
    why = f"{clear.percent}% {clear.why}"
    return Pair(row.key, choice, row.name, client, left, right, clear.parent, why, minutes, entries, is_safe)


# --- accepting -------------------------------------------------------------------------------------------------
def _accept(request: HttpRequest, workspace: Workspace, tab: str, rows: list[str], ticked: set[str]) -> HttpResponse:
    now, before = timezone.now(), page_context.ready(workspace)
    try:
        if not ticked:
            raise Refused("Nothing is ticked.")
        with evaluate.deciding(workspace, now=now):
            applied, left_out = _apply(request, workspace, tab, rows, ticked, now)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(request.get_full_path())
    after = page_context.ready(workspace)
    freed = after[0] - before[0]
    words = f" Frees {number(freed, 'entry,entries')}, {in_hours(after[1] - before[1])}." if freed > 0 else ""
    messages.success(request, f"Linked {number(applied.taken, 'pair,pairs')} in one press.{words}")
    for warning in [*applied.warnings, *(said for _, said in [*applied.refused, *left_out])]:
        messages.warning(request, warning)
    return redirect(f"hourbridge:{tab}", workspace.pk)


def _apply(
    request: HttpRequest, workspace: Workspace, tab: str, rows: list[str], ticked: set[str], now: Any
) -> tuple[Applied, list[tuple[str, str]]]:
    if not rows:
        return accept_safe(workspace, keys=ticked, now=now, person=request.user)
    pairs, left_out = ticked_pairs(workspace, tab, [key for key in rows if key in ticked])
    # What was shown is what is accepted: a suggestion that changed meanwhile is left out.
    shown = set(request.POST.getlist("shown"))
    same = [pair for pair in pairs if pair.shown_as in shown]
    left_out += [
        (pair.key, f"{pair.name} is suggested otherwise now; look again.") for pair in pairs if pair not in same
    ]
    choices = [pair.choice for pair in same]
    return apply(workspace, choices, now=now, person=request.user, note=TAKEN_AS_SEEN), left_out
