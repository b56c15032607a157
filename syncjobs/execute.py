"""Carrying out a saved plan: four polite threads, each receipt committed before that thread's next record."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connections
from django.utils import timezone

from integrations.errors import ApiError, Gone, NoAnswer, ReconnectNeeded, Rejected, TryLater
from integrations.models import Customer, Employee, Item, Vendor
from integrations.quickbooks import pull
from integrations.quickbooks.client import QuickBooksClient
from mapping import names
from syncjobs import activities, ledger, plan
from syncjobs.draft import from_row
from syncjobs.lease import Heartbeat, Lost
from syncjobs.models import Action, Receipt, Run, RunItem
from syncjobs.queries import sent_of
from syncjobs.reasons import Reason
from syncjobs.settle import DUPLICATE_ID_CODES
from syncjobs.stopping import Stop

log = logging.getLogger("hourbridge.execute")

THREADS = 4
BOOKS_CLOSED_CODES = {"6200", "6210"}
# A reference that QuickBooks does not know or that became inactive (Intuit: error codes).
BAD_REFERENCE_CODES = {"610", "2500", "6250"}
STALE_CODE = "5010"
# A rule of the product spoke against it; for an update or delete, that the time was billed meanwhile.
BILLED_CODE = "6000"


def carry_out(
    run: Run, client: QuickBooksClient, heartbeat: Heartbeat, *, stop: Stop, progress: Callable[[], None]
) -> None:
    """Send what is planned, in the plan's order, until it is done or `stop` says so. Items not reached stay planned."""
    planned = run.items.filter(outcome=RunItem.Outcome.PLANNED, verb__in=["create", "update", "delete"])
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    for pk in planned.order_by("pk").values_list("pk", flat=True):
        waiting.put(pk)
    senders: list[tuple[threading.Thread, threading.Event]] = []
    try:
        for number in range(min(THREADS, waiting.qsize())):
            end = threading.Event()
            work = (run, client, heartbeat, waiting, stop, progress, end)
            sender = threading.Thread(target=_work, args=work, name=f"sender {number}")
            senders.append((sender, end))
            sender.start()
        _wait_for(senders)
    except KeyboardInterrupt:
        # The records at hand are finished, so that nothing is left in doubt.
        stop.ask()
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
    run: Run,
    client: QuickBooksClient,
    heartbeat: Heartbeat,
    waiting: queue.SimpleQueue[int],
    stop: Stop,
    progress: Callable[[], None],
    end: threading.Event,
) -> None:
    try:
        while not stop.is_set():
            try:
                pk = waiting.get_nowait()
            except queue.Empty:
                return
            heartbeat.check()
            Sender(run, client, heartbeat, stop).send(RunItem.objects.get(pk=pk))
            progress()
    except (ApiError, Lost) as error:
        stop.because(error)
    except Exception as error:
        stop.because(_cause(error, heartbeat))
    finally:
        connections.close_all()
        end.set()


def _cause(error: Exception, heartbeat: Heartbeat) -> Exception:
    """Who slept past the lease may wake up to a connection that the database closed: then that is the news."""
    try:
        heartbeat.check()
    except Lost as loss:
        return loss
    log.error("Sending stopped on an error of ours.", exc_info=error)
    return error


