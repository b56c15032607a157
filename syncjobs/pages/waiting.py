"""Time that waits for review, by its cause: for the overview, the menu and the lists that they lead to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Sum

from integrations.models import TimeEntry, Workspace
from syncjobs.models import EntryOverride, EntryStatus, Receipt
from syncjobs.rules.reasons import NO_WORK
from syncjobs.rules.steps.many_deletions import MANY_MISSING

State = EntryStatus.State
# Names of a workspace that have a row of their own on the overview; those that hold less are one row, MORE.
MAX_NAMES = 40
MORE = "more"


@dataclass(frozen=True)
class Cause:
    """What time of one state waits for first: a code, or a record as `user:id` (see `reasons.cause`)."""

    workspace_id: int
    key: str
    entries: int
    minutes: int

    @property
    def record(self) -> tuple[str, str] | None:
        """Kind and id of the record; None for codes."""
        kind, _, clockify_id = self.key.partition(":")
        return (kind, clockify_id) if clockify_id else None


def causes(workspaces: Collection[int]) -> dict[str, list[Cause]]:
    """Return the causes in these workspaces by the state of their time, the most minutes first, in one query."""
    found: dict[str, list[Cause]] = defaultdict(list)
    rows = EntryStatus.objects.filter(workspace__in=workspaces, state__in=(State.BLOCKED, State.FAILED, State.UNKNOWN))
    rows = rows.exclude(cause="").order_by()
    for state, *values in rows.values_list("state", "workspace", "cause").annotate(Count("pk"), Sum("minutes")):
        found[state].append(Cause(*values))
    for of_state in found.values():
        of_state.sort(key=lambda cause: (-cause.minutes, -cause.entries, cause.workspace_id, cause.key))
    return found


def names(held: Collection[Cause]) -> tuple[list[Cause], list[Cause]]:
    """Return the records that hold time, apart: those of each workspace that hold the most, and the others."""
    first: list[Cause] = []
    others: list[Cause] = []
    counts = dict.fromkeys((cause.workspace_id for cause in held), 0)
    for cause in held:
        if cause.record:
            counts[cause.workspace_id] += 1
            (first if counts[cause.workspace_id] <= MAX_NAMES else others).append(cause)
    return first, others


def of_cause(key: str, workspace_id: int) -> Q:
    """Return the condition on entries of a workspace for one cause, or for MORE."""
    if key != MORE:
        return Q(status__cause=key)
    first, _ = names(causes([workspace_id])[State.BLOCKED])
    return Q(status__cause__contains=":") & ~Q(status__cause__in=[cause.key for cause in first])


def changed() -> QuerySet[EntryStatus]:
    """Return the statuses, of all workspaces, of changed time that no sync takes over and nobody left as it is."""
    left = EntryOverride.objects.left_as_is().filter(
        workspace=OuterRef("workspace"), clockify_id=OuterRef("entry__clockify_id")
    )
    # Each by the index of its own, as every page counts them: an OR of both would read every status.
    statuses = EntryStatus.objects.filter(workspace__in=Workspace.objects.values("pk"))
    # Many deletions at once are asked about together (`runs.many_deletions`).
    held = statuses.filter(state=State.CHANGED).exclude(cause__in=["", MANY_MISSING, *NO_WORK])
    # Noted on the receipt: by Clockify's side such an entry is still just sent.
    changed_there = Receipt.objects.changed_by_hand().filter(company=F("workspace__company"))
    of_entry = changed_there.filter(workspace=OuterRef("workspace"), entry_id=OuterRef("clockify_id"))
    entries = TimeEntry.objects.filter(
        workspace__in=changed_there.values("workspace"), clockify_id__in=changed_there.values("entry_id")
    )
    only_there = statuses.filter(state=State.SENT, entry__in=entries.filter(Exists(of_entry)))
    either = held.order_by().values("pk").union(only_there.order_by().values("pk"))
    return EntryStatus.objects.filter(pk__in=either).exclude(Exists(left))
