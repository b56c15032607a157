"""Rows of a long list, read once and gone through several times, without holding them in memory."""

from __future__ import annotations

import json
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]
# As many rows are held; more are put aside.
HELD = 1000


class RowBuffer:
    """Takes rows in and gives them back in order, as often as asked.

    What does not fit is in a temporary file without a name, which ends with this object or with the process.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._file: Any = None
        self._held: list[Row] = []
        for row in rows:
            if len(self._held) == HELD:
                self._put_aside()
            self._held.append(row)

    def __iter__(self) -> Iterator[Row]:
        for chunk in self.chunks(HELD):
            yield from chunk

    def chunks(self, size: int) -> Iterator[list[Row]]:
        """The rows, at most so many at once (never more than HELD)."""
        if self._file is not None:
            place = 0
            while True:
                # Several may be reading: each keeps its own place.
                self._file.seek(place)
                line = self._file.readline()
                if not line:
                    break
                place = self._file.tell()
                yield from _slices(json.loads(line), size)
        yield from _slices(self._held, size)

    def _put_aside(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this object
            weakref.finalize(self, self._file.close)
        self._file.seek(0, 2)
        self._file.write(json.dumps(self._held).encode() + b"\n")
        self._held = []


def _slices(rows: list[Row], size: int) -> Iterator[list[Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
