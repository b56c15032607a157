"""Time the desk's pages over a large mirror: python -m tests.bench.desk_pages OPEN. Prints JSON."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

# As the web server loads it, garbage included.
import config.wsgi  # noqa: F401  # isort: skip

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.utils import timezone

from integrations.models import (
    ClockifyClient,
    ClockifyProject,
    ClockifyUser,
    Customer,
    Employee,
    TimeEntry,
    Vendor,
    Workspace,
)
from mapping.decisions.undo import history
from mapping.models import Mismatch
from syncjobs.planning import evaluate
from tests.bench import desk_world
from tests.support.desk_forms import shown_now

TURNS = 9
PLAIN = "/admin/mapping/mismatch/"
PLAIN_SEARCH = "/admin/integrations/customer/?q={word}"
PAGES = {
    "projects, to do": "projects/",
    "projects, a middle page": "projects/?page=40",
    "projects, suggested": "projects/?show=suggested",
    "projects, both filters": "projects/?left={word}&right={word}",
    "projects, linked": "projects/?show=linked",
    "projects, a row open": "projects/?open=project-{row}",
    "people, linked": "people/?show=linked",
    "clients, linked": "clients/?show=linked",
    "projects, only in QuickBooks": "projects/?show=quickbooks",
}
SAFE, SAFE_SHEET = "desk/safe/count/?tab=projects", "desk/safe/?tab=projects"
SAFE_SHEET_OF_PEOPLE = "desk/safe/?tab=people"
SEARCHES = {"type-ahead": "desk/options/?kind=project&q={word}"}


# As in development, or pages would fail without `collectstatic`.
PLAIN_FILES = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
STORAGES = {**settings.STORAGES, "staticfiles": PLAIN_FILES}


@override_settings(STORAGES=STORAGES)
def main() -> None:
    workspace = Workspace.objects.get()
    desk_world.fill(workspace, int(sys.argv[1]))
    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.create_superuser("bench"))
    row = Mismatch.objects.filter(kind="project", suggested=True).order_by("order_key")[30]
    facts = {"word": "willow", "row": row.clockify_id}
    pages = {}
    for name, path in {**PAGES, **SEARCHES}.items():
        plain = PLAIN if name in PAGES else PLAIN_SEARCH
        address, reference_address = _address(workspace, path, facts), plain.format(**facts)
        milliseconds, reference = in_turns(
            lambda address=address: get(client, address),  # type: ignore[misc]
            lambda address=reference_address: get(client, address),  # type: ignore[misc]
        )
        pages[name] = {"ms": milliseconds, "reference_ms": reference}
    models = (ClockifyUser, ClockifyClient, ClockifyProject, Employee, Vendor, Customer)
    print(
        json.dumps(
            {
                "mirrored": sum(model.objects.count() for model in models),
                "open": Mismatch.objects.exclude(clockify_id="").count(),
                "plain": "the changelist of mismatches, of customers for the type-ahead",
                "pages": pages,
                "decisions": _decisions(client, workspace, facts, row),
                "whole": _matching(workspace),
            }
        )
    )


def in_turns(
    *works: Callable[[], Any], clock: Callable[[], float] = time.perf_counter, turns: int = TURNS
) -> list[float]:
    """Return the medians in ms. They take turns, so that other work on the machine affects all."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(turns):
        for work, measured in zip(works, times, strict=True):
            began = clock()
            work()
            measured.append((clock() - began) * 1000)
    return [statistics.median(measured) for measured in times]


def _decisions(client: Client, workspace: Workspace, facts: dict[str, str], row: Mismatch) -> dict[str, Any]:
    """Return the processor times of what goes with a decision, whose size is not to depend on the company's."""
    first = row.suggestions[0]
    partner = f"{first['kind']}:{first['id']}"
    forecast = f"desk/what-if/?kind=project&id={row.clockify_id}&verb=link&partner={partner}"
    form = {"verb": "link", "kind": "project", "id": row.clockify_id, "partner": partner}
    address = _address(workspace, "projects/", facts)
    entries = TimeEntry.objects.count()

    shown: dict[str, str] = {}

    def look() -> None:
        shown.update(shown_now(workspace, form))

    def undo() -> None:
        _post(client, address, {"verb": "undo", "decision": str(history(workspace)[0].pk)})

    # Once before they are measured, as a page's first answer compiles templates.
    get(client, address)
    get(client, _address(workspace, SAFE_SHEET_OF_PEOPLE, facts))
    _, decision, undone = in_turns(look, lambda: _post(client, address, shown), undo, clock=time.process_time)
    return {
        "what-if of one choice": figure(lambda: get(client, _address(workspace, forecast, facts))),
        "count of the safe ones": figure(lambda: get(client, _address(workspace, SAFE, facts))),
        "one decision": {"ms": decision, "note": f"among {entries:,} entries, with its page"},
        "its undo": {"ms": undone, "note": ""},
        "overview": figure(lambda: get(client, "/admin/")),
        "sheet of the safe ones": figure(lambda: get(client, _address(workspace, SAFE_SHEET, facts))),
    }


def _matching(workspace: Workspace) -> dict[str, Any]:
    """Return the processor time of what looks at everybody's names."""
    again = figure(lambda: evaluate.refresh(workspace, now=timezone.now(), compare_names=True), turns=1)
    return {"matching and suggesting again": again}


def figure(work: Callable[[], Any], note: str = "", *, turns: int = TURNS) -> dict[str, Any]:
    """Return the median of its processor time in ms, with a note."""
    return {"ms": in_turns(work, clock=time.process_time, turns=turns)[0], "note": note}


def _address(workspace: Workspace, path: str, facts: dict[str, str]) -> str:
    return f"/admin/workspaces/{workspace.pk}/{path}".format(**facts)


def get(client: Client, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200, (address, answer.status_code)


def _post(client: Client, address: str, values: dict[str, str]) -> None:
    answer = client.post(address, values, headers={"X-Desk": "1"})
    assert answer.status_code == 200, (address, answer.status_code, answer.content[-3000:])


if __name__ == "__main__":
    main()
