"""The sheet that ignores many rows at once, with one note and one undo."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from integrations.models import Workspace
from integrations.unnamed import named
from mapping.decisions.batch import Applied, Choice, apply
from mapping.desk.rows import Row
from mapping.errors import Refused
from syncjobs.display.formatting import number
from syncjobs.pages import access
from syncjobs.pages.desk import actions
from syncjobs.pages.desk.bulk import ticked
from syncjobs.pages.desk.bulk.ticked import Ticked, TickedContext
from syncjobs.planning import evaluate


class IgnoreContext(TickedContext):
    """The sheet: entries and minutes that leave with the ticked of the `listed` rows, whose number is `count`."""

    listed: Sequence[Row]
    keys: Collection[str]
    count: int
    note: str
    leaving_entries: int
    leaving_minutes: int


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the ticked rows and ask for a note; on POST, ignore those still ticked."""
    workspace = access.workspace_at(pk)
    chosen = ticked.of(request, workspace)
    if workspace.company is None:
        return redirect(chosen.back(workspace))
    if nothing := ticked.nothing(request, workspace, chosen):
        return nothing
    rows = ticked.rows_of(workspace, chosen.tab, chosen.keys)
    if ticked.is_confirmed(request):
        return _ignore(request, workspace, chosen, rows)
    keys = ticked.chosen_keys(request, at_first=(row.key for row in rows))
    leaving = [row.mismatch for row in rows if row.key in keys and row.mismatch]
    context: IgnoreContext = {
        **ticked.context_of(workspace, chosen),
        "listed": rows,
        "keys": keys,
        "count": sum(row.key in keys for row in rows),
        "note": actions.note_of(request.POST if request.method == "POST" else request.GET),
        "leaving_entries": sum(mismatch.blocked_entries for mismatch in leaving),
        "leaving_minutes": sum(mismatch.blocked_minutes for mismatch in leaving),
    }
    return access.show(request, "desk/bulk_ignore.html", context, title="Ignore selected records")


def _ignore(request: HttpRequest, workspace: Workspace, chosen: Ticked, rows: list[Row]) -> HttpResponse:
    now = timezone.now()
    names = {row.ref.clockify_id: named(row.name, row.ref.kind) for row in rows}
    try:
        # Only what was shown is ignored, and only as it was shown.
        shown, keys = ticked.shown_versions(request), set(request.POST.getlist("key"))
        choices = [
            Choice("ignore", row.ref.kind, row.ref.clockify_id, version=shown[row.key])
            for row in rows
            if row.key in keys & shown.keys()
        ]
        if not choices:
            raise Refused("Nothing is selected that still waits for a decision.")
        with evaluate.deciding(workspace, now=now):
            applied = apply(workspace, choices, now=now, person=request.user, note=actions.note_of(request.POST))
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(chosen.back(workspace))
    _tell(request, applied, names, gone=len(keys) - len(choices))
    return redirect(chosen.back(workspace))


def _tell(request: HttpRequest, applied: Applied, names: dict[str, str], *, gone: int) -> None:
    if applied.taken:
        ignored = number(applied.taken, "record,records")
        messages.success(request, f"Ignored {ignored}; their time is left out. One undo takes all of them back.")
    for choice, why in applied.refused[:20]:
        messages.warning(request, f"{names[choice.clockify_id]}: {why}")
    if gone:
        messages.warning(request, f"{number(gone, 'record needs,records need')} no decision any more.")
