"""What a finished sync came to, in a sentence and a bar: partial success is said as such. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syncjobs.display.formatting import number
from syncjobs.models import Run

# The bar's own units.
WIDTH = 400
LEAST = 2.0


@dataclass(frozen=True)
class Part:
    """A piece of the bar in one tone; coordinates as they are written."""

    tone: str
    x: str
    width: str


@dataclass(frozen=True)
class Result:
    """How many writes were due and arrived; `words` says so, and what became of the rest."""

    words: str
    rest: str
    parts: tuple[Part, ...]


def result(run: Run, figures: Mapping[str, Any], *, refused: int, not_reached: int) -> Result | None:
    """None while it goes on, for previews, and for runs that ended before they had a plan."""
    arrived = figures["sent"] + figures["updated"] + figures["deleted"]
    unknown = figures["unknown"]
    due = arrived + refused + unknown + not_reached
    if run.is_open or run.dry_run or (not due and run.status != Run.Status.SUCCEEDED):
        return None
    parts = [("sent", arrived), ("refused", refused), ("doubt", unknown), ("out", not_reached)]
    return Result(_words(arrived, due), _rest(refused, unknown, not_reached, figures["blocked"]), _bar(parts, due))


def _words(arrived: int, due: int) -> str:
    if not due:
        return "Nothing had to be sent."
    if arrived == due:
        return "The one write arrived." if due == 1 else f"All {due:,} writes arrived."
    return f"{arrived:,} of {due:,} writes arrived; {due - arrived:,} did not, and each says why."


def _rest(refused: int, unknown: int, not_reached: int, blocked: int) -> str:
    said = []
    if refused:
        said.append(f"{number(refused, 'was refused,were refused')}")
    if unknown:
        said.append(f"{number(unknown, 'is in doubt,are in doubt')}")
    if not_reached:
        said.append(f"{number(not_reached, 'was not reached,were not reached')}")
    words = f"{_listed(said)}. What arrived stays; the next sync takes up the rest. " if said else ""
    return (
        f"{words}{number(blocked, 'entry was,entries were')} held or left out, by reason below." if blocked else words
    )


def _listed(said: list[str]) -> str:
    return f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else said[0]


def _bar(parts: list[tuple[str, int]], due: int) -> tuple[Part, ...]:
    found, x = [], 0.0
    for tone, share in parts:
        if share:
            width = max(share / due * WIDTH, LEAST)
            found.append(Part(tone, f"{min(x, WIDTH - LEAST):.1f}", f"{width:.1f}"))
            x += width
    return tuple(found)


def narrowed(run: Run) -> str:
    """What this run was limited to when it was asked for, or widened by: `only 12 entries`."""
    nouns = {"users": "person,people", "projects": "project,projects", "entries": "entry,entries"}
    said = [f"only {number(len(run.options[key]), noun)}" for key, noun in nouns.items() if run.options.get(key)]
    said += ["time already sent is sent anew"] if run.options.get("resend") else []
    said += ["deletions in Clockify are believed"] if run.options.get("believe_deletions") else []
    return ", ".join(said)
