"""Entries in order of their start, so that a window is found without a scan of all."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from sandbox.clockify.records import Entry

LAST_ID = "~"  # sorts after every id


class EntryIndex:
    """A sorted list of (start, id); sorted only when it is read, so that loading many costs one sort."""

    def __init__(self) -> None:
        self._keys: list[tuple[int, str]] = []
        self._is_sorted = True

    def add(self, key: tuple[int, str]) -> None:
        """Add an entry's start and id; the same tuple can be in several indexes."""
        if self._keys and key < self._keys[-1]:
            self._is_sorted = False
        self._keys.append(key)

    def remove(self, entry: Entry) -> None:
        keys = self._sorted()
        position = bisect_left(keys, (entry.start, entry.id))
        if position < len(keys) and keys[position] == (entry.start, entry.id):
            del keys[position]

    def ids(self, first: float | None, last: float | None, *, newest_first: bool) -> Iterator[str]:
        """Return ids of the entries that start from `first` to `last` (both included, None: open)."""
        keys = self._sorted()
        low = 0 if first is None else bisect_left(keys, (first, ""))
        high = len(keys) if last is None else bisect_right(keys, (last, LAST_ID))
        positions = range(high - 1, low - 1, -1) if newest_first else range(low, high)
        return (keys[position][1] for position in positions)

    def _sorted(self) -> list[tuple[int, str]]:
        if not self._is_sorted:
            self._keys.sort()
            self._is_sorted = True
        return self._keys
