"""Rules for accepting likely partners without choosing one by one. Three levels, the most certain first:

safe        nothing about the pair is a guess: the forgiving rule would link it, that is, unique on both sides, same
            structure, both active and free, and the same name apart from case, inner spaces or Unicode form. All safe
            pairs may be accepted together. An accent, an apostrophe or a likeness alone is never safe.
clear       the first suggestion is likely enough, not linked to another record, and well ahead of the next.
suggested   a record without a link whose first suggestion is clear, while no other row suggests the same partner:
            its row has an Accept button of its own. Of several records of one name, only the user whose e-mail
            address is the partner's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from mapping.matching.names import identical
from mapping.matching.records import ClockifyRecord, Obstacle, QuickBooksRecord, Suggestion

Row = TypeVar("Row", bound=Hashable)

# Above 0.75, the most that a suggestion under another parent can score: accepting one would bill another customer.
CLEAR_SCORE = 0.8
CLEAR_LEAD = 0.02


def is_safe(clockify: ClockifyRecord, quickbooks: QuickBooksRecord) -> bool:
    """Return whether a pair that the forgiving rule gives is safe."""
    # Identical names are not accepted here: the strict rule links them by itself as soon as nothing prevents it.
    return not clockify.archived and not identical(clockify.name, quickbooks.name)


def is_clear(suggestions: Sequence[Suggestion]) -> bool:
    """Return whether the first suggestion is clear; they come best first."""
    if not suggestions:
        return False
    first, *others = suggestions
    if first.score < CLEAR_SCORE or first.obstacle is Obstacle.TAKEN:
        return False
    return not others or first.score - others[0].score >= CLEAR_LEAD


def is_suggested(
    suggestions: Sequence[Suggestion], *, has_link: bool, same_name: bool, emails: tuple[str, str]
) -> bool:
    """Return whether a row by itself is suggested; `uncontested` compares it with the others.

    `same_name`: other records have this name, so that only the very same e-mail address tells who is meant;
    `emails`: those of the user and of the partner, "" where not known.
    """
    if has_link or not is_clear(suggestions):
        return False
    clockify_email, quickbooks_email = (email.strip().casefold() for email in emails)
    return not same_name or (clockify_email != "" and clockify_email == quickbooks_email)


def uncontested(partners: Mapping[Row, tuple[str, str, str]]) -> set[Row]:
    """Return the rows that keep their suggestion: those whose partner no other row of their kind is suggested.

    `partners`: of each row that is suggested by itself, its kind, and kind and id of its partner.
    """
    claims = Counter(partners.values())
    return {row for row, partner in partners.items() if claims[partner] == 1}
