"""Parts of an open row that its script requests: records to choose from, and the forecast of a choice."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from integrations.kinds import Kind
from integrations.models import Workspace
from mapping.decisions import partner_search
from mapping.decisions.batch import ACTIONS, Choice
from mapping.errors import Refused
from syncjobs.pages import access
from syncjobs.pages.desk import candidate_facts
from syncjobs.pages.desk.contexts import AnswerContext
from syncjobs.planning.forecast import Forecast, forecast


def options(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the records that match the typed text, as a list box; a note says where there are more."""
    workspace = access.workspace_at(pk)
    text = request.GET.get("q", "")[:200]
    partners = partner_search.search(workspace, request.GET.get("kind", ""), text) if workspace.company else []
    offered = partners[: partner_search.MAX_OFFERED]
    # The search returns one record more than is offered, so that the page can say that there are more.
    context = {
        "options": offered,
        "facts": candidate_facts.facts_of(workspace, offered),
        "has_more": len(partners) > partner_search.MAX_OFFERED,
        "searched": text.strip(),
        "company": workspace.company,
    }
    return render(request, "hourbridge/desk/found.html", context)


def forecast_of_row(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the forecast of one choice as a part of a page; nothing is saved."""
    workspace = access.workspace_at(pk)
    params = request.GET
    context: AnswerContext = {}
    try:
        context["forecast"] = forecast_of_choice(
            workspace,
            params.get("verb", "link"),
            params.get("kind", ""),
            params.get("id", ""),
            params.get("partner", ""),
        )
    except Refused as refusal:
        context["refused"] = str(refusal)
    return render(request, "hourbridge/desk/forecast.html", {**context})


def forecast_of_choice(workspace: Workspace, verb: str, kind: str, clockify_id: str, partner: str = "") -> Forecast:
    """Return what one decision would unblock or block. Raises Refused where nothing is chosen."""
    if workspace.company is None or verb not in ACTIONS or kind not in partner_search.KINDS or not clockify_id:
        raise Refused("Nothing was chosen.")
    choice = Choice(verb, kind, clockify_id)
    if verb == "link":
        quickbooks_kind, quickbooks_id = partner_search.meant(workspace, kind, partner)
        choice = Choice(verb, kind, clockify_id, quickbooks_id, quickbooks_kind == Kind.VENDOR)
    return forecast(workspace, [choice])
