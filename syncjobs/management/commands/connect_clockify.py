from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from integrations.clockify import connection, unknown_zones
from integrations.models import Workspace
from syncjobs.management import base


class Command(base.Command):
    help = "Connect a Clockify workspace with an API key, which is tried out before it is stored."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--api-key", required=True, metavar="KEY", help="the key; - reads it from standard input")
        parser.add_argument("--api-url", default="", metavar="U", help="regular API, for workspaces in a region")
        parser.add_argument("--reports-url", default="", metavar="U", help="reports API, likewise")

    def work(self, **options: Any) -> int | None:
        for name in ("api_url", "reports_url"):
            base.check_address(options[name], name)
        workspace = connection.connect(
            base.secret(options["api_key"], "The API key"),
            wanted=options["workspace"] or "",
            api_url=options["api_url"],
            reports_url=options["reports_url"],
            now=timezone.now(),
        )
        if workspace.zone_warning:
            self.progress(f"Warning: {workspace.zone_warning}")
        if options["json"]:
            self.print_json(shown(workspace))
        else:
            self.stdout.write(f"Connected {workspace.name} ({workspace.clockify_id}).")
            self.stdout.write(f"Time goes from {workspace.start_date} on; change it with `policy start_date=DATE`.")
        return None


def shown(workspace: Workspace) -> dict[str, Any]:
    """Return the JSON of a connected workspace; the API key is never shown."""
    return {
        "workspace": workspace.clockify_id,
        "id": workspace.clockify_id,
        "name": workspace.name,
        "key_owner": workspace.key_owner_name,
        "time_zone": workspace.time_zone,
        "warnings": {unknown_zones.WARNING: 1} if workspace.zone_warning else {},
        "start_date": workspace.start_date.isoformat(),
        "api_url": workspace.api_url,
        "reports_url": workspace.reports_url,
    }
