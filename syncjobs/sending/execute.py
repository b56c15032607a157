"""Execution of a saved plan: a few threads, each receipt committed before that thread's next record."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.conf import settings
from django.db import connections

from integrations.errors import ApiError, Gone, NoAnswer, Rejected, Unexpected
from integrations.quickbooks.client import QuickBooksApiClient
from syncjobs.ledger import activities, journal
from syncjobs.ledger.lease import Heartbeat, Lost
from syncjobs.models import Action, Run, RunItem
from syncjobs.rules.verbs import Verb
from syncjobs.sending.batches import Batches
from syncjobs.sending.circuit_breaker import CircuitBreaker
from syncjobs.sending.responses import Outcomes
from syncjobs.sending.work_queue import SendContext, WorkQueue

log = logging.getLogger("hourbridge.execute")

THREADS = 4
# In addition; a batch of thirty takes seconds, and 40 of them may begin in a minute (Intuit: limits).
BATCH_THREADS = 4

# Sends what comes next; False when there is nothing left for this thread.
SendNext = Callable[[], bool]


def carry_out(
    run: Run,
    client: QuickBooksApiClient,
    heartbeat: Heartbeat,
    *,
    breaker: CircuitBreaker,
    progress: Callable[[], None],
) -> None:
    """Send the planned items in the plan's order until the circuit breaker trips; the rest stays planned.

    Errors that concern the whole run end up in the breaker. `progress` is called after each step of a thread.
    """
    queue = WorkQueue(run)
    shared = SendContext(run, client, heartbeat, breaker, queue, Outcomes(run, client, breaker))
    singles = Singles(shared)
    steps: list[SendNext] = [singles.send_next] * min(THREADS, len(queue))
    if 0 < settings.BATCHES_FROM <= queue.creates:
        batches = Batches(shared)
        # Single creates as the fallback: items that a failed batch puts back must still be sent.
        steps += [lambda: batches.send_next() or singles.send_next()] * BATCH_THREADS
    senders: list[tuple[threading.Thread, threading.Event]] = []
    try:
        for number, step in enumerate(steps):
            finished = threading.Event()
            sender = threading.Thread(
                target=_run_steps, args=(step, heartbeat, breaker, progress, finished), name=f"sender {number}"
            )
            senders.append((sender, finished))
            sender.start()
        _wait_for_all(senders)
    except KeyboardInterrupt:
        # The threads finish their current records, so that no outcome is left unknown.
        breaker.request_stop()
        _wait_for_all(senders)
        raise


def _wait_for_all(senders: list[tuple[threading.Thread, threading.Event]]) -> None:
    """Wait until every sender has finished.

    Not by Thread.join: if Ctrl-C interrupts it, Python 3.11 takes the running thread for ended, and the lease would be
    released while a record is still on its way.
    """
    for sender, finished in senders:
        # A thread that Ctrl-C kept from starting never sets its event.
        if sender.ident is not None:
            finished.wait()


def _run_steps(
    step: SendNext,
    heartbeat: Heartbeat,
    breaker: CircuitBreaker,
    progress: Callable[[], None],
    finished: threading.Event,
) -> None:
    try:
        while not breaker.is_set():
            heartbeat.check()
            if not step():
                return
            progress()
    except (ApiError, Lost) as error:
        breaker.trip(error)
    except Exception as error:
        breaker.trip(_stop_cause(error, heartbeat))
    finally:
        try:
            connections.close_all()
        finally:
            finished.set()


def _stop_cause(error: Exception, heartbeat: Heartbeat) -> Exception:
    """Return the error to report: Lost if the lease is lost, since its loss may be what caused the other error.

    A process suspended beyond its lease may find its database connection closed, for example.
    """
    try:
        heartbeat.check()
    except Lost as lost:
        return lost
    log.error("Sending stopped on an error of ours.", exc_info=error)
    return error


class Singles:
    """Sends planned items one by one. Raises only errors that concern the whole run."""

    def __init__(self, shared: SendContext) -> None:
        self._run, self._client, self._heartbeat = shared.run, shared.client, shared.heartbeat
        self._queue, self._outcomes, self._breaker = shared.queue, shared.outcomes, shared.breaker

    def send_next(self) -> bool:
        """Send the next item; return False if none is left."""
        item = self._queue.next_item()
        if item is not None and not self._outcomes.hold_if_inactive(item):
            self._send(item)
        return item is not None

    def _send(self, item: RunItem, *, second_try: bool = False) -> None:
        action = self._action(item)
        if action is None or not self._outcomes.hold_if_signed([(item, action)]):
            return
        # As late as possible: a process that was suspended must not send what another one has settled meanwhile.
        self._heartbeat.check()
        request_id, is_delete = str(action.request_id), item.verb == Verb.DELETE
        try:
            with self._breaker.calling() as call_start:
                answer = self._client.write(activities.ENTITY, action.body, request_id=request_id, delete=is_delete)
        except (Gone, Rejected) as error:
            if self._outcomes.refused(item, action, error, second_try=second_try):
                self._send(item, second_try=True)
        except (NoAnswer, Unexpected) as error:
            # Of this record alone nothing is known: the others go on, unless none of them gets an answer.
            self._outcomes.mark_unknown(item, action, error)
            self._breaker.no_response(error, since=call_start)
        except ApiError as error:
            # QuickBooks did not process it: the item stays planned, and the run waits or ends.
            self._outcomes.not_done(item, action, error)
            raise
        else:
            if not self._outcomes.accepted(item, action, answer.record, tid=answer.tid):
                self._send(item, second_try=second_try)

    def _action(self, item: RunItem) -> Action | None:
        """Return the action of the item, committed before the call; None if its write was settled meanwhile."""
        earlier = item.source_snapshot.get(RunItem.ACTION)
        if earlier is None:
            return journal.open_action(item, run=self._run)
        action = Action.objects.open().filter(pk=earlier).select_related("company").first()
        return action if action is not None and journal.mark_tried(action, self._run) else None
