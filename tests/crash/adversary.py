"""The seeded adversary: chooses the next point, victim and fault."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from syncjobs.rules.steps.corrections import CORRECT
from tests.crash.points import MOST_WRITES, WORKER, Point

WRITES = "timeactivity|batch"
TOKEN = "oauth2/token"
UNDO = "undo"
# Longer than a process waits for an answer (stage.PATIENCE), so that the answer is dropped.
SILENCE = 2.3
# Share of the kills around a write that hit a person's decision instead of a sync.
DECISIONS = 0.35
# How many deletions of an undo may pass before a point strikes.
FEW_DELETIONS = 5
# Answers in place of the truth, to any call: no one could take them for an answer to it.
ODD_ANSWERS: tuple[dict[str, Any], ...] = (
    *({"preset": "html", "status": status} for status in (200, 400, 403, 404, 413, 500, 502)),
    *({"preset": "empty", "status": status} for status in (200, 403, 404)),
    *({"preset": preset} for preset in ("null", "text", "object", "truncated", "deep")),
    {"preset": "deep_fault", "status": 400},
    {"preset": "empty", "status": 307, "headers": {"Location": "http://127.0.0.1:9/elsewhere"}},
    {"length_off": 40},
)
# To writes of QuickBooks also these: they do not prove that the write was done, or are about another record.
ODD_WRITES: tuple[dict[str, Any], ...] = (
    *({"preset": "fault", "status": 500, "code": code} for code in ("120", "3100", "610")),
    {"preset": "fault_lower", "status": 403, "code": "3100"},
    {"change": {"TimeActivity": {}}},
    {"change": {"TimeActivity": None}},
    {"change": {"TimeActivity.Id": ""}},
    {"drop": ["TimeActivity.SyncToken"]},
)


@dataclass(frozen=True)
class Attack:
    """A planned kill: the process that runs the sync (`by`), the point, and the victim."""

    by: str
    point: Point
    victim: str
    skip: int
    place: str
    late: float = 0
    # One of `decisions.LABELS` that is carried out instead of a sync.
    decision: str = ""

    def __str__(self) -> str:
        return f"{self.by}, {self.point.name}, {self.victim}, +{self.skip} {self.place} {self.decision}".strip()


class Adversary:
    """Makes every choice from the seed. A seed replays the plan, but not the order in which processes run."""

    def __init__(self, random: Random, *, odd_answers: bool = True, decisions: Sequence[str] = ()) -> None:
        """`decisions`: those that are attacked (`decisions.LABELS`); one alone is attacked wherever it can be."""
        self._random, self._odd_answers, self._decisions = random, odd_answers, decisions
        self._share = 1 if len(decisions) == 1 else DECISIONS

    def plan(self, kills: int, by: str, points: Collection[Point]) -> list[Attack]:
        """Return that many attacks on a command or a worker, spread evenly over the points that can be hit there."""
        points = [point for point in points if by in point.by]
        chosen: list[Point] = []
        while len(chosen) < kills:
            chosen += self._random.sample(points, len(points))
        return [self.attack(by, point) for point in chosen[:kills]]

    def attack(self, by: str, point: Point) -> Attack:
        random = self._random
        victims = ("task", "cluster", "worker", "supervisor") if by == WORKER else ("task",)
        victim = random.choices(victims, weights=(4, 3, 2, 1)[: len(victims)])[0]
        late = random.uniform(0, point.latest)
        attack = Attack(by, point, victim, random.randint(0, point.most), random.choice(point.places), late)
        # Adding what is missing has no command.
        possible = [name for name in self._decisions if by == WORKER or name != CORRECT]
        if possible and point.most == MOST_WRITES and random.random() < self._share:
            decision = random.choice(possible)
            # The others write once.
            return replace(attack, skip=attack.skip % FEW_DELETIONS if decision == UNDO else 0, decision=decision)
        return attack

    def sooner(self, attack: Attack) -> Attack:
        """Return the same attack with fewer calls to pass before it."""
        return replace(attack, skip=attack.skip // 3)

    def faults(self) -> list[dict[str, Any]]:
        """Return the network faults of this round; none in a third of them."""
        return [self._fault() for _ in range(self._random.choice((0, 1, 2)))]

    def _fault(self) -> dict[str, Any]:
        random = self._random
        kinds = ["cut_before", "cut_after_commit", "429", "429_xml", "429_retry_after", "503"]
        kinds += ["500_html", "500_html_after_commit", "hang_before", "hang_after_commit", "cut_mid_batch"]
        kind = random.choice(kinds)
        target = random.choices(("write", "read", "token", "clockify"), weights=(6, 2, 1, 1))[0]
        if kind == "cut_mid_batch":
            return {
                "kind": kind,
                "path": "/batch",
                "method": "POST",
                "skip": 0,
                "times": 1,
                "items": random.randint(1, 20),
            }
        fault = {"kind": kind, "skip": random.randint(0, 30), "times": random.randint(1, 3)}
        if kind.startswith("hang"):
            fault |= {"seconds": SILENCE, "times": 1}
        if kind.startswith("429"):
            fault |= {"seconds": 0.3}
        paths = {"write": (WRITES, "POST"), "read": ("/query", ""), "token": (TOKEN, "POST"), "clockify": ("", "")}
        path, method = paths[target]
        if target != "write":
            fault["skip"] = 0
        if target == "clockify":
            fault["vendor"] = "clockify"
        if self._odd_answers and random.random() < 0.4:
            odd = random.choice(ODD_ANSWERS + (ODD_WRITES if target == "write" else ()))
            fault = {name: value for name, value in fault.items() if name != "seconds"}
            fault |= {"kind": random.choice(("answer_before", "answer_after_commit")), **odd}
        return {**fault, "path": path, "method": method}

    def other(self, database: tuple[str, ...]) -> str:
        """Return the name of another kind of failure for this round, or ""."""
        kinds = ("tokens expired", "tokens refused", "sandbox restarted", *database)
        return self._random.choice(kinds) if self._random.random() < 0.35 else ""

    def moment(self) -> float:
        """Return the seconds after which a process is killed at no particular point."""
        return self._random.uniform(0.5, 3)
