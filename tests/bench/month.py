"""The cost of a month's plan, and of a search, when the mirror holds a million entries of other months."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from tests.bench import databases
from tests.bench.stage import LAST, Stage
from tests.bench.table import Row


def measure(details: Namespace) -> Iterator[Row]:
    """Measure a dry run and a check of one month, alone in the mirror and after years of sent time."""
    for name, url in databases.each():
        yield from _on(name, url, details)


def _on(name: str, url: str, details: Namespace) -> Iterator[Row]:
    with Stage(entries=details.month, people=max(25, details.month // 160), database=url) as stage:
        stage.manage("check_for_new")
        alone = {"plan": stage.sync("--dry-run"), "check": stage.manage("check_for_new")}
        filled = stage.script("tests.bench.fill_mirror", str(details.mirror)).json
        full = {"plan": stage.sync("--dry-run"), "check": stage.manage("check_for_new")}
        plans = stage.script("tests.bench.query_plans", str(stage.first), str(LAST)).json
        searches = stage.script("tests.bench.search_times").json
    note = (
        f"{filled['entries']:,} entries and {filled['receipts']:,} receipts against the month's {details.month:,} alone"
    )
    for kind, measured in full.items():
        figure = f"a month's {kind} among {details.mirror:,}, {name}"
        yield Row(f"{figure}: processor", measured.cpu, "s", alone[kind].cpu, most=1.3, note=note)
        yield Row(f"{figure}: memory", measured.peak_mb, "MB", alone[kind].peak_mb, most=1.3)
    for what, milliseconds in searches.items():
        yield Row(f"search among {details.mirror:,}, {name}: {what}", milliseconds, "ms", most=200)
    whole = [plan for plan in plans if plan["whole_table"]]
    yield Row(f"statements that read a whole large table, {name}", len(whole), "", most=0, note=_shown(plans))


def _shown(plans: list[dict[str, object]]) -> str:
    lines = []
    for plan in plans:
        mark = "!!" if plan["whole_table"] else "  "
        lines.append(f"{mark} {plan['sql']}")
        lines.extend(f"       {line}" for line in plan["plan"])  # type: ignore[attr-defined]
    return "\n    ".join(["query plans of the month's dry run", *lines])
