"""Processor time per entry sent, against a script that does nothing but send."""

from __future__ import annotations

import sqlite3
from argparse import Namespace
from collections.abc import Iterator

from tests.bench.stage import Stage
from tests.bench.table import Row


def measure(details: Namespace) -> Iterator[Row]:
    """The whole command, start, reading and planning included, and the whole script; no limits, no latency."""
    people = max(25, details.cpu // 200)
    with Stage(entries=details.cpu, people=people) as stage:
        stage.manage("check_for_new")
        ours = stage.sync()
        bodies = _bodies(stage)
    # The same world again, so that the script too sends to a company without time in it.
    with Stage(entries=details.cpu, people=people) as stage:
        path = stage.folder / "bodies"
        path.write_text("\n".join(bodies))
        theirs = stage.script("tests.bench.reference", stage.url, stage.refresh_token(), str(path))
    sent, posted = ours.json["sent"], theirs.json["sent"]
    assert sent == posted, f"we sent {sent}, the script {posted}"
    note = f"{sent} entries; peak memory {ours.peak_mb:.0f} MB, the script's {theirs.peak_mb:.0f} MB"
    each = 1000 / sent
    yield Row("processor time per entry sent", ours.cpu * each, "ms", theirs.cpu * each, most=4, note=note)


def _bodies(stage: Stage) -> list[str]:
    """What was sent, one exact body each."""
    path = stage.env["DATABASE_URL"].removeprefix("sqlite:///")
    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT body FROM syncjobs_action WHERE verb = 'create' ORDER BY id")
        return [body for (body,) in rows]
