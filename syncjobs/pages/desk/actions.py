"""What a press on the desk does: the decision's verb, what it says, and what it warns of."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from integrations.models import Workspace
from mapping.decisions import batch, partner_search, undo
from mapping.decisions.batch import Choice
from mapping.decisions.decide import LEFT_OUT_THERE
from mapping.desk.index import TABS
from mapping.errors import Refused
from syncjobs.display.formatting import number

NOTE = 500


@dataclass
class Decided:
    """What was done, in words; `key` is the row it was about."""

    said: str
    key: str = ""
    warnings: list[str] = field(default_factory=list)


def decide(request: HttpRequest, workspace: Workspace, *, now: datetime) -> Decided:
    """Take the decision that was posted. Raises Refused with the sentence to show."""
    verb = VERBS.get(request.POST.get("verb", ""))
    if verb is None:
        raise Refused("Nothing was chosen.")
    return verb(request, workspace, now)


def chosen(request: HttpRequest) -> str:
    """The picked record, or the typed one; both at once could mean either, so neither is taken."""
    picked, typed = request.POST.get("partner", ""), request.POST.get("other", "").strip()
    if picked in {"", "other"}:
        return typed
    if typed:
        raise Refused(f"You wrote “{typed}” and picked another record; leave one of them out.")
    return picked


def note_of(request: HttpRequest) -> str:
    return request.POST.get("note", "")[:NOTE]


def _about(request: HttpRequest, *, more: Collection[str] = ()) -> tuple[str, str]:
    kind, clockify_id = request.POST.get("kind", ""), request.POST.get("id", "")
    if kind not in TABS and kind not in more:
        raise Refused("The desk decides about users, clients and projects.")
    return kind, clockify_id


def _link(request: HttpRequest, workspace: Workspace, now: datetime) -> Decided:
    kind, clockify_id = _about(request)
    quickbooks_kind, quickbooks_id = partner_search.meant(workspace, kind, chosen(request))
    choice = Choice("link", kind, clockify_id, quickbooks_id, quickbooks_kind == "vendor")
    warnings = batch.take(workspace, choice, now=now, person=request.user, note=note_of(request))
    return Decided("Linked.", f"{kind}-{clockify_id}", warnings)


Verb = Callable[[HttpRequest, Workspace, datetime], Decided]


def _plain(verb: str, said: str, *, there: str = "") -> Verb:
    """A decision that needs no partner; `there` is said where it may be about what only QuickBooks has, too."""

    def decide(request: HttpRequest, workspace: Workspace, now: datetime) -> Decided:
        kind, clockify_id = _about(request, more=LEFT_OUT_THERE if there else ())
        choice = Choice(verb, kind, clockify_id)
        warnings = batch.take(workspace, choice, now=now, person=request.user, note=note_of(request))
        return Decided(there if kind in LEFT_OUT_THERE else said, f"{kind}-{clockify_id}", warnings)

    return decide


def _undo(request: HttpRequest, workspace: Workspace, now: datetime) -> Decided:
    """One decision, or all of one press."""
    facts: dict[str, Any] = {"now": now, "person": request.user, "note": note_of(request)}
    if request.POST.get("batch"):
        undone = undo.undo_batch(workspace, _batch(request.POST["batch"]), **facts)
        kept = [reason for _, reason in undone.kept]
        return Decided(f"Took back {number(len(undone.taken_back), 'decision,decisions')}.", "", kept)
    if not request.POST.get("decision", "").isdigit():
        raise Refused("Nothing was chosen.")
    made = undo.undo_decision(workspace, int(request.POST["decision"]), **facts)
    return Decided("Taken back; it stands as before.", f"{made.kind}-{made.clockify_id}")


def _batch(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Refused("Nothing was chosen.") from None


VERBS: dict[str, Verb] = {
    "link": _link,
    "confirm": _plain("confirm", "Confirmed."),
    "unlink": _plain("unlink", "Unlinked; what was sent stays where it is."),
    "ignore": _plain("ignore", "Ignored; its time is left out.", there="Ignored; Clockify does not lack it."),
    "stop_ignoring": _plain("stop_ignoring", "Not ignored any more.", there="Listed again."),
    "undo": _undo,
}
