"""The tab of time that changed after it was sent: what Clockify says now beside what was sent."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from syncjobs.pages import access, desk_shown


def page(request: HttpRequest, pk: int) -> HttpResponse:
    workspace = access.workspace_at(pk)
    context = {"workspace": workspace, "tab": "changed", "zone": workspace.time_zone, "company": workspace.company}
    if workspace.company is not None:
        context |= desk_shown.head(workspace, "changed")
    return access.show(request, "desk_changed.html", context, title=f"Changed after sending, {workspace.name}")
