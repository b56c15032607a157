"""Records that are gone from Clockify and hold no unsent time, which leave their partners to others.

Time that was sent needs no link any more: its edits follow the receipt (`context.PlanningContext.resolve`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from django.db.models import F, Q, QuerySet

from integrations.kinds import Kind
from integrations.models import TimeEntry, Workspace
from mapping.queries import CLOCKIFY_MODELS, Key, chunks, links_of
from syncjobs.models import EntryStatus, Receipt
from syncjobs.planning import inputs

State = EntryStatus.State
# Of time without a receipt; BLOCKED counts where people can free it.
UNSENT = (State.READY, State.FAILED, State.UNKNOWN)
Gone = Mapping[str, set[str]]


def gone_records(workspace: Workspace) -> dict[str, set[str]]:
    """Return the ids of mirrored records that no list of Clockify has (any more), by kind."""
    gone = {}
    for kind, model in CLOCKIFY_MODELS.items():
        rows = model._default_manager.filter(Q(from_entries=True) | Q(gone_at__isnull=False), workspace=workspace)
        gone[kind] = set(rows.values_list("clockify_id", flat=True))
    return gone


def not_evaluated(workspace: Workspace, gone: Gone) -> QuerySet[TimeEntry]:
    """Return the entries of these records that have no status yet, or that of an earlier content."""
    entries = TimeEntry.objects.current(workspace, workspace.start_date).filter(_of(gone))
    return entries.filter(Q(status=None) | ~Q(status__content_hash=F("content_hash")))


def save(workspace: Workspace, gone: Gone, *, now: datetime) -> None:
    """Save which of these records are retired. Their entries must have been evaluated (`not_evaluated`)."""
    holding = set(_holding_time(workspace, gone)) if any(gone.values()) else set()
    for kind, model in CLOCKIFY_MODELS.items():
        rows = model._default_manager.filter(workspace=workspace)
        retired = [record_id for record_id in gone[kind] if (kind, record_id) not in holding]
        was_retired = set(rows.exclude(retired_at=None).values_list("clockify_id", flat=True))
        for ids, value in ((set(retired) - was_retired, now), (was_retired - set(retired), None)):
            id_list = sorted(ids)
            # In chunks: SQLite limits the parameters of one query.
            for start in range(0, len(id_list), 500):
                rows.filter(clockify_id__in=id_list[start : start + 500]).update(retired_at=value)


def _of(gone: Gone) -> Q:
    condition = Q(pk=None)
    for kind, column in inputs.RECORD_COLUMNS.items():
        # A subquery instead of the ids, of which there may be more than SQLite takes as parameters.
        rows = CLOCKIFY_MODELS[kind]._default_manager.filter(Q(from_entries=True) | Q(gone_at__isnull=False))
        if gone[kind]:
            condition |= Q(**{f"{column}__in": rows.values("clockify_id")})
    return condition


def _holding_time(workspace: Workspace, gone: Gone) -> Iterator[Key]:
    """Yield kind and id of the records that hold time which still has to be sent; some come twice."""
    statuses = EntryStatus.objects.filter(workspace=workspace)
    entries = TimeEntry.objects.filter(workspace=workspace).filter(_of(gone)).defer("raw")
    # By its write in doubt even time of before the start date, or deleted time, may still be sent.
    current = Q(deleted_at=None, txn_date__gte=workspace.start_date)
    unsent = Q(status__held=True) | Q(status__state__in=UNSENT) | Q(status__state=State.CHANGED)
    rows = entries.filter(pk__in=statuses.values("entry_id")).filter(
        (current & unsent) | Q(status__state=State.UNKNOWN)
    )
    partners = {
        (kind, clockify_id): (quickbooks_kind, quickbooks_id)
        for of_kind, ids in gone.items()
        for chunk in chunks(ids)
        for kind, clockify_id, quickbooks_kind, quickbooks_id in links_of(workspace)
        .filter(kind=of_kind, clockify_id__in=chunk)
        .values_list("kind", "clockify_id", "quickbooks_kind", "quickbooks_id")
    }
    for row in rows.select_related("status"):
        receipt = _receipt(workspace, row) if row.status.state == State.CHANGED else None
        for kind, column in inputs.RECORD_COLUMNS.items():
            key = (kind, getattr(row, column))
            if key[1] in gone[kind] and not (receipt is not None and _was_sent_to(receipt, kind, partners.get(key))):
                yield key


def _receipt(workspace: Workspace, row: TimeEntry) -> Receipt | None:
    return Receipt.objects.own_activities(workspace).filter(entry_id=row.clockify_id).first()


def _was_sent_to(receipt: Receipt, kind: str, partner: Key | None) -> bool:
    """Return whether edited time was sent to the record's partner, so that its update can follow the receipt."""
    sent = inputs.sent_of(receipt).draft
    if kind == Kind.USER:
        return partner in {None, (sent.person_kind, sent.person_id)}
    # A client's customer is in no draft; its project's customer decides.
    return kind == Kind.CLIENT or partner in {None, ("customer", sent.customer_id)}
