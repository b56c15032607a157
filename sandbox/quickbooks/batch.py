"""Batches: up to thirty independent items, answered in no particular order (Intuit: batch page)."""

from __future__ import annotations

import json
import random
from typing import Any

from sandbox.quickbooks import operations
from sandbox.quickbooks.call import Call
from sandbox.quickbooks.companies.request_memory import MAX_LENGTH, Remembered
from sandbox.quickbooks.errors import QuickBooksFault
from sandbox.quickbooks.gateway.gate import Body, hash_of
from sandbox.quickbooks.operations import WRITABLE
from sandbox.quickbooks.reads import query
from sandbox.quickbooks.reads.cdc import MAX_OBJECTS
from sandbox.shared.odd_answers import echo_item

MAX_ITEMS = 30
SHAPE = ("bId", "operation", "optionsData", "Query")


def run(call: Call) -> Body:
    """Return the BatchItemResponse of every item; faults are in their items, and the status is 200."""
    items = _items(call)
    order = list(items)
    if call.switches["shuffle_batch"]:
        random.Random(call.request.body).shuffle(order)
    budget = _Budget()
    done = order[: call.request.notes.get("batch_items", len(order))]
    is_left_out = call.request.notes.get("not_done", lambda item: False)
    answers = [echo_item(item) if is_left_out(item) else _answered(call, item, budget) for item in done]
    return {"BatchItemResponse": answers}


def _items(call: Call) -> list[dict[str, Any]]:
    body = call.request.json()
    items = body.get("BatchItemRequest") if isinstance(body, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise QuickBooksFault("2020", "Required parameter BatchItemRequest is missing in the request")
    if len(items) > MAX_ITEMS:
        detail = f"The number of items in the batch ({len(items)}) exceeds the maximum of {MAX_ITEMS}"
        raise QuickBooksFault("1040", detail)
    return items


class _Budget:
    """The limit of 1000 objects that one batch returns."""

    def __init__(self) -> None:
        self._left = MAX_OBJECTS

    def spend(self, rows: int) -> None:
        if rows > self._left:
            raise QuickBooksFault("10100", f"The batch returns more than {MAX_OBJECTS} objects")
        self._left -= rows


def _answered(call: Call, item: dict[str, Any], budget: _Budget) -> Body:
    name = {"bId": item["bId"]} if "bId" in item else {}
    try:
        if "Query" in item:
            return {**name, **_queried(call, str(item["Query"]), budget)}
        return {**name, **_replayed(call, item)}
    except QuickBooksFault as fault:
        return {**name, "Fault": fault.to_json()}


def _queried(call: Call, statement: str, budget: _Budget) -> Body:
    answer = query.run(call, statement)
    if call.switches["batch_over_1000"] == "fault":
        budget.spend(answer["QueryResponse"].get("maxResults", 0))
    return answer


def _replayed(call: Call, item: dict[str, Any]) -> Body:
    """Write an item once per requestid + bId, together at most 50 characters (Java SDK issue 180)."""
    request_id = call.request.query.get("requestid")
    if not request_id:
        return _written(call, item)
    key = request_id + str(item.get("bId", ""))
    if len(key) > MAX_LENGTH:
        detail = f"You cannot enter more than {MAX_LENGTH} characters in the request_id field. You entered {key}"
        raise QuickBooksFault("6000", detail)
    memory, span = call.company.requests, call.switches["requestid_memory_seconds"]
    known = memory.recall(key, now=call.at, span=span)
    if known is not None:
        if not call.switches["batch_requestid_replays"]:
            raise QuickBooksFault("6000", "An unexpected error occurred while saving your data")
        return known.body
    body = _written(call, item)
    if span:
        memory.keep(key, Remembered(call.at, hash_of(json.dumps(item).encode()), 200, body))
    return body


def _written(call: Call, item: dict[str, Any]) -> Body:
    entities = [name for name in item if name not in SHAPE]
    if len(entities) != 1 or entities[0] not in WRITABLE:
        detail = f'Unrecognized field "{entities[0] if entities else ""}" (class BatchItemRequest)'
        raise QuickBooksFault("2010", f"Property Name:{detail} specified is unsupported or invalid", element=None)
    entity, operation = entities[0], item.get("operation")
    body = item[entity]
    if operation == "delete":
        return {entity: operations.delete(call, entity, body)}
    has_id = isinstance(body, dict) and bool(body.get("Id"))
    if operation == "update" and not has_id:
        raise QuickBooksFault("2020", "Required parameter Id is missing in the request", element="Id")
    if operation not in ("create", "update") or (operation == "create" and has_id):
        raise QuickBooksFault("500", f"Operation {operation} is not supported.", element=None)
    return {entity: operations.write(call, entity, body)}
