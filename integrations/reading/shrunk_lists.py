"""Lists that lost many records at once: probably cut, so that nothing is marked as gone from such a reading alone.

Believed once a reading at least BELIEVED_AFTER later shows the same, or when a person says that it is right.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Q, QuerySet

from integrations.database import database_now
from integrations.models import ConnectionEvent, ShrunkList, Workspace

# A list is held back that lost more records than this, and more than this share of the known ones.
MAX_LOST = 20
MAX_LOST_SHARE = 0.1
# Lists that are never without all known records, however few: Clockify lists at least the key's own user.
NEVER_EMPTY = {"ClockifyUser"}
BELIEVED_AFTER = timedelta(minutes=10)
WARNING = "LIST_SHRANK"
NOT_BELIEVED = (
    "Nothing is marked as gone until a reading at least ten minutes later shows the same, or a person says that it is "
    "right."
)
# Ids per statement.
BATCH = 500


def is_shrunk(missing: int, *, known: int, kind: str) -> bool:
    """Return whether a list of this kind that lacks `missing` of the `known` records is probably cut."""
    if kind in NEVER_EMPTY and 0 < missing == known:
        return True
    return missing > MAX_LOST and missing > known * MAX_LOST_SHARE


def believes(model: type[Any], owner: Mapping[str, Any], missing: Collection[str], *, known: int) -> bool:
    """Return whether a whole list without these known records may be believed, and remember it where it may not.

    `owner` is the list's workspace or company, as in `mirror.MirroredList`.
    """
    kind = model.__name__
    rows = ShrunkList.objects.filter(**owner, kind=kind)
    earlier = rows.first()
    if not is_shrunk(len(missing), known=known, kind=kind):
        rows.delete()
        return True
    now = database_now()
    if earlier is not None and _shows_the_same(earlier, missing):
        if now - earlier.first_at < BELIEVED_AFTER:
            return False
        rows.delete()
        ConnectionEvent.objects.record(
            ConnectionEvent.Kind.LIST_BELIEVED, f"{earlier.sentence} A later reading shows the same.", **owner, at=now
        )
        return True
    values = {"missing_ids": sorted(missing), "known": known, "first_at": now}
    shrunk, _ = ShrunkList.objects.update_or_create(**owner, kind=kind, defaults=values)
    ConnectionEvent.objects.record(
        ConnectionEvent.Kind.LIST_SHRANK, f"{shrunk.sentence} Nothing was marked as gone.", **owner, at=now
    )
    return False


def _shows_the_same(earlier: ShrunkList, missing: Collection[str]) -> bool:
    """Return whether what was missing then is missing still, apart from single records that went since."""
    then = set(earlier.missing_ids)
    return then <= set(missing) and not is_shrunk(
        len(set(missing) - then), known=earlier.known - len(then), kind=earlier.kind
    )


def of_workspace(workspace: Workspace) -> QuerySet[ShrunkList]:
    """Return the lists of the workspace and of its company that are not believed."""
    of_company = Q(company=workspace.company_id) if workspace.company_id else Q(pk=None)
    return ShrunkList.objects.filter(Q(workspace=workspace) | of_company).order_by("pk")


def warnings(workspace: Workspace) -> dict[str, int]:
    """Return the warning of a run that read the workspace's lists, or relies on what was read of them before."""
    count = of_workspace(workspace).count()
    return {WARNING: count} if count else {}


def accept(shrunk: ShrunkList, *, person: Any) -> int | None:
    """Mark the missing records as gone, since a person says that the list is right; return how many.

    None where it is settled already, or was read otherwise since `shrunk` was: that is not what the person saw. The
    caller matches again afterwards.
    """
    model = apps.get_model("integrations", shrunk.kind)
    key = "clockify_id" if shrunk.workspace_id else "quickbooks_id"
    owner = {"workspace": shrunk.workspace} if shrunk.workspace_id else {"company": shrunk.company}
    now, count = database_now(), 0
    with transaction.atomic():
        # First, so that of two presses at the same time only one finds it.
        if not ShrunkList.objects.filter(pk=shrunk.pk, first_at=shrunk.first_at).delete()[0]:
            return None
        rows = model._default_manager.filter(**owner, gone_at=None)
        for start in range(0, len(shrunk.missing_ids), BATCH):
            chunk = shrunk.missing_ids[start : start + BATCH]
            count += rows.filter(**{f"{key}__in": chunk}).update(gone_at=now)
        ConnectionEvent.objects.record(
            ConnectionEvent.Kind.LIST_BELIEVED,
            f"{shrunk.sentence} A person said that it is right.",
            **owner,
            at=now,
            by=person,
        )
    return count
