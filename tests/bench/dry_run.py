"""What a dry run costs, against writing the same rows without thinking."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from tests.bench.stage import Measured, Stage
from tests.bench.table import Row


def measure(details: Namespace) -> Iterator[Row]:
    """Processor time, since waiting for the sandbox is nobody's work. Ours is the whole command, start included."""
    with Stage(entries=details.dry_run, people=max(25, details.dry_run // 160)) as stage:
        fresh = stage.sync("--dry-run")
        yield _row("dry run, nothing mirrored before", fresh, stage.script(BARE, "entries", "statuses", "items"))
        again = stage.sync("--dry-run")
        yield _row("dry run after a check", again, stage.script(BARE, "statuses", "items"))


BARE = "tests.bench.bare_rows"


def _row(name: str, ours: Measured, bare: Measured) -> Row:
    made = ", ".join(f"{count} {kind}" for kind, count in bare.json["rows"].items())
    note = f"against bulk_create of {made}; it took {ours.seconds:.1f} s on the clock"
    return Row(f"{name}, {ours.json['seen']:,} entries", ours.cpu, "s", bare.json["cpu"], most=3, note=note)
