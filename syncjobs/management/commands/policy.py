from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from integrations.database import database_now
from syncjobs import policy
from syncjobs.management import base


class Command(base.Command):
    help = "Show or set the workspace's policy. " + " ".join(
        f"{name}: {setting.help_text}" for name, setting in policy.SETTINGS.items()
    )
    values = (
        "true or false; matching=strict or forgiving; a day as 2026-03-01; an item, class or location by id or name, "
        "or none; a schedule as off, every 2 hours, or daily at 07:30"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("settings_wanted", nargs="*", metavar="KEY=VALUE", help=self.values)

    def work(self, **options: Any) -> int | None:
        new_values = base.pairs(options["settings_wanted"])
        workspace = self.workspace(options)
        try:
            policy.change(workspace, new_values, now=database_now())
        except policy.BadValue as problem:
            raise base.Problem(str(problem)) from None
        shown = policy.shown(workspace)
        if options["json"]:
            self.print_json(shown)
        else:
            for name, value in shown.items():
                self.stdout.write(f"{name}={value}")
        return None
