"""Carrying out a saved plan: a few polite threads, each receipt committed before that thread's next record."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.db import connections

from integrations.errors import ApiError, Gone, NoAnswer, ReconnectNeeded, Rejected, TryLater
from integrations.quickbooks.client import QuickBooksClient
from syncjobs.ledger import activities, journal
from syncjobs.ledger.lease import Heartbeat, Lost
from syncjobs.models import Run, RunItem
from syncjobs.sending.batches import Batches
from syncjobs.sending.circuit_breaker import CircuitBreaker
from syncjobs.sending.responses import Outcomes
from syncjobs.sending.work_queue import Backlog, SendContext

log = logging.getLogger("hourbridge.execute")

THREADS = 4
# Beside these; a batch of thirty takes seconds, and 40 of them may begin in a minute (Intuit: limits).
BATCH_THREADS = 4

# Sends what comes next; False when there is nothing left for this thread.
Step = Callable[[], bool]


def carry_out(
    run: Run, client: QuickBooksClient, heartbeat: Heartbeat, *, breaker: CircuitBreaker, progress: Callable[[], None]
) -> None:
    """Send what is planned, in the plan's order, until the circuit breaker opens; what is not reached stays planned."""
    backlog = Backlog(run)
    shared = SendContext(run, client, heartbeat, breaker, backlog, Outcomes(run, client, breaker))
    singles = Singles(shared)
    steps: list[Step] = [singles.send_next] * min(THREADS, len(backlog))
    if 0 < settings.BATCHES_FROM <= backlog.creates:
        batches = Batches(shared)
        # One by one in the end, since what a batch puts back must find somebody.
        steps += [lambda: batches.send_next() or singles.send_next()] * BATCH_THREADS
    senders: list[tuple[threading.Thread, threading.Event]] = []
    try:
        for number, step in enumerate(steps):
            end = threading.Event()
            sender = threading.Thread(
                target=_work, args=(step, heartbeat, breaker, progress, end), name=f"sender {number}"
            )
            senders.append((sender, end))
            sender.start()
        _wait_for(senders)
    except KeyboardInterrupt:
        # The records at hand are finished, so that nothing is left in doubt.
        breaker.ask()
        _wait_for(senders)
        raise


def _wait_for(senders: list[tuple[threading.Thread, threading.Event]]) -> None:
    """Until every sender is through.

    Not by Thread.join: where Ctrl-C interrupts that, Python 3.11 takes the running thread for ended, and the lease
    would be given back while a record is still on its way.
    """
    for sender, end in senders:
        # One that Ctrl-C kept from starting never comes to an end.
        if sender.ident is not None:
            end.wait()


def _work(
    step: Step, heartbeat: Heartbeat, breaker: CircuitBreaker, progress: Callable[[], None], end: threading.Event
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
        breaker.trip(_cause(error, heartbeat))
    finally:
        try:
            connections.close_all()
        finally:
            end.set()


def _cause(error: Exception, heartbeat: Heartbeat) -> Exception:
    """Who slept past the lease may wake up to a connection that the database closed: then that is the news."""
    try:
        heartbeat.check()
    except Lost as loss:
        return loss
    log.error("Sending stopped on an error of ours.", exc_info=error)
    return error


class Singles:
    """Sends planned items one by one. Raises only what concerns the whole run."""

    def __init__(self, shared: SendContext) -> None:
        self._run, self._client, self._heartbeat = shared.run, shared.client, shared.heartbeat
        self._backlog, self._outcomes, self._breaker = shared.backlog, shared.outcomes, shared.breaker

    def send_next(self) -> bool:
        item = self._backlog.one()
        if item is not None and not self._outcomes.hold_if_inactive(item):
            self._send(item)
        return item is not None

    def _send(self, item: RunItem, *, second_try: bool = False) -> None:
        action = journal.open_action(item, run=self._run)
        # As late as can be: a process that slept meanwhile must not send what another one has looked for since.
        self._heartbeat.check()
        began = time.monotonic()
        try:
            answer = self._client.write(
                activities.ENTITY,
                action.body,
                request_id=str(action.request_id),
                delete=item.verb == "delete",
            )
        except (Gone, Rejected) as error:
            if self._outcomes.refused(item, action, error, second_try=second_try):
                self._send(item, second_try=True)
        except NoAnswer as error:
            self._outcomes.mark_unknown(item, action, error)
            self._breaker.no_response(error, since=began)
        except (TryLater, ReconnectNeeded) as error:
            # The item stays planned, and the run waits or ends.
            self._outcomes.not_done(action, error)
            raise
        except ApiError as error:
            self._outcomes.mark_unknown(item, action, error)
            raise
        else:
            self._outcomes.accepted(action, answer.record, tid=answer.tid)
