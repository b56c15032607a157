from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.database import database_now, with_reconnect
from integrations.reading import shrunk_lists
from syncjobs.management import base
from syncjobs.management.run_command import unknown_zone_sentences
from syncjobs.models import Run
from syncjobs.planning.window import REPORT_SHORT
from syncjobs.runs.execution import RunExecution
from syncjobs.runs.figures import CheckJson, check_json, exit_code
from syncjobs.runs.lifecycle import request_run


class Command(base.Command):
    help = "Check for new users and customers: read both sides, pull the window's entries, match again."

    def zeros(self, options: base.Options) -> Mapping[str, Any]:
        return check_json(Run(kind=Run.Kind.CHECK, status=Run.Status.FAILED))

    def work(self, **options: Any) -> int | None:
        workspace = self.connected_workspace(options)
        run = request_run(Run.Kind.CHECK, workspace, trigger=Run.Trigger.COMMAND, now=database_now())
        RunExecution(run, on_stage=self.progress).work()
        shown = with_reconnect(lambda: check_json(run))
        if run.error_code:
            self.progress(f"{run.error_message} {run.error_fix}")
        for sentence in unknown_zone_sentences(run):
            self.progress(sentence)
        if options["json"]:
            self.print_json(shown)
        elif not run.error_code:
            self._print_result(run, shown)
        return with_reconnect(lambda: exit_code(run))

    def _print_result(self, run: Run, shown: CheckJson) -> None:
        for side in ("clockify", "quickbooks"):
            for name, counts in shown[side].items():
                changes = ", ".join(f"{counts[word]} {word}" for word in ("new", "changed", "gone") if counts[word])
                self.stdout.write(f"{side} {name}: {counts['seen']} seen{f', {changes}' if changes else ''}")
        for shrunk in shrunk_lists.of_workspace(run.workspace):
            self.stdout.write(f"{shrunk.sentence} {shrunk_lists.NOT_BELIEVED}")
        if lacking := shown["warnings"].get(REPORT_SHORT):
            self.stdout.write(f"Clockify's report counts {lacking:,} more time entries than it lists (REPORT_SHORT).")
        for name, counts in shown["mapping"].items():
            self.stdout.write(f"{name}: {counts['mapped']} mapped, {counts['unmapped']} not")
        self.stdout.write(f"plan: {shown['plan'].get('message', '')}")
