"""Which letters of two names differ, so that a page can mark them. Pure."""

from __future__ import annotations

from difflib import SequenceMatcher

Piece = tuple[str, bool]  # text, and whether it differs

# Less alike than this, marks would only speckle two different names.
LEAST_ALIKE = 0.6


def diff(one: str, other: str) -> tuple[list[Piece], list[Piece]]:
    """Both names in pieces, each with whether it differs from the other name; unlike names come unmarked."""
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if one == other or matcher.ratio() < LEAST_ALIKE:
        return undiffed(one), undiffed(other)
    left: list[Piece] = []
    right: list[Piece] = []
    for kind, start, stop, other_start, other_stop in matcher.get_opcodes():
        differs = kind != "equal"
        _add(left, one[start:stop], differs=differs)
        _add(right, other[other_start:other_stop], differs=differs)
    return left, right


def undiffed(name: str) -> list[Piece]:
    """A name in one piece that does not differ from anything."""
    return [(name, False)] if name else []


def _add(pieces: list[Piece], text: str, *, differs: bool) -> None:
    if text:
        pieces.append((text, differs))
