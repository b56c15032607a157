from __future__ import annotations

from typing import Any

from django.utils import timezone

from integrations.quickbooks import connection
from syncjobs.management import base


class Command(base.Command):
    help = "Disconnect QuickBooks: revoke at Intuit and wipe the tokens. Mappings and history stay."

    def work(self, **options: Any) -> int | None:
        workspace = self.connected_workspace(options)
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
