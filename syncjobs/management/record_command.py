"""A command that decides about one of Clockify's users, clients or projects."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from mapping import queries
from mapping.decisions.new_decision import NewDecision
from syncjobs.management import base
from syncjobs.planning import evaluate


class RecordCommand(base.Command):
    """A command for one record, named by KIND and CLOCKIFY_ID. Subclasses decide."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("kind", metavar="KIND", choices=queries.KINDS, help="user, client or project")
        parser.add_argument("clockify_id", metavar="CLOCKIFY_ID")

    def decide(self, decision: NewDecision) -> str:
        """Take the decision, and return a sentence that says what was done."""
        raise NotImplementedError

    def work(self, **options: Any) -> int | None:
        workspace, now = self.connected_workspace(options), timezone.now()
        with evaluate.deciding(workspace, now=now):
            done = self.decide(NewDecision(workspace, options["kind"], options["clockify_id"], at=now))
        self.stdout.write(done)
        return None
