"""Query parameters, sorting and pages of lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any, TypeVar

from sandbox.clockify.call import Call
from sandbox.clockify.errors import ClockifyError, bad_parameter
from sandbox.shared.http import Response
from sandbox.shared.odd_answers import endless

T = TypeVar("T")
FLAGS = {"true": True, "false": False}


def number(call: Call, name: str, default: int) -> int:
    """Return a whole number above zero, or raise 400/3000."""
    text = call.request.query.get(name)
    if text is None:
        return default
    try:
        value = int(text)
    except ValueError as error:
        raise bad_parameter(name, text) from error
    if value < 1:
        raise ClockifyError(400, 3000, f"Method parameter '{name}': must be greater than or equal to 1")
    return value


def flag(call: Call, name: str) -> bool | None:
    """Return True or False, or None when the parameter is missing."""
    text = call.request.query.get(name)
    if text is None or text == "":
        return None
    if text.lower() not in FLAGS:
        raise bad_parameter(name, text)
    return FLAGS[text.lower()]


def choice(call: Call, name: str, choices: Sequence[str], default: str) -> str:
    """Return one of the documented values, or raise 400/3000."""
    text = call.request.query.get(name, default)
    if text not in choices:
        raise bad_parameter(name, text)
    return text


def many(call: Call, name: str) -> list[str]:
    """Return the values of a repeated or comma-separated parameter."""
    values = [value for key, value in call.request.query_list if key in (name, f"{name}[]")]
    return [part for value in values for part in value.split(",") if part]


def is_descending(call: Call) -> bool:
    return choice(call, "sort-order", ("ASCENDING", "DESCENDING"), "ASCENDING") == "DESCENDING"


def paged(
    call: Call, rows: Iterable[T], shape: Callable[[T], Any], *, size: int = 50, largest: int | None = None
) -> Response:
    """Answer one page of rows with the Last-Page header; a page past the end is empty and the last."""
    page = number(call, "page", 1)
    cap = largest or call.switch("max_page_size")
    size = min(number(call, "page-size", size), cap)
    start = (page - 1) * size
    if call.request.notes.get("pages"):
        shown = endless([shape(row) for row in rows], call.request.notes["pages"], start=start, size=size, key="id")
        return Response(200, shown, {"Last-Page": "false"})
    window = list(islice(rows, start, start + size + 1))
    headers = {}
    if call.switch("last_page_header"):
        headers["Last-Page"] = "true" if len(window) <= size else "false"
    return Response(200, [shape(row) for row in window[:size]], headers)
