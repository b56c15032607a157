"""What changed in a signed period since: by a later comparison, and by what checks and syncs found. Asks no vendor."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import NamedTuple

from django.db.models import Min, Q, QuerySet

from integrations.models import EntryMove, TimeEntry
from integrations.unnamed import named
from syncjobs.display.formatting import day, duration, exact_hours, money
from syncjobs.models import Receipt, Reconciliation, SignOff
from syncjobs.rules.proof.proof_table import StoredRow
from syncjobs.support.proof import stored_comparison

# More than a page can show; the number of the rest is not counted.
MAX_CHANGES = 200
# Columns of an entry with the moments at which readings found it to be new, edited or deleted.
SEEN = ("first_seen_at", "edited_at", "deleted_at")
RowKey = tuple[str, str, str]  # person, customer, day
NO_AMOUNTS = ("0", "0")


class Sides(NamedTuple):
    """Clockify's and QuickBooks' time of a row, and their amounts by currency."""

    seconds: tuple[int, int]
    amounts: Mapping[str, Sequence[str]]


NOTHING = Sides((0, 0), {})


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was signed: since when that is known, in words, and the entry's key if it is one."""

    at: datetime
    text: str
    entry: int | None = None


def changes(sign_off: SignOff) -> list[Change]:
    """Return what is known to have changed since the signed comparison, the latest first, at most MAX_CHANGES."""
    found = [*_by_comparison(sign_off), *_in_clockify(sign_off), *_moved(sign_off), *_in_quickbooks(sign_off)]
    return sorted(found, key=lambda change: change.at, reverse=True)[:MAX_CHANGES]


def known_since(sign_off: SignOff, found: Sequence[Change]) -> datetime | None:
    """Return when the first of the changes became known, also where there are more than `changes` returns."""
    if len(found) < MAX_CHANGES:
        return found[-1].at if found else None
    since = sign_off.reconciliation.compared_at
    firsts = [
        *(_entries(sign_off).filter(**{f"{name}__gt": since}).aggregate(at=Min(name))["at"] for name in SEEN),
        _receipts(sign_off).aggregate(at=Min("changed_at"))["at"],
        _moves(sign_off).filter(txn_date__range=(sign_off.from_date, sign_off.to_date)).aggregate(at=Min("at"))["at"],
        found[-1].at,
    ]
    return min(at for at in firsts if at is not None)


def _by_comparison(sign_off: SignOff) -> Iterator[Change]:
    """Yield where the last comparison of all its days has other hours or amounts than were signed."""
    later = Reconciliation.objects.filter(
        workspace=sign_off.workspace_id,
        company=sign_off.company_id,
        from_date__lte=sign_off.from_date,
        to_date__gte=sign_off.to_date,
        compared_at__gt=sign_off.reconciliation.compared_at,
    )
    last = later.order_by("-compared_at", "-pk").first()
    if last is None:
        return
    rows = list(stored_comparison.rows(last, sign_off.from_date, sign_off.to_date))
    signed, now = _by_key(_as_named_now(_signed(sign_off), rows)), _by_key(rows)
    keys = sorted(signed.keys() | now.keys())
    texts = ((key, _sides_text(signed.get(key, NOTHING), now.get(key, NOTHING))) for key in keys)
    for (user, customer, on), text in islice(((key, text) for key, text in texts if text), MAX_CHANGES):
        yield Change(last.compared_at, f"{user}, {customer or 'no customer'}, {day(date.fromisoformat(on))}: {text}.")


def _sides_text(before: Sides, after: Sides) -> str:
    """Return where a side has other hours or amounts than before; "" where neither has."""
    parts = []
    for index, side in enumerate(("Clockify", "QuickBooks")):
        if before.seconds[index] != after.seconds[index]:
            hours = exact_hours(after.seconds[index]), exact_hours(before.seconds[index])
            parts.append(f"{side} has {hours[0]} h, signed were {hours[1]} h")
        for currency in sorted(before.amounts.keys() | after.amounts.keys()):
            old, new = (Decimal(sides.amounts.get(currency, NO_AMOUNTS)[index]) for sides in (before, after))
            if old != new:
                parts.append(f"{side} has {money({currency: new})}, signed were {money({currency: old})}")
    return "; ".join(parts)


def _signed(sign_off: SignOff) -> Iterator[StoredRow]:
    for row in json.loads(sign_off.document)["rows"]:
        yield StoredRow(day=date.fromisoformat(row.pop("date")), **row)


def _as_named_now(signed: Iterable[StoredRow], rows: Iterable[StoredRow]) -> Iterator[StoredRow]:
    """Yield signed rows with the names that their people and customers have in later ones: a rename changes no hours.

    One whose records have several names by now, or are not among the later rows, keeps its own.
    """
    people: dict[str, str] = {}
    customers: dict[str, str] = {}
    for row in rows:
        people |= dict.fromkeys(row.keys.get("people", ()), row.user)
        customers |= dict.fromkeys(row.keys.get("customers", ()), row.customer)
    for row in signed:
        users = {people[key] for key in row.keys.get("people", ()) if key in people}
        names = {customers[key] for key in row.keys.get("customers", ()) if key in customers}
        yield row._replace(
            user=users.pop() if len(users) == 1 else row.user,
            customer=names.pop() if len(names) == 1 else row.customer,
        )


