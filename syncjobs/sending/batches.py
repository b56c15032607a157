"""Batches: the creates of a large backlog, up to thirty in one request, beside those that go one by one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from django.db import transaction

from integrations.errors import ApiError, Gone, NoAnswer, Rejected, TryLater, Unexpected
from integrations.limits import retry
from integrations.quickbooks.answers import BatchItem, ItemAnswer
from syncjobs.ledger import activities, journal
from syncjobs.models import Action, RunItem
from syncjobs.sending.work_queue import SendContext

log = logging.getLogger("hourbridge.batches")

# Intuit's limit (Intuit: batch page).
LARGEST = 30
SMALLEST = 5
# Answered batches in a row after which the next ones grow again.
ANSWERS_TO_GROW = 5


class Size:
    """The number of creates in the next batch: halved when one gets no answer, then slowly increased."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # `_answered` batches in a row at any size; `_missed` answers in a row at the smallest one.
        self._size, self._answered, self._missed = LARGEST, 0, 0

    @property
    def now(self) -> int:
        """The current size; 0 for no more batches."""
        return self._size

    def answered(self) -> None:
        """Count an answered batch; a steady connection allows larger ones again."""
        with self._lock:
            self._answered, self._missed = self._answered + 1, 0
            if self._answered >= ANSWERS_TO_GROW and self._size:
                self._size, self._answered = min(LARGEST, self._size + SMALLEST), 0

    def no_response(self) -> None:
        """Halve the size after a batch without an answer, down to none after repeated ones at the smallest size."""
        with self._lock:
            self._answered = 0
            self._missed += self._size <= SMALLEST
            self._size = (
                0
                if self._missed >= retry.MAX_UNANSWERED_BATCHES
                else max(SMALLEST, self._size // 2)
                if self._size
                else 0
            )

    def refused(self) -> None:
        """Stop sending batches: QuickBooks does not accept them."""
        with self._lock:
            self._size = 0


class Batches:
    """Sends creates in batches. An item's answer is found by its number, never by its position."""

    def __init__(self, shared: SendContext) -> None:
        self._run, self._client, self._heartbeat = shared.run, shared.client, shared.heartbeat
        self._queue, self._outcomes, self._breaker = shared.queue, shared.outcomes, shared.breaker
        self._size = Size()

    def send_next(self) -> bool:
        """Send one batch; return False if too few creates are left for one."""
        items = self._queue.batch(self._size.now)
        if not items:
            return False
        self._send([item for item in items if not self._outcomes.hold_if_inactive(item)])
        return True

    def _send(self, items: Sequence[RunItem]) -> None:
        actions = journal.open_batch(items, run=self._run)
        pairs = self._outcomes.hold_if_signed(list(zip(items, actions, strict=True)))
        if not pairs:
            return
        # As late as possible: a process that was suspended must not send what another one has settled meanwhile.
        self._heartbeat.check()
        batch = [BatchItem(action.batch_item, "create", activities.ENTITY, action.body) for _, action in pairs]
        try:
            with self._breaker.calling() as call_start:
                answers = self._client.batch(batch, request_id=str(actions[0].batch_id))
        except (Gone, Rejected) as error:
            # QuickBooks refused the request as a whole and looked at no item: one by one they may be accepted.
            log.warning("QuickBooks takes no batches (%s); going on one by one.", error.message)
            self._size.refused()
            self._requeue_items(pairs, error)
        except (NoAnswer, Unexpected) as error:
            # A gateway may say "not found" of an address that took the batch, so nothing is known of its items.
            self._mark_unknown(pairs, error)
            self._size.no_response()
            self._breaker.no_response(error, since=call_start)
        except ApiError as error:
            self._requeue_items(pairs, error)
            raise
        else:
            self._size.answered()
            self._process_answers(pairs, answers)

    def _mark_unknown(self, pairs: Sequence[tuple[RunItem, Action]], error: ApiError) -> None:
        with transaction.atomic():
            for item, action in pairs:
                self._outcomes.mark_unknown(item, action, error)

    def _requeue_items(self, pairs: Sequence[tuple[RunItem, Action]], error: ApiError) -> None:
        with transaction.atomic():
            for item, action in pairs:
                self._outcomes.not_done(item, action, error)
        self._queue.requeue_items([item for item, _ in pairs])

    def _process_answers(self, pairs: Sequence[tuple[RunItem, Action]], answers: dict[str, ItemAnswer]) -> None:
        """Commit all receipts first, in one transaction; then handle the items with an error. May raise ApiError."""
        failed_items: list[tuple[RunItem, Action, ApiError]] = []
        with transaction.atomic():
            for item, action in pairs:
                answer = answers[action.batch_item]
                if answer.error is None:
                    self._outcomes.accepted(item, action, answer.record, tid=answer.tid)
                else:
                    failed_items.append((item, action, answer.error))
        some_arrived = len(failed_items) < len(pairs)
        is_throttled = False
        for item, action, error in failed_items:
            if isinstance(error, Gone | Rejected):
                self._outcomes.refused(item, action, error)
                if some_arrived:
                    # Others were accepted, so no single cause refuses everything: refusals in a row start from zero.
                    self._breaker.answered()
            elif isinstance(error, TryLater):
                self._requeue_items([(item, action)], error)
                is_throttled = True
            else:
                self._outcomes.mark_unknown(item, action, error)
        if is_throttled:
            # The throttle already holds the company back for a moment; smaller batches, in the end none, do the rest.
            self._size.no_response()
