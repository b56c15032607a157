"""The laboratory's printed report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.crash.outcome import Outcome
from tests.crash.points import POINTS

VICTIMS = ("command", "task", "cluster", "worker", "supervisor")


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the lines of the table: kills per point and victim, and faults per kind, over several experiments."""
    lines = [f"  {'killed':38}" + "".join(f"{name:>12}" for name in [*VICTIMS, "all"])]
    totals: Counter[str] = Counter()
    for point in POINTS:
        row: Counter[str] = sum((outcome.kills.get(point.name, Counter()) for outcome in outcomes), Counter())
        totals += row
        lines.append(_row(point.name, [row[name] for name in VICTIMS]))
    lines.append(_row("all points", [totals[name] for name in VICTIMS]))
    decisions: Counter[str] = sum((outcome.decisions for outcome in outcomes), Counter())
    if decisions:
        lines.append("  of these, while a person's decision was carried out: " + _listed(decisions))
    lines.append("  besides: " + _listed(sum((outcome.troubles for outcome in outcomes), Counter())))
    planned = {name for outcome in outcomes for name in outcome.planned}
    if left_out := [point.name for point in POINTS if point.name not in planned]:
        lines.append("  left out, since so few kills were asked for: " + ", ".join(left_out))
    missed: Counter[str] = sum((outcome.missed for outcome in outcomes), Counter())
    if missed:
        lines.append("  not met, and tried again: " + _listed(missed))
    return lines


def _row(name: str, counts: list[int]) -> str:
    return f"  {name:38}" + "".join(f"{count:>12}" for count in [*counts, sum(counts)])


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()) if count)


def comparison(outcome: Outcome) -> str:
    result = outcome.comparison
    if result is None:
        return "no comparison was made"
    quiet = f"quiet after {outcome.rounds_to_quiet}" if outcome.rounds_to_quiet is not None else "NEVER QUIET"
    return (
        f"{outcome.killed} kills in {outcome.rounds} rounds, {quiet}; activities: {result.expected} expected, "
        f"{result.found} found, {len(result.duplicated)} doubled, {len(result.missing)} missing, "
        f"{len(result.unlike)} unlike, {len(result.wrong_receipts)} wrong receipts, "
        f"{len(result.loose_ends)} loose ends"
    )


def never_hit(outcomes: Sequence[Outcome]) -> list[str]:
    """Return the names of points at which kills were planned and none succeeded."""
    hit = {name for outcome in outcomes for name, row in outcome.kills.items() if row}
    planned = {name for outcome in outcomes for name in outcome.planned}
    return [point.name for point in POINTS if point.name in planned - hit]
