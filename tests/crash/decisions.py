"""What people decide about time that was billed or changed by hand: carried out by the processes under attack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from integrations.errors import ApiError
from integrations.models import TimeEntry
from mapping.errors import Refused
from syncjobs.models import Action, Receipt, Run
from syncjobs.rules.corrections import CORRECT, OVERRIDE
from syncjobs.runs import correction, queue
from syncjobs.runs import lifecycle as runs
from syncjobs.runs.execution import RunExecution
from tests.crash.life import Life
from tests.crash.processes import Process

LABELS = {CORRECT: "Add what is missing", OVERRIDE: "Send ours"}
# How often somebody presses again after the attack.
PRESSES = 5


class Resolve(Process):
    """`manage.py resolve ENTRY send_clockify --json`."""

    def __init__(self, entry: str, *, environment: dict[str, str], log: Path) -> None:
        super().__init__(["resolve", entry, "send_clockify", "--json"], environment=environment, log=log)


class Decisions:
    """Finds entries to decide about, and presses the buttons of their pages."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def occasion(self, option: str) -> str | None:
        """Have somebody bill, edit or change time so that it needs this decision; return the entry, if there is one."""
        settled = Receipt.objects.filter(state=Receipt.State.SENT, part=0)
        in_doubt = set(Action.objects.filter(state=Action.State.SENDING).values_list("entry_id", flat=True))
        ids = set(settled.values_list("entry_id", flat=True)) - in_doubt
        return self._life.outgrow_an_invoice(ids) if option == CORRECT else self._life.change_by_hand(ids)

    def queue(self, entry: str, option: str) -> bool:
        """Preview it here and queue what the button of the preview requests; return whether that was possible."""
        details = self._previewed(entry, option)
        if details is None:
            return False
        queue.enqueue(runs.create_run("sync", self._life.scene.workspace, trigger="button", **details))
        return True

    def finish(self) -> None:
        """Press again, here and without any fault, what the attack kept from being carried out."""
        for _ in range(PRESSES):
            open_decisions = self._life.open_decisions()
            for entry, option in open_decisions.items():
                details = self._previewed(entry, option)
                if details is not None:
                    RunExecution(
                        runs.create_run("sync", self._life.scene.workspace, trigger="command", **details)
                    ).work()
            if not open_decisions:
                return

    def _previewed(self, entry: str, option: str) -> dict[str, Any] | None:
        """Return what to request after a preview, or None where it can't be made or shows nothing to write."""
        workspace = self._life.scene.workspace
        try:
            row = TimeEntry.objects.get(workspace=workspace, clockify_id=entry)
            details = correction.run_options(workspace, row, option)
            preview = runs.create_run("sync", workspace, trigger="command", now=timezone.now(), dry_run=True, **details)
            RunExecution(preview).work()
        except (TimeEntry.DoesNotExist, Refused, ApiError, DatabaseError):
            return None
        if preview.status != Run.Status.SUCCEEDED or not preview.items.filter(outcome="planned").exists():
            return None
        return {**details, "options": correction.as_shown(preview), "now": timezone.now()}
