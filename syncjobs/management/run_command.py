"""A command that carries out a run in the foreground and prints its result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.clockify import unknown_zones
from integrations.database import with_reconnect
from syncjobs import run_counters
from syncjobs.management import base
from syncjobs.models import Run
from syncjobs.runs.execution import RunExecution
from syncjobs.runs.figures import exit_code

# For a database that was away, after the run itself has waited for it.
READ_SECONDS = 5.0
MAX_TOLD = 5


class RunCommand(base.Command):
    """A command with a run. Subclasses name its figures, the verb for finished records, and print the result."""

    figures: tuple[str, ...]
    progress_verb: str
    _run: Run | None = None

    def result(self, run: Run) -> Mapping[str, Any]:
        """Return what --json prints."""
        raise NotImplementedError

    def print_result(self, shown: Mapping[str, Any]) -> None:
        """Print the result as text."""
        raise NotImplementedError

    def partial_message(self, shown: Mapping[str, Any]) -> str:
        """Return why the exit code is 4 although the run came to its end."""
        raise NotImplementedError

    def carry_out(self, run: Run, *, as_json: bool) -> int:
        """Execute the run, print its result and return the exit code."""
        self._run = run
        RunExecution(run, on_stage=self.progress, on_progress=self._report_progress).work()
        if run.error_code:
            self.progress(f"{run.error_message} {run.error_fix}")
        # The database may have been away a moment ago, which is why the run ended.
        shown = with_reconnect(lambda: self.result(run), patience=READ_SECONDS)
        code = self.printed_code = with_reconnect(lambda: exit_code(run))
        for sentence in unknown_zone_sentences(run):
            self.progress(sentence)
        # The run itself has no error then, but some of its entries have.
        if code == base.CUT_SHORT and not run.error_code:
            self.progress(self.partial_message(shown))
        if as_json:
            self.print_json({**shown, **(self.zero_figures() if code == base.NOTHING_ATTEMPTED else {})})
        else:
            self.print_result(shown)
        return code

    def after_an_error(self, options: base.Options) -> tuple[int, Mapping[str, Any]]:
        """Return exit code and figures as far as they can be read: 4 unless nothing was attempted for certain."""
        run = self._run
        if run is None:
            return super().after_an_error(options)
        shown: Mapping[str, Any]
        try:
            code = exit_code(run) or base.CUT_SHORT
            shown = self.result(run)
        except Exception:
            code = base.CUT_SHORT if run_counters.of(run).get("attempted", True) else base.NOTHING_ATTEMPTED
            shown = {**self.zeros(options), "run": run.pk, "status": run.status}
        return code, {**shown, **(self.zero_figures() if code == base.NOTHING_ATTEMPTED else {})}

    def zero_figures(self) -> dict[str, Any]:
        """Return the zeros printed with exit code 3: a plan that was saved but not begun is not a result."""
        return {**dict.fromkeys(self.figures, 0), "blocked_reasons": {}, "warnings": {}}

    def _report_progress(self, done: int, total: int) -> None:
        self.progress(f"{done} of {total} {self.progress_verb}")


def unknown_zone_sentences(run: Run) -> list[str]:
    """Return what this run found of people's time zones that this machine does not know, the first few."""
    if unknown_zones.WARNING not in run.warnings:
        return []
    users = with_reconnect(lambda: unknown_zones.of_workspace(run.workspace), patience=READ_SECONDS)
    return [unknown_zones.sentence(user, run.workspace) for user in users[:MAX_TOLD]]


def failure_counts(shown: Mapping[str, Any]) -> str:
    """Return how many entries failed or have an unknown outcome, as text; "" for none."""
    counts = [
        f"{shown[name]} {label}" for name, label in (("failed", "failed"), ("unknown", "in doubt")) if shown[name]
    ]
    return " and ".join(counts)
