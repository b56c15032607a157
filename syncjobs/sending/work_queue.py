"""What a run has left to send, handed out to its threads in the plan's order: one by one, or creates by the batch."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from integrations.quickbooks.client import QuickBooksClient
from syncjobs.ledger.lease import Heartbeat
from syncjobs.models import Run, RunItem
from syncjobs.sending.circuit_breaker import CircuitBreaker
from syncjobs.sending.responses import Outcomes

# So many rows are read at a time.
CHUNK = 100


class Backlog:
    """Items not handed out stay planned."""

    def __init__(self, run: Run) -> None:
        planned = run.items.filter(outcome=RunItem.Outcome.PLANNED, verb__in=["create", "update", "delete"])
        in_turn = planned.order_by("pk")
        self._creates = deque(in_turn.filter(verb="create").values_list("pk", flat=True))
        self._others = deque(in_turn.exclude(verb="create").values_list("pk", flat=True))
        self._read: dict[int, RunItem] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._creates) + len(self._others)

    @property
    def creates(self) -> int:
        return len(self._creates)

    def one(self) -> RunItem | None:
        """The next item; None when nothing is left."""
        with self._lock:
            first = [line for line in (self._creates, self._others) if line]
            if not first:
                return None
            return self._take(min(first, key=lambda line: line[0]))

    def batch(self, most: int) -> list[RunItem]:
        """The next creates, up to so many; none when what is left is as quickly sent one by one."""
        with self._lock:
            return [self._take(self._creates) for _ in range(most)] if len(self._creates) > most else []

    def requeue_items(self, items: list[RunItem]) -> None:
        """Creates that QuickBooks did not look at."""
        with self._lock:
            self._read.update({item.pk: item for item in items})
            self._creates.extendleft(item.pk for item in reversed(items))

    def _take(self, line: deque[int]) -> RunItem:
        pk = line.popleft()
        if pk not in self._read:
            upcoming = [pk, *(line[place] for place in range(min(CHUNK - 1, len(line))))]
            self._read.update(RunItem.objects.in_bulk([one for one in upcoming if one not in self._read]))
        return self._read.pop(pk)


@dataclass(frozen=True)
class SendContext:
    """What the threads of one run share."""

    run: Run
    client: QuickBooksClient
    heartbeat: Heartbeat
    breaker: CircuitBreaker
    backlog: Backlog
    outcomes: Outcomes
