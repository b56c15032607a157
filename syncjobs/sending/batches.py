"""A large backlog's creates, up to thirty in one request, beside those that go one by one."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence

from django.db import transaction

from integrations import retry
from integrations.errors import ApiError, Gone, NoAnswer, ReconnectNeeded, Rejected, TryLater
from integrations.quickbooks.client import BatchItem, ItemAnswer
from syncjobs.ledger import activities, journal
from syncjobs.models import Action, RunItem
from syncjobs.sending.work_queue import SendContext

log = logging.getLogger("hourbridge.batches")

# Intuit's limit (Intuit: batch page).
LARGEST = 30
SMALLEST = 5
# Whoever answers so has looked at nothing.
NO_SUCH_ADDRESS = {404, 405}
# So many answered batches in a row let the next ones grow again.
STEADY = 5


class Size:
    """How many creates the next batch carries: halved when one gets no answer, grown again slowly."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._size, self._good, self._bad = LARGEST, 0, 0

    @property
    def now(self) -> int:
        """0: no more batches."""
        return self._size

    def answered(self) -> None:
        with self._lock:
            self._good, self._bad = self._good + 1, 0
            if self._good >= STEADY and self._size:
                self._size, self._good = min(LARGEST, self._size + SMALLEST), 0

    def no_response(self) -> None:
        with self._lock:
            self._good = 0
            self._bad += self._size <= SMALLEST
            self._size = (
                0 if self._bad >= retry.MAX_UNANSWERED_BATCHES else max(SMALLEST, self._size // 2) if self._size else 0
            )

    def refused(self) -> None:
        """QuickBooks takes no batches of ours."""
        with self._lock:
            self._size = 0


class Batches:
    """Sends creates by the batch. An item's answer is found by its number, never by its place."""

    def __init__(self, shared: SendContext) -> None:
        self._run, self._client, self._heartbeat = shared.run, shared.client, shared.heartbeat
        self._backlog, self._outcomes, self._breaker = shared.backlog, shared.outcomes, shared.breaker
        self._size = Size()

    def send_next(self) -> bool:
        items = self._backlog.batch(self._size.now)
        if not items:
            return False
        items = [item for item in items if not self._outcomes.hold_if_inactive(item)]
        if items:
            self._send(items)
        return True

    def _send(self, items: Sequence[RunItem]) -> None:
        actions = journal.open_batch(items, run=self._run)
        pairs = list(zip(items, actions, strict=True))
        # As late as can be: a process that slept meanwhile must not send what another one has looked for since.
        self._heartbeat.check()
        began = time.monotonic()
        try:
            answers = self._client.batch(
                [BatchItem(action.batch_item, "create", activities.ENTITY, action.body) for action in actions],
                request_id=str(actions[0].batch_id),
            )
        except NoAnswer as error:
            self._mark_unknown(pairs, error)
            self._size.no_response()
            self._breaker.no_response(error, since=began)
        except (Gone, Rejected) as error:
            # The request as a whole was turned down, nothing in it was looked at: one by one it may be welcome.
            log.warning("QuickBooks takes no batches (%s); going on one by one.", error.message)
            self._size.refused()
            self._requeue_items(pairs, error)
        except (TryLater, ReconnectNeeded) as error:
            self._requeue_items(pairs, error)
            raise
        except ApiError as error:
            if error.status in NO_SUCH_ADDRESS:
                self._size.refused()
                self._requeue_items(pairs, error)
                return
            self._mark_unknown(pairs, error)
            raise
        else:
            self._size.answered()
            self._take_in(pairs, answers)

    def _mark_unknown(self, pairs: Sequence[tuple[RunItem, Action]], error: ApiError) -> None:
        with transaction.atomic():
            for item, action in pairs:
                self._outcomes.mark_unknown(item, action, error)

    def _requeue_items(self, pairs: Sequence[tuple[RunItem, Action]], error: ApiError) -> None:
        with transaction.atomic():
            for _, action in pairs:
                self._outcomes.not_done(action, error)
        self._backlog.requeue_items([item for item, _ in pairs])

    def _take_in(self, pairs: Sequence[tuple[RunItem, Action]], answers: dict[str, ItemAnswer]) -> None:
        """Receipts first and together; whatever needs another look comes after they are committed."""
        others: list[tuple[RunItem, Action, ApiError]] = []
        with transaction.atomic():
            for item, action in pairs:
                answer = answers[action.batch_item]
                if answer.error is None:
                    self._outcomes.accepted(action, answer.record, tid=answer.tid)
                else:
                    others.append((item, action, answer.error))
        some_arrived = len(others) < len(pairs)
        whole_run: ApiError | None = None
        for item, action, error in others:
            if isinstance(error, Gone | Rejected):
                self._outcomes.refused(item, action, error)
                if some_arrived:
                    # Whatever the order in which they stand here, it is no cause that refuses everything.
                    self._breaker.answered()
            elif isinstance(error, TryLater | ReconnectNeeded):
                self._requeue_items([(item, action)], error)
                whole_run = error
            else:
                self._outcomes.mark_unknown(item, action, error)
        if isinstance(whole_run, TryLater):
            # The company is held back for a moment already; smaller batches, in the end none, are the cure.
            self._size.no_response()
        elif whole_run is not None:
            raise whole_run
