"""A buffer for the rows of a long list, which is read once and iterated several times without filling memory."""

from __future__ import annotations

import json
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Row = Mapping[str, Any]
# The number of rows kept in memory; the others go to a file.
HELD = 1000


class RowBuffer:
    """A sequence of rows that can be iterated any number of times, in their order.

    Rows beyond HELD are in an unnamed temporary file, which ends with this object or with the process.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._file: Any = None
        self._held: list[Row] = []
        for row in rows:
            if len(self._held) == HELD:
                self._spill()
            self._held.append(row)

    def __iter__(self) -> Iterator[Row]:
        for chunk in self.chunks(HELD):
            yield from chunk

    def chunks(self, size: int) -> Iterator[list[Row]]:
        """Yield the rows in lists of at most `size`, and never more than HELD."""
        if self._file is not None:
            offset = 0
            while True:
                # Several iterators may share the file: each keeps its own offset.
                self._file.seek(offset)
                line = self._file.readline()
                if not line:
                    break
                offset = self._file.tell()
                yield from _slices(json.loads(line), size)
        yield from _slices(self._held, size)

    def _spill(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this object
            weakref.finalize(self, self._file.close)
        # Each line of the file is a JSON list of HELD rows.
        self._file.seek(0, 2)
        self._file.write(json.dumps(self._held).encode() + b"\n")
        self._held = []


def _slices(rows: list[Row], size: int) -> Iterator[list[Row]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
