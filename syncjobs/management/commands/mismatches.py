from __future__ import annotations

from typing import Any

from mapping import queries
from syncjobs import commandline


class Command(commandline.Command):
    help = "What does not match between Clockify and QuickBooks, and why."

    def work(self, **options: Any) -> int | None:
        workspace = self.connected_workspace(options)
        rows = [queries.mismatch_json(row) for row in queries.mismatches_of(workspace)]
        if options["json"]:
            self.print_json(rows)
            return None
        for row in rows:
            left = (row["clockify"] or {}).get("name") or "-"
            right = (row["quickbooks"] or {}).get("name") or "-"
            best = row["suggestions"][0] if row["suggestions"] else None
            hint = f"  perhaps {best['name']} ({best['id']}): {best['why']}" if best else ""
            held = f"  holds {row['blocked_minutes'] / 60:.2f} h" if row["blocked_minutes"] else ""
            self.stdout.write(f"{row['kind']}  {left} | {right}  {row['reason']}{held}{hint}")
        if not rows:
            self.stdout.write("Everything matches." if workspace.pulled_at else "Nothing was checked yet.")
        return None
