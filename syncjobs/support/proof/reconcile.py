"""Both sides of a period as they are now, for `rules.proof.reconciliation`; nothing is written to either vendor."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime

from integrations.clockify import connection as clockify_connection
from integrations.clockify import entry_payloads
from integrations.database import chunks
from integrations.models import Company, TimeEntry, Workspace
from integrations.quickbooks import payloads
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.reading.unreadable import Reading
from integrations.reading.values import FIRST_YEAR, LAST_YEAR, Unreadable
from mapping.queries import company_of
from syncjobs.models import Action, EntryStatus, Receipt
from syncjobs.planning import evaluate, inputs, window
from syncjobs.planning.context import PlanningContext, load_context
from syncjobs.planning.evaluate import Evaluation
from syncjobs.planning.window import Window
from syncjobs.rules import reasons
from syncjobs.rules.codes import Code
from syncjobs.rules.drafts.eligibility import Entry, Resolution, unreadable_reason
from syncjobs.rules.proof import reconciliation
from syncjobs.rules.proof.reconciliation import Booked, Line, Place, Sent, Worked
from syncjobs.rules.proof.reconciliation_rows import Reconciliation, rows_of
from syncjobs.rules.stages import Stage
from syncjobs.rules.verbs import Verb
from syncjobs.support import unknown_records
from syncjobs.support.proof.reconcile_names import Names, customer_key, person_key
from syncjobs.support.proof.reconcile_quickbooks import QuickBooksSide

State = EntryStatus.State
REGULAR = "REGULAR"


def reconcile(
    workspace: Workspace,
    first: date,
    last: date,
    *,
    now: datetime,
    on_stage: Callable[[str], None] = lambda text: None,
    run_id: int | None = None,
    with_invoices: bool = False,
) -> Reconciliation:
    """Read both sides of these days, both included, and explain each difference. Raises ApiError.

    `run_id`: the run to whose calls these count. `with_invoices`: ask which invoices took the time, in further calls.
    """
    # No entry can be read that lies outside these years.
    first, last = max(first, date(FIRST_YEAR, 1, 1)), min(last, date(LAST_YEAR, 12, 31))
    if first > last:
        return Reconciliation(first, last)
    reading = Reading()
    on_stage(Stage.READING)
    client = clockify_connection.client_for(workspace, run_id=run_id)
    report = window.read(workspace, client, first, last)
    unknown_records.pull_lists(workspace, client, report.rows, now=now)
    read_window = window.store(workspace, client, report, reading=reading, now=now)
    evaluate.mark_deleted(workspace, read_window.gone, now=now)
    on_stage(Stage.QUICKBOOKS_TIME)
    comparison = _Comparison(workspace, read_window, reading, now)
    quickbooks = QuickBooksApiClient(comparison.company, run_id=run_id)
    comparison.read_quickbooks(quickbooks, on_stage, with_invoices=with_invoices)
    on_stage(Stage.COMPARING)
    lines = (line for line in comparison.lines() if first <= line.place.day <= last)
    rows = rows_of(lines, comparison.names.of)
    cut_message = " ".join(filter(None, (read_window.cut_message, reading.changed_message)))
    return Reconciliation(first, last, rows, comparison.unreadable, cut_message)


class _Comparison:
    """The time of one period on both sides, matched by receipt."""

    def __init__(self, workspace: Workspace, read_window: Window, reading: Reading, now: datetime) -> None:
        self._workspace, self.company, self._window, self._now = workspace, company_of(workspace), read_window, now
        self._context = load_context(workspace)
        self.names = Names(workspace, self.company)
        days = {"first": read_window.first, "last": read_window.last}
        self._quickbooks = QuickBooksSide(workspace, self.company, self.names, **days)
        # Activities that may be the time of entries which are held for that.
        self._duplicates: set[str] = set()
        self._problems = {problem.id: problem.reason for problem in reading.of("entry") if problem.id}
        self._unreadable_rows = _unreadable_rows(workspace, reading)
        self._unreadable = [
            f"Time entry {problem.id or 'without an id'}: {problem.reason}." for problem in reading.of("entry")
        ]

    @property
    def unreadable(self) -> list[str]:
        return [*self._unreadable, *self._quickbooks.unreadable]

    def read_quickbooks(
        self, client: QuickBooksApiClient, on_stage: Callable[[str], None], *, with_invoices: bool
    ) -> None:
        """Read the other side. Raises ApiError."""

        def tell(count: int) -> None:
            on_stage(f"{Stage.QUICKBOOKS_TIME}, {count:,} so far")

        entry_ids = self._window.ids | self._unreadable_rows.keys()
        self._quickbooks.read(client, entry_ids, with_invoices=with_invoices, on_progress=tell)

    def lines(self) -> Iterator[Line]:
        """Yield the lines of all entries, then those of activities that belong to none of them."""
        told: set[str] = set()
        sent_ids = {owner.entry_id for owner in self._quickbooks.owners.values()}
        entry_ids = sorted(self._window.ids | self._unreadable_rows.keys() | sent_ids)
        for chunk in chunks(entry_ids):
            yield from self._entry_lines(chunk, told)
        unmatched = [booked for key, booked in self._quickbooks.booked.items() if key not in told]
        yield from self._other_lines(unmatched)

    def _entry_lines(self, entry_ids: Sequence[str], told: set[str]) -> Iterator[Line]:
        rows = _entries(self._workspace, entry_ids)
        receipts = inputs.receipts_by_entry(self._workspace, entry_ids)
        context = replace(self._context, receipts=receipts)
        earlier = evaluate.earlier_statuses(list(rows.values()))
        evaluations: dict[str, Evaluation] = {}
        for present in (row for row in rows.values() if row.deleted_at is None):
            evaluations[present.clockify_id] = evaluate.evaluate_entry(
                context.entry(present), context, earlier.get(present.pk)
            )
        self._save([rows[key] for key in evaluations], evaluations, context)
        for key in (key for key in entry_ids if key in self._unreadable_rows):
            rows[key] = self._unreadable_rows[key]
            reason = unreadable_reason("entry", self._problems[key])
            evaluations[key] = Evaluation(State.BLOCKED, (reason.as_row(),), 0)
        for evaluation in evaluations.values():
            self._duplicates.update(key for row in evaluation.reasons for key in reasons.duplicate_ids(row))
        former = self._former_companies([key for key in entry_ids if key in rows and key not in receipts])
        for key in entry_ids:
            row, receipt = rows.get(key), receipts.get(key)
            worked = self._worked(row, evaluations[key], context, former) if row and key in evaluations else None
            booked = self._quickbooks.booked.get(receipt.quickbooks_id) if receipt else None
            if booked is not None:
                told.add(booked.id)
            if worked is not None and receipt is None:
                yield reconciliation.only_in_clockify(worked)
            elif worked is not None and booked is None:
                yield reconciliation.deleted_by_hand(worked)
            elif worked is not None and booked is not None and receipt is not None:
                sent = self._with_corrections(_sent(receipt), key)
                yield from reconciliation.sent_lines(worked, booked, sent, self.names.text, context.policy.rounding)
            elif booked is not None:
                status = earlier.get(row.pk) if row and row.pk else None
                code, words, known = self._without_work(key, row, evaluations.get(key), context, status)
                yield reconciliation.only_in_quickbooks(booked, code, words, known=known)

    def _with_corrections(self, sent: Sent, entry_id: str) -> Sent:
        """Return what was sent with what QuickBooks has of the entry's corrections now."""
        corrected, changed = 0, False
        for key, minutes in self._quickbooks.corrections.get(entry_id, []):
            booked = self._quickbooks.booked.get(key)
            seconds = (booked.seconds or 0) if booked else 0
            corrected += seconds
            changed = changed or seconds != minutes * reconciliation.MINUTE
        return replace(sent, corrected=corrected, correction_changed=changed)

    def _save(self, rows: list[TimeEntry], evaluations: Mapping[str, Evaluation], context: PlanningContext) -> None:
        """Save the statuses, as a check would: the mirror has just been read."""
        start_date = self._workspace.start_date
        evaluated = [row for row in rows if start_date is None or row.txn_date >= start_date]
        evaluate.forget_edited(evaluated, evaluations, context)
        evaluate.save(self._workspace, evaluated, evaluations, now=self._now)

    def _worked(
        self, row: TimeEntry, evaluation: Evaluation, context: PlanningContext, former: Mapping[str, str]
    ) -> Worked | None:
        """Return the entry's time; None where Clockify has no finished REGULAR time of it that this run has read."""
        key = row.clockify_id
        was_read = key in self._unreadable_rows or (key in self._window.ids and key not in self._problems)
        receipt = context.receipts.get(key)
        # Of a sent entry on other days than these, which the mirror knows, this run had nothing to read.
        elsewhere = not self._window.first <= row.txn_date <= self._window.last
        if not (was_read or (elsewhere and key not in self._window.unclear and key not in self._problems)):
            return None
        if row.seconds is None or (row.type or REGULAR) != REGULAR:
            return None
        entry = context.entry(row)
        return Worked(
            place=self._place(entry, context.resolve(entry), receipt),
            seconds=max(row.seconds, 0),
            state=str(evaluation.state),
            reasons=evaluation.reasons,
            words=former.get(key) or self._next(row),
            edited=receipt is not None and receipt.content_hash != row.content_hash,
            adopted=receipt is not None and (not receipt.content_hash or receipt.run_id is None),
            money=reconciliation.money(entry.currency, entry.rate if entry.billable else None, max(row.seconds, 0)),
        )

    def _next(self, row: TimeEntry) -> str:
        start_date = self._workspace.start_date
        before = start_date is not None and row.txn_date < start_date
        return "Before the start date" if before else "Pending the next sync"

    def _place(self, entry: Entry, resolution: Resolution, receipt: Receipt | None) -> Place:
        """Return where the entry's time belongs today; sent and unedited without a link, where it was sent to."""
        sent = _sent(receipt).place if receipt and receipt.content_hash == entry.content_hash else None
        person, customer = resolution.person, resolution.customer
        person_name = self.names.user(entry)
        if person is not None:
            person_place = person_key(person.kind, person.id)
        else:
            person_place = sent.person if sent else f"user:{entry.user_id}"
        if customer is not None:
            customer_place = customer_key(customer.id)
        else:
            customer_place = sent.customer if sent else self.names.project(entry)
        self.names.name_person(person_place, person_name)
        return Place(person_place, customer_place, entry.txn_date)

    def _without_work(
        self,
        key: str,
        row: TimeEntry | None,
        evaluation: Evaluation | None,
        context: PlanningContext,
        status: EntryStatus | None,
    ) -> tuple[str, str, bool]:
        """Return code and words for sent time whose entry has none now, and whether that explains it."""
        if key in self._problems:
            return Code.UNREADABLE, f"Entry {key} can't be read in Clockify: {self._problems[key]}", True
        override = context.overrides.get(key)
        if row is None or (row.deleted_at is None and key not in self._window.ids):
            return "", f"Clockify gives no clear answer about entry {key}", False
        kept = "kept by a person" if override is not None and override.kept else ""
        if row.deleted_at is not None:
            waits = kept or _lower(reasons.title(str(status.reasons[0]["code"])) if status and status.reasons else "")
            return "DELETED", f"Deleted in Clockify: {waits or 'pending the next sync'}", True
        what = "Still running" if row.seconds is None else "Not work time any more"
        code = evaluation.reasons[0]["code"] if evaluation and evaluation.reasons else "EDITED"
        waits = _lower(reasons.title(code)) if evaluation and evaluation.reasons else "pending the next sync"
        return code, f"{what}: {kept or waits}", True

    def _other_lines(self, unmatched: Sequence[Booked]) -> Iterator[Line]:
        """Yield lines of corrections, of time in doubt, of other workspaces and of what was not sent from here."""
        owners = _owners(self.company, [booked.id for booked in unmatched])
        in_doubt = _in_doubt(self._context.actions.values())
        for booked in (booked for booked in unmatched if booked.seconds is not None):
            receipt, owner = self._quickbooks.owners.get(booked.id), owners.get(booked.id)
            if receipt is not None:
                words = f"Correction beside entry {receipt.entry_id}"
                yield reconciliation.only_in_quickbooks(booked, "CORRECTION", words)
            elif owner is not None and owner.workspace_id != self._workspace.pk:
                yield reconciliation.only_in_quickbooks(booked, "OTHER_WORKSPACE", f"Sent from {owner.workspace}")
            elif owner is not None:
                words = f"Activity {booked.id} was deleted from here and is there again"
                yield reconciliation.only_in_quickbooks(booked, "", words, known=False)
            elif any(key == (booked.place, booked.seconds) and booked.id not in no for key, no in in_doubt):
                yield reconciliation.only_in_quickbooks(booked, Code.OUTCOME_UNKNOWN, "May be time in doubt")
            else:
                words = f"Not ours (activity {booked.id})"
                # What an entry waits for as its own time already is known to whoever decides about that entry.
                asks = self.names.tracks_time(booked.place.person) and booked.id not in self._duplicates
                yield reconciliation.only_in_quickbooks(booked, reconciliation.NOT_OURS, words, asks=asks)

    def _former_companies(self, entry_ids: Sequence[str]) -> dict[str, str]:
        """Return words about entries whose time was sent to a company that was archived since, or taken back."""
        rows = Receipt.objects.filter(workspace=self._workspace, entry_id__in=entry_ids, part=0)
        words: dict[str, str] = {}
        for receipt in rows.select_related("company"):
            if receipt.company_id != self.company.pk and receipt.state == Receipt.State.SENT:
                words[receipt.entry_id] = f"Sent to {receipt.company}, an archived company"
            elif receipt.company_id == self.company.pk:
                words.setdefault(receipt.entry_id, "Taken back from QuickBooks; pending the next sync")
        return words


