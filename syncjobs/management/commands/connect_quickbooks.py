from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from integrations.quickbooks.connecting import connection
from syncjobs import archiving
from syncjobs.management import base


class Command(base.Command):
    help = "Connect a QuickBooks company without a browser, by a refresh token; reads its plan and Payroll."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--realm", required=True, metavar="ID", help="the company's id, a long number")
        parser.add_argument(
            "--refresh-token",
            required=True,
            metavar="TOKEN",
            help="the token; - reads it from standard input",
        )

    def work(self, **options: Any) -> int | None:
        workspace = self.workspace(options)
        company = connection.connect(
            workspace,
            realm=options["realm"].strip(),
            refresh_token=base.secret(options["refresh_token"], "The refresh token"),
            now=timezone.now(),
        )
        subscription = connection.subscription_status(company)
        if not subscription.supported:
            self.progress(f"Warning: nothing can be sent yet. {subscription.sentence}")
        elif subscription.warning:
            self.progress(f"Warning: {subscription.warning}")
        for sentence in archiving.sent_elsewhere(workspace):
            self.progress(f"Warning: {sentence}")
        connected = {
            "workspace": workspace.clockify_id,
            "realm": company.realm_id,
            "company": company.name,
            "plan": {
                "sku": company.sku,
                "payroll": company.payroll,
                "supported": subscription.supported,
                "reason": subscription.reason,
                "message": subscription.warning or subscription.sentence,
            },
        }
        if options["json"]:
            self.print_json(connected)
        else:
            self.stdout.write(f"Connected {company} ({company.realm_id}) to {workspace}. {subscription.sentence}")
        return None
