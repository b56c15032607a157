"""The cost of comparing a month when the mirror holds a million entries of other months, and of showing it."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from tests.bench import databases
from tests.bench.stage import LAST, Stage
from tests.bench.table import Row


def measure(details: Namespace) -> Iterator[Row]:
    """Measure `reconcile` of one month that was sent, alone in the mirror and after years of time, and its page."""
    for name, url in databases.each():
        yield from _on(name, url, details)


def _on(name: str, url: str, details: Namespace) -> Iterator[Row]:
    month = details.reconcile
    with Stage(entries=month, people=max(25, month // 160), database=url) as stage:
        stage.manage("check_for_new")
        sent = stage.sync().json["sent"]
        days = ("--from", str(stage.first), "--to", str(LAST))
        alone = stage.manage("reconcile", *days)
        filled = stage.script("tests.bench.fill_mirror", str(details.mirror)).json
        stage.zero_calls()
        full = stage.manage("reconcile", *days)
        calls = stage.calls()
        page = stage.script("tests.bench.proof_page").json
    rows = len(full.json["rows"])
    note = f"{sent:,} entries sent of {month:,}, {rows:,} rows; {filled['entries']:,} entries of other months"
    figure = f"reconcile of a month among {details.mirror:,}, {name}"
    yield Row(f"{figure}: processor", full.cpu, "s", alone.cpu, most=1.3, note=note)
    yield Row(f"{figure}: memory", full.peak_mb, "MB", alone.peak_mb, most=1.3)
    yield Row(f"{figure}: metered calls", calls["quickbooks"]["coreplus"], "calls", most=sent / 1000 + 2)
    yield Row(f"proof of that month, {name}: {page['view']}", page["ms"], "ms", page["reference_ms"], note=page["note"])
