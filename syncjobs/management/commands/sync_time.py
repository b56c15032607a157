from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from integrations.database import database_now
from syncjobs.management import base, run_command
from syncjobs.models import Run
from syncjobs.planning import service_item
from syncjobs.rules.steps.many_deletions import in_doubt, waiting
from syncjobs.run_options import RunOptions
from syncjobs.runs.figures import SYNC_FIGURES, SyncJson, sync_json
from syncjobs.runs.lifecycle import request_run


class Command(run_command.RunCommand):
    figures, progress_verb = SYNC_FIGURES, "sent"
    help = "Send billable time to QuickBooks: new entries, later edits and deletions."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--from", type=base.day, metavar="DATE", help="first day (default: the start date)")
        parser.add_argument("--to", type=base.day, metavar="DATE", help="last day (default: today)")
        parser.add_argument(
            "--resend", action="store_true", help="also update sent time whose link, rate or item is different now"
        )
        answers = parser.add_mutually_exclusive_group()
        answers.add_argument(
            "--believe-deletions", action="store_true", help="delete in QuickBooks even if many would go at once"
        )
        answers.add_argument(
            "--keep-deletions", action="store_true", help="delete nothing; keep in QuickBooks what would be deleted"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, send nothing")

    def zeros(self, options: base.Options) -> Mapping[str, Any]:
        return {
            "run": None,
            "status": "failed",
            "dry_run": options["dry_run"],
            "from": options["from"],
            "to": options["to"],
            **dict.fromkeys(SYNC_FIGURES, 0),
            "blocked_reasons": {},
            "warnings": {},
            "api_calls": {"clockify": 0, "quickbooks": 0},
        }

    def work(self, **options: Any) -> int | None:
        workspace = self.connected_workspace(options)
        run = request_run(
            Run.Kind.SYNC,
            workspace,
            trigger=Run.Trigger.COMMAND,
            now=database_now(),
            dry_run=options["dry_run"],
            first=options["from"],
            last=options["to"],
            options=RunOptions(
                resend=options["resend"],
                believe_deletions=options["believe_deletions"],
                keep_deletions=options["keep_deletions"],
            ),
        )
        if run.from_date > run.to_date:  # type: ignore[operator]
            if options["from"]:
                # Wrong usage: nothing was attempted, so no run is to be listed.
                run.delete()
                raise base.Problem(f"--from {run.from_date} is after --to {run.to_date}.")
            self.progress(f"Nothing is to be sent before the start date, {run.from_date}.")
        return self.carry_out(run, as_json=options["json"])

    def result(self, run: Run) -> SyncJson:
        return sync_json(run)

    def print_result(self, shown: Mapping[str, Any]) -> None:
        would = "would be " if shown["dry_run"] else ""
        hours = shown["minutes_sent"] / 60
        self.stdout.write(f"Run {shown['run']}, {shown['from']} to {shown['to']}: {shown['status']}")
        self.stdout.write(
            f"{shown['seen']} entries: {shown['sent']} {would}sent ({hours:.2f} h), {shown['updated']} {would}updated, "
            f"{shown['deleted']} {would}deleted, {shown['unchanged']} unchanged, {shown['blocked']} blocked, "
            f"{shown['failed']} failed, {in_doubt(shown)} in doubt"
            + (f", {waiting(shown)} waiting for review" if waiting(shown) else "")
        )
        for code, count in shown["blocked_reasons"].items():
            self.stdout.write(f"  {code}: {count}")
        for code, count in shown["warnings"].items():
            self.stdout.write(f"  warning {code}: {count}")
        note = service_item.note(Run.objects.get(pk=shown["run"]))
        if note:
            self.stdout.write(f"  {note}")
            self.stdout.write(
                "  `policy service_item=NAME` chooses one, `policy service_item=none` leaves it to QuickBooks."
            )

    def partial_message(self, shown: Mapping[str, Any]) -> str:
        counts = run_command.failure_counts({**shown, "unknown": in_doubt(shown)})
        message = f"Of the entries, {counts}; `explain ENTRY_ID` says why." if counts else ""
        if waiting(shown):
            message += (
                f" {waiting(shown)} deletions at once wait for review; nothing of them was deleted in QuickBooks: "
                "run it again with --believe-deletions if they are intended, or with --keep-deletions to keep the time."
            )
        return message.strip()
