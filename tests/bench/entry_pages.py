"""Time the list of entries and the sync log while half of them wait: python -m tests.bench.entry_pages. Prints JSON."""

from __future__ import annotations

import json

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from integrations.models import TimeEntry, Workspace  # noqa: E402
from mapping.decisions import batch  # noqa: E402
from mapping.decisions.batch import Choice  # noqa: E402
from mapping.models import Link  # noqa: E402
from syncjobs.models import EntryStatus  # noqa: E402
from syncjobs.planning import evaluate  # noqa: E402
from tests.bench.desk_pages import STORAGES, figure, get, in_turns  # noqa: E402

PAGES = {"time entries": "/admin/integrations/timeentry/", "sync log": "/admin/workspaces/{pk}/log/"}
PLAIN = "/plain/integrations/timeentry/"


@override_settings(STORAGES=STORAGES, ROOT_URLCONF="tests.bench.plain_urls")
def main() -> None:
    workspace = Workspace.objects.get()
    _hold_half(workspace)
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("bench"))
    addresses = {name: path.format(pk=workspace.pk) for name, path in PAGES.items()}
    pages, processor = {}, {}
    for name, address in addresses.items():
        ours, reference = in_turns(lambda address=address: get(client, address), lambda: get(client, PLAIN))  # type: ignore[misc]
        pages[name] = {"ms": ours, "reference_ms": reference}
        processor[name] = figure(lambda address=address: get(client, address))  # type: ignore[misc]
    held = EntryStatus.objects.filter(held=True).count()
    print(json.dumps({"held": held, "entries": TimeEntry.objects.count(), "pages": pages, "processor": processor}))


def _hold_half(workspace: Workspace) -> None:
    """Unlink every second person, so that their time waits."""
    people = Link.objects.filter(workspace=workspace, kind="user").order_by("clockify_id")
    choices = [Choice("unlink", "user", record_id) for record_id in people.values_list("clockify_id", flat=True)[::2]]
    with evaluate.deciding(workspace, now=timezone.now()):
        batch.apply(workspace, choices, now=timezone.now())


if __name__ == "__main__":
    main()
