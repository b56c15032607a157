"""Permissions for our pages and buttons, and the rendering that every page shares."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from integrations.models import Workspace
from integrations.roles import (
    ACT_RIGHTS,
    ALLOW_PLAN_RIGHT,
    CONNECT_RIGHT,
    DOWNLOAD_NAMES_RIGHT,
    MAP_RIGHT,
    SEND_RIGHT,
    SIGN_RIGHT,
    VIEW_RIGHT,
)

SECRETS = ("api_key", "company__access_token", "company__refresh_token")
# Session key: the workspace that this person looked at last.
LAST_WORKSPACE = "workspace"
View = Callable[..., HttpResponse]
# Names of the rights in templates.
RIGHTS = {
    "may_map": MAP_RIGHT,
    "may_send": SEND_RIGHT,
    "may_connect": CONNECT_RIGHT,
    "may_allow_plan": ALLOW_PLAN_RIGHT,
    "may_download_names": DOWNLOAD_NAMES_RIGHT,
    "may_sign": SIGN_RIGHT,
}


def may_look(request: HttpRequest) -> bool:
    """Return whether this person may open pages about workspaces."""
    return may(request, VIEW_RIGHT)


def may(request: HttpRequest, *rights: str) -> bool:
    """Return whether this person has one of the rights of `integrations.roles`."""
    return any(request.user.has_perm(right) for right in rights)


def rights(request: HttpRequest) -> dict[str, bool]:
    """Return what this person may do, for templates; `may_act`: any of what changes links, time or connections."""
    each = {name: may(request, right) for name, right in RIGHTS.items()}
    return each | {"may_act": may(request, *ACT_RIGHTS), "may_compare": may(request, *ACT_RIGHTS, SIGN_RIGHT)}


def require(request: HttpRequest, *rights: str) -> None:
    """Raise PermissionDenied unless this person has one of the rights."""
    if not may(request, *rights):
        raise PermissionDenied


def may_list(request: HttpRequest, model: str) -> bool:
    """Return whether this person may see a list of the admin, such as `syncjobs.receipt`."""
    app, name = model.split(".")
    return any(request.user.has_perm(f"{app}.{verb}_{name}") for verb in ("view", "change"))


def page(view: View, *, post: tuple[str, ...] | str = ()) -> View:
    """Limit a view to staff who may see workspaces; a POST needs one of the rights `post`; none: nobody."""
    rights = (post,) if isinstance(post, str) else post

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        require(request, *(rights if request.method == "POST" else (VIEW_RIGHT, *ACT_RIGHTS)))
        return view(request, *args, **kwargs)

    for_staff = admin.site.admin_view(guarded)

    @wraps(view)
    def logged_in(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method == "POST" and not request.user.is_authenticated:
            return _log_in_first(request)
        return for_staff(request, *args, **kwargs)

    return logged_in


def _log_in_first(request: HttpRequest) -> HttpResponse:
    """Lead to the login, then to the page whose button was pressed: a button's own address can't be opened."""
    messages.warning(request, "Your session had ended, so nothing was done. Log in, then press the button again.")
    came_from = urlsplit(request.headers.get("Referer", ""))
    page = f"{came_from.path}?{came_from.query}" if came_from.netloc == request.get_host() else reverse("admin:index")
    return redirect_to_login(page.rstrip("?"))


def question(view: View) -> View:
    """Limit a view to staff who may see workspaces, its POST included, which asks and changes nothing."""
    return page(view, post=(VIEW_RIGHT, *ACT_RIGHTS))


def button(view: View, *rights: str) -> View:
    """Limit a view to POST, and to staff with one of the rights."""
    return require_POST(page(view, post=rights))


def workspaces() -> QuerySet[Workspace]:
    """Return workspaces with their companies, by name."""
    # Pages have no use for secrets, so those stay sealed in the database.
    return Workspace.objects.select_related("company").defer(*SECRETS).order_by("name", "pk")


def workspace_at(pk: int) -> Workspace:
    return get_object_or_404(workspaces(), pk=pk)


def show(
    request: HttpRequest, template: str, context: Mapping[str, object], *, title: str, status: int = 200
) -> HttpResponse:
    """Render one of our templates inside the admin, with its menu, header and messages."""
    request.current_app = admin.site.name
    admin_context = admin.site.each_context(request) | {"title": title} | rights(request)
    return render(request, f"hourbridge/{template}", {**admin_context, **context}, status=status)
