"""Time the one search over a large mirror: python -m tests.bench.search_times. Prints JSON, in milliseconds."""

from __future__ import annotations

import json
import statistics
import time

import django

django.setup()

from django.utils import timezone  # noqa: E402

from integrations.models import TimeEntry  # noqa: E402
from syncjobs.models import Receipt  # noqa: E402
from syncjobs.support import search  # noqa: E402

TURNS = 7


def main() -> None:
    entry = TimeEntry.objects.order_by("txn_date")[TimeEntry.objects.count() // 2]
    receipt = Receipt.objects.get(entry_id=entry.clockify_id)
    texts = {
        "person, day and project": f"{entry.user_name} {entry.txn_date} {entry.project_name}",
        "person and project": f"{entry.user_name} {entry.project_name}",
        "person": entry.user_name,
        "entry id": entry.clockify_id,
        "activity id": receipt.quickbooks_id,
        "nothing": "f" * 24,
    }
    times = {}
    for name, text in texts.items():
        measured = []
        for _ in range(TURNS):
            began = time.perf_counter()
            found = search.find(text, now=timezone.now())
            measured.append((time.perf_counter() - began) * 1000)
        assert found.nothing == (name == "nothing"), text
        times[name] = round(statistics.median(measured), 1)
    print(json.dumps(times))


if __name__ == "__main__":
    main()