def _by_key(rows: Iterable[StoredRow]) -> dict[RowKey, Sides]:
    """Return the rows added up by names and day: two records may have come to one name."""
    found: dict[RowKey, Sides] = {}
    for row in rows:
        key = row.user, row.customer, row.day.isoformat()
        found[key] = _sum(found.get(key, NOTHING), Sides((row.clockify, row.quickbooks), row.amounts))
    return found


def _sum(one: Sides, other: Sides) -> Sides:
    amounts = {
        currency: [
            str(Decimal(ours) + Decimal(theirs))
            for ours, theirs in zip(
                one.amounts.get(currency, NO_AMOUNTS), other.amounts.get(currency, NO_AMOUNTS), strict=True
            )
        ]
        for currency in one.amounts.keys() | other.amounts.keys()
    }
    return Sides((one.seconds[0] + other.seconds[0], one.seconds[1] + other.seconds[1]), amounts)


def _entries(sign_off: SignOff) -> QuerySet[TimeEntry]:
    days = sign_off.from_date, sign_off.to_date
    return TimeEntry.objects.filter(workspace=sign_off.workspace_id, txn_date__range=days)


def _in_clockify(sign_off: SignOff) -> Iterator[Change]:
    """Yield entries of its days that readings found to be new, edited or deleted."""
    since = sign_off.reconciliation.compared_at
    rows = _entries(sign_off).filter(Q(first_seen_at__gt=since) | Q(edited_at__gt=since) | Q(deleted_at__gt=since))
    for row in rows.defer("raw", "description").order_by("-pk")[:MAX_CHANGES]:
        about = f"{named(row.user_name)}, {row.project_name or 'no project'}, {day(row.txn_date)}"
        if row.deleted_at is not None and row.deleted_at > since:
            yield Change(row.deleted_at, f"Deleted in Clockify: {about}.", row.pk)
        elif row.edited_at is not None and row.edited_at > since:
            yield Change(row.edited_at, f"Edited in Clockify: {about}.", row.pk)
        elif row.deleted_at is None:
            yield Change(row.first_seen_at, f"New in Clockify: {about}.", row.pk)


def _moves(sign_off: SignOff) -> QuerySet[EntryMove]:
    """Return which entries came to another day since."""
    return EntryMove.objects.filter(workspace=sign_off.workspace_id, at__gt=sign_off.reconciliation.compared_at)


def _moved(sign_off: SignOff) -> Iterator[Change]:
    """Yield entries that left its days, and those that came to them by no edit, such as another time zone."""
    since, days = sign_off.reconciliation.compared_at, (sign_off.from_date, sign_off.to_date)
    inside = Q(entry__txn_date__range=days)
    told = inside & (Q(entry__edited_at__gt=since) | Q(entry__first_seen_at__gt=since) | Q(entry__deleted_at__gt=since))
    moves = _moves(sign_off).filter(Q(txn_date__range=days) | inside).exclude(told)
    latest = moves.select_related("entry").defer("entry__raw", "entry__description").order_by("-pk")[:MAX_CHANGES]
    for row, move in {move.entry: move for move in reversed(latest)}.items():
        about = f"{named(row.user_name)}, {row.project_name or 'no project'}"
        yield Change(move.at, f"Moved from {day(move.txn_date)} to {day(row.txn_date)}: {about}.", row.pk)


def _receipts(sign_off: SignOff) -> QuerySet[Receipt]:
    """Return those of its days, or that left them, that were written since."""
    days = sign_off.from_date, sign_off.to_date
    moved = _moves(sign_off).filter(txn_date__range=days).values("entry__clockify_id")
    return Receipt.objects.filter(
        Q(txn_date__range=days) | Q(entry_id__in=moved),
        workspace=sign_off.workspace_id,
        company=sign_off.company_id,
        changed_at__gt=sign_off.reconciliation.compared_at,
    )


def _in_quickbooks(sign_off: SignOff) -> Iterator[Change]:
    """Yield time of its days, or that left them, that was sent, changed or deleted from here."""
    since = sign_off.reconciliation.compared_at
    receipts = list(_receipts(sign_off).order_by("-changed_at")[:MAX_CHANGES])
    ids = [receipt.entry_id for receipt in receipts]
    entries = TimeEntry.objects.filter(workspace=sign_off.workspace_id, clockify_id__in=ids)
    known = {key: (pk, name) for key, pk, name in entries.values_list("clockify_id", "pk", "user_name")}
    for receipt in receipts:
        entry, name = known.get(receipt.entry_id, (None, ""))
        if receipt.state == Receipt.State.DELETED:
            done = "Deleted in QuickBooks from here"
        else:
            done = "Sent to QuickBooks" if receipt.sent_at > since else "Changed in QuickBooks from here"
        about = f"{named(name)}, {day(receipt.txn_date)}, {duration(receipt.minutes)}"
        yield Change(receipt.changed_at, f"{done}: {about}, activity {receipt.quickbooks_id}.", entry)
