"""Matching of both sides: records, existing links and people's decisions in; new links and mismatches out.

Pure: no database, no network, no clock. Nothing depends on the order of the input, and matching again after
applying an outcome changes nothing. Where the rules leave a choice, this was chosen:

* All mismatches come out, those of archived Clockify records too; `listed` leaves out what the caller hides.
* A record that a person unlinked or ignored matches nothing, so a record of the same name is free to match.
  Ignored records have no row, linked or not. An unlinked one keeps the row it would have; if the rule would link
  it, that row is NO_EMPLOYEE / NO_CUSTOMER with the undone partner as the first suggestion.
* The rule does not give away a QuickBooks record that has a link of the same kind, suspended or not: other records
  that match it by name are AMBIGUOUS_NAME. A link stays when another record of the same name appears.
* A record gone from Clockify that holds no unsent time is retired: it gets no link by rule, is nobody's rival, and a
  link that it has ends once another record has its partner, by rule or by hand. Until then its link works.
* A project with a client needs the client's working link; one made in the same pass counts, a suspended one
  does not. A client's link works whether or not the client is ignored.
* Links follow ids: an inactive, unlisted or unknown partner suspends as EMPLOYEE_INACTIVE (vendors too) or
  CUSTOMER_INACTIVE, a moved one as WRONG_PARENT. By rule only: a project whose client now has another
  customer than the parent of the project's. A suspended link stays so until a person confirms it.
* Records no longer listed in QuickBooks matter to links only; no unlinked record is *_INACTIVE for it.
* "Of that name" means the workspace's mode: in strict mode a name that is equal only when forgiving counts at
  the right place (NAME_DIFFERS), and elsewhere is no more than a suggestion.
* WRONG_PARENT and WRONG_LEVEL look at names alone: the QuickBooks record may have its own partner already.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from mapping.matching.explain import explain
from mapping.matching.index import Key
from mapping.matching.names import STRICT
from mapping.matching.only_in_quickbooks import not_named_in_others, unmatched_in_quickbooks
from mapping.matching.pairing import Pairs, pair
from mapping.matching.records import (
    ClockifyRecord,
    KnownLink,
    KnownOverride,
    Likely,
    MatchResult,
    MismatchFound,
    NewLink,
    QuickBooksRecord,
    Suggestion,
)
from mapping.matching.sides import CLOCKIFY_KINDS, Sides

__all__ = [
    "ClockifyRecord",
    "KnownLink",
    "KnownOverride",
    "MatchResult",
    "MismatchFound",
    "NewLink",
    "QuickBooksRecord",
    "Suggestion",
    "listed",
    "match",
    "paired",
]


def match(
    clockify: Sequence[ClockifyRecord],
    quickbooks: Sequence[QuickBooksRecord],
    links: Sequence[KnownLink],
    overrides: Sequence[KnownOverride],
    *,
    mode: str = STRICT,
    earlier: Mapping[Key, Likely] | None = None,
) -> MatchResult:
    """Decide which pairs to link and why the rest stay apart; `mode` is "strict" or "forgiving".

    1. For users, then clients, then projects: check existing links, then match names.
    2. Give every record without a partner its reason, with those who are likely.
    3. List the records that only QuickBooks has.

    `earlier`: likely partners found before, which saves comparing names again (see LikelyPartners).
    """
    sides = Sides.of(clockify, quickbooks, links, overrides, mode=mode)
    pairs = pair(sides)
    explained = [explain(sides, pairs_of_kind, earlier or {}) for pairs_of_kind in pairs]
    rows = tuple(row for of_kind in explained for row in of_kind.rows)
    result = _result(pairs)
    all_links: list[KnownLink | NewLink] = [*links, *result.links]
    linked = {(link.quickbooks_kind, link.quickbooks_id) for link in all_links}
    unmatched = unmatched_in_quickbooks(sides.index, linked=linked)
    return replace(
        result,
        mismatches=(*rows, *not_named_in_others(unmatched, beside=rows)),
        unmatched_in_quickbooks=unmatched,
        likely={key: found for of_kind in explained for key, found in of_kind.likely.items()},
    )


def paired(
    clockify: Sequence[ClockifyRecord],
    quickbooks: Sequence[QuickBooksRecord],
    links: Sequence[KnownLink],
    overrides: Sequence[KnownOverride],
    *,
    mode: str = STRICT,
) -> MatchResult:
    """Return only the links of `match`, without mismatches and without likely partners, which take the most time."""
    return _result(pair(Sides.of(clockify, quickbooks, links, overrides, mode=mode)))


def _result(pairs: Sequence[Pairs]) -> MatchResult:
    return MatchResult(
        links=tuple(link for of_kind in pairs for link in of_kind.links),
        suspend={key: reason for of_kind in pairs for key, reason in of_kind.suspend.items()},
        given_back={key: taker for of_kind in pairs for key, taker in of_kind.given_back.items()},
    )


def listed(outcome: MatchResult, *, hidden: Collection[Key] = ()) -> tuple[MismatchFound, ...]:
    """Return the outcome's mismatches without those of the hidden Clockify records, given as (kind, id).

    A QuickBooks record that only a hidden row named gets a row of its own again.
    """
    shown = tuple(
        row for row in outcome.mismatches if row.kind in CLOCKIFY_KINDS and (row.kind, row.clockify_id) not in hidden
    )
    return shown + not_named_in_others(outcome.unmatched_in_quickbooks, beside=shown)