class Sender:
    """Sends one planned item. Raises only what concerns the whole run."""

    def __init__(self, run: Run, client: QuickBooksClient, heartbeat: Heartbeat, stop: Stop) -> None:
        self._run, self._client, self._heartbeat, self._stop = run, client, heartbeat, stop

    def send(self, item: RunItem, *, second_try: bool = False) -> None:
        inactive = self._inactive_partner(item) if item.verb != "delete" else None
        if inactive is not None:
            # An earlier record of this run found out; planning did not know yet.
            self._hold(item, inactive)
            return
        action = ledger.open_action(item, run=self._run)
        item.attempts += 1
        RunItem.objects.filter(pk=item.pk).update(attempts=item.attempts)
        ledger.mark_tried(action)
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
            self._refused(item, action, error, second_try=second_try)
        except NoAnswer as error:
            self._doubtful(item, action, error)
            self._stop.silent(error, since=began)
        except (TryLater, ReconnectNeeded) as error:
            # Neither did anything: the item stays planned, and the run waits or ends.
            ledger.close(action, Action.State.ABANDONED, code=error.code, message=error.message, tid=error.tid)
            raise
        except ApiError as error:
            self._doubtful(item, action, error)
            raise
        else:
            ledger.accept(action, answer.record, tid=answer.tid)
            self._stop.answered()

    # --- outcomes ------------------------------------------------------------------------------------------
    def _doubtful(self, item: RunItem, action: Action, error: ApiError) -> None:
        ledger.leave_open(action, code=error.code, message=error.message, tid=error.tid)
        reason = Reason("OUTCOME_UNKNOWN", {"at": f"{timezone.now():%Y-%m-%d %H:%M} UTC"}).as_row()
        self._finish(item, RunItem.Outcome.UNKNOWN, reasons=[reason], error=error)

    def _refused(self, item: RunItem, action: Action, error: ApiError, *, second_try: bool) -> None:
        if error.code in DUPLICATE_ID_CODES and error.code != "6000":
            # A fresh random id can't be a duplicate: something of ours arrived already.
            ledger.leave_open(action, code=error.code, message=error.message, tid=error.tid, duplicate_id=True)
            reason = Reason("OUTCOME_UNKNOWN", {"at": f"{timezone.now():%Y-%m-%d %H:%M} UTC"}).as_row()
            self._finish(item, RunItem.Outcome.UNKNOWN, reasons=[reason], error=error)
            return
        ledger.close(action, Action.State.REFUSED, code=error.code, message=error.message, tid=error.tid)
        if error.code in BOOKS_CLOSED_CODES:
            facts = {"closed": "a date that QuickBooks did not say", "day": str(item.txn_date)}
            self._hold(item, Reason("BOOKS_CLOSED", facts), error)
        elif item.verb != "create" and error.code in {STALE_CODE, BILLED_CODE, *BAD_REFERENCE_CODES}:
            self._read_again(item, error, second_try=second_try)
        elif error.code in BAD_REFERENCE_CODES:
            self._look_at_partners(item, error)
        else:
            self._fail(item, error)

    def _read_again(self, item: RunItem, error: ApiError, *, second_try: bool) -> None:
        """Somebody was faster, or a partner is inactive: decide once more from what QuickBooks has now."""
        receipt = Receipt.objects.get(company=self._run.company, workspace=self._run.workspace, entry_id=item.entry_id)
        found = activities.by_ids(self._client, [item.quickbooks_id]).get(item.quickbooks_id)
        reading = plan.Reading(found.sync_token, found.billed, found.raw) if found else None
        step = plan.Step(item.entry_id, item.verb, "", draft=from_row(item.draft or {}))
        step = plan.against_quickbooks(step, sent_of(receipt), reading)
        if step.verb == "block":
            self._hold(item, step.reasons[0], error)
            Receipt.objects.filter(pk=receipt.pk).update(trouble=step.reasons[0].code)
        elif error.code in BAD_REFERENCE_CODES:
            self._look_at_partners(item, error)
        elif second_try or error.code != STALE_CODE:
            self._fail(item, error)
        else:
            assert found is not None
            item.basis = {**item.basis, "record": found.raw}
            RunItem.objects.filter(pk=item.pk).update(basis=item.basis)
            self.send(item, second_try=True)

    def _look_at_partners(self, item: RunItem, error: ApiError) -> None:
        """QuickBooks refuses a reference: read the records it may mean, and name the one that is inactive."""
        company = self._client.company
        wanted = from_row(item.draft or {})
        person_model = Employee if wanted.person_kind == "employee" else Vendor
        now = timezone.now()
        pull.refresh_records(company, self._client, person_model, [wanted.person_id], now)
        pull.refresh_records(company, self._client, Customer, [wanted.customer_id], now)
        if wanted.item_id:
            pull.refresh_records(company, self._client, Item, [wanted.item_id], now)
        inactive = self._inactive_partner(item)
        if inactive is not None:
            self._hold(item, inactive, error)
        else:
            self._fail(item, error)

    def _inactive_partner(self, item: RunItem) -> Reason | None:
        """Which of the item's partners the mirror has as inactive or merged away."""
        company, wanted = self._client.company, from_row(item.draft or {})
        person_model = Employee if wanted.person_kind == "employee" else Vendor
        for model, quickbooks_id, code in (
            (person_model, wanted.person_id, "EMPLOYEE_INACTIVE"),
            (Customer, wanted.customer_id, "CUSTOMER_INACTIVE"),
        ):
            row = model._default_manager.filter(company=company, quickbooks_id=quickbooks_id).defer("raw").first()
            if row is not None and (not row.active or row.gone_at is not None):
                return Reason(code, {"name": names.strip_deleted(row.name)})
        return None

    def _hold(self, item: RunItem, reason: Reason, error: ApiError | None = None) -> None:
        if error is not None:
            # It speaks about one period or partner, not about everything: the next record may be welcome.
            self._stop.answered()
        self._finish(item, RunItem.Outcome.BLOCKED, reasons=[reason.as_row()], error=error)

    def _fail(self, item: RunItem, error: ApiError) -> None:
        self._stop.refused(error)
        facts = {"error": error.code or str(error.status), "words": error.message}
        self._finish(item, RunItem.Outcome.FAILED, reasons=[Reason("QUICKBOOKS_REFUSED", facts).as_row()], error=error)

    def _finish(self, item: RunItem, outcome: str, *, error: ApiError | None = None, **details: Any) -> None:
        if error is not None:
            details = {"code": error.code, "message": error.message, "tid": error.tid, **details}
        ledger.finish_item(self._run.pk, item.entry_id, outcome, **details)
