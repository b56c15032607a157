"""The upload of a CSV list of links: previewed line by line, then applied as one batch with one undo."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from integrations.models import Workspace
from mapping.decisions import batch, csv_import
from mapping.decisions.csv_import import MAX_BYTES, CsvUpload
from mapping.errors import Refused
from syncjobs.display.formatting import number
from syncjobs.pages import access
from syncjobs.planning import evaluate
from syncjobs.planning.forecast import forecast

MAX_SHOWN_LINES = 200
DEFAULT_NOTE = "From an uploaded list."


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the upload form; on POST, preview the changes, or apply them once they are confirmed."""
    workspace = access.workspace_at(pk)
    if workspace.company is None:
        return redirect("hourbridge:people", workspace.pk)
    if request.method != "POST":
        return _show(request, workspace)
    try:
        text = _uploaded_text(request)
        csv_upload = csv_import.read(workspace, text)
        if not request.POST.get("confirmed"):
            return _show(request, workspace, text=text, csv_upload=csv_upload)
        return _apply(request, workspace, csv_upload)
    except Refused as refusal:
        return _show(request, workspace, refused=str(refusal))


def _uploaded_text(request: HttpRequest) -> str:
    """Return the text of the file, or of the pasted lines. Raises Refused where there is none or it is unreadable."""
    file: Any = request.FILES.get("file")
    if file is None:
        text = request.POST.get("text", "")
        if not text.strip():
            raise Refused("Choose a file, or paste its lines.")
        return text
    if file.size > MAX_BYTES:
        raise Refused(f"The file is larger than {MAX_BYTES // 1000:,} kB. Cut it into several.")
    try:
        return str(file.read().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Refused("The file is not UTF-8 text. Save it as “CSV UTF-8”.") from None


def _apply(request: HttpRequest, workspace: Workspace, csv_upload: CsvUpload) -> HttpResponse:
    # The list is read again on confirmation; records may have been decided on the desk since the preview.
    if str(len(csv_upload.changes)) != request.POST["confirmed"]:
        raise Refused("What the file would change is not what you saw any more; look at it again.")
    now = timezone.now()
    choices = [change.choice for change in csv_upload.changes]
    notes = {change.note for change in csv_upload.changes}
    # One batch has one note, so differing notes can't be kept.
    note = notes.pop() if len(notes) == 1 else ""
    with evaluate.deciding(workspace, now=now):
        applied = batch.apply(workspace, choices, now=now, person=request.user, note=note or DEFAULT_NOTE)
    messages.success(request, f"Took {number(applied.taken, 'decision,decisions')} from the list, as one press.")
    for warning in [*applied.warnings, *(message for _, message in applied.refused)][:20]:
        messages.warning(request, warning)
    return redirect("hourbridge:desk-history", workspace.pk)


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
        preview = forecast(workspace, [change.choice for change in csv_upload.changes], now=timezone.now())
    context = {
        "workspace": workspace,
        "text": text,
        "upload": csv_upload,
        "shown_changes": csv_upload.changes[:MAX_SHOWN_LINES] if csv_upload else [],
        "more_count": max(len(csv_upload.changes) - MAX_SHOWN_LINES, 0) if csv_upload else 0,
        "errors": csv_upload.errors[:MAX_SHOWN_LINES] if csv_upload else [],
        "forecast": preview,
        "refused": refused,
    }
    title = f"Upload links, {workspace.name}"
    return access.show(request, "desk/upload.html", context, title=title, status=422 if refused else 200)
