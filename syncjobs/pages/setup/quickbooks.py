"""The page before the trip to Intuit: who connected what, who is under way, and what would make the trip fail."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from integrations.models import Workspace
from integrations.quickbooks import authorization, views
from syncjobs.pages import access
from syncjobs.pages.setup import who_connected


def connect_quickbooks(request: HttpRequest, pk: int) -> HttpResponse:
    """Shows the sentences; posted to it, sets out at once unless another administrator has to be heard of first."""
    workspace = access.workspace_at(pk)
    now = timezone.now()
    other = who_connected.under_way(workspace, person=request.user, now=now)
    if request.method == "POST" and not (other and "anyway" not in request.POST):
        return _set_out(request, workspace)
    context = {
        "workspace": workspace,
        "connected": who_connected.quickbooks(workspace),
        "other": other,
        "preflight_errors": authorization.preflight_errors(host=request.get_host()),
    }
    return access.show(
        request, "setup/connect_quickbooks_page.html", context, title=f"Connect QuickBooks, {workspace.name}"
    )


def _set_out(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    answer = views.connect(request, workspace.pk)
    if views.SESSION_KEY in request.session and answer.get("Location", "").startswith("http"):
        who_connected.start_authorization(workspace, person=request.user, now=timezone.now())
    return answer
