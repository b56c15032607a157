"""Comparison of two names letter by letter, so that a page can mark what differs. Pure."""

from __future__ import annotations

from difflib import SequenceMatcher

Piece = tuple[str, bool]  # text, and whether it differs

# Names less similar than this are different names: marks on most of their letters would not help anyone.
MIN_RATIO = 0.6


def diff(clockify_name: str, quickbooks_name: str) -> tuple[list[Piece], list[Piece]]:
    """Return both names in pieces, each with whether it differs from the other name; different names unmarked."""
    # Without autojunk, which drops frequent letters of long names from the comparison.
    matcher = SequenceMatcher(None, clockify_name, quickbooks_name, autojunk=False)
    if clockify_name == quickbooks_name or matcher.ratio() < MIN_RATIO:
        return undiffed(clockify_name), undiffed(quickbooks_name)
    left: list[Piece] = []
    right: list[Piece] = []
    for kind, left_start, left_stop, right_start, right_stop in matcher.get_opcodes():
        differs = kind != "equal"
        _add(left, clockify_name[left_start:left_stop], differs=differs)
        _add(right, quickbooks_name[right_start:right_stop], differs=differs)
    return left, right


def undiffed(name: str) -> list[Piece]:
    """Return a name as one piece without a mark."""
    return [(name, False)] if name else []


def _add(pieces: list[Piece], text: str, *, differs: bool) -> None:
    if text:
        pieces.append((text, differs))
