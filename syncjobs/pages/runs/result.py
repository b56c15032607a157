"""The result of a finished sync as sentences and a bar; partial success is named as such. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syncjobs.display.formatting import number
from syncjobs.models import Run
from syncjobs.rules.steps.many_deletions import in_doubt
from syncjobs.run_options import RunOptions

# Units of the drawing. A few refusals among thousands of writes must still be visible.
WIDTH = 400
MIN_WIDTH = 2.0
MAX_NAMES = 3


@dataclass(frozen=True)
class Part:
    """A piece of the bar in one tone; coordinates are formatted for SVG."""

    tone: str
    x: str
    width: str


@dataclass(frozen=True)
class Result:
    """A sentence about the changes that reached QuickBooks, `remaining` about the others, and the parts of the bar."""

    sentence: str
    remaining: str
    parts: tuple[Part, ...]


def result(run: Run, figures: Mapping[str, Any], *, refused: int, not_reached: int, waiting: int = 0) -> Result | None:
    """Return a sync's result; None while it goes on, for previews, and for runs that ended before they had a plan.

    `waiting`: changes that were not made since it is not known whether their time is billed.
    """
    arrived = figures["sent"] + figures["updated"] + figures["deleted"]
    unknown = in_doubt(figures)
    due = arrived + refused + unknown + not_reached + waiting
    if run.is_open or run.dry_run or (not due and run.status != Run.Status.SUCCEEDED):
        return None
    counts = [("sent", arrived), ("refused", refused), ("doubt", unknown), ("out", not_reached + waiting)]
    return Result(
        _sentence(arrived, due),
        _remaining(refused, unknown, not_reached, waiting, figures["blocked"]),
        _bar(counts, due),
    )


def _sentence(arrived: int, due: int) -> str:
    if not due:
        return "Nothing had to be sent."
    if arrived == due:
        return "The one change reached QuickBooks." if due == 1 else f"All {due:,} changes reached QuickBooks."
    return f"{arrived:,} of {due:,} changes reached QuickBooks; {due - arrived:,} did not, and each says why."


def _remaining(refused: int, unknown: int, not_reached: int, waiting: int, blocked: int) -> str:
    clauses = []
    if refused:
        clauses.append(f"{number(refused, 'was refused,were refused')}")
    if unknown:
        clauses.append(f"{number(unknown, 'is in doubt,are in doubt')}")
    if not_reached:
        clauses.append(f"{number(not_reached, 'was not reached,were not reached')}")
    if waiting:
        clauses.append(f"{number(waiting, 'waits,wait')} until QuickBooks can say what is billed")
    text = f"{_joined(clauses)}. What was sent stays; the next sync continues with the rest. " if clauses else ""
    return f"{text}{number(blocked, 'entry was,entries were')} held or excluded, by reason below." if blocked else text


def _joined(clauses: list[str]) -> str:
    return f"{', '.join(clauses[:-1])} and {clauses[-1]}" if len(clauses) > 1 else clauses[0]


def _bar(counts: list[tuple[str, int]], due: int) -> tuple[Part, ...]:
    parts, x = [], 0.0
    for tone, count in counts:
        if count:
            width = max(count / due * WIDTH, MIN_WIDTH)
            # The widened pieces before it can push the last one past the end of the bar.
            parts.append(Part(tone, f"{min(x, WIDTH - MIN_WIDTH):.1f}", f"{width:.1f}"))
            x += width
    return tuple(parts)


def narrowed(run: Run, names: Mapping[str, list[str]] | None = None) -> str:
    """Return the options that narrow or widen a run, such as `only 12 entries`; empty without any.

    `names`: those of the people or projects a run is narrowed to, by the option's key; a few are said by name.
    """
    nouns = {"users": "person,people", "projects": "project,projects", "entries": "entry,entries"}
    clauses, options = [], RunOptions.of(run)
    for key, ids in options.narrowed_to.items():
        called = (names or {}).get(key, [])
        known = len(called) == len(ids) <= MAX_NAMES and all(called)
        clauses.append(f"only {_joined(called) if known else number(len(ids), nouns[key])}")
    clauses += ["time already sent is brought up to date"] if options.resend else []
    clauses += ["deletions are not asked about"] if options.believe_deletions else []
    clauses += ["what would be deleted is kept in QuickBooks"] if options.keep_deletions else []
    return ", ".join(clauses)
