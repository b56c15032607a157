"""make bench: what it costs, measured; never part of the tests. `--help` lists figures and sizes."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from argparse import Namespace
from collections.abc import Callable, Iterator

from tests.bench import calls, ceiling, cpu, desk, dry_run, line_rules, memory, month, reconcile, suggestions, table
from tests.bench.stage import Stage
from tests.bench.table import Row

FIGURES: dict[str, Callable[[Namespace], Iterator[Row]]] = {
    "ceiling": ceiling.measure,
    "calls": calls.measure,
    "cpu": cpu.measure,
    "dry-run": dry_run.measure,
    "line-rules": line_rules.measure,
    "memory": memory.measure,
    "month": month.measure,
    "reconcile": reconcile.measure,
    "desk": desk.measure,
    "suggestions": suggestions.measure,
}


def arguments() -> Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=f"of {', '.join(FIGURES)}; default: all")
    parser.add_argument("--speed", type=float, default=1, help="how many times as fast limits and latency run")
    parser.add_argument("--singles", type=int, default=700, help="entries of the singles' ceiling")
    parser.add_argument("--mixed", type=int, default=2500, help="entries of the mixed ceiling")
    parser.add_argument("--metered", type=int, default=3000, help="entries sent for the metered calls")
    parser.add_argument("--cpu", type=int, default=3000, help="entries sent for the processor time")
    parser.add_argument("--dry-run", type=int, default=20_000, help="entries of the dry run")
    parser.add_argument("--memory", type=int, default=100_000, help="entries; also a tenth of them")
    parser.add_argument("--send", action="store_true", help="memory: send them too (takes long)")
    parser.add_argument("--mirror", type=int, default=1_000_000, help="entries in the mirror for the month's plan")
    parser.add_argument("--month", type=int, default=20_000, help="entries of that month")
    parser.add_argument("--reconcile", type=int, default=20_000, help="entries of the month that is compared")
    parser.add_argument("--mismatches", type=int, default=5000, help="open projects on the desk")
    parser.add_argument("--unmatched", type=int, default=5000, help="names that suggestions are worked out for")
    parser.add_argument("--candidates", type=int, default=20_000, help="names that may be suggested")
    details = parser.parse_args()
    unknown = set(details.figures) - set(FIGURES)
    if unknown:
        parser.error(f"no figure is called {', '.join(sorted(unknown))}")
    return details


def main() -> int:
    """Measure and print the table. A figure that fails does not stop the others, but is named and sets exit code 1."""
    details, ran_on = arguments(), table.machine()
    rows: list[Row] = []
    failed = []
    try:
        for name in details.figures or FIGURES:
            began = time.monotonic()
            print(f"== {name}", flush=True)
            try:
                for row in FIGURES[name](details):
                    rows.append(row)
                    print("   ", row.figure, flush=True)
            except Exception:
                failed.append(name)
                traceback.print_exc()
            print(f"    {time.monotonic() - began:.0f} s", flush=True)
    finally:
        Stage.forget_templates()
        print()
        print(table.shown(rows, ran_on))
        print(f"\nWritten to {table.write(rows, ran_on)}")
    if failed:
        print(f"Not measured: {', '.join(failed)}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
