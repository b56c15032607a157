"""The time of a desk page with many names, compared with a plain list of Django's admin over the same table."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from tests.bench import databases
from tests.bench.stage import Stage
from tests.bench.table import Row

ENTRIES = 4000
LISTED = 20_000
# The most milliseconds of processor time for what people wait for, whatever the size of the company.
AT_ONCE = 250


def measure(details: Namespace) -> Iterator[Row]:
    """Measure the median time to the whole answer, taken in turns in one process, over a company with entries."""
    for name, url in databases.each():
        with Stage(entries=ENTRIES, people=25, database=url) as stage:
            stage.manage("check_for_new")
            measured = stage.script("tests.bench.desk_pages", str(details.mismatches)).json
        note = f"{measured['mirrored']:,} mirrored rows, {measured['open']:,} open; reference: {measured['plain']}"
        for page, times in measured["pages"].items():
            yield Row(f"desk on {name}, {page}", times["ms"], "ms", times["reference_ms"], most=2, note=note)
            note = ""
        for page, times in measured["decisions"].items():
            yield Row(f"desk on {name}, {page}: processor", times["ms"], "ms", most=AT_ONCE, note=times["note"])
        for page, times in measured["whole"].items():
            yield Row(f"desk on {name}, {page}: processor", times["ms"], "ms", note=times["note"])
    # A second world needs a second database.
    for name, url in databases.each():
        yield from _entry_pages(name, url)


def _entry_pages(name: str, url: str) -> Iterator[Row]:
    """Measure all pages of the menu in a world of their own; half of its many entries wait, the others are sent."""
    with Stage(entries=LISTED, people=25, database=url) as stage:
        stage.manage("check_for_new")
        stage.script("tests.bench.entry_pages", "hold")
        stage.sync()
        measured = stage.script("tests.bench.entry_pages").json
    note = f"{measured['entries']:,} entries, {measured['held']:,} held; reference: a plain list of time entries"
    for page, times in measured["pages"].items():
        yield Row(f"{page} on {name}", times["ms"], "ms", times["reference_ms"], most=2, note=note)
        note = ""
    for page, times in measured["processor"].items():
        yield Row(f"{page} on {name}: processor", times["ms"], "ms", most=AT_ONCE)
