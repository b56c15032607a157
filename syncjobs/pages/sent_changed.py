"""Time that changed after it was sent and waits for a person."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, QuerySet

from integrations.models import Workspace
from syncjobs.models import EntryOverride, EntryVerdict


def changed_rows(workspace: Workspace) -> QuerySet[EntryVerdict]:
    """Entries whose sent copy is not what they say now."""
    return EntryVerdict.objects.filter(workspace=workspace, state=EntryVerdict.State.CHANGED)


def open_rows(workspace: Workspace) -> QuerySet[EntryVerdict]:
    """Those nobody decided to leave as they are."""
    left = EntryOverride.objects.filter(workspace=workspace, clockify_id=OuterRef("entry__clockify_id"), ignored=True)
    return changed_rows(workspace).exclude(Exists(left))


def open_count(workspace: Workspace) -> int:
    return open_rows(workspace).count()
