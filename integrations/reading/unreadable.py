"""Records that can't be read: set aside one by one, so that all others go on, and listed for people.

A `Reading` goes with one run through all its lists. Reading a record well again clears its row.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import models, transaction

from integrations.errors import quoted_words
from integrations.models import Company, UnreadableRecord, Workspace
from integrations.reading.values import FIRST_YEAR, LAST_YEAR, Unreadable

T = TypeVar("T")
# From this many unreadable records of a kind on, and if they are at least half of it, the vendor's answer has changed.
MANY = 5
PLURALS = {
    "user": "users",
    "client": "clients",
    "project": "projects",
    "task": "tasks",
    "tag": "tags",
    "entry": "time entries",
    "employee": "employees",
    "vendor": "vendors",
    "customer": "customers",
    "item": "service items",
    "class": "classes",
    "department": "locations",
    "invoice": "invoices",
    "sales_receipt": "sales receipts",
}
# Of a record's JSON that is kept for people.
SHOWN_LENGTH = 2000


@dataclass(frozen=True, slots=True)
class Problem:
    """One record that was set aside: its kind, its id ("" where that can't be read either) and what is wrong."""

    kind: str
    id: str
    reason: str
    raw: Any = None


@dataclass
class Reading:
    """What one run read: how many records of each kind, and those that it set aside."""

    seen: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    _noted: set[tuple[str, str]] = field(default_factory=set, repr=False)

    def each(
        self, kind: str, rows: Iterable[Any], parse: Callable[[Any], T], *, id_of: Callable[[Any], str]
    ) -> Iterable[tuple[T, Any]]:
        """Yield the parsed record and its row for each that can be read; note the others."""
        for raw in rows:
            self.seen[kind] += 1
            try:
                yield parse(raw), raw
            except Unreadable as problem:
                self.note(Problem(kind, id_of(raw), quoted_words(str(problem)), raw))

    def note(self, problem: Problem) -> None:
        """Note a record that can't be read, once: pages, windows and further questions may list it again."""
        key = (problem.kind, problem.id)
        if not problem.id or key not in self._noted:
            self._noted.add(key)
            self.problems.append(problem)

    def of(self, kind: str) -> list[Problem]:
        return [problem for problem in self.problems if problem.kind == kind]

    def ids(self, kind: str) -> set[str]:
        """Return the ids that are listed but unreadable: they are not gone."""
        return {problem.id for problem in self.of(kind) if problem.id}

    def is_whole(self, kind: str) -> bool:
        """Return whether a record that is missing from this reading is gone: not if an id could not be read."""
        return all(problem.id for problem in self.of(kind)) and kind not in self.changed_kinds

    @property
    def changed_kinds(self) -> list[str]:
        """The kinds of which at least half can't be read: the vendor's answer must have changed."""
        counts = Counter(problem.kind for problem in self.problems)
        return sorted(kind for kind, count in counts.items() if count >= MANY and 2 * count >= self.seen[kind])

    @property
    def warnings(self) -> dict[str, int]:
        return {"UNREADABLE": len(self.problems)} if self.problems else {}

    @property
    def changed_message(self) -> str:
        """A sentence about the kinds of which at least half can't be read; "" if there are none."""
        counts = [f"{len(self.of(kind))} of {self.seen[kind]} {PLURALS[kind]}" for kind in self.changed_kinds]
        return f"{' and '.join(counts)} could not be read: the format of the answer has changed." if counts else ""


def keep(
    reading: Reading,
    owner: Workspace | Company,
    kinds: Collection[str],
    *,
    now: datetime,
    read_ids: Collection[str] | None = None,
) -> None:
    """Make the owner's rows of these kinds those of this reading, which had all records of each kind.

    `read_ids`: where a run reads only a part, such as some days' entries: the ids that were read well, or are gone.
    """
    rows = UnreadableRecord.objects.filter(**_owned_by(owner), kind__in=kinds)
    problems = [problem for problem in reading.problems if problem.kind in kinds]
    with transaction.atomic():
        known = {(row.kind, row.vendor_id, row.reason): row for row in rows}
        seen_again = {(problem.kind, problem.id, problem.reason) for problem in problems}
        # A row without an id can't be found again by it, so it counts for the last reading only.
        gone = [
            row.pk
            for key, row in known.items()
            if key not in seen_again and (read_ids is None or not row.vendor_id or row.vendor_id in read_ids)
        ]
        rows.filter(pk__in=gone).delete()
        new = {key: problem for problem in problems if (key := (problem.kind, problem.id, problem.reason)) not in known}
        UnreadableRecord.objects.bulk_create(
            UnreadableRecord(
                **_owned_by(owner),
                kind=problem.kind,
                vendor_id=problem.id,
                reason=problem.reason,
                raw_text=_shown(problem.raw),
                first_seen_at=now,
                last_seen_at=now,
            )
            for problem in new.values()
        )
        rows.filter(pk__in=[known[key].pk for key in seen_again if key in known]).update(last_seen_at=now)


def table(workspace: Workspace) -> dict[tuple[str, str], str]:
    """Return what is wrong with each unreadable record that an entry may hang on, by kind and id."""
    owners = models.Q(workspace=workspace)
    if workspace.company_id is not None:
        owners |= models.Q(company=workspace.company_id)
    rows = UnreadableRecord.objects.filter(owners).exclude(vendor_id="")
    return {(kind, vendor_id): reason for kind, vendor_id, reason in rows.values_list("kind", "vendor_id", "reason")}


def _owned_by(owner: Workspace | Company) -> Mapping[str, Any]:
    return {"workspace": owner} if isinstance(owner, Workspace) else {"company": owner}


def _shown(raw: Any) -> str:
    written = json.dumps(raw, ensure_ascii=False, default=str)
    return written if len(written) <= SHOWN_LENGTH else f"{written[: SHOWN_LENGTH - 1]}…"


def day_of(raw: Any) -> date | None:
    """Return the UTC day on which an unreadable time entry says that it starts; None if that can't be read either."""
    try:
        day = datetime.fromisoformat(raw["timeInterval"]["start"]).date()
    except (TypeError, KeyError, ValueError):
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None
