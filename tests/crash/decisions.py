"""What people decide: about time that was billed or changed by hand, and to undo a run; by processes under attack."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.db import DatabaseError
from django.db.models import Count, Q
from django.utils import timezone

from integrations.errors import ApiError
from integrations.models import TimeEntry
from mapping.errors import Refused
from syncjobs.models import Action, Receipt, Run
from syncjobs.rules.steps.corrections import CORRECT, OVERRIDE
from syncjobs.run_options import RunOptions
from syncjobs.runs import correction, queue
from syncjobs.runs import lifecycle as runs
from syncjobs.runs.execution import RunExecution
from tests.crash.adversary import UNDO
from tests.crash.life import Life
from tests.crash.processes import Process

LABELS = {CORRECT: "Add the difference", OVERRIDE: "Send Clockify's", UNDO: "Undo"}
# Fewer activities are not worth an undo.
LEAST_UNDONE = 6
# How often somebody presses again after the attack.
PRESSES = 5


class DecisionCommand(Process):
    """`manage.py resolve ENTRY send_clockify --json` or `manage.py undo_run RUN --json`."""

    def __init__(self, subject: str, option: str, *, environment: dict[str, str], log: Path) -> None:
        command = ["undo_run", subject] if option == UNDO else ["resolve", subject, "send_clockify"]
        super().__init__([*command, "--json"], environment=environment, log=log)


class Decisions:
    """Finds entries to decide about, and presses the buttons of their pages."""

    def __init__(self, life: Life) -> None:
        self._life = life

    def occasion(self, option: str) -> str | None:
        """Return what to decide about: an entry that somebody bills, edits or changes, or a run to undo."""
        if option == UNDO:
            return self._run_to_undo()
        settled = Receipt.objects.filter(state=Receipt.State.SENT, part=0)
        in_doubt = set(Action.objects.filter(state=Action.State.SENDING).values_list("entry_id", flat=True))
        ids = set(settled.values_list("entry_id", flat=True)) - in_doubt
        return self._life.outgrow_an_invoice(ids) if option == CORRECT else self._life.change_by_hand(ids)

    def _run_to_undo(self) -> str | None:
        """Return the run of which most is left to take back; None where it is little. Corrections are people's own."""
        over = Run.objects.filter(kind=Run.Kind.SYNC, dry_run=False).over()
        sent = Receipt.objects.filter(state=Receipt.State.SENT).values("quickbooks_id")
        created = Q(items__verb="create", items__outcome="sent", items__quickbooks_id__in=sent)
        left = over.exclude(options__has_key="amend").annotate(left=Count("items", filter=created))
        found = left.filter(left__gte=LEAST_UNDONE).order_by("-left", "-pk").first()
        return str(found.pk) if found else None

    def queue(self, subject: str, option: str) -> bool:
        """Preview it here and queue what the button of the preview requests; return whether that was possible."""
        workspace = self._life.scene.workspace
        if option == UNDO:
            options = RunOptions(undo=int(subject))
            run = runs.create_run(Run.Kind.UNDO, workspace, trigger="button", now=timezone.now(), options=options)
            queue.enqueue(run)
            return True
        details = self._previewed(subject, option)
        if details is None:
            return False
        queue.enqueue(runs.create_run("sync", workspace, trigger="button", **details))
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
            details = correction.run_details(workspace, row, option)
            preview = runs.create_run("sync", workspace, trigger="command", now=timezone.now(), dry_run=True, **details)
            RunExecution(preview).work()
        except (TimeEntry.DoesNotExist, Refused, ApiError, DatabaseError):
            return None
        if preview.status != Run.Status.SUCCEEDED or not preview.items.filter(outcome="planned").exists():
            return None
        return {**details, "options": correction.as_shown(preview), "now": timezone.now()}
