"""Who belongs together: both sides, the links there are and people's decisions in; links and mismatches out.

Pure: no database, no network, no clock. Nothing depends on the order of what comes in, and matching again
after applying an outcome changes nothing. Where the rules leave a choice, this is what was chosen:

* All mismatches come out, those of archived Clockify records too; `listed` leaves out what the caller hides.
* A record that a person unlinked or ignored claims nothing, so its twin is free to match. Ignored records
  have no row, linked or not. An unlinked one keeps the row it would have; if the rule would link it, that row
  is NO_EMPLOYEE / NO_CUSTOMER with the undone partner as the first suggestion.
* A QuickBooks record held by a link of the same kind, suspended or not, is not for the rule to give away:
  whoever claims it by name is AMBIGUOUS_NAME. What is linked already stays linked when a twin turns up.
* A project with a client needs the client's working link; one made in the same pass counts, a suspended one
  does not. A client's link works whether or not the client is ignored.
* Links go on ids: an inactive, unlisted or unknown partner suspends as EMPLOYEE_INACTIVE (vendors too) or
  CUSTOMER_INACTIVE, a moved one as WRONG_PARENT. By rule only: a project whose client now has another
  customer than the parent of the project's. A suspended link stays so until a person confirms it.
* What is no longer listed in QuickBooks matters to links only; no unlinked record is *_INACTIVE for it.
* "Of that name" means the workspace's mode: in strict mode a name that is equal only when forgiving counts at
  the right place (NAME_DIFFERS), and elsewhere is no more than a suggestion.
* WRONG_PARENT and WRONG_LEVEL look at names alone: the record may have its rightful partner already.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from mapping.matching.index import Key, PartnerIndex
from mapping.matching.names import MODES, STRICT
from mapping.matching.only_in_quickbooks import CLOCKIFY_KINDS, not_named_in_others, unmatched_in_quickbooks
from mapping.matching.passes import MatchingPass
from mapping.matching.records import (
    ClockifyRecord,
    KnownLink,
    KnownOverride,
    Likely,
    Mismatch,
    NewLink,
    Outcome,
    QuickBooksRecord,
    Suggestion,
)

__all__ = [
    "ClockifyRecord",
    "KnownLink",
    "KnownOverride",
    "Mismatch",
    "NewLink",
    "Outcome",
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
) -> Outcome:
    """Decide which pairs to link and why the rest stay apart; `mode` is "strict" or "forgiving".

    1. For users, then clients, then projects: look at the links there are, then let names claim partners.
    2. Say of every record without a partner why.
    3. List what only QuickBooks has.

    `earlier`: likely partners that were found before, which spares looking for them again (see LikelyPartners).
    """
    index, matching_pass = _run_passes(clockify, quickbooks, links, overrides, mode=mode, explain=True, earlier=earlier)
    all_links: list[KnownLink | NewLink] = [*links, *matching_pass.links]
    linked = {(link.quickbooks_kind, link.quickbooks_id) for link in all_links}
    rest = unmatched_in_quickbooks(index, linked=linked)
    return Outcome(
        links=tuple(matching_pass.links),
        suspend=matching_pass.suspend,
        mismatches=(*matching_pass.rows, *not_named_in_others(rest, beside=matching_pass.rows)),
        unmatched_in_quickbooks=rest,
        likely=matching_pass.likely,
    )


def paired(
    clockify: Sequence[ClockifyRecord],
    quickbooks: Sequence[QuickBooksRecord],
    links: Sequence[KnownLink],
    overrides: Sequence[KnownOverride],
    *,
    mode: str = STRICT,
) -> Outcome:
    """The links of `match` alone: without saying why the rest stays apart, or looking for likely partners."""
    _, matching_pass = _run_passes(clockify, quickbooks, links, overrides, mode=mode, explain=False)
    return Outcome(links=tuple(matching_pass.links), suspend=matching_pass.suspend)


def _run_passes(
    clockify: Sequence[ClockifyRecord],
    quickbooks: Sequence[QuickBooksRecord],
    links: Sequence[KnownLink],
    overrides: Sequence[KnownOverride],
    *,
    mode: str,
    explain: bool,
    earlier: Mapping[Key, Likely] | None = None,
) -> tuple[PartnerIndex, MatchingPass]:
    if mode not in MODES:
        raise ValueError(f"matching is {' or '.join(MODES)}, not {mode!r}")
    index = PartnerIndex(quickbooks, mode=mode)
    matching_pass = MatchingPass(clockify, index=index, links=links, overrides=overrides, earlier=earlier)
    for kind in CLOCKIFY_KINDS:
        matching_pass.match_kind(kind, explain=explain)
    return index, matching_pass


def listed(outcome: Outcome, *, hidden: Collection[Key] = ()) -> tuple[Mismatch, ...]:
    """The outcome's mismatches without those of the hidden Clockify records, given as (kind, id).

    A QuickBooks record that only a hidden row named gets a row of its own again.
    """
    shown = tuple(
        row for row in outcome.mismatches if row.kind in CLOCKIFY_KINDS and (row.kind, row.clockify_id) not in hidden
    )
    return shown + not_named_in_others(outcome.unmatched_in_quickbooks, beside=shown)
