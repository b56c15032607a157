"""A run that corrects one entry which was billed, or changed by hand, after it was sent, as a person decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from integrations.models import TimeEntry, Workspace
from integrations.quickbooks.payloads import Activity
from mapping.errors import Refused
from syncjobs import run_counters
from syncjobs.ledger import activities
from syncjobs.models import Receipt, Run
from syncjobs.planning import build, inputs, save, window
from syncjobs.planning.build import Plan
from syncjobs.planning.context import load_context
from syncjobs.planning.unanswered import Absent
from syncjobs.rules.billing import Billing
from syncjobs.rules.codes import ByHand, Code
from syncjobs.rules.reasons import Reason
from syncjobs.rules.steps import changes, corrections
from syncjobs.rules.verbs import Verb
from syncjobs.run_options import RunDetails, RunOptions
from syncjobs.runs.sync import Sync


def run_details(workspace: Workspace, entry: TimeEntry, option: str) -> RunDetails:
    """Return what a preview is requested with. Raises Refused if nothing of this entry is in QuickBooks."""
    receipt = inputs.receipts_by_entry(workspace, [entry.clockify_id]).get(entry.clockify_id)
    if receipt is None or option not in corrections.WAYS:
        raise Refused("This entry is not in QuickBooks; the next sync sends it if nothing holds it.")
    # A deleted entry's own date may be outdated: only the date it was sent for is known to QuickBooks.
    work_date = receipt.txn_date if entry.deleted_at is not None else entry.txn_date
    return {"first": work_date, "last": work_date, "options": RunOptions(entries=(entry.clockify_id,), amend=option)}


def as_shown(preview: Run) -> RunOptions:
    """Return the options of the run that writes exactly what this preview showed."""
    return replace(RunOptions.of(preview), shown=run_counters.of(preview).get("shown"))


class CorrectionSync(Sync):
    """A sync of one entry as a person decided; it writes exactly what the preview showed, or nothing."""

    def _make_plan(self, time_window: window.Window, absent: Mapping[str, Absent], now: datetime) -> None:
        run, plan_writer = self._run, save.PlanWriter(self._run)
        # An earlier attempt at this run may have left its own.
        run_counters.of(run).pop("shown", None)
        plan = self._decided_plan(sorted(time_window.ids), sorted(time_window.gone), absent)
        if plan.has_writes:
            self._reread_subscription_if_old(now)
        plan_writer.add(plan)
        self._save_evaluations(plan, now)
        plan_writer.close()

    def _plan_again(self, entry_ids: set[str], absent: Mapping[str, Absent]) -> Plan:
        """Return the plan of the entry as it is now, as long as it is what the preview showed. Raises ApiError."""
        gone = self._unknown.gone() & entry_ids
        return self._decided_plan(sorted(entry_ids - gone), sorted(gone), absent)

    def _decided_plan(self, ids: Sequence[str], gone: Sequence[str], absent: Mapping[str, Absent]) -> Plan:
        """Plan what the person decided, from our own data and then against QuickBooks. Raises ApiError."""
        plan = self._intend(ids, gone, absent)
        activities_now = self._read_activities(plan)
        billing = self.billing_reader.read(activities_now.values())
        self._count_unreadable()
        plan.steps = [
            step if step.action_id else self._decide(step, plan, activities_now, billing) for step in plan.steps
        ]
        if plan.has_writes:
            plan.steps = build.check_existing_duplicates(plan, self._quickbooks, plan.steps)
        plan.steps = [self._hold_unless_shown(step, activities_now) for step in plan.steps]
        return plan

    def _intend(self, ids: Sequence[str], gone: Sequence[str], absent: Mapping[str, Absent]) -> Plan:
        """Plan from our own data; nothing is planned while a write of the entry has an unknown outcome."""
        plan = build.intend(self._run, load_context(self._run.workspace), ids, gone, absent)
        # While a correction that was given up may still arrive, no other one may take its place.
        may_arrive = {key for key, one in absent.items() if one.part and one.may_arrive}
        plan.steps = [
            step if step.action_id or step.entry_id in may_arrive else self._intend_step(step, plan)
            for step in plan.steps
        ]
        return plan

    def _intend_step(self, step: changes.Step, plan: Plan) -> changes.Step:
        sent = plan.sent.get(step.entry_id)
        if sent is None:
            return replace(
                step, verb=Verb.KEEP, why="It is not in QuickBooks any more; the next sync decides about it."
            )
        if step.gone:
            closed = plan.context.policy.closed
            # Corrections hold an entry back in a sync until a person decides, which happened here.
            return changes.intend_gone(step.entry_id, replace(sent, corrections=0), closed=closed)
        entry = plan.context.entry(plan.entries[step.entry_id])
        return corrections.intend(entry, plan.context.resolve(entry), sent)

    def _read_activities(self, plan: Plan) -> dict[str, Activity]:
        """Return the current activities of the planned entries, corrections included, by QuickBooks id."""
        ids = [step.entry_id for step in plan.steps if step.writes]
        rows = Receipt.objects.in_quickbooks(self._run.workspace).filter(entry_id__in=ids)
        return activities.by_ids(self._quickbooks, list(rows.values_list("quickbooks_id", flat=True))) if ids else {}

    def _decide(
        self, step: changes.Step, plan: Plan, activities_now: dict[str, Activity], billing: Billing
    ) -> changes.Step:
        sent = plan.sent.get(step.entry_id)
        if sent is None:
            return step
        if RunOptions.of(self._run).amend == corrections.OVERRIDE:
            return corrections.override(step, sent, activities_now.get(sent.quickbooks_id), billing)
        return corrections.correct(step, sent, activities_now.values(), billing, part=self._next_part(step.entry_id))

    def _next_part(self, entry_id: str) -> int:
        """Return the part number of the next correction; part 0 is the entry's own activity."""
        # Receipts that were taken back count too: a part is unique per entry, whatever its state.
        rows = Receipt.objects.filter(company=self._company, workspace=self._run.workspace, entry_id=entry_id)
        return max(rows.values_list("part", flat=True), default=0) + 1

    def _hold_unless_shown(self, step: changes.Step, activities_now: dict[str, Activity]) -> changes.Step:
        """Record in a preview what it shows; hold the step of the run after it if that is no longer the same."""
        run, fingerprint = self._run, corrections.fingerprint(step, activities_now)
        if run.dry_run:
            run_counters.count(run, shown=fingerprint)
            return step
        if not step.writes or step.action_id or RunOptions.of(run).shown == fingerprint:
            return step
        reason = Reason(Code.CHANGED_IN_QUICKBOOKS, {"how": ByHand.CHANGED})
        return changes.hold(step, reason, why="Something about it changed since the preview. Preview it again.")
