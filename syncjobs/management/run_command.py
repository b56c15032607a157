"""A command that carries out a run in the foreground and says what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from syncjobs.management import base
from syncjobs.models import Run
from syncjobs.runs.execution import RunExecution
from syncjobs.runs.figures import exit_code


class RunCommand(base.Command):
    """Subclasses say which figures there are, how a record that is dealt with is called, and tell the result."""

    figures: tuple[str, ...]
    dealt_with: str

    def result(self, run: Run) -> dict[str, Any]:
        """What is printed with --json."""
        raise NotImplementedError

    def tell(self, shown: Mapping[str, Any]) -> None:
        """The same in words."""
        raise NotImplementedError

    def conflict(self, shown: Mapping[str, Any]) -> str:
        """Why the exit code is 4 although the run came to its end."""
        raise NotImplementedError

    def carry_out(self, run: Run, *, as_json: bool) -> int:
        RunExecution(run, on_stage=self.progress, on_progress=self._show).work()
        if run.error_code:
            self.progress(f"{run.error_message} {run.error_fix}")
        shown = self.result(run)
        code = exit_code(run)
        if code == base.CUT_SHORT and not run.error_code:
            self.progress(self.conflict(shown))
        if as_json:
            self.print_json({**shown, **(self.nothing() if code == base.NOTHING_ATTEMPTED else {})})
        else:
            self.tell(shown)
        return code

    def nothing(self) -> dict[str, Any]:
        """Exit code 3 comes with zeros: a plan that was made but not begun is not a result."""
        return {**dict.fromkeys(self.figures, 0), "blocked_reasons": {}, "warnings": {}}

    def _show(self, done: int, total: int) -> None:
        self.progress(f"{done} of {total} {self.dealt_with}")


def in_words(shown: Mapping[str, Any]) -> str:
    """How many entries failed or are in doubt; "" when none."""
    words = [f"{shown[name]} {said}" for name, said in (("failed", "failed"), ("unknown", "in doubt")) if shown[name]]
    return " and ".join(words)
