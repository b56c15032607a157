from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from mapping import queries
from mapping.decisions import decide
from syncjobs.management import base
from syncjobs.planning import evaluate


class Command(base.Command):
    help = "Take a link away; the rule does not make it again, and nothing is deleted in QuickBooks."
    takes_json = False

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("kind", metavar="KIND", choices=queries.KINDS, help="user, client or project")
        parser.add_argument("clockify_id", metavar="CLOCKIFY_ID")

    def work(self, **options: Any) -> int | None:
        workspace, now = self.connected_workspace(options), timezone.now()
        kind, clockify_id = options["kind"], options["clockify_id"]
        with evaluate.deciding(workspace, now=now):
            decide.unlink(workspace, kind, clockify_id, now=now)
        self.stdout.write(f"Unlinked {kind} {clockify_id}. Time already sent stays in QuickBooks.")
        return None
