from __future__ import annotations

from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from integrations.models import Workspace
from syncjobs.management import base
from syncjobs.runs import queue
from syncjobs.support.checklist import doctor
from syncjobs.support.checklist.check_lines import FAIL


class Command(base.Command):
    help = "The help page's checklist, and the installation: what is right, what is not, and what fixes it."
    requires_system_checks: list[str] = []

    def work(self, **options: Any) -> int | None:
        workspace = self._workspace(options)
        self.progress("Asking Clockify and QuickBooks, at most twice each…" if workspace else "Looking around…")
        lines = doctor.check_list(workspace, heartbeat=queue.last_heartbeat, now=timezone.now())
        self.printed_code = base.CUT_SHORT if any(line.level == FAIL for line in lines) else 0
        if options["json"]:
            self.print_json({"checks": [line.as_json() for line in lines]})
            return self.printed_code
        for line in lines:
            self.stdout.write(f"{line.level:<5} {line.name:<22} {line.message}")
            if line.fix:
                self.stdout.write(f"{'':<5} {'':<22} -> {line.fix}")
        return self.printed_code

    def _workspace(self, options: base.Options) -> Workspace | None:
        """Return the workspace, or None where there is none yet, or several and none is named."""
        try:
            return self.workspace(options)
        except DatabaseError:
            # Before `migrate`, or without a database: the lines on it say so.
            return None
        except base.Problem as problem:
            if options.get("workspace"):
                raise
            self.progress(f"{problem} Only the lines on the installation follow.")
            return None
