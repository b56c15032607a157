"""Processor time per entry sent, against a script that does nothing but send."""

from __future__ import annotations

import sqlite3
from argparse import Namespace
from collections.abc import Iterator

from tests.bench.stage import Stage
from tests.bench.table import Row


def measure(details: Namespace) -> Iterator[Row]:
    """Measure the whole command, with start, reading and planning, and the whole script; no limits, no latency."""
    people = max(25, details.cpu // 200)
    with Stage(entries=details.cpu, people=people) as stage:
        stage.manage("check_for_new")
        command = stage.sync()
        bodies = _bodies(stage)
    # The same world again, so that the script too sends to a company without time in it.
    with Stage(entries=details.cpu, people=people) as stage:
        path = stage.folder / "bodies"
        path.write_text("\n".join(bodies))
        script = stage.script("tests.bench.reference", stage.url, stage.refresh_token(), str(path))
    sent, posted = command.json["sent"], script.json["sent"]
    assert sent == posted, f"we sent {sent}, the script {posted}"
    note = f"{sent} entries; peak memory {command.peak_mb:.0f} MB, the script's {script.peak_mb:.0f} MB"
    per_thousand = 1000 / sent
    yield Row(
        "processor time per entry sent", command.cpu * per_thousand, "ms", script.cpu * per_thousand, most=4, note=note
    )


def _bodies(stage: Stage) -> list[str]:
    """Return the JSON bodies that were sent."""
    path = stage.env["DATABASE_URL"].removeprefix("sqlite:///")
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT body FROM syncjobs_action WHERE verb = 'create' ORDER BY id")
        return [body for (body,) in rows]
