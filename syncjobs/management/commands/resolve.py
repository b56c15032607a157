from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from integrations.models import TimeEntry
from mapping.errors import Refused
from syncjobs import decisions
from syncjobs.decisions import NewEntryDecision
from syncjobs.management import base
from syncjobs.models import EntryOverride, EntryStatus, Run, RunItem
from syncjobs.planning import inputs
from syncjobs.rules import reasons
from syncjobs.rules.codes import Code
from syncjobs.rules.steps import corrections
from syncjobs.run_options import RunDetails
from syncjobs.runs import correction
from syncjobs.runs.execution import RunExecution
from syncjobs.runs.figures import exit_code
from syncjobs.runs.lifecycle import request_run
from syncjobs.settling import adopt, manual, retry
from syncjobs.support import explain

DECISIONS = ("retry", "leave_out", "send_anyway", "adopt=ID", "keep_quickbooks", "send_clockify")


class Command(base.Command):
    help = "Take one of the decisions of an entry's page. Only send_clockify writes to QuickBooks at once."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("entry_id", metavar="ENTRY_ID")
        parser.add_argument("decision", metavar="DECISION", help=", ".join(DECISIONS))

    def work(self, **options: Any) -> int | None:
        entry, decision = self._entry(options), options["decision"].strip()
        word, _, activity_id = decision.partition("=")
        take = getattr(self, f"_{word}", None) if decision in DECISIONS or word == "adopt" else None
        if take is None or (word == "adopt" and not activity_id):
            raise base.Problem(f"{decision!r} is no decision; write one of {', '.join(DECISIONS)}.")
        message = take(entry, activity_id) if word == "adopt" else take(entry)
        run = message if isinstance(message, Run) else None
        return self._print(entry, run, "" if run else str(message), as_json=options["json"])

    def _entry(self, options: base.Options) -> TimeEntry:
        """Return the entry, which must have been read before. Raises Problem."""
        named = self.workspace(options) if options["workspace"] else None
        entries = TimeEntry.objects.filter(clockify_id=options["entry_id"].strip()).select_related("workspace__company")
        entry = (entries.filter(workspace=named) if named else entries).first()
        if entry is None:
            # With no workspace at all, this says NOT_CONNECTED instead of naming the entry.
            self.connected_workspace({"workspace": named.clockify_id if named else None})
            raise base.Problem(
                f"There is no time entry {options['entry_id']} here.", fix="`check_for_new` reads those of the window."
            )
        self.connected_workspace({"workspace": entry.workspace.clockify_id})
        return entry

    # --- decisions -----------------------------------------------------------------------------------------
    def _retry(self, entry: TimeEntry) -> str:
        uncertain = _uncertain(entry)
        if uncertain is not None:
            ids = ", ".join(sorted(uncertain.seen)) or "none any more"
            raise Refused(
                f"QuickBooks has activities that may be this entry's own ({ids}): write adopt=ID if one is, "
                "send_anyway if none is, or leave_out."
            )
        return retry.try_again(entry.workspace, entry, now=timezone.now())

    def _leave_out(self, entry: TimeEntry) -> str:
        uncertain = _uncertain(entry)
        if uncertain is not None:
            manual.leave_out(uncertain, now=timezone.now())
            return "It is left out from now on, and no longer looked for in QuickBooks."
        decisions.ignore(_decision(entry))
        return "It is left out from now on; what was sent before stays where it is."

    def _send_anyway(self, entry: TimeEntry) -> str:
        uncertain = _uncertain(entry)
        if uncertain is not None:
            manual.send_again(uncertain, now=timezone.now())
            return "None of the activities that may be its own is it; the next sync sends it again."
        _refuse_deleted(entry)
        status = EntryStatus.objects.filter(entry=entry).first()
        codes = [row["code"] for row in status.reasons] if status else []
        held_by = [code for code in codes if code in reasons.MAY_BE_SET_ASIDE]
        if not held_by:
            raise Refused("Nothing that may be set aside holds this entry.")
        for code in held_by:
            decisions.send_anyway(_decision(entry), code)
        return f"{', '.join(held_by)} set aside; the next sync sends it if nothing else holds it."

    def _adopt(self, entry: TimeEntry, activity_id: str) -> str:
        uncertain = _uncertain(entry)
        if uncertain is not None:
            manual.take(uncertain, activity_id, now=timezone.now())
            return f"Activity {activity_id} is this entry's own now; nothing was written to QuickBooks."
        _refuse_deleted(entry)
        return adopt.told(adopt.adopt(entry.workspace, entry, activity_id, now=timezone.now()))

    def _keep_quickbooks(self, entry: TimeEntry) -> str:
        _look(entry, "keep")
        decisions.keep_quickbooks(_decision(entry))
        return "QuickBooks keeps what it has, and nothing is written for this entry."

    def _send_clockify(self, entry: TimeEntry) -> Run:
        """Preview what overwriting QuickBooks would write, then write exactly that."""
        explanation = _look(entry, "overwrite")
        if Code.BILLED_IN_QUICKBOOKS in explanation.evaluation.codes:
            raise Refused("It is billed in QuickBooks; the invoice is left as is. Correct it there if it is wrong.")
        details = correction.run_details(entry.workspace, entry, corrections.OVERRIDE)
        preview = self._carry_out(entry, {**details, "dry_run": True})
        if exit_code(preview):
            return preview
        _refuse_held(preview)
        return self._carry_out(entry, {**details, "options": correction.as_shown(preview)})

    def _carry_out(self, entry: TimeEntry, details: RunDetails) -> Run:
        run = request_run(Run.Kind.SYNC, entry.workspace, trigger=Run.Trigger.COMMAND, now=timezone.now(), **details)
        RunExecution(run, on_stage=self.progress).work()
        return run

    # --- result --------------------------------------------------------------------------------------------
    def _print(self, entry: TimeEntry, run: Run | None, message: str, *, as_json: bool) -> int:
        code = exit_code(run) if run is not None else 0
        if run is not None and run.error_code:
            self.progress(f"{run.error_message} {run.error_fix}")
        explanation = explain.explain(entry.workspace, entry.clockify_id, now=timezone.now()).as_json()
        state = explanation["state"]
        message = message or f"{run}: the entry is {state} now."
        if as_json:
            self.print_json({**explanation, "message": message, **({"run": run.pk} if run else {})})
        else:
            self.stdout.write(message)
            for reason in explanation["reasons"]:
                self.stdout.write(f"  {reason['code']}: {reason['message']} {reason['fix']}")
        return code


