from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.kinds import Kind
from integrations.unnamed import named
from mapping import queries
from mapping.command_output import mismatch_json
from syncjobs.management import base


class Command(base.Command):
    help = "What does not match between Clockify and QuickBooks, and why."

    def work(self, **options: Any) -> int | None:
        workspace = self.connected_workspace(options)
        rows = [mismatch_json(row) for row in queries.mismatches_of(workspace)]
        if options["json"]:
            self.print_json(rows)
            return None
        for row in rows:
            held = f"  holds {row['blocked_minutes'] / 60:.2f} h" if row["blocked_minutes"] else ""
            left, right = _side(row["clockify"], "client", row["kind"]), _side(row["quickbooks"], "parent", row["kind"])
            self.stdout.write(f"{row['kind']}  {left} | {right}  {row['reason']}{held}")
            clockify, suggestions = row["clockify"], row["suggestions"]
            if clockify is not None and suggestions:
                best = suggestions[0]
                vendor = " --vendor" if best["kind"] == Kind.VENDOR else ""
                command = f"link {row['kind']} {clockify['id']} {best['id']}{vendor}"
                self.stdout.write(f"    perhaps {best['name']}, {best['why']}: {command}")
        if not rows:
            self.stdout.write("Everything matches." if workspace.pulled_at else "Nothing was checked yet.")
        return None


def _side(record: Mapping[str, object] | None, parent_field: str, kind: str) -> str:
    """Return `Acme:Website (6aac…)`: the name below its parent, and the id that `link` and `ignore` take."""
    if record is None:
        return "-"
    parent = f"{record[parent_field]}:" if record[parent_field] else ""
    return f"{parent}{named(str(record['name']), kind)} ({record['id']})"
