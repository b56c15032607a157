"""What one choice on a row would do, asked for while a person looks at it; nothing is saved."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from integrations.models import Workspace
from mapping.decisions import partner_search
from mapping.decisions.batch import VERBS, Choice
from mapping.errors import Refused
from syncjobs.pages import access
from syncjobs.planning.forecast import WhatIf, what_if


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """The figures of one choice, as a piece of a page."""
    workspace = access.workspace_at(pk)
    asked = request.GET
    context: dict[str, Any] = {}
    try:
        context["what_if"] = of_choice(
            workspace, asked.get("verb", "link"), asked.get("kind", ""), asked.get("id", ""), asked.get("partner", "")
        )
    except Refused as refusal:
        context["refused"] = str(refusal)
    return render(request, "hourbridge/desk/forecast.html", context)


def of_choice(workspace: Workspace, verb: str, kind: str, clockify_id: str, partner: str = "") -> WhatIf:
    """What one decision would free or stop. Raises Refused where nothing is chosen."""
    if workspace.company is None or verb not in VERBS or kind not in partner_search.KINDS or not clockify_id:
        raise Refused("Nothing was chosen.")
    choice = Choice(verb, kind, clockify_id)
    if verb == "link":
        quickbooks_kind, quickbooks_id = partner_search.meant(workspace, kind, partner)
        choice = Choice(verb, kind, clockify_id, quickbooks_id, quickbooks_kind == "vendor")
    return what_if(workspace, [choice], now=timezone.now())
