"""Why a Clockify record without a link has no partner: one reason, the first that applies. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from mapping.matching.by_name import NameMatches
from mapping.matching.index import EMPLOYEES, VENDORS, Key, PartnerIndex, Place, shown_name
from mapping.matching.names import difference
from mapping.matching.records import ClockifyRecord, Mismatch, QuickBooksRecord, Suggestion
from mapping.matching.suggest import ELSEWHERE, LikelyPartners, ranked, same_name

MAX_NAMED = 20  # equal names listed in one row; more would help nobody to choose
MAX_SHOWN = 3  # rivals told by name


class MismatchReasons:
    """Judges the unlinked records of one kind, once it is settled who got linked.

    `holders` says which Clockify records of this kind hold each QuickBooks record, new links included.
    """

    def __init__(
        self,
        index: PartnerIndex,
        *,
        name_matches: NameMatches,
        holders: Mapping[Key, Sequence[ClockifyRecord]],
        likely: LikelyPartners,
    ) -> None:
        self._index = index
        self._name_matches = name_matches
        self._holders = holders
        self._likely = likely

    def on(self, record: ClockifyRecord, *, place: Place | None) -> Mismatch:
        """The row of one unlinked record; `place` is None while its client has no customer."""
        if place is None:
            detail = {"client_id": record.client_id, "client": record.client_name}
            return Mismatch(record.kind, "PARENT_NOT_MAPPED", record.id, detail=detail)
        found = self._index.name_matches(place, name=record.name)
        if found:
            return self._ambiguous(record, found=found) or self._none(record, place=place)
        return (
            self._inactive(record, place=place)
            or self._name_differs(record, place=place)
            or self._wrong_parent(record, place=place)
            or self._wrong_level(record, place=place)
            or self._none(record, place=place)
        )

    def _ambiguous(self, record: ClockifyRecord, *, found: Sequence[QuickBooksRecord]) -> Mismatch | None:
        keys = [(each.kind, each.id) for each in found[:MAX_NAMED]]
        holders = [holder for key in keys for holder in self._holders.get(key, ())[:MAX_NAMED]]
        # Whoever just won the claim is a holder by now, not a rival.
        others = {record.id, *(holder.id for holder in holders)}
        rivals = [rival for key in keys for rival in self._name_matches.on(key)[:MAX_NAMED] if rival.id not in others]
        if len(found) == 1 and not holders and not rivals:
            return None
        detail = {"candidates": str(len(found))}
        if holders:
            detail |= {"linked_to": _names(holders)}
        if rivals:
            detail |= {"rivals": _names(rivals)}
        return self._row(record, "AMBIGUOUS_NAME", found=found, detail=detail)

    def _inactive(self, record: ClockifyRecord, *, place: Place) -> Mismatch | None:
        found = self._index.inactive(place, name=record.name)
        if not found:
            return None
        reason = "EMPLOYEE_INACTIVE" if place == EMPLOYEES else "CUSTOMER_INACTIVE"
        suggestions = self._suggestions(record, place=place)
        detail = {"quickbooks_name": shown_name(found[0])}
        return Mismatch(record.kind, reason, record.id, found[0].id, suggestions, detail)

    def _name_differs(self, record: ClockifyRecord, *, place: Place) -> Mismatch | None:
        found = self._index.loose(place, name=record.name)
        if not found:
            return None
        detail = {
            "quickbooks_name": found[0].name,
            "differs": difference(record.name, found[0].name),
        }
        return self._row(record, "NAME_DIFFERS", found=found, detail=detail)

    def _wrong_parent(self, record: ClockifyRecord, *, place: Place) -> Mismatch | None:
        if not place[1]:
            return None
        # None of them is a child of the right parent, or the record would have claimed it.
        found = self._index.sub_customers(name=record.name)
        return self._misplaced(record, "WRONG_PARENT", found=found, place=place)

    def _wrong_level(self, record: ClockifyRecord, *, place: Place) -> Mismatch | None:
        if place == EMPLOYEES:
            return None
        at_other_level = self._index.top_customers if place[1] else self._index.sub_customers
        return self._misplaced(record, "WRONG_LEVEL", found=at_other_level(name=record.name), place=place)

    def _misplaced(
        self,
        record: ClockifyRecord,
        reason: str,
        *,
        found: Sequence[QuickBooksRecord],
        place: Place,
    ) -> Mismatch | None:
        if not found:
            return None
        detail = {
            "quickbooks_name": found[0].name,
            "needed_parent": self._index.customer_name(place[1]),
        }
        if len(found) == 1:
            detail["parent"] = self._index.customer_name(found[0].parent_id)
        elsewhere = [
            same_name(record.name, each, note=self._where(each), factor=ELSEWHERE) for each in self._free(found)
        ]
        suggestions = self._suggestions(record, place=place, first=elsewhere)
        return Mismatch(record.kind, reason, record.id, _only_id(found), suggestions, detail)

    def _none(self, record: ClockifyRecord, *, place: Place) -> Mismatch:
        """Also where a person undid the link the rule would make: then that partner is suggested."""
        reason = "NO_EMPLOYEE" if place == EMPLOYEES else "NO_CUSTOMER"
        found = self._index.name_matches(place, name=record.name)
        first = [same_name(record.name, each, note="but a person undid this link") for each in found]
        if place == EMPLOYEES:
            vendors = self._free(self._index.name_matches(VENDORS, name=record.name))
            first += [same_name(record.name, vendor, note="but a vendor") for vendor in vendors]
        suggestions = self._suggestions(record, place=place, first=first)
        return Mismatch(record.kind, reason, record.id, suggestions=suggestions)

    def _row(
        self,
        record: ClockifyRecord,
        reason: str,
        *,
        found: Sequence[QuickBooksRecord],
        detail: Mapping[str, str],
    ) -> Mismatch:
        """A row about records that bear the name where it is needed: all are named, linked ones too."""
        suggestions = [
            same_name(record.name, each, note="already linked" if self._is_held(each) else "")
            for each in found[:MAX_NAMED]
        ]
        return Mismatch(record.kind, reason, record.id, _only_id(found), tuple(suggestions), detail)

    def _suggestions(
        self, record: ClockifyRecord, *, place: Place, first: Iterable[Suggestion] = ()
    ) -> tuple[Suggestion, ...]:
        return ranked([*first, *self._likely.of(record, parent_id=place[1])])

    def _free(self, found: Sequence[QuickBooksRecord]) -> list[QuickBooksRecord]:
        return [each for each in islice(found, MAX_NAMED) if not self._is_held(each)]

    def _is_held(self, record: QuickBooksRecord) -> bool:
        return (record.kind, record.id) in self._holders

    def _where(self, record: QuickBooksRecord) -> str:
        if not record.parent_id:
            return "but a top-level customer"
        parent = self._index.customer_name(record.parent_id)
        return f"but under {parent}" if parent else "but under another parent"


def _only_id(found: Sequence[QuickBooksRecord]) -> str:
    return found[0].id if len(found) == 1 else ""


def _names(records: Iterable[ClockifyRecord]) -> str:
    """The first few of them, as people tell them apart."""
    # One rival may be met on several QuickBooks records.
    unique = list({each.id: each for each in records}.values())
    shown = [f"{each.name} ({each.client_name})" if each.client_name else each.name for each in unique[:MAX_SHOWN]]
    return ", ".join(shown) + (" and others" if len(unique) > MAX_SHOWN else "")
