"""What a page of the desk costs with many names, beside a plain list of Django's admin over the same table."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from tests.bench import databases
from tests.bench.stage import Stage
from tests.bench.table import Row

ENTRIES = 4000


def measure(details: Namespace) -> Iterator[Row]:
    """Time to the whole answer, the middle of many, taken in turns in one process; the stage has a real company too."""
    for name, url in databases.each():
        with Stage(entries=ENTRIES, people=25, database=url) as stage:
            stage.manage("check_for_new")
            measured = stage.script("tests.bench.desk_pages", str(details.mismatches)).json
        note = f"{measured['mirrored']:,} mirrored rows, {measured['open']:,} open; reference: {measured['plain']}"
        for page, found in measured["pages"].items():
            yield Row(f"desk on {name}, {page}", found["ms"], "ms", found["reference_ms"], most=2, note=note)
            note = ""
        for page, found in measured["whole"].items():
            yield Row(f"desk on {name}, {page}", found["ms"], "ms", note=found["note"])
