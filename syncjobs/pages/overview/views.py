"""The front page: a card for each workspace, the decisions that wait for review, and the last runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypedDict

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from integrations.clockify.forms import ConnectClockify
from integrations.models import ShrunkList, Workspace
from integrations.quickbooks.connecting import archived, authorization
from syncjobs.display import run_summary
from syncjobs.models import Run
from syncjobs.pages import access
from syncjobs.pages.overview import day_chart, figures, first_steps, mapping_progress, needs
from syncjobs.pages.overview.day_chart import Chart
from syncjobs.pages.overview.first_steps import FirstStep
from syncjobs.pages.overview.upcoming_runs import UpcomingRun, upcoming
from syncjobs.pages.overview.workspace_card import Card
from syncjobs.planning import service_item
from syncjobs.support.proof import stored_comparison

MAX_RUNS = 6
MAX_UPCOMING = 6


class OverviewContext(TypedDict):
    """What the front page shows. `steps`: the first steps of `steps_card`, or of nobody yet; `connect_form` for these.

    `needs`: what waits for people, with its entries and minutes; `recent_runs`: each with what came of it; `idle`:
    those whose runs no worker takes.
    """

    cards: Sequence[Card]
    steps: Sequence[FirstStep]
    steps_done: int
    steps_card: Card | None
    connect_form: ConnectClockify | None
    preflight_errors: Sequence[str]
    needs: Sequence[needs.Group]
    needs_entries: int
    needs_minutes: int
    recent_runs: Sequence[tuple[Run, str]]
    upcoming: Sequence[UpcomingRun]
    chart: Chart | None
    idle: Sequence[Card]
    has_open_run: bool


def front_page(request: HttpRequest, context: Mapping[str, object]) -> dict[str, object]:
    """Return the dashboard's context; without the right to see workspaces only that fact."""
    if not access.may_look(request):
        return {**context, "title": "Overview", "may_look": False}
    return {**context, "title": "Overview", "may_look": True, **access.rights(request), **_overview(request)}


def _overview(request: HttpRequest) -> OverviewContext:
    now = timezone.now()
    cards = cards_of(list(access.workspaces()))
    # The steps are shown for one workspace at a time: the first that has sent nothing.
    new_card = next((card for card in cards if first_steps.is_needed(card)), None)
    needs_company = new_card is not None and new_card.company is None
    steps = first_steps.steps(new_card) if new_card or not cards else []
    needed = needs.groups(cards)
    form = ConnectClockify(initial={"start_date": now.date().replace(day=1)}) if not cards else None
    return {
        "cards": cards,
        "steps": steps,
        "steps_done": sum(step.state == "done" for step in steps),
        "steps_card": new_card,
        "connect_form": form,
        "preflight_errors": authorization.preflight_errors(host=request.get_host()) if needs_company else [],
        "needs": needed,
        "needs_entries": sum(group.entries for group in needed),
        "needs_minutes": sum(group.minutes for group in needed),
        "recent_runs": [(run, run_summary.result(run)) for run in _recent()],
        "upcoming": upcoming(cards, now=now)[:MAX_UPCOMING],
        "chart": day_chart.chart([card.workspace for card in cards], now=now),
        "idle": [card for card in cards if card.no_worker(now)],
        "has_open_run": any(card.open_run for card in cards),
    }


def cards_of(workspaces: list[Workspace]) -> list[Card]:
    """Return the cards of all workspaces; the number of queries does not grow with them."""
    figures_of, latest = figures.of_workspaces(), figures.latest_runs()
    mirrored, progress = figures.mirrored(), mapping_progress.decided()
    names_by_company = defaultdict(list)
    for workspace in workspaces:
        names_by_company[workspace.company_id].append(workspace.name)
    open_runs, unknown, waiting = figures.open_runs(), figures.unknown_for_people(), figures.to_decide()
    archived_by_workspace = archived.last_by_workspace(workspaces)
    broken_items = service_item.broken_by_workspace(workspaces)
    item_questions = service_item.questions(workspaces)
    deletions, since_sent = figures.deletions(), figures.changed_since_sent()
    changed = figures.changed_for_people()
    not_explained = stored_comparison.not_explained()
    shrunk = list(ShrunkList.objects.order_by("pk"))
    for workspace in workspaces:
        open_run = open_runs.get(workspace.pk)
        if open_run is None or open_run.status != Run.Status.RUNNING:
            figures_of[workspace.pk].nothing_moves()
    return [
        Card(
            workspace=workspace,
            figures=figures_of[workspace.pk],
            decided=progress[workspace.pk],
            sharing=names_by_company[workspace.company_id] if workspace.company_id else [],
            mirrored=mirrored[workspace.pk],
            to_decide=waiting.get(workspace.pk, 0),
            archived=archived_by_workspace.get(workspace.pk),
            broken_item=broken_items.get(workspace.pk),
            item_question=item_questions.get(workspace.pk, ""),
            unknown_for_people=unknown.get(workspace.pk, 0),
            deletions=deletions.get(workspace.pk, 0),
            changed_since_sent=since_sent.get(workspace.pk, 0),
            changed_for_people=changed.get(workspace.pk, figures.Figure()),
            not_explained=not_explained.get(workspace.pk),
            shrunk=[row for row in shrunk if _is_of(row, workspace)],
            last_check=latest.get((workspace.pk, Run.Kind.CHECK)),
            last_sync=latest.get((workspace.pk, Run.Kind.SYNC)),
            open_run=open_runs.get(workspace.pk),
        )
        for workspace in workspaces
    ]


def _is_of(shrunk: ShrunkList, workspace: Workspace) -> bool:
    if shrunk.workspace_id is not None:
        return shrunk.workspace_id == workspace.pk
    return shrunk.company_id == workspace.company_id


def _recent() -> QuerySet[Run]:
    # Pages have no use for the key, so it stays sealed in the database.
    runs = Run.objects.select_related("person", "workspace").defer("workspace__api_key")
    return runs.order_by("-pk")[:MAX_RUNS]
