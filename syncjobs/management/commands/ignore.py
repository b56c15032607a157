from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from mapping import queries
from mapping.decisions import decide
from syncjobs.management import base
from syncjobs.planning import evaluate


class Command(base.Command):
    help = "Leave a user, client or project and its time out until a person links it."
    takes_json = False

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("kind", metavar="KIND", choices=queries.KINDS, help="user, client or project")
        parser.add_argument("clockify_id", metavar="CLOCKIFY_ID")

    def work(self, **options: Any) -> int | None:
        workspace, now = self.connected_workspace(options), timezone.now()
        kind, clockify_id = options["kind"], options["clockify_id"]
        with evaluate.deciding(workspace, now=now):
            decide.ignore(workspace, kind, clockify_id, now=now)
        self.stdout.write(f"{kind.capitalize()} {clockify_id} is ignored until someone links it.")
        return None
