"""What a plan does about an entry. Pure."""

from __future__ import annotations

from enum import StrEnum


class Verb(StrEnum):
    """The step for one entry; plans, items of runs and writes keep its value. Writes have the first three alone."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    # It may not go now, and the reasons say why.
    BLOCK = "block"
    # What QuickBooks has stays as it is. Such steps are counted, and no item is saved for them.
    KEEP = "keep"


WRITES = frozenset({Verb.CREATE, Verb.UPDATE, Verb.DELETE})
