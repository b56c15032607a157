"""A command that carries out a run in the foreground and prints its result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncjobs.management import base
from syncjobs.models import Run
from syncjobs.runs.execution import RunExecution
from syncjobs.runs.figures import exit_code


class RunCommand(base.Command):
    """A command with a run. Subclasses name its figures, the verb for finished records, and print the result."""

    figures: tuple[str, ...]
    progress_verb: str

    def result(self, run: Run) -> dict[str, Any]:
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
        RunExecution(run, on_stage=self.progress, on_progress=self._report_progress).work()
        if run.error_code:
            self.progress(f"{run.error_message} {run.error_fix}")
        shown = self.result(run)
        code = exit_code(run)
        # The run itself has no error then, but some of its entries have.
        if code == base.CUT_SHORT and not run.error_code:
            self.progress(self.partial_message(shown))
        if as_json:
            self.print_json({**shown, **(self.zero_figures() if code == base.NOTHING_ATTEMPTED else {})})
        else:
            self.print_result(shown)
        return code

    def zero_figures(self) -> dict[str, Any]:
        """Return the zeros printed with exit code 3: a plan that was saved but not begun is not a result."""
        return {**dict.fromkeys(self.figures, 0), "blocked_reasons": {}, "warnings": {}}

    def _report_progress(self, done: int, total: int) -> None:
        self.progress(f"{done} of {total} {self.progress_verb}")


def failure_counts(shown: Mapping[str, Any]) -> str:
    """Return how many entries failed or have an unknown outcome, as text; "" for none."""
    counts = [
        f"{shown[name]} {label}" for name, label in (("failed", "failed"), ("unknown", "in doubt")) if shown[name]
    ]
    return " and ".join(counts)
