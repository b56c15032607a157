"""The upload of a CSV list of links: previewed line by line, then applied as one batch with one undo."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from integrations.models import Workspace
from mapping.decisions import batch, csv_import
from mapping.decisions.csv_import import CsvUpload
from mapping.decisions.new_decision import NewDecision
from mapping.decisions.versions import Version, refuse_if_moved, versions_of
from mapping.errors import Moved, Refused
from mapping.queries import Key, mirrored_names
from syncjobs.display.formatting import number
from syncjobs.pages import access, uploads
from syncjobs.planning import evaluate
from syncjobs.planning.forecast import forecast

DEFAULT_NOTE = "From an uploaded list."


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the upload form; on POST, preview the changes, or apply them once they are confirmed."""
    workspace = access.workspace_at(pk)
    if workspace.company is None:
        return redirect("hourbridge:people", workspace.pk)
    if request.method != "POST":
        return _show(request, workspace)
    try:
        text = uploads.uploaded_text(request)
        csv_upload = csv_import.read(workspace, text)
        if not request.POST.get("confirmed"):
            return _show(request, workspace, text=text, csv_upload=csv_upload)
        return _apply(request, workspace, csv_upload)
    except Refused as refusal:
        return _show(request, workspace, refused=str(refusal))


def _apply(request: HttpRequest, workspace: Workspace, csv_upload: CsvUpload) -> HttpResponse:
    # The list is read again on confirmation; records may have been decided on the desk since the preview.
    shown = _shown_versions(request)
    changes = [change for change in csv_upload.changes if change.choice.kind_and_id in shown]
    if len(changes) != len(shown) or len(changes) != len(csv_upload.changes):
        _refuse_moved(request, workspace, shown)
        raise Refused("What the file would change is no longer what you saw; review it again.")
    now = timezone.now()
    choices = [replace(change.choice, version=shown[change.choice.kind_and_id]) for change in changes]
    notes = {change.note for change in changes}
    # One batch has one note, so differing notes can't be kept.
    note = notes.pop() if len(notes) == 1 else ""
    with evaluate.deciding(workspace, now=now):
        applied = batch.apply(workspace, choices, now=now, person=request.user, note=note or DEFAULT_NOTE)
    messages.success(
        request, f"Took {number(applied.taken, 'decision,decisions')} from the list; one undo reverts them all."
    )
    names = {change.choice: change.name for change in changes}
    refused = [f"{names[choice]}: {message}" for choice, message in applied.refused]
    for warning in [*applied.warnings, *refused][:20]:
        messages.warning(request, warning)
    return redirect("hourbridge:desk-history", workspace.pk)


def _confirmed(workspace: Workspace, csv_upload: CsvUpload | None) -> str:
    """Return kind, id and version of every record that the list would change, for the button that takes it."""
    keys = [change.choice.kind_and_id for change in csv_upload.changes] if csv_upload else []
    versions = versions_of(workspace, keys)
    # One field, since a form may have a thousand fields only.
    return " ".join(f"{kind}={clockify_id}={versions[kind, clockify_id]}" for kind, clockify_id in keys)


def _shown_versions(request: HttpRequest) -> dict[Key, str]:
    """Return the versions that the preview showed, by kind and id. Raises Refused for one that no page wrote."""
    versions = {}
    for line in request.POST["confirmed"].split():
        kind, _, rest = line.partition("=")
        clockify_id, _, version = rest.rpartition("=")
        versions[kind, clockify_id] = str(Version.parse(version))
    return versions


def _refuse_moved(request: HttpRequest, workspace: Workspace, shown: Mapping[Key, str]) -> None:
    """Raise Moved with the name of the first record that was decided about since the preview."""
    now = timezone.now()
    for (kind, clockify_id), version in shown.items():
        seen = NewDecision(workspace, kind, clockify_id, at=now, person=request.user, version=version)
        try:
            refuse_if_moved(seen)
        except Moved as moved:
            name = mirrored_names(workspace, kind, [clockify_id]).get(clockify_id) or clockify_id
            raise Moved(f"{name}: {moved}") from None


def _show(
    request: HttpRequest,
    workspace: Workspace,
    *,
    text: str = "",
    csv_upload: CsvUpload | None = None,
    refused: str = "",
) -> HttpResponse:
    preview = None
    if csv_upload is not None and csv_upload.changes:
        preview = forecast(workspace, [change.choice for change in csv_upload.changes])
    context = {
        "workspace": workspace,
        "back": reverse("hourbridge:people", args=[workspace.pk]),
        "text": text,
        "upload": csv_upload,
        "confirmed": _confirmed(workspace, csv_upload),
        **uploads.shown_changes(csv_upload.changes if csv_upload else ()),
        "forecast": preview,
        "refused": refused,
    }
    title = f"Upload links, {workspace.name}"
    return access.show(request, "desk/upload.html", context, title=title, status=422 if refused else 200)
