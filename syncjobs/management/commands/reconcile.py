from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from integrations.database import database_now
from integrations.models import Workspace
from syncjobs.management import base
from syncjobs.planning.inputs import connection_reasons
from syncjobs.rules.codes import Code
from syncjobs.rules.proof.reconciliation_rows import Reconciliation, minutes, signed
from syncjobs.rules.reasons import sentence
from syncjobs.runs import comparison, lost_connections
from syncjobs.support.proof import reconcile


class Command(base.Command):
    help = "Clockify's minutes against QuickBooks', per person, customer and day, with what explains each difference."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--from", type=base.day, metavar="DATE", help="first day (default: the start date)")
        parser.add_argument("--to", type=base.day, metavar="DATE", help="last day (default: today)")

    def zeros(self, options: base.Options) -> Mapping[str, Any]:
        figures = ("clockify_minutes", "quickbooks_minutes", "difference", "explained", "unexplained")
        return {"from": options["from"], "to": options["to"], **dict.fromkeys(figures, 0), "rows": []}

    def work(self, **options: Any) -> int | None:
        workspace = self.connected_workspace(options)
        now = database_now()
        today = workspace.today(now)
        first, last = options["from"] or workspace.start_date or today.replace(day=1), options["to"] or today
        if first > last:
            if options["from"]:
                raise base.Problem(f"--from {first} is after --to {last}.")
            self.progress(f"Nothing is to be sent before the start date, {first}.")
        self._check_connected(workspace)
        found = reconcile.reconcile(workspace, first, last, now=now, on_stage=self.progress)
        comparison.save(workspace, found, compared_at=now)
        for text in found.unreadable:
            self.progress(f"Could not be read: {text}")
        if found.cut_message:
            self.progress(found.cut_message)
        code = self.printed_code = 0 if found.is_proven else base.CUT_SHORT
        if code and not found.cut_message:
            self.progress("Some of the difference stays unexplained; its rows say where.")
        if options["json"]:
            self.print_json(as_json(found))
        else:
            self._print(found)
        return code

    def _check_connected(self, workspace: Workspace) -> None:
        """Ask a lost connection at once. Raises Problem where a side is not connected; the plan does not matter."""
        lost_connections.ask_at_once(workspace, now=database_now())
        for reason in connection_reasons(workspace):
            if reason.code == Code.NOT_CONNECTED:
                message = sentence(reason.as_row())
                raise base.Problem(
                    message, exit_code=base.NOTHING_ATTEMPTED, code=Code.NOT_CONNECTED, fix="Connect it again."
                )

    def _print(self, found: Reconciliation) -> None:
        users = max((len(row.user) for row in found.rows), default=0)
        customers = max((len(row.customer) for row in found.rows), default=0)
        self.stdout.write(f"{found.first} to {found.last}, in minutes")
        if found.rows:
            heading = f"{'Date':10}  {'User':{users}}  {'Customer':{customers}}  {'Clockify':>10}  {'QuickBooks':>10}"
            self.stdout.write(f"{heading}  Explanation")
        for row in found.rows:
            clockify, quickbooks = f"{row.clockify / 60:.2f}", f"{row.quickbooks / 60:.2f}"
            names = f"{row.user:{users}}  {row.customer:{customers}}"
            line = f"{row.day}  {names}  {clockify:>10}  {quickbooks:>10}  {row.explanation}"
            self.stdout.write(line.rstrip())
        self.stdout.write(
            f"Clockify {found.clockify / 60:.2f}, QuickBooks {found.quickbooks / 60:.2f}: "
            f"difference {signed(found.difference)}, explained {signed(found.explained)}"
        )
        self.stdout.write(found.summary)


def as_json(found: Reconciliation) -> dict[str, Any]:
    """Return the contract's JSON, with the causes of each row beside it."""
    return {
        "from": found.first,
        "to": found.last,
        "clockify_minutes": minutes(found.clockify),
        "quickbooks_minutes": minutes(found.quickbooks),
        "difference": minutes(found.difference),
        "explained": minutes(found.explained),
        "unexplained": minutes(found.unexplained),
        "rows": [
            {
                "user": row.user,
                "customer": row.customer,
                "date": row.day,
                "clockify_minutes": minutes(row.clockify),
                "quickbooks_minutes": minutes(row.quickbooks),
                "explanation": row.explanation,
                "unexplained": minutes(row.unexplained),
                "causes": [
                    {"code": code, "words": words, "minutes": minutes(seconds), "explains": known}
                    for (code, words, known), seconds in row.causes.items()
                ],
            }
            for row in found.rows
        ],
        "unreadable": found.unreadable,
    }
