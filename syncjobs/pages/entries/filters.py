"""Filters of the list of time entries: by state, reason, person, project and day."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import DropdownFilter, RangeDateFilter, TextFilter

from integrations.models import ClockifyUser, TimeEntry
from integrations.typed_numbers import whole_number
from syncjobs.display import badges
from syncjobs.display.badges import StatusBadge
from syncjobs.models import EntryStatus, has_reason
from syncjobs.pages import waiting
from syncjobs.rules.reasons import WORDINGS, title

State = EntryStatus.State
# The states as the pages name them, each with the stored statuses that it stands for.
STATES: dict[str, tuple[StatusBadge, Q]] = {
    "ready": (badges.WAITING, Q(status__state=State.READY)),
    "held": (badges.HELD, Q(status__state=State.BLOCKED, status__held=True)),
    "failed": (
        StatusBadge("Failed or in doubt", "report", "refused"),
        Q(status__state__in=(State.FAILED, State.UNKNOWN)),
    ),
    "changed": (StatusBadge("Changed after sending", "edit", "locked"), Q(status__state=State.CHANGED)),
    "sent": (badges.SENT, Q(status__state=State.SENT)),
    "out": (
        StatusBadge("Excluded by rule", "remove", "out"),
        Q(status__state=State.BLOCKED, status__held=False) | Q(status__state=State.IGNORED),
    ),
    "deleted": (badges.DELETED, Q(status__state=State.DELETED)),
}


def counted(rows: QuerySet[TimeEntry]) -> dict[str, int]:
    """Return the number of rows in each state, in one query."""
    return rows.order_by().aggregate(**{name: Count("pk", filter=condition) for name, (_, condition) in STATES.items()})


class StateFilter(DropdownFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return [(name, badge.word) for name, (badge, _) in STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[TimeEntry]) -> QuerySet[TimeEntry]:
        state = STATES.get(self.value() or "")
        return queryset.filter(state[1]) if state else queryset


class ReasonFilter(DropdownFilter):
    title = "reason"
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        return sorted(((code, wording.title) for code, wording in WORDINGS.items()), key=lambda choice: choice[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[TimeEntry]) -> QuerySet[TimeEntry]:
        code = self.value()
        return queryset.filter(has_reason(code, "status__reasons")) if code in WORDINGS else queryset


class CauseFilter(DropdownFilter):
    """What held time waits for first: where a row of the overview leads. One cause per entry, so hours add up."""

    title = "cause"
    parameter_name = "cause"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Offer what is chosen alone: there may be thousands of names, and the overview has each as a link."""
        key = request.GET.get("cause", "")
        kind, _, clockify_id = key.partition(":")
        text = f"One {kind}" if clockify_id else "More names" if key == waiting.MORE else title(key)
        return [(key, text)] if key else []

    def has_output(self) -> bool:
        return bool(self.value())

    def queryset(self, request: HttpRequest, queryset: QuerySet[TimeEntry]) -> QuerySet[TimeEntry]:
        key = self.value() or ""
        if not key:
            return queryset
        return queryset.filter(waiting.of_cause(key, whole_number(request.GET.get("workspace", "")) or 0))


class UserFilter(DropdownFilter):
    title = "user"
    parameter_name = "user"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        users = ClockifyUser.objects.order_by("name").values_list("clockify_id", "name", "email")
        return [(clockify_id, name or email or clockify_id) for clockify_id, name, email in users]

    def queryset(self, request: HttpRequest, queryset: QuerySet[TimeEntry]) -> QuerySet[TimeEntry]:
        return queryset.filter(user_id=self.value()) if self.value() else queryset


class ProjectFilter(TextFilter):
    title = "project or client"
    parameter_name = "project"

    def queryset(self, request: HttpRequest, queryset: QuerySet[TimeEntry]) -> QuerySet[TimeEntry]:
        text = self.value()
        if not text:
            return queryset
        return queryset.filter(Q(project_name__icontains=text) | Q(client_name__icontains=text))


class DayFilter(RangeDateFilter):
    """The first and the last day, named as the column is."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.title = "day"