def _entries(workspace: Workspace, entry_ids: Sequence[str]) -> dict[str, TimeEntry]:
    rows = TimeEntry.objects.filter(workspace=workspace, clockify_id__in=entry_ids).defer("raw")
    return {row.clockify_id: row for row in rows}


def _unreadable_rows(workspace: Workspace, reading: Reading) -> dict[str, TimeEntry]:
    """Return, by id and not to be saved, the unreadable entries of which the time at least can be read."""
    found: dict[str, TimeEntry] = {}
    day_of = inputs.DayOf(workspace)
    for problem in reading.of("entry"):
        try:
            payload = entry_payloads.time_of(problem.raw)
        except Unreadable:
            continue
        columns = {name: getattr(payload, name) for name in payload.__slots__ if name != "id"}
        day = day_of([payload])[payload.id]
        found[payload.id] = TimeEntry(workspace=workspace, clockify_id=payload.id, txn_date=day, **columns)
    return found


def _sent(receipt: Receipt) -> Sent:
    draft = inputs.sent_of(receipt).draft
    person, customer = person_key(draft.person_kind, draft.person_id), customer_key(draft.customer_id)
    return Sent(Place(person, customer, receipt.txn_date), receipt.minutes * reconciliation.MINUTE)


def _owners(company: Company, activity_ids: Sequence[str]) -> dict[str, Receipt]:
    """Return any workspace's receipts of these activities, also of those that we deleted."""
    owners: dict[str, Receipt] = {}
    for chunk in chunks(activity_ids):
        rows = Receipt.objects.filter(company=company, quickbooks_id__in=chunk).select_related("workspace")
        owners.update({receipt.quickbooks_id: receipt for receipt in rows})
    return owners


def _in_doubt(actions: Iterable[Action]) -> list[tuple[tuple[Place, int], list[str]]]:
    """Return place and length of each create in doubt, with the activities that are known not to be it."""
    found = []
    for action in actions:
        if action.verb == Verb.CREATE:
            record = payloads.activity(json.loads(action.body))
            place = Place(
                person_key(record.person_kind, record.person_id), customer_key(record.customer_id), action.txn_date
            )
            found.append(((place, (record.minutes or 0) * reconciliation.MINUTE), action.excluded_ids))
    return found


def _lower(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"
