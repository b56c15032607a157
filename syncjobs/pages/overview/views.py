"""The front page: a card for each workspace, what needs a person, and the last runs."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from integrations.clockify.forms import ConnectClockify
from integrations.models import Workspace
from integrations.quickbooks import authorization
from mapping.desk import rows, wording
from mapping.models import Mismatch
from syncjobs.display import run_summary
from syncjobs.models import Run
from syncjobs.pages import access, links
from syncjobs.pages.overview import day_chart, figures, first_steps, mapping_progress
from syncjobs.pages.overview.upcoming_runs import upcoming
from syncjobs.pages.overview.workspace_card import Card

MAX_NEEDED = 8
MAX_RUNS = 6
MAX_UPCOMING = 6
ICONS = {"user": "person", "client": "domain", "project": "folder"}


@dataclass(frozen=True)
class Need:
    """One cause that holds time back, and where it is decided."""

    mismatch: Mismatch
    workspace: Workspace
    words: wording.MismatchWording
    icon: str
    link: str

    @property
    def name(self) -> str:
        return self.mismatch.clockify_name.strip() or "A user without a name"

    @property
    def likely(self) -> str:
        """The likeliest partner with its why, or why there is none."""
        if not self.mismatch.suggestions:
            return self.words.sentence
        first = self.mismatch.suggestions[0]
        return f"Perhaps {first['name']}: {first['why']}."


def front_page(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What the dashboard's template shows; without the right to see workspaces it says so."""
    if not access.may_look(request):
        return context | {"may_look": False}
    now = timezone.now()
    cards = cards_of(list(access.workspaces()))
    newest = next((card for card in cards if first_steps.is_needed(card)), None)
    connects = newest is not None and newest.company is None
    steps = first_steps.steps(newest) if newest or not cards else []
    form = ConnectClockify(initial={"start_date": now.date().replace(day=1)}) if not cards else None
    return context | {
        "title": "Overview",
        "may_look": True,
        "may_act": access.may_act(request),
        "cards": cards,
        "steps": steps,
        "steps_done": sum(step.state == "done" for step in steps),
        "steps_card": newest,
        "connect_form": form,
        "preflight_errors": authorization.preflight_errors(host=request.get_host()) if connects else [],
        "needs": needs(cards),
        "names_holding": figures.names_holding(card.workspace for card in cards),
        "recent_runs": [(run, run_summary.result(run)) for run in _recent()],
        "upcoming": upcoming(cards, now=now)[:MAX_UPCOMING],
        "chart": day_chart.chart([card.workspace for card in cards], now=now),
        "idle": [card for card in cards if card.no_worker(now)],
        "has_open_run": any(card.open_run for card in cards),
    }


def cards_of(workspaces: list[Workspace]) -> list[Card]:
    """Figures of all of them, in as many queries as of one."""
    counted, latest = figures.of_workspaces(), figures.latest_runs()
    mirrored, linked = figures.mirrored(), mapping_progress.decided()
    sharing = defaultdict(list)
    for one in workspaces:
        sharing[one.company_id].append(one.name)
    under_way, unknown, waiting = figures.open_runs(), figures.unknown_for_people(), figures.to_decide()
    return [
        Card(
            workspace=one,
            figures=counted[one.pk],
            decided=linked[one.pk],
            sharing=sharing[one.company_id] if one.company_id else [],
            mirrored=mirrored[one.pk],
            to_decide=waiting.get(one.pk, 0),
            unknown_for_people=unknown.get(one.pk, 0),
            last_check=latest.get((one.pk, Run.Kind.CHECK)),
            last_sync=latest.get((one.pk, Run.Kind.SYNC)),
            open_run=under_way.get(one.pk),
        )
        for one in workspaces
    ]


def needs(cards: list[Card]) -> list[Need]:
    """Causes that hold most, most first."""
    by_pk = {card.workspace.pk: card.workspace for card in cards}
    return [_need(one, by_pk[one.workspace_id]) for one in figures.holding_most(by_pk.values(), limit=MAX_NEEDED)]


def _need(mismatch: Mismatch, workspace: Workspace) -> Need:
    return Need(
        mismatch=mismatch,
        workspace=workspace,
        words=wording.words(rows.case_of(mismatch)),
        icon=ICONS.get(mismatch.kind, "help"),
        link=links.desk(workspace.pk, mismatch.kind, mismatch.clockify_id),
    )


def _recent() -> QuerySet[Run]:
    runs = Run.objects.select_related("person", "workspace").defer("workspace__api_key")
    return runs.order_by("-pk")[:MAX_RUNS]
