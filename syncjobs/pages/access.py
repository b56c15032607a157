"""Permissions for our pages and buttons, and the rendering that every page shares."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from integrations.models import Workspace
from integrations.roles import ACT_RIGHT, VIEW_RIGHT

SECRETS = ("api_key", "company__access_token", "company__refresh_token")
# Session key: the workspace that this person looked at last.
LAST_WORKSPACE = "workspace"
View = Callable[..., HttpResponse]


def may_look(request: HttpRequest) -> bool:
    """Return whether this person may open pages about workspaces."""
    return bool(request.user.has_perm(VIEW_RIGHT))


def may_act(request: HttpRequest) -> bool:
    """Return whether this person may press buttons."""
    return bool(request.user.has_perm(ACT_RIGHT))


def may_download_names(user: Any) -> bool:
    """Return whether a person may download a support bundle with true names; all others get it with stand-ins."""
    return bool(user.has_perm(ACT_RIGHT))


def may_list(request: HttpRequest, model: str) -> bool:
    """Return whether this person may see a list of the admin, such as `syncjobs.receipt`."""
    app, name = model.split(".")
    return any(request.user.has_perm(f"{app}.{verb}_{name}") for verb in ("view", "change"))


def page(view: View) -> View:
    """Limit a view to staff who may see workspaces; a POST needs the right to change them."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and not may_act(request):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return admin.site.admin_view(_require_any(guarded, VIEW_RIGHT, ACT_RIGHT))


def question(view: View) -> View:
    """Limit a view to staff who may see workspaces, its POST included, which asks and changes nothing."""
    return admin.site.admin_view(_require_any(view, VIEW_RIGHT, ACT_RIGHT))


def button(view: View) -> View:
    """Limit a view to POST, and to staff who may change workspaces."""
    return require_POST(admin.site.admin_view(_require_any(view, ACT_RIGHT)))


def _require_any(view: View, *permissions: str) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not any(request.user.has_perm(permission) for permission in permissions):
            raise PermissionDenied
        return view(request, *args, **kwargs)

    return guarded


def workspaces() -> QuerySet[Workspace]:
    """Return workspaces with their companies, by name."""
    # Pages have no use for secrets, so those stay sealed in the database.
    return Workspace.objects.select_related("company").defer(*SECRETS).order_by("name", "pk")


def workspace_at(pk: int) -> Workspace:
    return get_object_or_404(workspaces(), pk=pk)


def show(
    request: HttpRequest, template: str, context: dict[str, Any], *, title: str, status: int = 200
) -> HttpResponse:
    """Render one of our templates inside the admin, with its menu, header and messages."""
    request.current_app = admin.site.name
    admin_context = admin.site.each_context(request) | {"title": title, "may_act": may_act(request)}
    return render(request, f"hourbridge/{template}", admin_context | context, status=status)
