"""What an experiment did and what came of it; travels between processes as JSON."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Verdict:
    """The final comparison: numbers of activities, and what differs, each in words."""

    expected: int
    found: int
    doubled: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    wrong_receipts: list[str] = field(default_factory=list)
    loose_ends: list[str] = field(default_factory=list)

    @property
    def differences(self) -> list[str]:
        named = {
            "doubled": self.doubled,
            "missing": self.missing,
            "not as the rules say": self.unlike,
            "wrong receipt": self.wrong_receipts,
            "loose end": self.loose_ends,
        }
        return [f"{name}: {one}" for name, ones in named.items() for one in ones]


@dataclass
class Outcome:
    """`kills` counts by point, and then by who died: command, task, cluster, worker or supervisor."""

    name: str = ""
    planned: list[str] = field(default_factory=list)
    kills: dict[str, Counter[str]] = field(default_factory=dict)
    troubles: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    rounds_to_quiet: int | None = None
    tracebacks: int = 0
    late_doubles: int = 0
    verdict: Verdict | None = None

    @property
    def killed(self) -> int:
        return sum(sum(row.values()) for row in self.kills.values())

    @property
    def problems(self) -> list[str]:
        quiet = [] if self.rounds_to_quiet is not None else ["it did not come to rest"]
        return quiet + (self.verdict.differences if self.verdict else ["no comparison was made"])

    def count_kill(self, point: str, victim: str) -> None:
        self.kills.setdefault(point, Counter())[victim] += 1

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "verdict": vars(self.verdict) if self.verdict else None}


def from_json(data: dict[str, Any]) -> Outcome:
    values = dict(data)
    values["kills"] = {point: Counter(row) for point, row in data["kills"].items()}
    values["troubles"], values["missed"] = Counter(data["troubles"]), Counter(data["missed"])
    values["verdict"] = Verdict(**data["verdict"]) if data["verdict"] else None
    return Outcome(**values)
