"""The page before Intuit's consent page: the last connection, another one under way, and preflight errors."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from integrations.models import Workspace
from integrations.quickbooks.connecting import authorization, views
from syncjobs import archiving
from syncjobs.pages import access
from syncjobs.pages.setup import who_connected


def connect_quickbooks(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the page; a POST goes on to Intuit, once another administrator under way was shown."""
    workspace = access.workspace_at(pk)
    now = timezone.now()
    other_admin = who_connected.under_way(workspace, person=request.user, now=now)
    if request.method == "POST" and not (other_admin and "anyway" not in request.POST):
        return _start_authorization(request, workspace)
    context = {
        "workspace": workspace,
        "connected": who_connected.quickbooks(workspace),
        "other": other_admin,
        "sent_elsewhere": archiving.sent_elsewhere(workspace) if workspace.company is None else [],
        "preflight_errors": authorization.preflight_errors(host=request.get_host()),
    }
    return access.show(
        request, "setup/connect_quickbooks_page.html", context, title=f"Connect QuickBooks, {workspace.name}"
    )


def _start_authorization(request: HttpRequest, workspace: Workspace) -> HttpResponse:
    response = views.connect(request, workspace.pk)
    # A redirect back to a page of ours means that the authorization did not start.
    if views.SESSION_KEY in request.session and response.get("Location", "").startswith("http"):
        who_connected.start_authorization(workspace, person=request.user, now=timezone.now())
    return response
