from __future__ import annotations

from datetime import datetime

from integrations.models import Workspace
from mapping.decisions import decide
from syncjobs.management.record_command import RecordCommand


class Command(RecordCommand):
    help = "Leave a user, client or project and its time out until a person links it."
    takes_json = False

    def decide(self, workspace: Workspace, kind: str, clockify_id: str, *, now: datetime) -> str:
        decide.ignore(workspace, kind, clockify_id, now=now)
        return f"{kind.capitalize()} {clockify_id} is ignored until someone links it."
