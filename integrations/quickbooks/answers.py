"""The content of QuickBooks' answers: records, rows of queries, items of batches; Unexpected where there is none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from integrations.errors import ApiError, NoAnswer, Unexpected
from integrations.http import bounded_json
from integrations.quickbooks.faults import read_item
from integrations.quickbooks.write_proof import proven_record

# Of a bId.
MAX_NUMBER_LENGTH = 10


@dataclass(frozen=True)
class Answer:
    """The answer to one write: the record, and Intuit's id of the exchange (intuit_tid)."""

    record: Mapping[str, Any]
    tid: str


@dataclass(frozen=True)
class BatchItem:
    """One write of a batch; `number` (bId, at most 10 characters) identifies its answer."""

    number: str
    operation: str
    entity: str
    body: str


@dataclass(frozen=True)
class ItemAnswer:
    """The answer to one item of a batch: the record, or the error."""

    record: Mapping[str, Any]
    error: ApiError | None
    tid: str


def body_of(answer: requests.Response) -> Mapping[str, Any]:
    try:
        body = bounded_json.parse(answer.content)
    except ValueError:
        raise unexpected("QuickBooks' answer is no JSON.", answer) from None
    if not isinstance(body, Mapping):
        raise unexpected("QuickBooks answered with something other than an object.", answer)
    return body


def record_of(answer: requests.Response, entity: str) -> Mapping[str, Any]:
    record = body_of(answer).get(entity)
    if not isinstance(record, Mapping):
        raise unexpected(f"QuickBooks answered without {entity}.", answer)
    return record


def rows_in(body: Mapping[str, Any], entity: str) -> list[Mapping[str, Any]]:
    """Return the rows of one query, all that the answer says it has."""
    response = body.get("QueryResponse")
    if not isinstance(response, Mapping):
        raise unexpected("QuickBooks answered a query without QueryResponse.")
    rows = listed(response.get(entity))
    # The number of rows in this answer, not a limit (recorded answers). Taken for whole, a cut one loses records.
    total = response.get("maxResults")
    if isinstance(total, int) and not isinstance(total, bool) and total > len(rows):
        raise unexpected(f"QuickBooks answered with {len(rows)} of {total} {entity} records.")
    return rows


def listed(rows: Any) -> list[Any]:
    """Return the rows of an answer, whatever each is: one that is no record is set aside by whoever reads them."""
    if rows is None:
        return []
    if not isinstance(rows, list):
        raise unexpected("QuickBooks answered with something other than a list of records.")
    return rows


def records(rows: Any) -> list[Mapping[str, Any]]:
    """Return the rows of an answer. Raises Unexpected unless they are a list of objects, or left out for none."""
    if rows is None:
        return []
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise unexpected("QuickBooks answered with something other than a list of records.")
    return rows


def items_by_number(answer: requests.Response) -> dict[str, Mapping[str, Any]]:
    """Return the items of a batch by their number (bId)."""
    items = body_of(answer).get("BatchItemResponse")
    if not isinstance(items, list):
        raise unexpected("QuickBooks answered a batch without BatchItemResponse.", answer)
    by_number = [(str(item.get("bId")), item) for item in items if isinstance(item, Mapping)]
    counts = Counter(number for number, _ in by_number)
    # What is named twice proves nothing: it counts as missing.
    return {number: item for number, item in by_number if counts[number] == 1}


def rows_by_entity(
    statements: Mapping[str, str], answer: requests.Response
) -> dict[str, list[Mapping[str, Any]] | ApiError]:
    """Return the rows of several queries in one batch, or the error, by entity."""
    items = items_by_number(answer)
    tid = answer.headers.get("intuit_tid", "")
    rows: dict[str, list[Mapping[str, Any]] | ApiError] = {}
    for entity in statements:
        item = items.get(entity[:MAX_NUMBER_LENGTH])
        try:
            rows[entity] = _item_rows(item, entity, tid)
        except ApiError as error:
            rows[entity] = error
    return rows


def _item_rows(item: Mapping[str, Any] | None, entity: str, tid: str) -> list[Mapping[str, Any]]:
    if item is None:
        raise unexpected(f"QuickBooks' answer to a batch says nothing about {entity}.")
    error = read_item(item, tid=tid)
    if error is not None:
        raise error
    return rows_in(item, entity)


def item_answer(answer: Mapping[str, Any] | None, item: BatchItem, tid: str) -> ItemAnswer:
    """Return the answer to one write of a batch; without proof that it was written, its error is NoAnswer."""
    error = read_item(answer, tid=tid) if answer is not None else None
    record = None
    if error is None:
        delete = item.operation == "delete"
        record = proven_record(answer or {}, item.entity, item.body, delete=delete)
        if record is None:
            # The item may have been carried out all the same, so that its outcome is unknown.
            message = "QuickBooks' answer to a batch does not prove that this item was written."
            error = NoAnswer(message, vendor="quickbooks", tid=tid)
    return ItemAnswer(record if record is not None else {}, error, tid)


def unexpected(message: str, answer: requests.Response | None = None) -> Unexpected:
    tid = answer.headers.get("intuit_tid", "") if answer is not None else ""
    return Unexpected(message, vendor="quickbooks", tid=tid)
