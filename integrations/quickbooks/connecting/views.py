"""Views that connect QuickBooks in the browser. All need the right to connect."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.admin.views.decorators import staff_member_required
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from integrations import roles
from integrations.errors import ApiError
from integrations.models import Workspace
from integrations.quickbooks import oauth, tokens
from integrations.quickbooks.connecting import authorization, connection, signals
from integrations.quickbooks.models import Company

SESSION_KEY = "quickbooks_state"


@staff_member_required
@permission_required(roles.CONNECT_RIGHT, raise_exception=True)
@require_POST
def connect(request: HttpRequest, workspace_id: int) -> HttpResponse:
    """Redirect to Intuit's consent page, unless the connection would fail there."""
    workspace = get_object_or_404(Workspace, pk=workspace_id)
    errors = authorization.preflight_errors(host=request.get_host())
    if errors:
        for error in errors:
            messages.error(request, error)
        return redirect("admin:index")
    assert request.user.pk is not None
    url, state = authorization.start_authorization(authorization.OAuthState(workspace.pk, request.user.pk))
    request.session[SESSION_KEY] = state
    return redirect(url)


@staff_member_required
@permission_required(roles.CONNECT_RIGHT, raise_exception=True)
@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Handle the return from Intuit: check state and company, exchange the code, read the subscription."""
    try:
        assert request.user.pk is not None
        # A state is accepted once.
        expected = request.session.pop(SESSION_KEY, "")
        state = authorization.read_state(request.GET.get("state", ""), expected=expected, user_id=request.user.pk)
        if request.GET.get("error"):
            raise authorization.refusal_of(request.GET["error"])
        workspace = Workspace.objects.get(pk=state.workspace_id)
        reconnected = workspace.company is not None
        company = _connect(request, workspace)
        workspace.refresh_from_db()
        signals.connected_in_browser.send(Workspace, workspace=workspace, person=request.user, again=reconnected)
    except Workspace.DoesNotExist:
        messages.error(request, "The workspace was removed before you came back; nothing was connected.")
    except ApiError as problem:
        messages.error(request, f"{problem.message} {problem.fix}".strip())
    else:
        status = connection.subscription_status(company)
        level = messages.SUCCESS if status.supported else messages.WARNING
        messages.add_message(
            request, level, f"QuickBooks company {company} is connected. {status.sentence} {_next_step(reconnected)}"
        )
    return redirect("admin:index")


def _next_step(reconnected: bool) -> str:
    if reconnected:
        return "A check and a preview have started: they show what has changed and what the catch-up sync would send."
    return "A check for new users and customers starts as soon as a worker picks it up."


def _connect(request: HttpRequest, workspace: Workspace) -> Company:
    realm = request.GET.get("realmId", "")
    # Before the exchange, which would create tokens for a company that must not be connected.
    authorization.check_company(workspace, realm)
    new_tokens = oauth.exchange(request.GET.get("code", ""), account=tokens.account(Company(realm_id=realm)))
    return connection.connect_with(
        workspace, realm=realm, new_tokens=new_tokens, now=timezone.now(), person=request.user
    )


@staff_member_required
@permission_required(roles.CONNECT_RIGHT, raise_exception=True)
@require_POST
def disconnect(request: HttpRequest, workspace_id: int) -> HttpResponse:
    """Disconnect the company; the message names all its workspaces, since a company may serve several."""
    workspace = get_object_or_404(Workspace.objects.select_related("company"), pk=workspace_id)
    company = workspace.company
    if company is None:
        messages.error(request, f"No QuickBooks company is connected to {workspace}.")
        return redirect("admin:index")
    revocation_message = connection.disconnect(company, now=timezone.now(), person=request.user)
    names = ", ".join(str(workspace) for workspace in company.workspaces.order_by("name"))
    messages.success(
        request, f"{company} is disconnected from {names}. {revocation_message} Mappings and history are kept."
    )
    return redirect("admin:index")


@staff_member_required
@permission_required(roles.CONNECT_RIGHT, raise_exception=True)
@require_POST
def read_subscription(request: HttpRequest, workspace_id: int) -> HttpResponse:
    """Read subscription and Payroll from QuickBooks now (*Check again*): two calls, no run."""
    workspace = get_object_or_404(Workspace.objects.select_related("company"), pk=workspace_id)
    if workspace.company is None:
        messages.error(request, f"No QuickBooks company is connected to {workspace}.")
        return redirect("admin:index")
    try:
        status = connection.read_subscription(workspace.company, now=timezone.now())
    except ApiError as problem:
        messages.error(request, f"{problem.message} {problem.fix}".strip())
    else:
        level = messages.SUCCESS if status.supported else messages.WARNING
        messages.add_message(request, level, f"Read just now: {status.sentence}")
    return redirect("admin:index")
