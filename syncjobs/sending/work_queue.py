"""The work queue of a run: planned items for its threads in the plan's order, one by one, or creates in batches."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from django.db.models import Q

from integrations.quickbooks.client import QuickBooksApiClient
from syncjobs.ledger.lease import Heartbeat
from syncjobs.models import Run, RunItem
from syncjobs.rules.verbs import WRITES, Verb
from syncjobs.sending.circuit_breaker import CircuitBreaker
from syncjobs.sending.responses import Outcomes

# Rows read by one query.
CHUNK = 100


class WorkQueue:
    """A thread-safe queue of the run's planned items. Items not taken from it stay planned."""

    def __init__(self, run: Run) -> None:
        planned = run.items.filter(outcome=RunItem.Outcome.PLANNED, verb__in=WRITES)
        in_order = planned.order_by("pk")
        # Creates apart from the rest, since only they go in batches; not after an attempt without an answer, which may
        # have been a batch.
        new = Q(verb=Verb.CREATE) & ~Q(source_snapshot__has_any_keys=[RunItem.ACTION, RunItem.TRIED])
        self._creates = deque(in_order.filter(new).values_list("pk", flat=True))
        self._others = deque(in_order.exclude(new).values_list("pk", flat=True))
        self._read: dict[int, RunItem] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._creates) + len(self._others)

    @property
    def creates(self) -> int:
        return len(self._creates)

    def next_item(self) -> RunItem | None:
        """Return the next item, or None if nothing is left."""
        with self._lock:
            queues = [queue for queue in (self._creates, self._others) if queue]
            if not queues:
                return None
            # Items were saved in the plan's order, so the smaller key comes first.
            return self._take(min(queues, key=lambda queue: queue[0]))

    def batch(self, size: int) -> list[RunItem]:
        """Return the next `size` creates, or none unless more are left: the rest is sent one by one as quickly."""
        with self._lock:
            return [self._take(self._creates) for _ in range(size)] if len(self._creates) > size else []

    def requeue_items(self, items: list[RunItem]) -> None:
        """Put creates that QuickBooks did not process back at the front."""
        with self._lock:
            self._read.update({item.pk: item for item in items})
            self._creates.extendleft(item.pk for item in reversed(items))

    def _take(self, queue: deque[int]) -> RunItem:
        pk = queue.popleft()
        # A chunk ahead: one query per item would slow down all threads, which share the lock. Items that were read, put
        # back ones included, are in front of the others, so none of these was.
        if pk not in self._read:
            upcoming = [pk, *(queue[index] for index in range(min(CHUNK - 1, len(queue))))]
            self._read.update(RunItem.objects.in_bulk(upcoming))
        return self._read.pop(pk)


@dataclass(frozen=True)
class SendContext:
    """The objects that all sending threads of a run share."""

    run: Run
    client: QuickBooksApiClient
    heartbeat: Heartbeat
    breaker: CircuitBreaker
    queue: WorkQueue
    outcomes: Outcomes
