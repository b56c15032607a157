"""What to say of every record of one kind that has no working link, and who is likely instead. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mapping.matching.index import Key, Place
from mapping.matching.link_health import changed_link
from mapping.matching.mismatch_reasons import MAX_NAMED, Beside, Reason, reason_of
from mapping.matching.pairing import Pairs
from mapping.matching.records import ClockifyRecord, Likely, MismatchFound, Suggestion
from mapping.matching.sides import Sides
from mapping.matching.suggest import LikelyPartners, has_same_address, ranked


@dataclass(frozen=True, slots=True)
class Explained:
    """The mismatches of one kind, and the likely partners that were found for them, by Clockify kind and id."""

    rows: tuple[MismatchFound, ...]
    likely: Mapping[Key, Likely]


def explain(sides: Sides, pairs: Pairs, earlier: Mapping[Key, Likely]) -> Explained:
    """Return a mismatch for each link of one kind that changed, and each record without one; not for ignored ones.

    `earlier`: likely partners found before, which are not looked for again (see LikelyPartners).
    """
    kind, index = pairs.kind, sides.index
    likely = _likely_partners(sides, pairs, earlier)
    rows = [
        changed_link(sides, pairs.customers, status, likely=likely)
        for status in pairs.statuses
        if status.reason and not sides.is_ignored((kind, status.record.id))
    ]
    linked = {link.clockify_id for link in pairs.links}
    for record_id, place in pairs.places.items():
        if record_id not in linked and not sides.is_ignored((kind, record_id)):
            record = sides.clockify[kind, record_id]
            rows.append(_mismatch(record, place, reason_of(record, place, pairs, index), likely))
    return Explained(tuple(rows), {(kind, record_id): found for record_id, found in likely.found.items()})


def _likely_partners(sides: Sides, pairs: Pairs, earlier: Mapping[Key, Likely]) -> LikelyPartners:
    requested = [
        (sides.clockify[pairs.kind, key], place[1]) for key, place in pairs.places.items() if place is not None
    ]
    known = {key[1]: found for key, found in earlier.items() if key[0] == pairs.kind}
    return LikelyPartners(sides.index.usable, kind=pairs.kind, taken=pairs.taken, asked=requested, earlier=known)


def _mismatch(record: ClockifyRecord, place: Place | None, reason: Reason, likely: LikelyPartners) -> MismatchFound:
    """Return the mismatch of an unlinked record: its reason, with the likely partners that are suggested beside."""
    suggestions = ranked(reason.named)
    if reason.beside is Beside.LIKELY and place is not None:
        suggestions = ranked([*reason.named, *likely.of(record, parent_id=place[1])])
    if reason.beside is Beside.SAME_ADDRESS:
        found: tuple[Suggestion, ...] = likely.of(record, parent_id="") if record.email else ()
        same_address = [suggestion for suggestion in found if has_same_address(suggestion)]
        suggestions = ranked([*reason.named, *same_address], most=MAX_NAMED)
    return MismatchFound(record.kind, reason.code, record.id, reason.quickbooks_id, suggestions, reason.detail)
