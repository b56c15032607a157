"""The processor time of a dry run, compared with writing the same rows without planning."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from tests.bench.stage import Measured, Stage
from tests.bench.table import Row


def measure(details: Namespace) -> Iterator[Row]:
    """Measure processor time, which leaves out waiting for the sandbox. Ours includes the start of the command."""
    with Stage(entries=details.dry_run, people=max(25, details.dry_run // 160)) as stage:
        fresh = stage.sync("--dry-run")
        yield _row("dry run, nothing mirrored before", fresh, stage.script(BARE, "entries", "statuses", "items"))
        checked = stage.sync("--dry-run")
        yield _row("dry run after a check", checked, stage.script(BARE, "statuses", "items"))


BARE = "tests.bench.bare_rows"


def _row(name: str, planned: Measured, bare: Measured) -> Row:
    written = ", ".join(f"{count} {kind}" for kind, count in bare.json["rows"].items())
    note = f"against bulk_create of {written}; it took {planned.seconds:.1f} s on the clock"
    return Row(f"{name}, {planned.json['seen']:,} entries", planned.cpu, "s", bare.json["cpu"], most=3, note=note)
