"""Events that touch our own tables: two people at one record, an undo, and a backup that is restored."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Q
from django.utils import timezone

from mapping.decisions import decide, versions
from mapping.decisions.new_decision import NewDecision
from mapping.errors import Moved
from syncjobs.models import Action, Run
from tests.histories import backups
from tests.histories.events import Events, pick
from tests.support.scene import run_command


class RareEvents(Events):
    backup: backups.Backup | None = None

    def two_people(self, number: int, first: str, second: str) -> None:
        """Let two people decide from the same page, one after the other: the second is told, and changes nothing."""
        self.check_if_needed()
        kind, id = pick(self.keys, number)
        workspace = self.scene.workspace
        shown = versions.version_of(workspace, kind, id)
        (self.ignore if first == "ignore" else self.unlink)(number)
        decision: Any = {"ignore": decide.ignore, "unlink": decide.unlink}[second]
        if versions.version_of(workspace, kind, id) == shown:
            return
        before = versions.version_of(workspace, kind, id)
        with pytest.raises(Moved):
            decision(NewDecision(workspace, kind, id, at=timezone.now(), version=shown))
        assert versions.version_of(workspace, kind, id) == before

    # --- an undo ---------------------------------------------------------------------------------------------
    def undo(self, number: int) -> None:
        """Undo one of the runs that sent something: what it created goes, unless people billed or changed it."""
        self.check_if_needed()
        sent = Run.objects.filter(kind="sync", dry_run=False, items__verb="create", items__outcome="sent").distinct()
        if self.books.uncertain_writes or self.settings.global_codes or not sent.exists():
            return
        run = pick(list(sent.order_by("-pk")), number)
        created = set(run.items.filter(verb="create", outcome="sent").values_list("quickbooks_id", flat=True))
        due = {key: self.books.expected_undo(key) for key, one in self.books.sent.items() if one.key in created}
        if due.keys() & self.settings.kept:
            return
        self.books.expect(due)
        result = run_command("undo_run", str(run.pk))
        self.books.follow()
        deletions = sum(status.verb == "delete" for status in due.values())
        counted = (result.code, result["deleted"], result["blocked"], result["unknown"], result["failed"])
        assert counted == (0, deletions, len(due) - deletions, 0, 0), f"{result.json} instead of {due}"

    # --- a backup ------------------------------------------------------------------------------------------
    def back_up(self) -> None:
        """Back our tables up, unless a write is on its way or watched: it would be another one after the restore."""
        open_or_watched = Action.objects.filter(Q(state="sending") | Q(watch_until__isnull=False))
        if not self.books.uncertain_writes and not open_or_watched.exists():
            self.backup = backups.make(self)

    def restore_backup(self) -> None:
        assert self.backup is not None
        backups.restore(self, self.backup)
        self.books.forget_what_was_sent_since()
        self.books.uncertain_writes.clear()
        self.needs_check = True
        if self.settings.connected:
            # Intuit replaced the refresh token meanwhile (docs/operating.md).
            self.connect()
