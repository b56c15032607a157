"""The longest description that QuickBooks takes, and where a longer one is cut. Pure."""

from __future__ import annotations

import unicodedata

# QuickBooks counts as Java does: a character beyond the basic plane, such as an emoji, counts as two.
LONGEST = 4000
# A character that people see may consist of many; more than these are no longer kept together.
LONGEST_CLUSTER = 32
JOINER = "\u200d"
SKIN_TONES = range(0x1F3FB, 0x1F400)


def cut(text: str) -> str:
    """Return the text, or as much of it as QuickBooks takes, never ending inside what people see as one character."""
    end = _fitting_length(text)
    if end == len(text):
        return text
    cluster_starts = (place for place in range(end, end - LONGEST_CLUSTER, -1) if not _is_inside_cluster(text, place))
    return text[: next(cluster_starts, end)]


def _fitting_length(text: str) -> int:
    """Return how many of Python's characters fit."""
    # A text of emojis alone still fits.
    if 2 * len(text) <= LONGEST:
        return len(text)
    units = 0
    for number, character in enumerate(text):
        units += 2 if ord(character) > 0xFFFF else 1
        if units > LONGEST:
            return number
    return len(text)


def _is_inside_cluster(text: str, place: int) -> bool:
    """Return True if the characters on both sides of the place are seen as one."""
    before, after = text[place - 1], text[place]
    return (
        JOINER in (before, after)
        or unicodedata.category(after) in {"Mn", "Mc", "Me"}
        or ord(after) in SKIN_TONES
        or (before, after) == ("\r", "\n")
    )
