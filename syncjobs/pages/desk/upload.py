"""A CSV of links: looked at line by line first, then taken as one batch with one undo."""

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

MAX_SHOWN = 200
NOTE = "From an uploaded list."


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a file; posted to it: what it would change, and once that was confirmed, the change."""
    workspace = access.workspace_at(pk)
    if workspace.company is None:
        return redirect("hourbridge:people", workspace.pk)
    if request.method != "POST":
        return _show(request, workspace)
    try:
        text = _text(request)
        reading = csv_import.read(workspace, text)
        if not request.POST.get("confirmed"):
            return _show(request, workspace, text=text, reading=reading)
        return _take(request, workspace, reading)
    except Refused as refusal:
        return _show(request, workspace, refused=str(refusal))


def _text(request: HttpRequest) -> str:
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


def _take(request: HttpRequest, workspace: Workspace, reading: CsvUpload) -> HttpResponse:
    if str(len(reading.changes)) != request.POST["confirmed"]:
        raise Refused("What the file would change is not what you saw any more; look at it again.")
    now = timezone.now()
    wanted = [change.choice for change in reading.changes]
    notes = {change.note for change in reading.changes}
    note = notes.pop() if len(notes) == 1 else ""
    with evaluate.deciding(workspace, now=now):
        applied = batch.apply(workspace, wanted, now=now, person=request.user, note=note or NOTE)
    messages.success(request, f"Took {number(applied.taken, 'decision,decisions')} from the list, as one press.")
    for warning in [*applied.warnings, *(said for _, said in applied.refused)][:20]:
        messages.warning(request, warning)
    return redirect("hourbridge:desk-history", workspace.pk)


def _show(
    request: HttpRequest, workspace: Workspace, *, text: str = "", reading: CsvUpload | None = None, refused: str = ""
) -> HttpResponse:
    preview = None
    if reading is not None and reading.changes:
        preview = forecast(workspace, [change.choice for change in reading.changes], now=timezone.now())
    context = {
        "workspace": workspace,
        "text": text,
        "reading": reading,
        "shown": reading.changes[:MAX_SHOWN] if reading else [],
        "more": max(len(reading.changes) - MAX_SHOWN, 0) if reading else 0,
        "errors": reading.errors[:MAX_SHOWN] if reading else [],
        "forecast": preview,
        "refused": refused,
    }
    title = f"Upload links, {workspace.name}"
    return access.show(request, "desk/upload.html", context, title=title, status=422 if refused else 200)
