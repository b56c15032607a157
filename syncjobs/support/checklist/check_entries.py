"""The checklist's lines on time: what the window's entries were left out for, what is in doubt, what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple

from django.db.models import BooleanField, Count, ExpressionWrapper, Max, Min, Q, Sum

from integrations.models import Workspace
from mapping.models import PartnerWrite
from syncjobs.display import formatting
from syncjobs.models import Action, EntryStatus, has_reason
from syncjobs.partner_writes import journal
from syncjobs.rules import reasons
from syncjobs.rules.codes import Code
from syncjobs.support.checklist.check_lines import FAIL, OK, WARN, Check, Line, moment

# By the line's name: the reason that it counts, what such entries are, and what fixes it.
LEFT_OUT = {
    "billable": (
        Code.NOT_BILLABLE,
        "not marked billable",
        "Only billable time is sent. If it should be billed, mark it billable in Clockify (the blue dollar icon).",
    ),
    "assigned": (
        Code.NO_PROJECT,
        "without a project",
        "Choose a project for it in Clockify, and a client if it has one.",
    ),
    "mapped_users": (
        Code.USER_NOT_MAPPED,
        "by users who are not linked",
        "Link the users on the review desk, under People.",
    ),
}
# A write in doubt is looked for by each run; after this long, none has run or none could tell.
LONG_IN_DOUBT = timedelta(hours=1)
SYNC = "Press *Sync time now*, or run `sync_time`, which looks for it."
ENTRIES = "time entry,time entries"


def left_out_checks(workspace: Workspace, now: datetime) -> Sequence[tuple[str, Check]]:
    """Return the lines' checks, which share one query."""
    counted = cache(lambda: _counted(workspace, now))
    return [(name, lambda name=name: left_out(workspace, name, now, counted())) for name in LEFT_OUT]  # type: ignore[misc]


class _Counted(NamedTuple):
    """When the window's entries were evaluated last, None: never; and entries and minutes left out by each line."""

    read_at: datetime | None
    entries: Mapping[str, int]
    minutes: Mapping[str, int]


def _counted(workspace: Workspace, now: datetime) -> _Counted:
    blocked = EntryStatus.State.BLOCKED
    is_left_out = {
        name: ExpressionWrapper(Q(has_reason(code), state=blocked), BooleanField())
        for name, (code, *_) in LEFT_OUT.items()
    }
    window = EntryStatus.objects.filter(
        workspace=workspace,
        entry__deleted_at=None,
        entry__txn_date__gte=workspace.start_date,
        entry__txn_date__lte=workspace.today(now),
    )
    groups = window.annotate(**is_left_out).values(*LEFT_OUT)
    read_at, entries, minutes = None, Counter[str](), Counter[str]()
    for group in groups.annotate(count=Count("pk"), total=Sum("minutes"), last=Max("evaluated_at")):
        read_at = max(read_at or group["last"], group["last"])
        for name in LEFT_OUT:
            if group[name]:
                entries[name] += group["count"]
                minutes[name] += group["total"]
    return _Counted(read_at, entries, minutes)


def left_out(workspace: Workspace, name: str, now: datetime, counted: _Counted) -> Line:
    """Say how many of the window's entries do not go for one reason, as they were evaluated last."""
    _, words, fix = LEFT_OUT[name]
    read_at, count, minutes = counted.read_at, counted.entries[name], counted.minutes[name]
    span = f"from {formatting.day(workspace.start_date)} to {formatting.day(workspace.today(now))}"
    if read_at is None and workspace.pulled_at is None:
        return Line(
            WARN, f"No time entry {span} was read yet.", "Run `check_for_new` or `sync_time`, which reads them."
        )
    if read_at is None:
        return Line(OK, f"No time entry {span} has been seen.", "`sync_time` reads those that were added since.")
    when = f"Entries {span}, last checked {moment(read_at)}."
    if not count:
        return Line(OK, f"No time entry is left out because it is {words}. {when}".replace("it is by", "it is"))
    message = f"{formatting.number(count, ENTRIES)} {words}, {formatting.in_hours(minutes)}, left out. {when}"
    # Time that is not billable is part of any month's work; the other two wait for review.
    return Line(OK if name == "billable" else WARN, message, fix)


def in_doubt(workspace: Workspace | None, now: datetime) -> Line:
    """Count the writes that got no clear answer, here or in all workspaces."""
    writes = Action.objects.uncertain()
    names = PartnerWrite.objects.filter(state=PartnerWrite.State.SENDING)
    if workspace is not None:
        writes, names = writes.filter(workspace=workspace), names.filter(workspace=workspace)
    count, oldest = writes.aggregate(count=Count("pk"), oldest=Min("created_at")).values()
    name_count = sum(map(journal.can_be_resumed, names))
    if not count and not name_count:
        return Line(OK, f"Nothing is in doubt, {moment(now)}.")
    parts = []
    if count:
        parts.append(f"{formatting.number(count, ENTRIES)} got no clear answer, the oldest since {moment(oldest)}")
    if name_count:
        parts.append(f"{formatting.number(name_count, 'write,writes')} of a name got no clear answer")
    is_long = oldest is not None and now - oldest > LONG_IN_DOUBT
    return Line(FAIL if is_long else WARN, f"{'; '.join(parts)}. Nothing of it is sent twice. {moment(now)}.", SYNC)


def refused(workspace: Workspace | None, now: datetime) -> Line:
    """Count the entries that QuickBooks refused, and quote the latest refusal."""
    statuses = EntryStatus.objects.filter(entry__deleted_at=None)
    if workspace is not None:
        statuses = statuses.filter(workspace=workspace)
    found = statuses.exclude(state=EntryStatus.State.SENT).filter(has_reason(Code.QUICKBOOKS_REFUSED))
    count, minutes = found.aggregate(count=Count("pk"), minutes=Sum("minutes")).values()
    if not count:
        return Line(OK, f"QuickBooks has refused no time entry that was sent to it, {moment(now)}.")
    latest = found.order_by("-evaluated_at", "-pk")[0]
    row = next(row for row in latest.reasons if row.get("code") == Code.QUICKBOOKS_REFUSED)
    said = reasons.explain(row)
    message = (
        f"{formatting.number(count, ENTRIES)} refused, {formatting.in_hours(minutes)}. The latest: {said['message']}"
    )
    return Line(FAIL, f"{message} Last checked {moment(latest.evaluated_at)}.", said["fix"])
