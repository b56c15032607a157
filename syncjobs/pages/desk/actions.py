"""Decisions that are posted from the desk: one function per verb, each with its message and warnings."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.http import HttpRequest, QueryDict

from integrations.models import Workspace
from integrations.typed_numbers import whole_number
from mapping.decisions import batch, notes, partner_search, undo
from mapping.decisions.decide import LEFT_OUT_THERE
from mapping.decisions.new_decision import NewDecision
from mapping.decisions.versions import Version
from mapping.desk.index import TABS
from mapping.errors import Refused
from syncjobs.display.formatting import number


@dataclass
class Decided:
    """A decision that was taken; `key` is the row it was about."""

    message: str
    key: str = ""
    warnings: list[str] = field(default_factory=list)


def decide(request: HttpRequest, workspace: Workspace, *, now: datetime) -> Decided:
    """Take the decision that was posted. Raises Refused with the sentence to show."""
    action = ACTIONS.get(request.POST.get("verb", ""))
    if action is None:
        raise Refused("Nothing was chosen.")
    return action(request, workspace, now)


def chosen(request: HttpRequest) -> str:
    """Return the record that was picked or typed, as text. Raises Refused for both, since either could be meant."""
    picked, typed = request.POST.get("partner", ""), request.POST.get("other", "").strip()
    if picked in {"", "other"}:
        return typed
    if typed:
        raise Refused(f"You wrote “{typed}” and picked another record; leave one of them out.")
    return picked


def note_of(values: QueryDict) -> str:
    return notes.cleaned(values.get("note", ""))


def _posted_record(request: HttpRequest, *, extra_kinds: Collection[str] = ()) -> tuple[str, str]:
    """Return kind and id of the record. Raises Refused unless it is of the desk's kinds or of `extra_kinds`."""
    kind, clockify_id = request.POST.get("kind", ""), request.POST.get("id", "")
    if kind not in TABS and kind not in extra_kinds:
        raise Refused("The desk decides about users, clients and projects.")
    return kind, clockify_id


def _posted_decision(
    request: HttpRequest, workspace: Workspace, now: datetime, *, extra_kinds: Collection[str] = ()
) -> NewDecision:
    """Return the decision that was posted, without a partner. Raises Refused where the page did not say its version."""
    kind, clockify_id = _posted_record(request, extra_kinds=extra_kinds)
    return NewDecision(
        workspace,
        kind,
        clockify_id,
        at=now,
        person=request.user,
        note=note_of(request.POST),
        version=str(Version.parse(request.POST.get("version", ""))),
    )


def _link(request: HttpRequest, workspace: Workspace, now: datetime) -> Decided:
    kind, _ = _posted_record(request)
    # An employee and a vendor can have the same id in QuickBooks, so the choice says which one is meant.
    partner = partner_search.meant(workspace, kind, chosen(request))
    decision = replace(_posted_decision(request, workspace, now), partner=partner)
    warnings = batch.take("link", decision)
    return Decided("Linked.", decision.key, warnings)


Action = Callable[[HttpRequest, Workspace, datetime], Decided]


def _without_partner(verb: str, message: str, *, quickbooks_message: str = "") -> Action:
    """Return the action of a decision that needs no partner.

    `quickbooks_message`: the message about a record that only QuickBooks has; without it such records are refused.
    """

    def decide(request: HttpRequest, workspace: Workspace, now: datetime) -> Decided:
        extra_kinds = LEFT_OUT_THERE if quickbooks_message else ()
        decision = _posted_decision(request, workspace, now, extra_kinds=extra_kinds)
        warnings = batch.take(verb, decision)
        return Decided(quickbooks_message if decision.kind in LEFT_OUT_THERE else message, decision.key, warnings)

    return decide


def _undo(request: HttpRequest, workspace: Workspace, now: datetime) -> Decided:
    """Undo one decision, or all of one batch; what could not be undone becomes a warning."""
    person, note = request.user, note_of(request.POST)
    if request.POST.get("batch"):
        undone = undo.undo_batch(workspace, _batch(request.POST["batch"]), now=now, person=person, note=note)
        warnings = [reason for _, reason in undone.kept]
        verb = "Redid" if undone.taken_back[0].verb == undo.REDO else "Undid"
        return Decided(f"{verb} {number(len(undone.taken_back), 'decision,decisions')}.", "", warnings)
    decision = whole_number(request.POST.get("decision", ""))
    if decision is None:
        raise Refused("Nothing was chosen.")
    undone_decision = undo.undo_decision(workspace, decision, now=now, person=person, note=note)
    message = "Redone." if undone_decision.verb == undo.REDO else "Undone; it is as it was before."
    return Decided(message, f"{undone_decision.kind}-{undone_decision.clockify_id}")


def _batch(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise Refused("Nothing was chosen.") from None


ACTIONS: dict[str, Action] = {
    "link": _link,
    "confirm": _without_partner("confirm", "Confirmed."),
    "unlink": _without_partner("unlink", "Unlinked; what was sent stays where it is."),
    "ignore": _without_partner(
        "ignore",
        "Ignored; its time is left out.",
        quickbooks_message="Ignored; no longer listed as missing in Clockify.",
    ),
    "stop_ignoring": _without_partner("stop_ignoring", "No longer ignored.", quickbooks_message="Listed again."),
    "undo": _undo,
}
