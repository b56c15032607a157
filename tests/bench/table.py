"""The table of measured figures and the machine, as text and as JSON."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench.stage import ROOT


@dataclass(frozen=True)
class Row:
    """A figure. `most` or `least` is the target for the ratio, or for `ours` where there is no reference."""

    figure: str
    ours: float
    unit: str
    reference: float | None = None
    most: float | None = None
    least: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.ours / self.reference if self.reference else None

    @property
    def met(self) -> bool | None:
        """None where the figure has no target."""
        value = self.ours if self.ratio is None else self.ratio
        if self.most is not None:
            return value <= self.most
        return None if self.least is None else value >= self.least

    @property
    def target(self) -> str:
        return f"<= {self.most:g}" if self.most is not None else f">= {self.least:g}" if self.least is not None else ""


def machine() -> dict[str, Any]:
    """Return facts about this machine: cores, memory, load and versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "database": f"SQLite {sqlite3.sqlite_version}",
        "system": f"{platform.system()} {platform.machine()}",
    }


def shown(rows: Sequence[Row], ran_on: dict[str, Any]) -> str:
    """Return the table as text: figure, ours, reference, ratio, target, met."""
    head = ("figure", "ours", "reference", "ratio", "target", "met")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    text = ["Ran on " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in ran_on.items()), ""]
    for line in lines:
        cells = [
            line[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)),
        ]
        text.append("  ".join(cells).rstrip())
    notes = [f"  {row.figure}: {row.note}" for row in rows if row.note]
    return "\n".join([*text, "", *notes])


def _cells(row: Row) -> tuple[str, ...]:
    reference = "" if row.reference is None else f"{_number(row.reference)} {row.unit}"
    ratio = "" if row.ratio is None else _number(row.ratio)
    met = {True: "yes", False: "NO", None: ""}[row.met]
    return row.figure, f"{_number(row.ours)} {row.unit}", reference, ratio, row.target, met


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"


def write(rows: Sequence[Row], ran_on: dict[str, Any]) -> Path:
    """Write the figures to var/bench/<time>.json. Return the path."""
    folder = ROOT / "var" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{ran_on['at'].replace(':', '').replace('+0000', 'Z')}.json"
    figures = [asdict(row) | {"ratio": row.ratio, "met": row.met} for row in rows]
    path.write_text(json.dumps({"ran_on": ran_on, "figures": figures}, indent=1) + "\n")
    return path
