"""Writes that got no clear answer and that QuickBooks does not have: sent again, waited for, or planned again.

A stored body is sent again only while today's plan is still exactly that body. Otherwise its grounds are gone: it waits
until it can no longer arrive, and the entry is planned as it is now.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from integrations.models import Workspace
from syncjobs.ledger import journal, snapshots
from syncjobs.ledger.snapshots import Tried
from syncjobs.models import Action, Receipt, Run
from syncjobs.rules.codes import Code
from syncjobs.rules.drafts import draft
from syncjobs.rules.drafts.draft import Draft
from syncjobs.rules.drafts.eligibility import Entry, Resolution
from syncjobs.rules.reasons import Reason
from syncjobs.rules.steps import changes
from syncjobs.rules.steps.changes import Step
from syncjobs.rules.verbs import Verb

State = Action.State


@dataclass(frozen=True, slots=True)
class Absent:
    """A create that a reading did not find. `may_arrive`: when that reading began, it could still arrive."""

    action: Action
    may_arrive: bool

    @property
    def part(self) -> int:
        """0 for the entry's own activity, else the number of the correction."""
        return snapshots.part_of(self.action)

    @property
    def draft(self) -> Draft:
        return snapshots.draft_of(self.action)

    @property
    def protects_from_doubles(self) -> bool:
        """Whether its request id may be sent again at once: alone, and not called a duplicate by QuickBooks."""
        return self.action.batch_id is None and not self.action.duplicate_id_said


def send_again(step: Step, absent: Absent) -> Step | None:
    """Return the step that sends the stored body again, or None where today's plan is another one."""
    # A given up write is sent again only once it can no longer arrive, under a new request id.
    if absent.action.state != State.SENDING or not absent.protects_from_doubles:
        return None
    if step.verb != Verb.CREATE or step.draft is None or draft.create_body(step.draft) != absent.action.body:
        return None
    return replace(step, action_id=absent.action.pk, why=_WHY)


def send_correction_again(entry: Entry, resolution: Resolution, absent: Absent, today: Draft | None) -> Step | None:
    """Return the step that sends a correction again while the entry is as it was when a person asked for it.

    `today`: the draft of the whole entry, of which the correction has some of the minutes.
    """
    same_content = snapshots.content_hash_of(absent.action) == entry.content_hash
    if not same_content or not resolution.may_go or today is None or not absent.protects_from_doubles:
        return None
    if replace(today, minutes=absent.draft.minutes) != absent.draft or absent.action.state != State.SENDING:
        return None
    return Step(entry.id, Verb.CREATE, _WHY, draft=absent.draft, part=absent.part, action_id=absent.action.pk)


_WHY = "An earlier run sent it without an answer; it did not arrive and is sent again."


@dataclass(frozen=True, slots=True)
class Unanswered:
    """The latest writes of a workspace's entries that ended without an answer, by entry id."""

    by_entry: Mapping[str, Action]

    def with_closed(self, actions: Iterable[Action]) -> Unanswered:
        """Return these and the actions that are closed now since they did not arrive."""
        return Unanswered({**self.by_entry, **{action.entry_id: action for action in actions}})

    def tried(self, step: Step, content_hash: str) -> Tried | None:
        """Return how many runs tried this write of this content, and which run did last; None where none did.

        What was given up and is written all the same is written by a person's word: its tries count from the start.
        """
        action = self._same(step.entry_id, step.verb, content_hash)
        if action is None or is_given_up(action) or snapshots.part_of(action) != step.part:
            return None
        return {"runs": action.tried_runs, "run": action.tried_in}

    def forget_edited(self, entry_id: str, content_hash: str, *, as_sent: bool) -> None:
        """Let no earlier try count any more if the entry was edited since, even where it is edited back later.

        `as_sent`: QuickBooks has it as it is now, so that a change which was tried is not wanted any more.
        """
        action = self.by_entry.get(entry_id)
        if action is None or not action.tried_runs:
            return
        is_edited = snapshots.content_hash_of(action) != content_hash
        if is_edited or (as_sent and action.verb != Verb.CREATE):
            journal.forget_tries(action)

    def refusal(self, entry_id: str, verb: str, content_hash: str) -> Reason | None:
        """Return why this write is not tried any more, or None: neither edited since, nor asked for by a person."""
        action = self._same(entry_id, verb, content_hash)
        return given_up_reason(action) if action and is_given_up(action) and not snapshots.part_of(action) else None

    def hold(self, step: Step, content_hash: str, *, ignored: bool = False) -> Step:
        """Return the step, blocked if its write was given up, or a correction of the entry. `ignored`: by a person."""
        reason = self.refusal(step.entry_id, step.verb, content_hash) if step.writes else None
        # Nobody wants to add to an entry that was deleted or ignored since.
        if reason is None and step.verb != Verb.BLOCK and not step.gone and not ignored:
            action = self._same(step.entry_id, Verb.CREATE, content_hash)
            reason = given_up_reason(action) if action and is_given_up(action) and snapshots.part_of(action) else None
        return changes.hold(step, reason, why="QuickBooks gave no clear answer in several runs.") if reason else step

    def _same(self, entry_id: str, verb: str, content_hash: str) -> Action | None:
        action = self.by_entry.get(entry_id)
        if action is None or action.verb != verb or snapshots.content_hash_of(action) != content_hash:
            return None
        return action


def load(workspace: Workspace, *, by_undo: bool = False) -> Unanswered:
    """Return the workspace's unanswered writes: those of undos, or all others. Of an entry the latest one counts.

    Not those from before the last write of their entry that QuickBooks confirmed: the entry was edited since.
    """
    rows = Action.objects.of(workspace).filter(state__in=[State.MISSING, State.GIVEN_UP])
    # What an undo tried to delete says nothing about a deletion that Clockify asks for.
    rows = rows.filter(run__kind=Run.Kind.UNDO) if by_undo else rows.exclude(run__kind=Run.Kind.UNDO)
    actions = {action.entry_id: action for action in rows.order_by("pk")}
    changed_at = _last_changes(workspace, list(actions))
    return Unanswered({key: action for key, action in actions.items() if not _is_older(action, changed_at.get(key))})


def _last_changes(workspace: Workspace, entry_ids: list[str]) -> dict[str, datetime]:
    """Return when QuickBooks last confirmed a write of each entry, corrections included."""
    last: dict[str, datetime] = {}
    # In chunks: SQLite limits the parameters of one query.
    for start in range(0, len(entry_ids), 500):
        chunk = entry_ids[start : start + 500]
        rows = Receipt.objects.filter(workspace=workspace, company=workspace.company, entry_id__in=chunk)
        for entry_id, changed_at in rows.values_list("entry_id", "changed_at"):
            last[entry_id] = max(changed_at, last.get(entry_id, changed_at))
    return last


def _is_older(action: Action, changed_at: datetime | None) -> bool:
    return changed_at is not None and action.ended_at is not None and action.ended_at < changed_at


def is_given_up(action: Action) -> bool:
    """Return True for a write that is not tried any more; an edit of its entry since then ends that."""
    return action.state == State.GIVEN_UP and action.tried_runs > 0


def given_up_reason(action: Action) -> Reason:
    """Return the reason of a write that was given up, with QuickBooks' last words."""
    words = action.error_message or "no answer"
    return Reason(Code.QUICKBOOKS_REFUSED, {"error": action.error_code, "words": words, "runs": action.tried_runs})
