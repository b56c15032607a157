"""The card *Support bundle* on *Diagnose*: made and downloaded at once, or by a worker where there is much."""

from __future__ import annotations

import tempfile
from datetime import datetime
from typing import Any, TypedDict

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify

from integrations.models import ConnectionEvent, Workspace
from integrations.roles import DOWNLOAD_NAMES_RIGHT
from syncjobs.models import SupportBundle
from syncjobs.pages import access
from syncjobs.runs import queue
from syncjobs.support.bundle import make, size, stored

ZIP = "application/zip"


class BundleContext(TypedDict):
    """The card: the bytes to expect, whether a worker makes it, and the bundles that this person may have."""

    may_have_names: bool
    size: int
    is_large: bool
    bundles: QuerySet[SupportBundle]


def card(request: HttpRequest, workspace: Workspace, *, now: datetime) -> BundleContext:
    """Return what the card shows: the size to expect, and the bundles of the last day that this person may have."""
    may_have_names = access.may(request, DOWNLOAD_NAMES_RIGHT)
    made = SupportBundle.objects.filter(workspace=workspace, requested_at__gt=now - stored.KEPT_FOR)
    if not may_have_names:
        made = made.filter(replaces_names=True)
    return {
        "may_have_names": may_have_names,
        "size": size.estimated_bytes(workspace),
        "is_large": stored.is_large(workspace),
        "bundles": made.select_related("person").order_by("-pk"),
    }


def ask(request: HttpRequest, pk: int) -> HttpResponse:
    """Make a bundle and send it, or have a worker make it."""
    workspace, now = access.workspace_at(pk), timezone.now()
    replaces_names = bool(request.POST.get("replace_names")) or not access.may(request, DOWNLOAD_NAMES_RIGHT)
    if not stored.is_large(workspace):
        return _made_now(request, workspace, replaces_names=replaces_names, now=now)
    stored.tidy(now=now)
    if stored.open_bundle() is not None:
        messages.info(request, "A bundle is already being made; request another once it is ready.")
    else:
        person: Any = request.user
        bundle = SupportBundle.objects.create(
            workspace=workspace, person=person, replaces_names=replaces_names, requested_at=now
        )
        queue.enqueue_bundle(bundle)
        text = "The worker makes the bundle; it will be listed on this page, and kept for a day."
        messages.success(request, text)
    return _to_card(workspace)


def _made_now(request: HttpRequest, workspace: Workspace, *, replaces_names: bool, now: datetime) -> HttpResponse:
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
    try:
        make.write(workspace, file, replace_names=replaces_names, heartbeat=queue.last_heartbeat, now=now)
    except BaseException:
        file.close()
        raise
    _record(request, workspace, file.tell(), replaces_names=replaces_names, now=now)
    file.seek(0)
    response: Any = FileResponse(file, as_attachment=True, filename=_file_name(workspace, now), content_type=ZIP)
    made: HttpResponse = response
    return made


def download(request: HttpRequest, bundle_id: int) -> HttpResponse:
    """Send a bundle that a worker made."""
    bundle = get_object_or_404(SupportBundle, pk=bundle_id)
    if not bundle.replaces_names and not access.may(request, DOWNLOAD_NAMES_RIGHT):
        raise PermissionDenied
    if bundle.state != SupportBundle.State.READY:
        raise Http404("It is not ready.")
    workspace, now = access.workspace_at(bundle.workspace_id), timezone.now()
    _record(request, workspace, bundle.size, replaces_names=bundle.replaces_names, now=now)
    response: Any = StreamingHttpResponse(stored.pieces(bundle), content_type=ZIP)
    response["Content-Disposition"] = f'attachment; filename="{_file_name(workspace, bundle.requested_at)}"'
    response["Content-Length"] = bundle.size
    streamed: HttpResponse = response
    return streamed


def _record(request: HttpRequest, workspace: Workspace, length: int, *, replaces_names: bool, now: datetime) -> None:
    person: Any = request.user
    names = "names replaced" if replaces_names else "real names"
    ConnectionEvent.objects.record(
        ConnectionEvent.Kind.SUPPORT_BUNDLE,
        f"A support bundle with {names} was downloaded ({filesizeformat(length)}).",
        workspace=workspace,
        at=now,
        by=person,
    )


def _file_name(workspace: Workspace, moment: datetime) -> str:
    # The id, since the name would tell what the bundle replaces.
    return f"hourbridge-{slugify(workspace.clockify_id)}-{moment:%Y%m%d-%H%M}.zip"


def _to_card(workspace: Workspace) -> HttpResponseRedirect:
    return redirect(reverse("hourbridge:diagnose", args=[workspace.pk]) + "#support-bundle")
