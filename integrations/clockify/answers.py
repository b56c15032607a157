"""The content of Clockify's answers: objects, lists, and where a list ends. Raises Unexpected where there is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import requests

from integrations.clockify import payloads
from integrations.errors import Unexpected
from integrations.http import bounded_json


def parsed(answer: requests.Response) -> Any:
    try:
        return bounded_json.parse(answer.content)
    except ValueError:
        raise unexpected("Clockify's answer is no JSON.") from None


def listed(rows: Any) -> list[Mapping[str, Any]]:
    """Return the rows of an answer; what is no record among them is set aside by whoever reads the list."""
    if not isinstance(rows, list):
        raise unexpected("Clockify answered with something other than a list of records.")
    return list(rows)


def unseen(rows: Sequence[Any], seen: set[str]) -> list[Any]:
    """Return the rows that no earlier page had, and add their ids; rows without a readable id are always among them."""
    known = set(seen)
    seen.update(key for key in map(payloads.identifier, rows) if key)
    return [row for row in rows if payloads.identifier(row) not in known]


def check_end(rows: Sequence[Mapping[str, Any]], *, must_go_on: bool, what: str) -> None:
    """Check that a page without new rows is the end. Raises Unexpected where the same page came again instead.

    The rest can't be reached then; taken for whole, the list would lose records that are still there.
    """
    if rows and must_go_on:
        raise unexpected(f"{what} has the same page again and again.")


def unexpected(message: str) -> Unexpected:
    return Unexpected(message, vendor="clockify", fix="Check the addresses of the Clockify connection.")
