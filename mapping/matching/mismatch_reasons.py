"""The reason why a Clockify record without a link has no partner: the first that applies. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from mapping.matching.by_name import NameMatches
from mapping.matching.index import EMPLOYEES, VENDORS, Key, PartnerIndex, Place, shown_name
from mapping.matching.names import difference
from mapping.matching.records import ClockifyRecord, MismatchFound, QuickBooksRecord, Suggestion
from mapping.matching.suggest import ELSEWHERE, LikelyPartners, has_same_address, ranked, same_name

MAX_NAMED = 20  # equal names listed in one row; more would not help anyone choose
MAX_SHOWN = 3  # rivals named in one row


class MismatchReasons:
    """Reasons for the unlinked records of one kind, given after the rule made its links.

    `holders`: the Clockify records of this kind that are linked to each QuickBooks record, new links included.
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

    def explain(self, record: ClockifyRecord, *, place: Place | None) -> MismatchFound:
        """Return the mismatch of one unlinked record; `place` is None while its client has no customer."""
        if place is None:
            detail = {"client_id": record.client_id, "client": record.client_name}
            return MismatchFound(record.kind, "PARENT_NOT_MAPPED", record.id, detail=detail)
        partners = self._index.name_matches(place, name=record.name)
        if partners:
            return self._ambiguous(record, partners=partners) or self._no_partner(record, place=place)
        return (
            self._inactive(record, place=place)
            or self._name_differs(record, place=place)
            or self._wrong_parent(record, place=place)
            or self._wrong_level(record, place=place)
            or self._no_partner(record, place=place)
        )

    def _ambiguous(self, record: ClockifyRecord, *, partners: Sequence[QuickBooksRecord]) -> MismatchFound | None:
        keys = [(partner.kind, partner.id) for partner in partners[:MAX_NAMED]]
        # Retired records give way, so they are no rivals except to each other.
        holders = [
            holder
            for key in keys
            for holder in self._holders.get(key, ())[:MAX_NAMED]
            if record.retired or not holder.retired
        ]
        # A record that was just linked by this name is a holder by now, not a rival.
        excluded_ids = {record.id, *(holder.id for holder in holders)}
        rivals = [
            rival
            for key in keys
            for rival in self._name_matches.candidates(key)[:MAX_NAMED]
            if rival.id not in excluded_ids and (record.retired or not rival.retired)
        ]
        if len(partners) == 1 and not holders and not rivals:
            return None
        detail = {"candidates": str(len(partners))}
        if holders:
            detail |= {"linked_to": _names(holders)}
        if rivals:
            detail |= {"rivals": _names(rivals)}
        gone = [other for other in (*holders, *rivals) if other.gone and not other.retired]
        if gone:
            detail |= {"gone_with_time": _names(gone)}
        return self._row(record, "AMBIGUOUS_NAME", partners=partners, detail=detail)

    def _inactive(self, record: ClockifyRecord, *, place: Place) -> MismatchFound | None:
        partners = self._index.inactive(place, name=record.name)
        if not partners:
            return None
        reason = "EMPLOYEE_INACTIVE" if place == EMPLOYEES else "CUSTOMER_INACTIVE"
        suggestions = self._suggestions(record, place=place)
        detail = {"quickbooks_name": shown_name(partners[0])}
        return MismatchFound(record.kind, reason, record.id, partners[0].id, suggestions, detail)

    def _name_differs(self, record: ClockifyRecord, *, place: Place) -> MismatchFound | None:
        partners = self._index.equal_when_forgiving(place, name=record.name)
        if not partners:
            return None
        detail = {
            "quickbooks_name": partners[0].name,
            "differs": difference(record.name, partners[0].name),
        }
        return self._row(record, "NAME_DIFFERS", partners=partners, detail=detail)

    def _wrong_parent(self, record: ClockifyRecord, *, place: Place) -> MismatchFound | None:
        if not place[1]:
            return None
        # None of them is a child of the right parent, or the record would match it by name.
        partners = self._index.sub_customers(name=record.name)
        return self._misplaced(record, "WRONG_PARENT", partners=partners, place=place)

    def _wrong_level(self, record: ClockifyRecord, *, place: Place) -> MismatchFound | None:
        if place == EMPLOYEES:
            return None
        at_other_level = self._index.top_customers if place[1] else self._index.sub_customers
        return self._misplaced(record, "WRONG_LEVEL", partners=at_other_level(name=record.name), place=place)

    def _misplaced(
        self,
        record: ClockifyRecord,
        reason: str,
        *,
        partners: Sequence[QuickBooksRecord],
        place: Place,
    ) -> MismatchFound | None:
        if not partners:
            return None
        detail = {
            "quickbooks_name": partners[0].name,
            "needed_parent": self._index.customer_name(place[1]),
        }
        if len(partners) == 1:
            detail["parent"] = self._index.customer_name(partners[0].parent_id)
        elsewhere = [
            same_name(record, partner, note=self._place_note(partner), factor=ELSEWHERE)
            for partner in self._available(partners)
        ]
        suggestions = self._suggestions(record, place=place, first=elsewhere)
        return MismatchFound(record.kind, reason, record.id, _only_id(partners), suggestions, detail)

    def _no_partner(self, record: ClockifyRecord, *, place: Place) -> MismatchFound:
        """Return NO_EMPLOYEE or NO_CUSTOMER; a partner whose link a person undid comes first in the suggestions."""
        reason = "NO_EMPLOYEE" if place == EMPLOYEES else "NO_CUSTOMER"
        partners = self._index.name_matches(place, name=record.name)
        note = "" if record.retired else "but a person undid this link"
        first = [same_name(record, partner, note=note) for partner in partners]
        if place == EMPLOYEES:
            vendors = self._available(self._index.name_matches(VENDORS, name=record.name))
            first += [same_name(record, vendor, note="but a vendor") for vendor in vendors]
        suggestions = self._suggestions(record, place=place, first=first)
        return MismatchFound(record.kind, reason, record.id, suggestions=suggestions)

    def _row(
        self,
        record: ClockifyRecord,
        reason: str,
        *,
        partners: Sequence[QuickBooksRecord],
        detail: Mapping[str, str],
    ) -> MismatchFound:
        """Return a mismatch that suggests all partners with the name at the right place, linked ones too.

        Before them whoever has the user's e-mail address, under whatever name.
        """
        suggestions = [
            same_name(record, partner, note="already linked" if self._is_held(partner) else "")
            for partner in partners[:MAX_NAMED]
        ]
        if record.email:
            likely = self._likely.of(record, parent_id="")
            suggestions += [suggestion for suggestion in likely if has_same_address(suggestion)]
        shown = ranked(suggestions, most=MAX_NAMED)
        return MismatchFound(record.kind, reason, record.id, _only_id(partners), shown, detail)

    def _suggestions(
        self, record: ClockifyRecord, *, place: Place, first: Iterable[Suggestion] = ()
    ) -> tuple[Suggestion, ...]:
        return ranked([*first, *self._likely.of(record, parent_id=place[1])])

    def _available(self, partners: Sequence[QuickBooksRecord]) -> list[QuickBooksRecord]:
        return [partner for partner in islice(partners, MAX_NAMED) if not self._is_held(partner)]

    def _is_held(self, record: QuickBooksRecord) -> bool:
        return any(not holder.retired for holder in self._holders.get((record.kind, record.id), ()))

    def _place_note(self, record: QuickBooksRecord) -> str:
        if not record.parent_id:
            return "but a top-level customer"
        parent = self._index.customer_name(record.parent_id)
        return f"but under {parent}" if parent else "but under another parent"


def _only_id(partners: Sequence[QuickBooksRecord]) -> str:
    return partners[0].id if len(partners) == 1 else ""


def _names(records: Iterable[ClockifyRecord]) -> str:
    """Return the names of the first few, each with its client, which tells projects of one name apart."""
    # One rival may match several QuickBooks records.
    unique = list({record.id: record for record in records}.values())
    shown = [
        f"{record.name} ({record.client_name})" if record.client_name else record.name for record in unique[:MAX_SHOWN]
    ]
    return ", ".join(shown) + (" and others" if len(unique) > MAX_SHOWN else "")
