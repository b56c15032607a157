"""Events that touch our own tables: two people at one record, and a backup that is restored."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Q
from django.utils import timezone

from mapping.decisions import decide, versions
from mapping.errors import Moved
from syncjobs.models import Action
from tests.histories import backups
from tests.histories.events import Events, pick


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
            decision(workspace, kind, id, person=None, now=timezone.now(), version=shown)
        assert versions.version_of(workspace, kind, id) == before

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
