"""The sheet that accepts many pairs at once: all safe ones, or the rows that a person ticked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import TypedDict

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from integrations.admin_lists.readonly_admin import rows_a_page
from integrations.kinds import Kind
from integrations.models import Workspace
from integrations.unnamed import named
from mapping.decisions.batch import Applied, Choice, apply
from mapping.decisions.preview import MappingSnapshot
from mapping.decisions.safe_pairs import SafePair, accept_safe, among
from mapping.decisions.versions import Version, versions_of_unlinked
from mapping.desk.name_diff import Piece, diff
from mapping.desk.ordering import search_form
from mapping.desk.rows import Option, Row
from mapping.errors import Refused
from syncjobs.display.formatting import in_hours, number
from syncjobs.pages import access
from syncjobs.pages.desk import page_context, safe_counts
from syncjobs.pages.desk.bulk import elsewhere, ticked
from syncjobs.pages.desk.bulk.elsewhere import Elsewhere
from syncjobs.pages.desk.bulk.ticked import Ticked, TickedContext
from syncjobs.pages.paging import ROWS_A_PAGE
from syncjobs.planning import evaluate
from syncjobs.planning.forecast import Forecast, forecast

# Rows and pairs left out that are named; the others are counted.
MAX_LEFT_OUT = 10
TICKED_NOTE = "Accepted with the rows that were ticked."
Shown = Mapping[str, tuple[str, str]]  # partner and version by key


@dataclass(frozen=True)
class Pair:
    """One line of the sheet: both names with the letters that differ, and the held entries and minutes."""

    key: str
    choice: Choice
    name: str
    client_name: str
    partner_name: str
    parent: str
    why: str
    minutes: int
    entries: int
    is_safe: bool = True
    version: str = ""

    @cached_property
    def _pieces(self) -> tuple[Sequence[Piece], Sequence[Piece]]:
        # Only of pairs on the page: comparing letters takes longer than finding the pair.
        return diff(self.name, self.partner_name)

    @property
    def left(self) -> Sequence[Piece]:
        return self._pieces[0]

    @property
    def right(self) -> Sequence[Piece]:
        return self._pieces[1]

    @property
    def partner(self) -> str:
        return f"{self.choice.quickbooks_kind}:{self.choice.quickbooks_id}"

    @property
    def shown_as(self) -> str:
        """The pair as a person sees and confirms it: this record, as it is now, with that partner."""
        return f"{self.key}={self.partner}={self.version}"

    @property
    def search_text(self) -> str:
        return search_form("\n".join((self.name, self.client_name, self.partner_name, self.parent)))

    def differs(self, shown: tuple[str, str]) -> bool:
        """Return whether partner, names or client are others than those shown before."""
        partner, version = shown
        return partner != self.partner or Version.parse(version).content != Version.parse(self.version).content


class PairsContext(TypedDict):
    """One page of the pairs, narrowed by `find`, of all that are `listed`; `elsewhere`: how the others were shown."""

    listed: Sequence[Pair]
    page: Page[Pair]
    find: str
    elsewhere: Elsewhere | None


class AcceptContext(TickedContext, PairsContext):
    """The sheet. `left_out`: key and why of the first pairs that are not accepted; `count` and `forecast` of `keys`."""

    keys: Collection[str]
    count: int
    left_out: Sequence[tuple[str, str]]
    more_left_out: int
    forecast: Forecast | None


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the pairs; on POST, accept the ticked ones."""
    workspace = access.workspace_at(pk)
    if workspace.company is None:
        return redirect("hourbridge:people", workspace.pk)
    rows = ticked.of(request, workspace)
    if nothing := ticked.nothing(request, workspace, rows):
        return nothing
    try:
        others = elsewhere.of(request)
        if ticked.is_confirmed(request):
            return _accept(request, workspace, rows, ticked.chosen_keys(request) | {*others.ticked_keys})
        return _show(request, workspace, rows, others)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(request.get_full_path())


def count(request: HttpRequest, pk: int) -> HttpResponse:
    """Count the safe pairs and return the button with the numbers, which the desk's script inserts."""
    workspace = access.workspace_at(pk)
    tab = ticked.tab_named(request.GET.get("tab", ""))
    address = f"{reverse('hourbridge:desk-safe', args=[workspace.pk])}?tab={tab}"
    safe = safe_counts.count(workspace, tab) if workspace.company is not None else None
    context = {"workspace": workspace, "safe_url": address, "safe": safe}
    return render(request, "hourbridge/desk/safe_button.html", context)


