from __future__ import annotations

from typing import Any

from mapping import command_output
from syncjobs.management import base


class Command(base.Command):
    help = "The links there are between Clockify and QuickBooks."

    def work(self, **options: Any) -> int | None:
        shown = command_output.mapping_json(self.connected_workspace(options))
        if options["json"]:
            self.print_json(shown)
            return None
        for kind, links in shown.items():
            self.stdout.write(f"{kind}: {len(links)}")
            for link in links:
                suspended = "  (suspended)" if link["suspended"] else ""
                self.stdout.write(
                    f"  {link['clockify_name']} ({link['clockify_id']}) = {link['quickbooks_kind']} "
                    f"{link['quickbooks_name']} ({link['quickbooks_id']}), by {link['by']}{suspended}"
                )
        return None
