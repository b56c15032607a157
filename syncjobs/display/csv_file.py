"""Lists as CSV files that go out while they are read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse

# Rows that are read and written at once: memory stays the same however long the list is.
CHUNK = 500
# Spreadsheets take a file without this mark for another encoding.
BYTE_ORDER_MARK = "\ufeff"
# A cell that begins so is taken for a formula by spreadsheets.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Cells = dict[str, Any]


def csv_response(headers: tuple[str, ...], rows: Iterable[Cells], *, name: str) -> HttpResponse:
    """Return the rows, one dictionary by header each, as a file `name`.csv."""
    response: Any = StreamingHttpResponse(_lines(headers, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    streamed: HttpResponse = response
    return streamed


def _lines(headers: tuple[str, ...], rows: Iterable[Cells]) -> Iterator[str]:
    remaining = iter(rows)
    start = BYTE_ORDER_MARK + ",".join(headers) + "\r\n"
    while chunk := list(islice(remaining, CHUNK)):
        text = io.StringIO()
        csv.DictWriter(text, headers).writerows(_without_formulas(cells) for cells in chunk)
        yield start + text.getvalue()
        start = ""
    if start:
        yield start


def _without_formulas(cells: Mapping[str, Any]) -> Cells:
    """Mark names as text: nobody's spreadsheet is to run what somebody called a project."""
    return {
        name: f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
        for name, value in cells.items()
    }
