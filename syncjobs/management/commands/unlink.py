from __future__ import annotations

from datetime import datetime

from integrations.models import Workspace
from mapping.decisions import decide
from syncjobs.management.record_command import RecordCommand


class Command(RecordCommand):
    help = "Take a link away; the rule does not make it again, and nothing is deleted in QuickBooks."
    takes_json = False

    def decide(self, workspace: Workspace, kind: str, clockify_id: str, *, now: datetime) -> str:
        decide.unlink(workspace, kind, clockify_id, now=now)
        return f"Unlinked {kind} {clockify_id}. Time already sent stays in QuickBooks."
