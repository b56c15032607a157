"""What items and writes keep, as JSON, of the plan they were made from. The keys keep their first names in old rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

from syncjobs.models import Action, RunItem
from syncjobs.rules.drafts import draft
from syncjobs.rules.drafts.draft import Draft


class Tried(TypedDict):
    """How many runs tried this content without an answer, and the id of the one that did last."""

    runs: int
    run: int | None


class ItemSnapshot(TypedDict, total=False):
    """`source_snapshot` of an item that writes; empty for others. Keys that came later are missing in old rows."""

    content_hash: str  # of the entry's content
    start_at: str  # when the work began, in ISO form with its offset
    record: dict[str, Any] | None  # the activity as read, before an update or delete
    not_ours: list[str]  # ids of equal activities that were there before
    part: int  # 0 for the entry's own activity, else the number of the correction
    sent: dict[str, str]  # class, location and cost rate as sent last
    source: dict[str, str]  # Clockify ids: user, project
    action: int  # RunItem.ACTION
    tried: Tried  # RunItem.TRIED
    taken_by_person: bool  # RunItem.TAKEN


class WriteSnapshot(TypedDict, total=False):
    """`source_snapshot` of an action: what its receipt will say. Old rows have neither `part` nor `source`."""

    content_hash: str | None
    start_at: str | None  # ISO form with its offset
    part: int | None
    source: dict[str, str] | None
    draft: dict[str, Any] | None  # of `Draft.as_row`


def of_item(item: RunItem) -> ItemSnapshot:
    snapshot: ItemSnapshot = item.source_snapshot
    return snapshot


def for_write(item: RunItem) -> WriteSnapshot:
    """Return what the write of this item keeps."""
    planned = of_item(item)
    return {
        "content_hash": planned.get("content_hash"),
        "start_at": planned.get("start_at"),
        "part": planned.get("part"),
        "source": planned.get("source"),
        "draft": item.draft,
    }


def draft_of(action: Action) -> Draft:
    """Return what the write sends."""
    return draft.from_row(action.source_snapshot["draft"])


def content_hash_of(action: Action) -> str:
    """Return the fingerprint of the entry's content that the write was made from; "" where none was kept."""
    return action.source_snapshot.get("content_hash") or ""


def start_of(action: Action) -> datetime:
    """Return when the work began by that content."""
    return datetime.fromisoformat(action.source_snapshot["start_at"])


def part_of(action: Action) -> int:
    """Return 0 for a write of the entry's own activity, else the number of the correction."""
    return int(action.source_snapshot.get("part") or 0)


def source_of(action: Action) -> dict[str, str]:
    """Return the Clockify ids that the write was made from, `user` and `project`; {} for those of earlier releases."""
    return action.source_snapshot.get("source") or {}
