"""What a matching of the mirrored records came to, until its links and rows are saved."""

from __future__ import annotations

from dataclasses import dataclass, field

from mapping.desk.mismatch_rows import Records
from mapping.matching.records import MatchResult
from mapping.queries import Key

# The last decision, the last link, and the number of links: whoever decides or matches changes it.
MappingState = tuple[int, int, int]


@dataclass
class Matched:
    """Outcome of matching, with the records it compared.

    `made_from`: what the index of names was made from. `compared`: all names were, so that likely partners found before
    go. `shown`: the Clockify records whose rows it found, None for all; `partners`: QuickBooks records taken or freed.
    """

    outcome: MatchResult
    records: Records
    state: MappingState
    made_from: str = ""
    compared: bool = False
    shown: set[Key] | None = None
    partners: set[Key] = field(default_factory=set)
