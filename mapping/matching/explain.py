"""What to say of every record of one kind that has no working link, and who is likely instead. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from mapping.matching.index import Key, Place
from mapping.matching.link_health import changed_link
from mapping.matching.mismatch_reasons import MAX_NAMED, reason_of
from mapping.matching.pairing import Pairs
from mapping.matching.records import ClockifyRecord, Likely, MismatchFound
from mapping.matching.sides import Sides
from mapping.matching.suggest import LikelyPartners, ranked

# Reasons that are about all partners of the very name; others would only distract from choosing among those.
OF_THAT_NAME = ("AMBIGUOUS_NAME", "NAME_DIFFERS")


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
            found = reason_of(record, place, pairs, index)
            rows.append(found if place is None else _with_likely(found, record, place, likely))
    return Explained(tuple(rows), {(kind, record_id): known for record_id, known in likely.found.items()})


def _likely_partners(sides: Sides, pairs: Pairs, earlier: Mapping[Key, Likely]) -> LikelyPartners:
    requested = [
        (sides.clockify[pairs.kind, key], place[1]) for key, place in pairs.places.items() if place is not None
    ]
    known = {key[1]: found for key, found in earlier.items() if key[0] == pairs.kind}
    return LikelyPartners(sides.index.usable, kind=pairs.kind, taken=pairs.taken, asked=requested, earlier=known)


def _with_likely(found: MismatchFound, record: ClockifyRecord, place: Place, likely: LikelyPartners) -> MismatchFound:
    """Return the mismatch with the likely partners beside those that its reason is about, the likeliest first."""
    if found.reason not in OF_THAT_NAME:
        return replace(found, suggestions=ranked([*found.suggestions, *likely.of(record, parent_id=place[1])]))
    # Whoever has the user's e-mail address, under whatever name.
    by_address = likely.of(record, parent_id="") if record.email else ()
    beside = [suggestion for suggestion in by_address if suggestion.same_address]
    return replace(found, suggestions=ranked([*found.suggestions, *beside], most=MAX_NAMED))
