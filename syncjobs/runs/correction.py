"""Carrying out what a person decided about one entry that was billed, or changed by hand, after it was sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from integrations.models import TimeEntry, Workspace
from integrations.quickbooks.payloads import Activity
from mapping.errors import Refused
from syncjobs.ledger import activities
from syncjobs.models import Receipt, Run
from syncjobs.planning import build, inputs, window
from syncjobs.planning.build import Plan
from syncjobs.rules import changes, corrections
from syncjobs.rules.reasons import Reason
from syncjobs.runs.sync import Sync
from syncjobs.settling.settle import Resent

# In a preview's counters: what it showed. The run that is to write gets it back in its options.
SHOWN = "shown"


def run_options(workspace: Workspace, entry: TimeEntry, way: str) -> dict[str, Any]:
    """What a preview of it is asked for with. Raises Refused where there is nothing of this entry in QuickBooks."""
    receipt = inputs.receipts_by_entry(workspace, [entry.clockify_id]).get(entry.clockify_id)
    if receipt is None or way not in corrections.WAYS:
        raise Refused("This entry is not in QuickBooks; the next sync sends it if nothing holds it.")
    # Of an entry that is gone only the day is known that it was sent for.
    day = receipt.txn_date if entry.deleted_at is not None else entry.txn_date
    return {"first": day, "last": day, "options": {"entries": [entry.clockify_id], "amend": way}}


def as_shown(preview: Run) -> dict[str, Any]:
    """The options of the run that carries out what this preview showed, and nothing else."""
    return {**preview.options, SHOWN: preview.counters.get(SHOWN)}


class CorrectionSync(Sync):
    """A sync of one entry, whose plan is what a person asked for. Written is only what the preview showed."""

    def _make_plan(self, found: window.Window, resent: dict[str, Resent], now: datetime) -> None:
        run, book = self._run, build.PlanWriter(self._run)
        run.counters.pop(SHOWN, None)
        made = self._intend(found)
        there = self._read(made)
        made.steps = [self._decide(step, made, there) for step in made.steps]
        if made.has_writes:
            self._reread_subscription_if_old(now)
            made.steps = build.check_existing_duplicates(made, self._quickbooks, made.steps)
        made.steps = [self._as_shown(step, there) for step in made.steps]
        book.add(made)
        self._save_evaluations(made, now)
        book.close()

    def _intend(self, found: window.Window) -> Plan:
        """By our own books; nothing where a write of the entry is in doubt, or Clockify can't be believed."""
        run, context = self._run, inputs.load_context(self._run.workspace)
        made = build.intend(run, context, sorted(found.ids), sorted(found.gone))
        made.steps = [self._intend_one(step, made) for step in made.steps]
        return made

    def _intend_one(self, step: changes.Step, made: Plan) -> changes.Step:
        sent = made.sent.get(step.entry_id)
        if sent is None:
            return replace(step, verb="keep", why="It is not in QuickBooks any more; the next sync decides about it.")
        if step.gone:
            closed = made.context.policy.book_close_date
            return changes.intend_gone(step.entry_id, replace(sent, corrections=0), book_close_date=closed)
        entry = made.context.entry(made.entries[step.entry_id])
        item = made.context.policy.service_item
        return corrections.intend(entry, made.context.resolve(entry), sent, service_item=item)

    def _read(self, made: Plan) -> dict[str, Activity]:
        """All activities that the entry has, as they are now."""
        ids = [step.entry_id for step in made.steps if step.writes]
        rows = Receipt.objects.in_quickbooks(self._run.workspace).filter(entry_id__in=ids)
        return activities.by_ids(self._quickbooks, list(rows.values_list("quickbooks_id", flat=True))) if ids else {}

    def _decide(self, step: changes.Step, made: Plan, there: dict[str, Activity]) -> changes.Step:
        sent = made.sent.get(step.entry_id)
        if sent is None:
            return step
        if self._run.options["amend"] == corrections.OVERRIDE:
            return corrections.override(step, sent, there.get(sent.quickbooks_id))
        return corrections.correct(step, sent, there.values(), part=self._next_part(step.entry_id))

    def _next_part(self, entry_id: str) -> int:
        rows = Receipt.objects.filter(company=self._company, workspace=self._run.workspace, entry_id=entry_id)
        return max(rows.values_list("part", flat=True), default=0) + 1

    def _as_shown(self, step: changes.Step, there: dict[str, Activity]) -> changes.Step:
        """A preview notes what it shows; the run after it writes that or nothing."""
        run, now = self._run, corrections.fingerprint(step, there)
        if run.dry_run:
            run.counters = {**run.counters, SHOWN: now}
            return step
        if not step.writes or run.options.get(SHOWN) == now:
            return step
        reason = Reason("CHANGED_IN_QUICKBOOKS", {"how": "changed"})
        return changes.hold(step, reason, why="Something about it changed since the preview. Preview it again.")
