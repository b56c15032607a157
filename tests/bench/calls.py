"""The number of calls that a check and a sync make, and of those that Intuit meters."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator

from tests.bench.stage import Stage
from tests.bench.table import Row


def measure(details: Namespace) -> Iterator[Row]:
    """Measure a check with nothing new, a small sync, and the metered calls of a large one."""
    with Stage(entries=200) as stage:
        stage.manage("check_for_new")
        calls = stage.manage("check_for_new").json["api_calls"]
        yield Row("check with nothing new, QuickBooks calls", calls["quickbooks"], "calls", most=2)
        yield Row("check with nothing new, Clockify calls", calls["clockify"], "calls", most=4)
        stage.zero_calls()
        result = stage.sync()
        metered = stage.calls()["quickbooks"]["coreplus"]
        note = f"{result.json['sent']} entries sent"
        yield Row("metered calls of a small sync", metered, "calls", most=0, note=note)
        calls_again = stage.sync().json["api_calls"]["quickbooks"]
        yield Row("QuickBooks calls of a sync with nothing to send", calls_again, "calls", most=0)
    with Stage(entries=details.metered) as stage:
        stage.manage("check_for_new")
        stage.zero_calls()
        sent = stage.sync().json["sent"]
        metered = stage.calls()["quickbooks"]["coreplus"]
        note = f"{metered} for {sent} entries"
        yield Row("metered calls per 1,000 entries", metered / sent * 1000, "calls", most=40, note=note)
