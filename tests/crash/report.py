"""The table that the laboratory prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.crash.experiment import Outcome
from tests.crash.points import COMMAND, POINTS


def table(outcomes: Iterable[Outcome]) -> list[str]:
    """Kills per point and victim, faults per kind, and the comparison, over several experiments."""
    ones = list(outcomes)
    kills: Counter[tuple[str, str, str]] = sum((one.kills for one in ones), Counter())
    columns = ["command", "task", "cluster", "worker", "supervisor"]
    lines = [f"  {'killed':42}" + "".join(f"{name:>12}" for name in [*columns, "all"])]
    totals: Counter[str] = Counter()
    for point in POINTS:
        row = Counter[str]()
        for (name, by, victim), count in kills.items():
            if name == point.name:
                row["command" if by == COMMAND else victim] += count
        totals += row
        lines.append(_row(point.name, [row[name] for name in columns]))
    lines.append(_row("all points", [totals[name] for name in columns]))
    troubles: Counter[str] = sum((one.troubles for one in ones), Counter())
    lines.append("  besides: " + ", ".join(f"{name} {count}" for name, count in sorted(troubles.items()) if count))
    missed: Counter[str] = sum((one.missed for one in ones), Counter())
    if missed:
        lines.append("  not met and tried again: " + ", ".join(f"{n} {c}" for n, c in sorted(missed.items())))
    return lines


def _row(name: str, counts: list[int]) -> str:
    return f"  {name:42}" + "".join(f"{count:>12}" for count in [*counts, sum(counts)])


def comparison(one: Outcome) -> str:
    verdict = one.verdict
    if verdict is None:
        return "no comparison was made"
    quiet = f"quiet after {one.rounds_to_quiet}" if one.rounds_to_quiet is not None else "NEVER QUIET"
    return (
        f"{one.killed} kills in {one.rounds} rounds, {quiet}; activities: {verdict.expected} expected, "
        f"{verdict.found} found, {len(verdict.doubled)} doubled, {len(verdict.missing)} missing, "
        f"{len(verdict.unlike)} unlike, {len(verdict.wrong_receipts)} wrong receipts; {one.tracebacks} tracebacks"
    )


def never_hit(outcomes: Iterable[Outcome]) -> list[str]:
    hit = {name for one in outcomes for (name, _, _), count in one.kills.items() if count}
    return [point.name for point in POINTS if point.name not in hit]
