"""Many deletions at once: nothing of them is deleted in QuickBooks until a person says so, or keeps them there.

The whole plan of a run decides, whatever its chunks and slices, and whatever the causes: entries that are gone from
Clockify, and entries that are no longer billable work.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet

from integrations.models import ConnectionEvent, TimeEntry, Workspace
from mapping.errors import Refused
from syncjobs import decisions, run_counters
from syncjobs.display.formatting import number
from syncjobs.models import EntryOverride, EntryStatus, Receipt, Run, RunItem
from syncjobs.planning import evaluate
from syncjobs.planning.build import Plan
from syncjobs.rules.reasons import Reason
from syncjobs.rules.steps import changes
from syncjobs.rules.steps.many_deletions import MANY_DELETIONS, MANY_MISSING, WARNINGS, are_many
from syncjobs.rules.verbs import Verb
from syncjobs.run_options import RunOptions

Outcome = RunItem.Outcome
WHY = "Many deletions at once: someone has to decide whether they are intended."


def decide(run: Run, *, sent: int, now: datetime) -> None:
    """Keep the planned deletions as a person asked, or let them wait if they are many.

    `sent`: entries of the plan whose time is in QuickBooks. Called once the whole plan is saved, and again for what is
    planned later in the run. An undo, a resend and a correction are a person's word already.
    """
    planned = run.items.filter(verb=Verb.DELETE, outcome=Outcome.PLANNED)
    options = RunOptions.of(run)
    if options.keep_deletions:
        _keep(run, planned, now)
    elif run.kind == Run.Kind.SYNC and not (options.believe_deletions or options.resend or options.amend):
        _wait(run, planned, sent)


def forget_kept(plan: Plan, workspace: Workspace) -> None:
    """Stop keeping the time of entries that are billable work again: they are updated and deleted as any other."""
    back = []
    for entry_id, row in plan.entries.items():
        override = plan.context.overrides.get(entry_id)
        if override is None or not override.kept or entry_id in plan.gone:
            continue
        entry = plan.context.entry(row)
        if not changes.is_no_work(entry, plan.context.resolve(entry), plan.sent.get(entry_id)):
            back.append(entry_id)
    if back:
        decisions.stop_keeping(workspace, back)


def _keep(run: Run, planned: QuerySet[RunItem], now: datetime) -> None:
    """Drop the deletions from the plan, and remember for each entry that its time stays."""
    still_there = planned.filter(gone=False).count()
    ids = list(planned.values_list("entry_id", flat=True))
    if not run.dry_run:
        decisions.record_kept(run.workspace, ids, person=run.person, now=now)
    planned.delete()
    run_counters.count(run, unchanged=run_counters.of(run).get("unchanged", 0) + still_there)
    run.total -= len(ids)
    run.save(update_fields=["counters", "total"])


def _wait(run: Run, planned: QuerySet[RunItem], sent: int) -> None:
    """Let the planned deletions wait where they are too many, with those that this run has carried out already.

    Those that an earlier run asked about wait on where they are too many with the others that still do: a run of fewer
    days is no answer.
    """
    deletions = run.items.filter(verb=Verb.DELETE).exclude(outcome=Outcome.BLOCKED)
    done = deletions.filter(outcome=Outcome.DELETED).count()
    if not are_many(deletions.count(), sent + done):
        planned = _asked_before(run, planned, deletions=deletions.count(), sent=sent + done)
    if planned.exists():
        gone, still_there = planned.filter(gone=True), planned.filter(gone=False)
        waiting = gone.update(outcome=Outcome.WAITING, why=WHY, reasons=[Reason(MANY_MISSING).as_row()])
        waiting += still_there.update(outcome=Outcome.WAITING, why=WHY)
        run.total -= waiting
        run.save(update_fields=["total"])
    run.warnings = {name: count for name, count in run.warnings.items() if name not in WARNINGS} | _warnings(run)


def _asked_before(run: Run, planned: QuerySet[RunItem], *, deletions: int, sent: int) -> QuerySet[RunItem]:
    """Return the planned deletions that an earlier run asked about, while those that wait are many all the same."""
    # A sync of one entry is a person's word.
    if RunOptions.of(run).entries or not planned.exists():
        return planned.none()
    asked = undecided(before=run).filter(run__workspace=run.workspace)
    elsewhere = asked.exclude(entry_id__in=run.items.values("entry_id")).count()
    if not are_many(deletions + elsewhere, sent + elsewhere):
        return planned.none()
    return planned.filter(entry_id__in=list(asked.values_list("entry_id", flat=True)))


def _warnings(run: Run) -> dict[str, int]:
    waiting = run.items.filter(outcome=Outcome.WAITING)
    counts = {
        MANY_MISSING: waiting.filter(gone=True).count(),
        MANY_DELETIONS: waiting.filter(gone=False).count(),
    }
    return {name: count for name, count in counts.items() if count}


def keep_undecided(workspace: Workspace, *, asked_by: int, person: Any, now: datetime) -> int:
    """Keep in QuickBooks what waits, as the run `asked_by` asked; return how many entries. Raises Refused.

    Nothing is kept where another run has asked since, since its list may be another, or while a run is under way.
    """
    with transaction.atomic():
        # Serializes with requests for runs (`lifecycle.request_run`).
        Workspace.objects.select_for_update().only("pk").get(pk=workspace.pk)
        under_way = Run.objects.open().filter(workspace=workspace).first()
        if under_way is not None:
            raise Refused(f"{under_way} is under way; look at the list again once it is over.")
        items = list(undecided().filter(run__workspace=workspace).order_by("pk"))
        if not items or max(item.run_id for item in items) != asked_by:
            raise Refused("The list has changed since you opened this page. Look at it again, then decide.")
        ids = [item.entry_id for item in items]
        decisions.record_kept(workspace, ids, person=person, now=now)
        ConnectionEvent.objects.record(
            ConnectionEvent.Kind.DELETIONS_KEPT,
            f"The time of {number(len(ids), 'entry,entries')} is kept in QuickBooks, as run {asked_by} asked.",
            workspace=workspace,
            company=workspace.company,
            at=now,
            by=person,
        )
        evaluate_entries(workspace, ids, now=now)
    return len(ids)


def evaluate_entries(workspace: Workspace, entry_ids: Sequence[str], *, now: datetime) -> None:
    """Save the status of entries after a decision about their deletion."""
    # In chunks: SQLite limits the parameters of one query.
    for start in range(0, len(entry_ids), 500):
        rows = TimeEntry.objects.filter(workspace=workspace, clockify_id__in=entry_ids[start : start + 500])
        evaluate.evaluate(workspace, list(rows.filter(deleted_at=None)), now=now)
        deleted = rows.exclude(deleted_at=None).values_list("clockify_id", flat=True)
        evaluate.mark_deleted(workspace, deleted, now=now)


def undecided(*, before: Run | None = None) -> QuerySet[RunItem]:
    """Return the deletions that wait for review, each as the item of the last run (`before` that one) that met it."""
    # Few runs ask, so that few of all items have to be looked at.
    asking = Run.objects.filter(dry_run=False, warnings__has_any_keys=WARNINGS, company=F("workspace__company"))
    items = RunItem.objects.filter(run__in=asking.values("pk"), outcome=Outcome.WAITING)
    of_entry = {"workspace": OuterRef("run__workspace"), "entry_id": OuterRef("entry_id")}
    later = RunItem.objects.filter(
        run__workspace=OuterRef("run__workspace"), entry_id=OuterRef("entry_id"), run__dry_run=False
    )
    if before is not None:
        items, later = items.filter(run_id__lt=before.pk), later.filter(run_id__lt=before.pk)
    in_quickbooks = Receipt.objects.live().filter(**of_entry, company=OuterRef("run__company"), part=0)
    kept = EntryOverride.objects.filter(
        workspace=OuterRef("run__workspace"), clockify_id=OuterRef("entry_id"), kept=True
    )
    # Restored, or billable again: then the next sync leaves it or updates it.
    changed = EntryStatus.objects.filter(
        workspace=OuterRef("run__workspace"),
        entry__clockify_id=OuterRef("entry_id"),
        state=EntryStatus.State.CHANGED,
    )
    return items.filter(
        ~Exists(later.filter(run_id__gt=OuterRef("run_id"))), Exists(in_quickbooks), ~Exists(kept), Exists(changed)
    )