def _decision(entry: TimeEntry) -> NewEntryDecision:
    return NewEntryDecision(entry.workspace, entry, at=timezone.now())


def _uncertain(entry: TimeEntry) -> manual.UncertainWriteDecision | None:
    """Return the entry's write that a person has to decide about, with the activities that QuickBooks has now."""
    workspace = entry.workspace
    waiting = [action for action in manual.waiting(workspace) if action.entry_id == entry.clockify_id]
    for write in manual.look(workspace, waiting):
        seen = {activity.id: activity.sync_token for activity in write.alike}
        return manual.UncertainWriteDecision(workspace, write.action.pk, seen)
    return None


def _look(entry: TimeEntry, verb: str) -> explain.Explanation:
    """Return how both sides stand now. Raises Refused where QuickBooks has nothing of the entry to `verb`, or all."""
    explanation = explain.explain(entry.workspace, entry.clockify_id, now=timezone.now())
    entry.refresh_from_db()
    receipt = inputs.receipts_by_entry(entry.workspace, [entry.clockify_id]).get(entry.clockify_id)
    override = EntryOverride.objects.filter(workspace=entry.workspace, clockify_id=entry.clockify_id).first()
    state = explanation.evaluation.state
    if state == EntryStatus.State.UNKNOWN:
        raise Refused("Its last write is still looked for; the next sync says what became of it.")
    if receipt is None:
        raise Refused(f"Nothing of this entry is in QuickBooks, so there is nothing to {verb}.")
    is_kept = override is not None and (override.kept or override.ignored)
    if state == EntryStatus.State.SENT and not (explanation.differences or receipt.conflict or is_kept):
        raise Refused(f"QuickBooks has it as it was sent, so there is nothing to {verb}.")
    return explanation


def _refuse_held(preview: Run) -> None:
    """Raise Refused where the preview would write nothing, since QuickBooks says what our own books did not know."""
    held = preview.items.filter(outcome=RunItem.Outcome.BLOCKED).first()
    if held is not None:
        # A conflict is told in `why`.
        others = [row for row in held.reasons if row["code"] not in reasons.CONFLICTS]
        raise Refused(" ".join([held.why, *map(reasons.sentence, others)]))


def _refuse_deleted(entry: TimeEntry) -> None:
    if entry.deleted_at is not None:
        raise Refused("The entry was deleted in Clockify; there is nothing left to send.")
