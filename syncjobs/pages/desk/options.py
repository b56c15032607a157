"""The records that fit what a person types, as radio buttons of the open row."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mapping.decisions import partner_search
from syncjobs.pages import access


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """At most so many; that there are more is said."""
    workspace = access.workspace_at(pk)
    text = request.GET.get("q", "")[:200]
    found = partner_search.search(workspace, request.GET.get("kind", ""), text) if workspace.company else []
    context = {
        "options": found[: partner_search.MOST_OFFERED],
        "more": len(found) > partner_search.MOST_OFFERED,
        "searched": text.strip(),
        "company": workspace.company,
    }
    return render(request, "hourbridge/desk/options.html", context)