def _show(request: HttpRequest, workspace: Workspace, rows: Ticked, others: Elsewhere) -> HttpResponse:
    tab, row_keys = rows.tab, rows.keys
    # Read once: for the pairs, and for what they would change.
    snapshot = MappingSnapshot.of_near_misses(workspace)
    safe = safe_counts.pairs_of(workspace, tab, snapshot=snapshot)
    pairs, left_out = (
        ticked_pairs(workspace, tab, row_keys, safe=safe) if row_keys else (_pairs_of_safe(workspace, safe), [])
    )
    keys = ticked.chosen_keys(request, at_first=(pair.key for pair in pairs)) | {*others.ticked_keys}
    shown = _shown(request, others)
    moved = [pair for pair in pairs if pair.key in shown and pair.differs(shown[pair.key])]
    keys -= {pair.key for pair in moved}
    chosen = [pair.choice for pair in pairs if pair.key in keys]
    if not row_keys:
        # A project whose client is not ticked is left out here, as it will be on acceptance.
        acceptable, left_out = among(safe, keys & {pair.key for pair in pairs})
        chosen = [pair.choice for pair in acceptable]
    left_out = [*_moved_sentences(moved, pairs, shown), *left_out]
    known = None if row_keys else snapshot
    context: AcceptContext = {
        **ticked.context_of(workspace, rows),
        **_page_context(request, pairs, keys, shown, moved),
        "keys": keys,
        "count": len(chosen),
        "left_out": left_out[:MAX_LEFT_OUT],
        "more_left_out": len(left_out[MAX_LEFT_OUT:]),
        "forecast": forecast(workspace, chosen, snapshot=known) if chosen else None,
    }
    title = "Accept selected pairs" if row_keys else "Accept all safe pairs"
    return access.show(request, "desk/bulk_accept.html", context, title=title)


def _moved_sentences(moved: Sequence[Pair], pairs: Sequence[Pair], shown: Shown) -> list[tuple[str, str]]:
    """Return what became of pairs that were shown before, each with its key: nobody looked at them as they are now."""
    sentences = [(pair.key, f"{pair.name} has changed since you opened this list; look at it again.") for pair in moved]
    if gone := len(shown.keys() - {pair.key for pair in pairs}):
        sentences.append(("", f"{number(gone, 'pair is,pairs are')} gone: decided meanwhile, or not safe any more."))
    return sentences


def _page_context(
    request: HttpRequest, pairs: Sequence[Pair], keys: Collection[str], shown: Shown, moved: Sequence[Pair]
) -> PairsContext:
    """Return the context of one page of the pairs, narrowed by `find`, and of what its form says of all others."""
    params = request.POST if request.method == "POST" else request.GET
    find = str(params.get("find", ""))[:200].strip()
    found = [pair for pair in pairs if search_form(find) in pair.search_text] if find else pairs
    current = Paginator(found, rows_a_page(request, ROWS_A_PAGE)).get_page(params.get("to") or params.get("page") or 1)
    on_page, unseen = {pair.key for pair in current}, {pair.key for pair in moved}
    others = Elsewhere()
    for pair in pairs:
        if pair.key not in on_page:
            # As the person saw it, whatever it is by now: only what was shown is accepted.
            is_known = pair.key in shown and pair.key not in unseen
            text = "=".join((pair.key, *shown[pair.key])) if is_known else pair.shown_as
            (others.ticked if pair.key in keys else others.unticked).append(text)
    return {"listed": pairs, "page": current, "find": find, "elsewhere": others if others.shown else None}


def _pairs_of_safe(workspace: Workspace, pairs: Collection[SafePair]) -> list[Pair]:
    unlinked = [(pair.kind, pair.clockify_id, pair.name, pair.client_id) for pair in pairs]
    versions = versions_of_unlinked(workspace, unlinked)
    return [_pair_of_safe(pair, versions[pair.kind, pair.clockify_id]) for pair in pairs]


def _pair_of_safe(pair: SafePair, version: str = "") -> Pair:
    facts = (pair.name, pair.client_name, pair.quickbooks_name, "", pair.why, pair.minutes, pair.entries)
    return Pair(pair.key, pair.choice, *facts, version=version)


