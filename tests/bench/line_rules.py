"""What line rules add to the processor time of a dry run: the same entries without rules and with many."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from tests.bench.stage import Stage
from tests.bench.table import Row

RULES = 200
# Processor time of one run differs by some percent from the next; the least of a few is steady.
RUNS = 3


def measure(details: Namespace) -> Iterator[Row]:
    """Measure dry runs after a check, by turns nothing but the rules apart."""
    with Stage(entries=details.dry_run, people=max(25, details.dry_run // 160)) as stage:
        seen = stage.sync("--dry-run").json["seen"]
        without = min(stage.sync("--dry-run").cpu for _ in range(RUNS))
        rules = stage.script("tests.bench.fill_rules", str(RULES)).json["rules"]
        stage.sync("--dry-run")
        ruled = min(stage.sync("--dry-run").cpu for _ in range(RUNS))
        note = "against the same dry run without rules"
        yield Row(f"dry run with {rules} line rules, {seen:,} entries", ruled, "s", without, most=1.2, note=note)
