from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from integrations.models import Workspace
from integrations.quickbooks.connecting import connection
from syncjobs import archiving
from syncjobs.ledger import lease
from syncjobs.management import base
from syncjobs.models import Run


class Command(base.Command):
    help = "Disconnect QuickBooks: revoke at Intuit and wipe the tokens. Mappings and history stay."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--archive",
            action="store_true",
            help="also free the workspace for another company; runs, receipts and links of this one stay readable",
        )
        parser.add_argument(
            "--start-date",
            type=base.day,
            metavar="DATE",
            help="with --archive: the first day whose time goes to the next company (else as it is)",
        )

    def work(self, **options: Any) -> int | None:
        if options["start_date"] and not options["archive"]:
            raise base.Problem("--start-date goes with --archive only.")
        workspace = self.connected_workspace(options)
        if options["archive"]:
            self._archive(workspace, options)
            return None
        company = workspace.company
        assert company is not None
        message = connection.disconnect(company, now=timezone.now())
        names = list(company.workspaces.order_by("name").values_list("name", flat=True))
        if options["json"]:
            self.print_json({"realm": company.realm_id, "workspaces": names, "message": message})
        else:
            shown = ", ".join(names)
            self.stdout.write(f"{company} is disconnected from {shown}. {message} Mappings and history are kept.")
        return None

    def _archive(self, workspace: Workspace, options: base.Options) -> None:
        try:
            archived = archiving.archive(workspace, start_date=options["start_date"], now=timezone.now())
        except lease.Busy as busy:
            raise base.Problem(
                str(busy), exit_code=base.NOTHING_ATTEMPTED, code=Run.ANOTHER_RUN, fix=archiving.BUSY_FIX
            ) from None
        outlook = archived.outlook
        start_text = (
            f"Time from {archived.start_date} on goes to the next company; `policy start_date=DATE` changes that."
        )
        for text in (outlook.sent_text and f"{outlook.sent_text} {start_text}", outlook.doubt_text):
            if text:
                self.progress(text)
        if archived.sync_was_scheduled:
            self.progress("Scheduled syncs are off now; `policy sync_schedule=…` starts them again.")
        if options["json"]:
            self.print_json(
                {
                    "realm": outlook.company.realm_id,
                    "workspaces": [workspace.name],
                    "archived": True,
                    "sent_entries": outlook.entries,
                    "sent_minutes": outlook.minutes,
                    "in_doubt": outlook.in_doubt,
                    "start_date": archived.start_date.isoformat(),
                    "message": archived.message,
                }
            )
        else:
            self.stdout.write(
                f"The connection of {workspace} to {outlook.company} is archived. {archived.message} "
                "Its history is kept, and the workspace is free for another company."
            )
