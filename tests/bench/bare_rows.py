"""Write the rows of the last dry run again, with bulk_create and nothing else: python -m tests.bench.bare_rows KIND ...

The yardstick for planning. The rows of a run must be deleted first, since there may be only one of each; that, and
reading them, is not counted: processor time is what this process used besides.
"""

from __future__ import annotations

import json
import sys
import time

import django
from django.db import models, transaction

django.setup()

from integrations.models import TimeEntry  # noqa: E402
from syncjobs.models import EntryStatus, Run, RunItem  # noqa: E402

KINDS: dict[str, type[models.Model]] = {"entries": TimeEntry, "statuses": EntryStatus, "items": RunItem}


def main() -> None:
    """Print the number of rows written by kind, and the processor seconds, as JSON."""
    run = Run.objects.filter(dry_run=True).latest("pk")
    chosen = {}
    for kind in sys.argv[1:]:
        rows = KINDS[kind]._default_manager.all()
        chosen[kind] = list(rows.filter(run=run) if kind == "items" else rows)
    written = {}
    with transaction.atomic():
        for kind in reversed(list(chosen)):
            KINDS[kind]._default_manager.all()._raw_delete(using="default")
        began = time.process_time()
        for kind, rows in chosen.items():
            KINDS[kind]._default_manager.bulk_create(rows, batch_size=500)
            written[kind] = len(rows)
    print(json.dumps({"rows": written, "cpu": time.process_time() - began}))


if __name__ == "__main__":
    main()
