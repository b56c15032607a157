"""What became of earlier attempts to send time that has no receipt now, for the plan's sentence."""

from __future__ import annotations

from collections.abc import Sequence

from integrations.models import Workspace
from syncjobs.models import Action, Receipt, Run
from syncjobs.rules.verbs import Verb

UNDONE = "Not new: it was sent before and undone."
DELETED = "Not new: it was sent before and deleted in QuickBooks since."
REFUSED = "Not new: QuickBooks refused it before."
NOT_ARRIVED = "Not new: it was tried before and did not arrive."
STATES = Action.State


def sentences(workspace: Workspace, entry_ids: Sequence[str]) -> dict[str, str]:
    """Return, by entry id, what became of those of these entries that were sent or tried before: the last of it."""
    found: dict[str, str] = {}
    # In chunks: SQLite limits the parameters of one query.
    for start in range(0, len(entry_ids), 500):
        ids = list(entry_ids[start : start + 500])
        tried = Action.objects.of(workspace).filter(entry_id__in=ids, verb=Verb.CREATE)
        for entry_id, state in tried.exclude(state=STATES.DONE).order_by("pk").values_list("entry_id", "state"):
            found[entry_id] = REFUSED if state == STATES.REFUSED else NOT_ARRIVED
        deleted = Receipt.objects.filter(
            workspace=workspace, company=workspace.company, entry_id__in=ids, part=0, state=Receipt.State.DELETED
        )
        # More than a failed attempt: the time was in QuickBooks.
        for entry_id, kind in deleted.values_list("entry_id", "run__kind"):
            found[entry_id] = UNDONE if kind == Run.Kind.UNDO else DELETED
    return found
