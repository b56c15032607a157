"""The button *It is right* of a list that lost many records at once."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from integrations.reading import shrunk_lists
from integrations.typed_numbers import whole_number
from syncjobs.display.formatting import number
from syncjobs.pages import access
from syncjobs.planning import evaluate


def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the posted `list` as it was read at the posted time: what it does not have is gone."""
    workspace = access.workspace_at(pk)
    shrunk = shrunk_lists.of_workspace(workspace).filter(pk=whole_number(request.POST.get("list", "")) or 0).first()
    if shrunk is not None and request.POST.get("read_at") != shrunk.first_at.isoformat():
        messages.warning(request, f"It has been read again since. {shrunk.sentence} Look again before you decide.")
        return redirect("admin:index")
    count = shrunk_lists.accept(shrunk, person=request.user) if shrunk is not None else None
    if shrunk is None or count is None:
        messages.warning(request, "A later reading, or someone else, has already resolved this.")
        return redirect("admin:index")
    if workspace.company is not None:
        evaluate.refresh(workspace, now=timezone.now())
    messages.success(request, f"{number(count, 'record,records')} of {shrunk.records} marked as gone.")
    return redirect("admin:index")
