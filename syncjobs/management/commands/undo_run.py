from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from integrations.database import database_now
from integrations.models import Workspace
from mapping.errors import Refused
from syncjobs.management import base, run_command
from syncjobs.models import Run
from syncjobs.run_options import RunOptions
from syncjobs.runs import undo
from syncjobs.runs.figures import UNDO_FIGURES, UndoJson, undo_json
from syncjobs.runs.lifecycle import request_run


class Command(run_command.RunCommand):
    figures, progress_verb = UNDO_FIGURES, "done"
    help = "Undo what a run created in QuickBooks, where it is unbilled and unchanged."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("undone", metavar="RUN", type=int, help="number of the run")
        parser.add_argument("--dry-run", action="store_true", help="say what would be deleted, delete nothing")
        parser.add_argument(
            "--ignore", action="store_true", help="also leave these entries out of later syncs, until a person says so"
        )

    def zeros(self, options: base.Options) -> Mapping[str, Any]:
        return {
            "run": None,
            "status": "failed",
            "dry_run": options["dry_run"],
            "undone_run": options["undone"],
            "ignore": options["ignore"],
            **self.zero_figures(),
            "api_calls": {"clockify": 0, "quickbooks": 0},
        }

    def work(self, **options: Any) -> int | None:
        now = database_now()
        undone = self._undone_run(options)
        run = request_run(
            Run.Kind.UNDO,
            undone.workspace,
            trigger=Run.Trigger.COMMAND,
            now=now,
            dry_run=options["dry_run"],
            options=RunOptions(undo=undone.pk, ignore=options["ignore"]),
        )
        return self.carry_out(run, as_json=options["json"])

    def _undone_run(self, options: base.Options) -> Run:
        """Return the named run. Raises Refused if it can't be undone or is not of the named workspace."""
        # With no workspace at all, this says NOT_CONNECTED instead of "There is no run".
        named_workspace = self.workspace(options) if options["workspace"] or not Workspace.objects.exists() else None
        run = undo.find(options["undone"], now=database_now())
        if named_workspace is not None and run.workspace_id != named_workspace.pk:
            raise Refused(f"Run {run.pk} belongs to the workspace {run.workspace}, not to {named_workspace}.")
        # Raises Problem where QuickBooks was disconnected after that run.
        self.connected_workspace({"workspace": run.workspace.clockify_id})
        return run

    def result(self, run: Run) -> UndoJson:
        return undo_json(run)

    def print_result(self, shown: Mapping[str, Any]) -> None:
        would = "would be " if shown["dry_run"] else ""
        self.stdout.write(f"Run {shown['run']}, undo of run {shown['undone_run']}: {shown['status']}")
        self.stdout.write(
            f"{shown['seen']} created: {shown['deleted']} {would}deleted ({shown['minutes_deleted'] / 60:.2f} h), "
            f"{shown['already_gone']} taken back before, {shown['blocked']} blocked, {shown['failed']} failed, "
            f"{shown['unknown']} in doubt; {shown['left_alone']} other changes of that run are left alone"
        )
        for code, count in shown["blocked_reasons"].items():
            self.stdout.write(f"  {code}: {count}")
        if shown["deleted"]:
            self.stdout.write(_afterwards(shown))

    def partial_message(self, shown: Mapping[str, Any]) -> str:
        counts = run_command.failure_counts(shown)
        return f"Of the entries, {counts}; `explain ENTRY_ID` says why, and undoing again goes on."


def _afterwards(shown: Mapping[str, Any]) -> str:
    if shown["ignore"]:
        return "These entries are left out until someone stops ignoring them."
    if not undo.sends_again(Run.objects.get(pk=shown["undone_run"])):
        return "The entry waits for review again, under Changed after sending; nothing is sent for it automatically."
    return "The next sync sends these entries again, once each; --ignore leaves them out."
