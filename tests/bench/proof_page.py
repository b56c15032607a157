"""Time the page *Proof of period* over the stored comparison: python -m tests.bench.proof_page. Prints JSON."""

from __future__ import annotations

import json
import statistics
import time

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.test import Client, override_settings  # noqa: E402

from syncjobs.models import Reconciliation  # noqa: E402

TURNS = 5
# As in development, or pages would fail without `collectstatic`.
PLAIN_FILES = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}


@override_settings(STORAGES={**settings.STORAGES, "staticfiles": PLAIN_FILES})
def main() -> None:
    """Measure the slowest view, by customers; beside it the time in which the database alone gives the rows."""
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("bench"))
    stored = Reconciliation.objects.latest("pk")
    address = f"/admin/workspaces/{stored.workspace_id}/proof/?by=customers"
    pages, rows = [], []
    for _ in range(TURNS):
        began = time.perf_counter()
        answer = client.get(address)
        assert answer.status_code == 200, answer.status_code
        between = time.perf_counter()
        list(stored.rows.values_list())
        pages.append((between - began) * 1000)
        rows.append((time.perf_counter() - between) * 1000)
    note = f"{stored.rows.count():,} rows; against reading them alone"
    figures = {"ms": statistics.median(pages), "reference_ms": statistics.median(rows)}
    print(json.dumps({"view": "by customers", **figures, "note": note}))


if __name__ == "__main__":
    main()
