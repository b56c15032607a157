"""Which likely partners may be accepted in one press. Three words, from the surest on:

safe        nothing about the pair is a guess: the forgiving rule would link it, that is, unique on both sides, same
            structure, both active and free, and named alike apart from case, inner spaces or Unicode form. All safe
            pairs may be accepted together. An accent, an apostrophe or a likeness alone is never safe.
clear       the first suggestion is likely enough, nobody else's, and well ahead of the next.
suggested   a record without a link whose first suggestion is clear, and no e-mail address speaks against it: its row
            has an Accept button of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mapping.matching.names import identical
from mapping.matching.records import ClockifyRecord, QuickBooksRecord

# A suggestion under another parent scores at most .75: time would be billed to somebody else.
CLEAR_SCORE = 0.8
CLEAR_LEAD = 0.02
# What a suggestion's why says where somebody else has the record.
ALREADY_LINKED = "already linked"


def is_safe(clockify: ClockifyRecord, quickbooks: QuickBooksRecord) -> bool:
    """Return whether a pair of the forgiving rule is safe; identical names link by themselves as soon as they may."""
    return not clockify.archived and not identical(clockify.name, quickbooks.name)


def is_clear(suggestions: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether the first suggestion is clear; each has `score` (0 to 1) and `why`, best first."""
    scores = [float(one.get("score") or 0) for one in suggestions[:2]]
    if not scores or scores[0] < CLEAR_SCORE or ALREADY_LINKED in str(suggestions[0].get("why", "")):
        return False
    return len(scores) == 1 or scores[0] - scores[1] >= CLEAR_LEAD


def is_suggested(
    suggestions: Sequence[Mapping[str, Any]], *, has_link: bool, same_name: bool, emails: tuple[str, str]
) -> bool:
    """Return whether a row is suggested.

    `same_name`: other users have this name, so that an unlike e-mail address tells that the partner is another's;
    `emails`: those of the user and of the partner, "" where not known.
    """
    if has_link or not is_clear(suggestions):
        return False
    clockify_email, quickbooks_email = (email.strip().casefold() for email in emails)
    return not (same_name and clockify_email and quickbooks_email and clockify_email != quickbooks_email)
