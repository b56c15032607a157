"""Time the pages of the menu with many entries, half of them waiting: python -m tests.bench.entry_pages. Prints JSON.

With "hold" as argument it makes half of them wait instead.
"""

from __future__ import annotations

import json
import sys

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.test import Client, override_settings  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from integrations.models import TimeEntry, Workspace  # noqa: E402
from mapping.decisions import batch  # noqa: E402
from mapping.decisions.batch import Choice  # noqa: E402
from mapping.models import Link  # noqa: E402
from syncjobs.models import EntryStatus, Run  # noqa: E402
from syncjobs.pages import links, navigation  # noqa: E402
from syncjobs.planning import evaluate  # noqa: E402
from tests.bench.desk_pages import STORAGES, figure, get, in_turns  # noqa: E402

PLAIN = "/plain/integrations/timeentry/"


@override_settings(STORAGES=STORAGES, ROOT_URLCONF="tests.bench.plain_urls")
def main() -> None:
    workspace = Workspace.objects.get()
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("bench"))
    pages, processor = {}, {}
    for name, address in _addresses(client, workspace).items():
        ours, reference = in_turns(lambda address=address: get(client, address), lambda: get(client, PLAIN))  # type: ignore[misc]
        pages[name] = {"ms": ours, "reference_ms": reference}
        processor[name] = figure(lambda address=address: get(client, address), turns=3)  # type: ignore[misc]
    held = EntryStatus.objects.filter(held=True).count()
    print(json.dumps({"held": held, "entries": TimeEntry.objects.count(), "pages": pages, "processor": processor}))


def _addresses(client: Client, workspace: Workspace) -> dict[str, str]:
    """Return the addresses of all pages of the menu by title, and of a run, an entry, a search and *Diagnose*."""
    menu = navigation.sidebar(client.get("/admin/").wsgi_request)
    addresses = {line["title"]: line["link"] for group in menu for line in group["items"]}
    addresses |= {
        "A run": links.page_of(Run.objects.latest("pk")),
        "An entry": links.page_of(TimeEntry.objects.latest("pk")),
        "Search": reverse("hourbridge:search") + "?q=design",
        "Diagnose": reverse("hourbridge:diagnose", args=[workspace.pk]),
    }
    # Some lines of the menu lead on to the workspace that was looked at last.
    ends = {name: client.get(address, follow=True).redirect_chain for name, address in addresses.items()}
    return {name: ends[name][-1][0] if ends[name] else address for name, address in addresses.items()}


def _hold_half(workspace: Workspace) -> None:
    """Unlink every second person, so that their time waits."""
    people = Link.objects.filter(workspace=workspace, kind="user").order_by("clockify_id")
    choices = [Choice("unlink", "user", record_id) for record_id in people.values_list("clockify_id", flat=True)[::2]]
    with evaluate.deciding(workspace, now=timezone.now()):
        batch.apply(workspace, choices, now=timezone.now())


if __name__ == "__main__":
    if "hold" in sys.argv:
        _hold_half(Workspace.objects.get())
    else:
        main()
