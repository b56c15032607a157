"""Templates of descriptions: names in braces, filled from an entry. Pure.

Nothing else is understood, on purpose: neither Python's format strings nor Django's language, which reach into values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from syncjobs.rules.drafts.entry import Entry

LONGEST = 4000
# Two braces stand for one; a name in braces; a brace alone.
PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


class BadTemplate(ValueError):
    """Raised for a template that can't be filled; the message says what is wrong."""


def check(template: str) -> None:
    """Raise BadTemplate for unknown names and single braces."""
    if len(template) > LONGEST:
        raise BadTemplate(f"it has {len(template):,} characters, {LONGEST:,} are the most")
    for name in _names(template):
        if name not in VALUES:
            known = " ".join(f"{{{name}}}" for name in VALUES)
            raise BadTemplate(f"{{{name}}} is no name that it can have; there are {known}")


def _names(template: str) -> Iterator[str]:
    for piece in PIECE.finditer(template):
        if piece[0] in {"{", "}"}:
            raise BadTemplate(f"a single {piece[0]} says nothing; write {piece[0] * 2} for the sign itself")
        if piece[0] not in {"{{", "}}"}:
            yield piece[1]


def render(template: str, entry: Entry) -> str:
    """Return the words for an entry, outer spaces aside: names without a value leave their space empty."""

    def filled(piece: re.Match[str]) -> str:
        if piece[0] in {"{{", "}}"}:
            return piece[0][0]
        value = VALUES.get(piece[1] or "")
        # A stored template was checked; what is not understood stays as it was written.
        return value(entry) if value else piece[0]

    return PIECE.sub(filled, template).strip()


def _clock(at: datetime | None, entry: Entry) -> str:
    """Return a time of day where the entry's owner lives, as HH:MM."""
    return f"{at.astimezone(ZoneInfo(entry.zone or 'UTC')):%H:%M}" if at else ""


def _end(entry: Entry) -> datetime | None:
    return None if entry.seconds is None else entry.start_at + timedelta(seconds=entry.seconds)


def _duration(entry: Entry) -> str:
    """Return the exact length as H:MM, or with seconds where there are any."""
    minutes, seconds = divmod(max(entry.seconds or 0, 0), 60)
    return f"{minutes // 60}:{minutes % 60:02d}" + (f":{seconds:02d}" if seconds else "")


# Those that need the owner's time zone.
CLOCK_NAMES = ("start", "end")
VALUES: dict[str, Callable[[Entry], str]] = {
    "description": lambda entry: entry.description,
    "task": lambda entry: entry.task_name,
    "tags": lambda entry: ", ".join(name or key for key, name in entry.tags),
    "project": lambda entry: entry.project_name,
    "client": lambda entry: entry.client_name,
    "user": lambda entry: entry.user_name,
    "start": lambda entry: _clock(entry.start_at, entry),
    "end": lambda entry: _clock(_end(entry), entry),
    "duration": _duration,
    "id": lambda entry: entry.id,
}
