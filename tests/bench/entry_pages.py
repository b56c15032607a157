"""Time the list of entries and the sync log while half of them wait: python -m tests.bench.entry_pages. Prints JSON."""

from __future__ import annotations

import json
from typing import Any

import django

django.setup()

from django.contrib import admin  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.http import HttpRequest  # noqa: E402
from django.test import Client, RequestFactory, override_settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from integrations.admin_lists.readonly_admin import ReadOnlyAdmin  # noqa: E402
from integrations.models import TimeEntry, Workspace  # noqa: E402
from mapping.decisions import batch  # noqa: E402
from mapping.decisions.batch import Choice  # noqa: E402
from mapping.models import Link  # noqa: E402
from syncjobs.models import EntryStatus  # noqa: E402
from syncjobs.planning import evaluate  # noqa: E402
from tests.bench.desk_pages import STORAGES, figure, get, in_turns  # noqa: E402

PAGES = {"time entries": "/admin/integrations/timeentry/", "sync log": "/admin/workspaces/{pk}/log/"}


class PlainList(ReadOnlyAdmin):
    """A plain list over the same table, without our filters, sums and badges."""

    list_display = ("txn_date", "user_name", "client_name", "project_name", "description")


@override_settings(STORAGES=STORAGES)
def main() -> None:
    workspace = Workspace.objects.get()
    _hold_half(workspace)
    user = User.objects.create_superuser("bench")
    client = Client(headers={"host": "localhost"})
    client.force_login(user)
    addresses = {name: path.format(pk=workspace.pk) for name, path in PAGES.items()}
    pages, processor = {}, {}
    for name, address in addresses.items():
        ours, reference = in_turns(lambda address=address: get(client, address), lambda: _plain(user))  # type: ignore[misc]
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


def _plain(user: Any) -> None:
    request: HttpRequest = RequestFactory(headers={"host": "localhost"}).get("/")
    request.user = user
    PlainList(TimeEntry, admin.site).changelist_view(request).render()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
