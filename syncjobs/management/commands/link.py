from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from mapping.decisions import decide
from mapping.decisions.batch import Choice
from syncjobs.management.record_command import RecordCommand
from syncjobs.planning import evaluate


class Command(RecordCommand):
    help = "Link a Clockify user, client or project to a QuickBooks record by hand; also confirms a suspended link."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("quickbooks_id", metavar="QUICKBOOKS_ID")
        parser.add_argument("--vendor", action="store_true", help="the id is a vendor's (users only)")

    def work(self, **options: Any) -> int | None:
        workspace, now = self.connected_workspace(options), timezone.now()
        kind, clockify_id = options["kind"], options["clockify_id"]
        with evaluate.deciding(workspace, now=now):
            choice = Choice("link", kind, clockify_id, options["quickbooks_id"], options["vendor"])
            warnings = decide.link(choice.decision(workspace, at=now))
        for warning in warnings:
            self.progress(f"Warning: {warning}")
        if options["json"]:
            facts = {"kind": kind, "clockify_id": clockify_id, "quickbooks_id": options["quickbooks_id"]}
            self.print_json({**facts, "warnings": warnings})
            return None
        self.stdout.write(f"Linked {kind} {clockify_id} to {options['quickbooks_id']}.")
        return None
