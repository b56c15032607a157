"""Lists as CSV files, streamed while they are read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse

# Rows per chunk: memory stays the same however long the list is.
CHUNK = 500
# Without this mark spreadsheets guess another encoding.
BYTE_ORDER_MARK = "\ufeff"
# Spreadsheets run a cell that begins with one of these as a formula.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Cells = dict[str, Any]


def csv_response(headers: tuple[str, ...], rows: Iterable[Cells], *, name: str) -> HttpResponse:
    """Return the rows, one dictionary by header each, as a file `name`.csv."""
    response: Any = StreamingHttpResponse(lines(headers, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    streamed: HttpResponse = response
    return streamed


def lines(headers: tuple[str, ...], rows: Iterable[Cells]) -> Iterator[str]:
    """Yield the text of the file in pieces of many lines."""
    remaining = iter(rows)
    start = BYTE_ORDER_MARK + ",".join(headers) + "\r\n"
    while chunk := list(islice(remaining, CHUNK)):
        text = io.StringIO()
        csv.DictWriter(text, headers).writerows(_without_formulas(cells) for cells in chunk)
        yield start + text.getvalue()
        start = ""
    # An empty list still gets its header.
    if start:
        yield start


def _without_formulas(cells: Mapping[str, Any]) -> Cells:
    """Return the cells with formula-like text marked as text, so that no spreadsheet runs a project's name."""
    return {
        name: f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
        for name, value in cells.items()
    }
