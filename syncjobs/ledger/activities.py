"""Reading of QuickBooks' time activities, and recognition of those that we sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, timedelta

from integrations.errors import Unexpected
from integrations.quickbooks import payloads
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.payloads import Activity
from syncjobs.models import Receipt
from syncjobs.rules.drafts.draft import Draft
from syncjobs.rules.steps.answered import normalized_text

ENTITY = "TimeActivity"
# Days closer together than this are read as one range: one query with more rows is cheaper than many queries.
MAX_GAP = timedelta(days=7)


def on_days(
    client: QuickBooksApiClient, days: Iterable[date], *, unclear: list[Activity] | None = None
) -> list[Activity]:
    """Return all activities of these days, ours and others'. Raises ApiError.

    Records whose id, day or length can't be read are added to `unclear`: one of them may be any activity.
    """
    # By id: pages of a list that changes meanwhile may repeat a record.
    return list({activity.id: activity for activity in each_on_days(client, days, unclear=unclear)}.values())


def each_on_days(
    client: QuickBooksApiClient, days: Iterable[date], *, unclear: list[Activity] | None = None
) -> Iterator[Activity]:
    """Yield all activities of these days one by one, for callers that keep only a few; an id may come twice."""
    requested_days = set(days)
    for first, last in _ranges(sorted(requested_days)):
        where = f"TxnDate >= '{first.isoformat()}' and TxnDate <= '{last.isoformat()}'"
        for raw in client.query(ENTITY, where):
            # Somebody else's record that can't be read holds nobody.
            if not isinstance(raw, Mapping):
                continue
            activity = payloads.activity(raw)
            if not payloads.identifier(raw) or activity.txn_date is None or activity.minutes is None:
                if unclear is not None:
                    unclear.append(activity)
                continue
            # A range also holds the days in its gaps.
            if activity.txn_date in requested_days:
                yield activity


def _ranges(days: list[date]) -> list[tuple[date, date]]:
    """Return ranges, both ends included, that cover these sorted days."""
    ranges: list[tuple[date, date]] = []
    for day in days:
        if ranges and day - ranges[-1][1] <= MAX_GAP:
            ranges[-1] = (ranges[-1][0], day)
        else:
            ranges.append((day, day))
    return ranges


def by_ids(client: QuickBooksApiClient, ids: Collection[str]) -> dict[str, Activity]:
    """Return the activities with these ids, by id; deleted ones are missing. Raises ApiError."""
    found = {}
    for raw in client.by_ids(ENTITY, sorted(ids)):
        # It may be any of those asked for, and one that is missing counts as deleted.
        if not payloads.identifier(raw):
            raise Unexpected("QuickBooks answered with an activity that can't be read.", vendor="quickbooks")
        activity = payloads.activity(raw)
        found[activity.id] = activity
    return found


def existing_duplicates(client: QuickBooksApiClient, drafts: Mapping[str, Draft]) -> dict[str, list[Activity]]:
    """Return, by entry id, the activities without a receipt that may be the time of these drafts. Raises ApiError.

    Reads the days of the drafts alone. One activity may stand for several drafts, until it has a receipt.
    """
    drafts_of: dict[tuple[str, str, str], list[tuple[str, Draft]]] = {}
    for entry_id, draft in drafts.items():
        drafts_of.setdefault((draft.person_kind, draft.person_id, draft.txn_date), []).append((entry_id, draft))
    days = {date.fromisoformat(day) for _, _, day in drafts_of}
    # A month may hold many thousands of activities; only possible duplicates are kept in memory.
    alike: dict[str, Activity] = {}
    ids_of: dict[str, set[str]] = {}
    for activity in each_on_days(client, days):
        for entry_id, draft in drafts_of.get((activity.person_kind, activity.person_id, _day(activity)), ()):
            if almost_fits(draft, activity):
                alike[activity.id] = activity
                ids_of.setdefault(entry_id, set()).add(activity.id)
    owned_ids = Receipt.objects.owned_ids(client.company, alike)
    return {entry_id: [alike[key] for key in sorted(ids - owned_ids)] for entry_id, ids in ids_of.items()}


def _day(activity: Activity) -> str:
    return activity.txn_date.isoformat() if activity.txn_date else ""


def key_of(draft: Draft) -> tuple[str, str, str, str, int | None]:
    """Return kind and id of the person, the customer's id, the day in ISO form, and whole minutes."""
    return draft.person_kind, draft.person_id, draft.customer_id, draft.txn_date, draft.minutes


def differences(draft: Draft, activity: Activity) -> list[str]:
    """Return a sentence for each difference from what was sent: person, customer, date, minutes, billable."""
    pairs = [
        ("kind of person", draft.person_kind, activity.person_kind),
        ("person", draft.person_id, activity.person_id),
        ("customer", draft.customer_id, activity.customer_id),
        ("day", draft.txn_date, _day(activity)),
        ("minutes", draft.minutes, activity.minutes),
        ("billable", draft.billable_status, activity.billable_status),
    ]
    return [
        f"{name}: sent {sent_value}, QuickBooks has {quickbooks_value}"
        for name, sent_value, quickbooks_value in pairs
        if sent_value != quickbooks_value
    ]


def has_its_line(draft: Draft, activity: Activity) -> bool:
    """Return True if class and location are as this draft would have created them.

    Of a create that is looked for: of two entries that differ in these alone, each takes its own activity.
    """
    return (draft.class_id or activity.class_id, draft.department_id or activity.department_id) == (
        activity.class_id,
        activity.department_id,
    )


def almost_fits(draft: Draft, activity: Activity) -> bool:
    """Return True if the activity is of the same person and day and so similar that a person has to decide.

    That is, at least two of customer, minutes and description are equal; an empty description equals nothing.
    """
    if (activity.person_id, _day(activity)) != (draft.person_id, draft.txn_date):
        return False
    matches = [
        activity.customer_id == draft.customer_id,
        activity.minutes == draft.minutes,
        bool(draft.description) and normalized_text(draft.description) == normalized_text(activity.description),
    ]
    return sum(matches) >= 2
