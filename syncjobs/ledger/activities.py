"""Reading QuickBooks' time activities, and telling which of them is the one we sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from integrations.quickbooks import payloads
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.payloads import Activity
from syncjobs.rules.draft import BILLABLE, Draft

ENTITY = "TimeActivity"
# Days that lie closer together than this are read as one range: one query for more rows beats many queries.
GAP = timedelta(days=7)


def on_days(client: QuickBooksClient, days: Iterable[date]) -> list[Activity]:
    """All activities of these days, ours and others'."""
    return list({one.id: one for one in each_on_days(client, days)}.values())


def each_on_days(client: QuickBooksClient, days: Iterable[date]) -> Iterator[Activity]:
    """Likewise one after the other, for those who keep only some."""
    wanted = set(days)
    for first, last in _ranges(sorted(wanted)):
        where = f"TxnDate >= '{first.isoformat()}' and TxnDate <= '{last.isoformat()}'"
        for raw in client.query(ENTITY, where):
            activity = payloads.activity(raw)
            if activity.txn_date in wanted:
                yield activity


def _ranges(days: list[date]) -> list[tuple[date, date]]:
    ranges: list[tuple[date, date]] = []
    for day in days:
        if ranges and day - ranges[-1][1] <= GAP:
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return ranges


def by_ids(client: QuickBooksClient, ids: Collection[str]) -> dict[str, Activity]:
    """Activities of these ids; those that were deleted are missing."""
    return {one.id: one for one in map(payloads.activity, client.by_ids(ENTITY, sorted(ids)))}


def key_of(draft: Draft) -> tuple[str, str, str, str, int | None]:
    """Same person, customer, date and minutes: what makes time of others a twin of ours."""
    return draft.person_kind, draft.person_id, draft.customer_id, draft.txn_date, draft.minutes


def key_of_activity(activity: Activity) -> tuple[str, str, str, str, int | None]:
    day = activity.txn_date.isoformat() if activity.txn_date else ""
    return activity.person_kind, activity.person_id, activity.customer_id, day, activity.minutes


def differences(draft: Draft, activity: Activity) -> list[str]:
    """Where an activity is not what was sent: person, kind of person, customer, date, minutes, billable."""
    day = activity.txn_date.isoformat() if activity.txn_date else ""
    pairs = [
        ("kind of person", draft.person_kind, activity.person_kind),
        ("person", draft.person_id, activity.person_id),
        ("customer", draft.customer_id, activity.customer_id),
        ("day", draft.txn_date, day),
        ("minutes", draft.minutes, activity.minutes),
        ("billable", BILLABLE, activity.billable_status),
    ]
    return [f"{name}: sent {ours}, QuickBooks has {theirs}" for name, ours, theirs in pairs if ours != theirs]


def is_exactly(draft: Draft, activity: Activity) -> bool:
    """The activity is what this draft would have made: nothing that we write differs."""
    billable = activity.billable_status in {BILLABLE, "HasBeenBilled"}
    return (
        billable
        and key_of(draft) == key_of_activity(activity)
        and _plain_text(draft.description) == _plain_text(activity.description)
        and Decimal(draft.rate) == (activity.rate or Decimal(0))
        and (not draft.item_id or draft.item_id == activity.item_id)
    )


def almost_fits(draft: Draft, activity: Activity) -> bool:
    """Of that person and day, and alike enough that only a person can say whether it is ours."""
    day = activity.txn_date.isoformat() if activity.txn_date else ""
    if (activity.person_id, day) != (draft.person_id, draft.txn_date):
        return False
    alike = [
        activity.customer_id == draft.customer_id,
        activity.minutes == draft.minutes,
        bool(draft.description) and _plain_text(draft.description) == _plain_text(activity.description),
    ]
    return sum(alike) >= 2


def _plain_text(text: str) -> str:
    """Line ends and outer spaces may be stored differently; nothing else is forgiven."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()
