"""Counters and final comparison of an experiment; sent between processes as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Comparison:
    """The final comparison: numbers of activities, and the differences as text."""

    expected: int
    found: int
    duplicated: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    wrong_receipts: list[str] = field(default_factory=list)
    loose_ends: list[str] = field(default_factory=list)

    @property
    def differences(self) -> list[str]:
        texts_by_label = {
            "doubled": self.duplicated,
            "missing": self.missing,
            "not as the rules say": self.unlike,
            "wrong receipt": self.wrong_receipts,
            "loose end": self.loose_ends,
        }
        return [f"{label}: {text}" for label, texts in texts_by_label.items() for text in texts]


@dataclass
class Outcome:
    """An experiment's result. `kills` counts by point and victim: command, task, cluster, worker or supervisor."""

    name: str = ""
    planned: list[str] = field(default_factory=list)
    kills: dict[str, Counter[str]] = field(default_factory=dict)
    troubles: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    decisions: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    rounds_to_quiet: int | None = None
    tracebacks: int = 0
    late_duplicates: int = 0
    comparison: Comparison | None = None

    @property
    def killed(self) -> int:
        return sum(sum(row.values()) for row in self.kills.values())

    @property
    def problems(self) -> list[str]:
        quiet = [] if self.rounds_to_quiet is not None else ["it did not come to rest"]
        return quiet + (self.comparison.differences if self.comparison else ["no comparison was made"])

    def count_kill(self, point: str, victim: str) -> None:
        self.kills.setdefault(point, Counter())[victim] += 1

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "comparison": vars(self.comparison) if self.comparison else None}


def from_json(data: dict[str, Any]) -> Outcome:
    values = dict(data)
    values["kills"] = {point: Counter(row) for point, row in data["kills"].items()}
    values["troubles"], values["missed"] = Counter(data["troubles"]), Counter(data["missed"])
    values["decisions"] = Counter(data["decisions"])
    values["comparison"] = Comparison(**data["comparison"]) if data["comparison"] else None
    return Outcome(**values)
