"""The points at which a process can be killed, and how the laboratory reaches them."""

from __future__ import annotations

from dataclasses import dataclass

COMMAND, WORKER = "command", "worker"


@dataclass(frozen=True)
class Point:
    """`seen_from`: `fault` (the process kills itself there) or the sandbox's view of a call.

    `places` narrows a fault to one of its functions; `most` is how many may pass before it strikes; `latest` for how
    many seconds the vendor may go on with the call.
    """

    name: str
    seen_from: str
    fault: str = ""
    places: tuple[str, ...] = ("",)
    most: int = 0
    latest: float = 0
    by: tuple[str, ...] = (COMMAND, WORKER)


FAULT, ANY_MOMENT = "fault", "any moment"
# The sandbox's answer to the call at which it has the caller killed.
LOST, ARRIVES, ANSWERED = "lost", "arrives", "answered"
REFRESH_LOST, REFRESH_ANSWERED, READING = "refresh lost", "refresh answered", "reading"

# How many writes may pass before a point around a write strikes.
MOST_WRITES = 25

POINTS = (
    Point("before the call", FAULT, "before-call", most=MOST_WRITES),
    Point("call on its way, lost", LOST, most=MOST_WRITES),
    Point("call on its way, arrives", ARRIVES, most=MOST_WRITES),
    Point("call on its way, arrives late", ARRIVES, most=MOST_WRITES, latest=3),
    Point("after the vendor's commit", ANSWERED, most=MOST_WRITES),
    Point("after the answer, before the receipt", FAULT, "before-receipt", most=MOST_WRITES),
    Point("within the receipt's transaction", FAULT, "in-receipt", most=MOST_WRITES),
    Point("after the receipt", FAULT, "after-receipt", most=MOST_WRITES),
    Point("during a refresh, before it", REFRESH_LOST),
    Point("during a refresh, after it", REFRESH_ANSWERED),
    Point("between slices", FAULT, "between-slices", by=(WORKER,)),
    Point(
        "in the planner",
        FAULT,
        "planner",
        places=("before intend", "after intend", "after PlanWriter.add", "after PlanWriter.close"),
    ),
    Point("while settling", FAULT, "settling", places=("before settle", "after settle")),
    Point("while reading", READING, most=2),
    Point("with the lease just taken", FAULT, "lease-taken"),
    Point("any moment", ANY_MOMENT),
)
