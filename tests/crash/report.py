"""The table that the laboratory prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.crash.outcome import Outcome
from tests.crash.points import POINTS

VICTIMS = ("command", "task", "cluster", "worker", "supervisor")


def table(ones: Sequence[Outcome]) -> list[str]:
    """Kills per point and victim, faults per kind, over several experiments."""
    lines = [f"  {'killed':38}" + "".join(f"{name:>12}" for name in [*VICTIMS, "all"])]
    totals: Counter[str] = Counter()
    for point in POINTS:
        row: Counter[str] = sum((one.kills.get(point.name, Counter()) for one in ones), Counter())
        totals += row
        lines.append(_row(point.name, [row[name] for name in VICTIMS]))
    lines.append(_row("all points", [totals[name] for name in VICTIMS]))
    lines.append("  besides: " + _listed(sum((one.troubles for one in ones), Counter())))
    planned = {name for one in ones for name in one.planned}
    if left_out := [point.name for point in POINTS if point.name not in planned]:
        lines.append("  left out, since so few kills were asked for: " + ", ".join(left_out))
    missed: Counter[str] = sum((one.missed for one in ones), Counter())
    if missed:
        lines.append("  not met, and tried again: " + _listed(missed))
    return lines


def _row(name: str, counts: list[int]) -> str:
    return f"  {name:38}" + "".join(f"{count:>12}" for count in [*counts, sum(counts)])


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count)


def comparison(one: Outcome) -> str:
    verdict = one.verdict
    if verdict is None:
        return "no comparison was made"
    quiet = f"quiet after {one.rounds_to_quiet}" if one.rounds_to_quiet is not None else "NEVER QUIET"
    return (
        f"{one.killed} kills in {one.rounds} rounds, {quiet}; activities: {verdict.expected} expected, "
        f"{verdict.found} found, {len(verdict.doubled)} doubled, {len(verdict.missing)} missing, "
        f"{len(verdict.unlike)} unlike, {len(verdict.wrong_receipts)} wrong receipts, "
        f"{len(verdict.loose_ends)} loose ends"
    )


def never_hit(ones: Sequence[Outcome]) -> list[str]:
    """Points at which a kill was planned and none succeeded."""
    hit = {name for one in ones for name, row in one.kills.items() if row}
    planned = {name for one in ones for name in one.planned}
    return [point.name for point in POINTS if point.name in planned - hit]