def ticked_pairs(
    workspace: Workspace, tab: str, keys: list[str], *, safe: Collection[SafePair] = ()
) -> tuple[list[Pair], list[tuple[str, str]]]:
    """Return the rows' clear suggestions as pairs, most held time first, and the rows without one, each with why."""
    safe_keys = {pair.key for pair in safe}
    pairs, left_out = [], []
    rows = ticked.rows_of(workspace, tab, keys)
    for row in rows:
        if row.clear is None:
            left_out.append((row.key, f"{named(row.name, row.ref.kind)} has no clear suggestion."))
        else:
            pairs.append(_pair_of_row(row, row.clear, is_safe=row.key in safe_keys))
    return sorted(pairs, key=lambda pair: (-pair.minutes, pair.key)), left_out


def _pair_of_row(row: Row, suggestion: Option, *, is_safe: bool) -> Pair:
    choice = Choice("link", row.ref.kind, row.ref.clockify_id, suggestion.id, suggestion.kind == Kind.VENDOR)
    client_name = row.mismatch.clockify_client if row.mismatch else ""
    minutes, entries = (row.mismatch.blocked_minutes, row.mismatch.blocked_entries) if row.mismatch else (0, 0)
    why = f"{suggestion.percent}% {suggestion.why}"
    facts = (suggestion.name, suggestion.parent, why, minutes, entries, is_safe, row.version)
    return Pair(row.key, choice, row.name, client_name, *facts)


# --- accepting -------------------------------------------------------------------------------------------------
def _accept(request: HttpRequest, workspace: Workspace, rows: Ticked, keys: set[str]) -> HttpResponse:
    now, before = timezone.now(), page_context.ready(workspace)
    try:
        if not keys:
            raise Refused("Nothing is selected.")
        with evaluate.deciding(workspace, now=now):
            applied, left_out = _apply(request, workspace, rows.tab, rows.keys, keys, now)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(request.get_full_path())
    after = page_context.ready(workspace)
    unblocked = after[0] - before[0]
    text = (
        f" {number(unblocked, 'entry,entries')}, {in_hours(after[1] - before[1])}, can now be sent."
        if unblocked > 0
        else ""
    )
    if applied.taken:
        messages.success(request, f"Linked {number(applied.taken, 'pair,pairs')}.{text}")
    for warning in [*applied.warnings, *(message for _, message in [*applied.refused, *left_out])]:
        messages.warning(request, warning)
    return redirect(rows.back(workspace))


def _apply(
    request: HttpRequest, workspace: Workspace, tab: str, row_keys: list[str], keys: set[str], now: datetime
) -> tuple[Applied, list[tuple[str, str]]]:
    """Accept the ticked pairs; return the batch, and the keys left out, each with why. Raises Refused."""
    # Only what was shown is accepted: a suggestion that changed meanwhile would link a partner nobody looked at.
    shown = _shown(request, elsewhere.of(request))
    safe = safe_counts.pairs_of(workspace, tab) if not row_keys else []
    pairs, left_out = (
        ticked_pairs(workspace, tab, [key for key in row_keys if key in keys])
        if row_keys
        else ([_pair_of_safe(pair) for pair in safe if pair.key in keys], [])
    )
    changed = [pair for pair in pairs if shown.get(pair.key, ("", ""))[0] != pair.partner]
    left_out += [(pair.key, f"{pair.name} is suggested otherwise now; look again.") for pair in changed]
    versions = {key: version for key, (_, version) in shown.items()}
    if not row_keys:
        unchanged = keys - {pair.key for pair in changed}
        applied, no_longer_safe = accept_safe(
            workspace, pairs=safe, keys=unchanged, shown=versions, now=now, person=request.user
        )
        return applied, [*left_out, *no_longer_safe]
    choices = [replace(pair.choice, version=versions[pair.key]) for pair in pairs if pair not in changed]
    return apply(workspace, choices, now=now, person=request.user, note=TICKED_NOTE), left_out


def _shown(request: HttpRequest, others: Elsewhere) -> Shown:
    """Return partner and version of the pairs that the sheet showed, by key. Raises Refused for one without version."""
    shown = {}
    for text in [*request.POST.getlist("shown"), *others.shown]:
        key, _, rest = text.partition("=")
        partner, _, version = rest.partition("=")
        shown[key] = (partner, str(Version.parse(version)))
    return shown
