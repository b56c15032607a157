"""Odd answers for faults: whole bodies that no documentation promises, and true answers with something changed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count, islice
from typing import Any
from urllib.parse import unquote_plus

from sandbox.shared.http import BadJson, Request, Response

HTML, JSON = "text/html", "application/json;charset=utf-8"
GATEWAY_PAGE = "<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>gateway</body></html>"
NESTED = 100_000
# Far above the ids that the local QuickBooks gives, which count up from 1.
INVENTED = 9_000_000
ITEM_CHANGES = ("missing", "twice", "unknown_bid", "fault")
PAGE_CHANGES = ("repeat", "invent")

_invented = count(INVENTED)


# --- whole bodies ------------------------------------------------------------------------------------------
def fault_body(vendor: str, code: str, *, lower: bool = False) -> dict[str, Any]:
    """Return a refusal in the vendor's form; `lower` is the form of Intuit's gateway."""
    words, kind = "Refused on demand", "ValidationFault"
    if vendor == "clockify":
        return {"message": words, "code": int(code)}
    if lower:
        return {"fault": {"error": [{"message": words, "detail": words, "code": code}], "type": kind}, "time": 1}
    return {"Fault": {"Error": [{"Message": words, "Detail": words, "code": code, "element": ""}], "type": kind}}


_TEXTS: dict[str, str] = {
    "null": "null",
    "list": "[]",
    "text": '"text"',
    "number": "17",
    "object": "{}",
    "deep": "[" * NESTED + "]" * NESTED,
    "deep_fault": '{"Fault":{"Error":' + "[" * NESTED + "]" * NESTED + "}}",
    "nan": '{"TimeActivity":{"Id":NaN,"SyncToken":NaN},"access_token":NaN,"expires_in":Infinity}',
}
PRESETS = ("html", "empty", "truncated", "fault", "fault_lower", *_TEXTS)


def preset_body(name: str, true_answer: Response, *, vendor: str, code: str, status: int) -> tuple[bytes, str]:
    """Return a prepared body and its content type; `truncated` is the first half of the true one."""
    if name == "html":
        return GATEWAY_PAGE.format(status=status).encode(), HTML
    if name == "empty":
        return b"", "text/plain"
    if name == "truncated":
        payload = true_answer.payload()
        return payload[: len(payload) // 2], JSON
    if name.startswith("fault"):
        return json.dumps(fault_body(vendor, code, lower=name == "fault_lower")).encode(), JSON
    return _TEXTS[name].encode(), JSON


# --- true answers, changed ---------------------------------------------------------------------------------
def changed(body: Any, change: Mapping[str, object], drop: Sequence[str], *, only: Any) -> Any:
    """Return the answer with values changed or dropped by dotted path, such as `TimeActivity.EmployeeRef.value`.

    In the answer to a batch a path starts in each item whose bId is in `only` (None: in each).
    """
    body = json.loads(json.dumps(body))
    items = body.get("BatchItemResponse") if isinstance(body, dict) else None
    envelopes = [body] if items is None else [item for item in items if only is None or item.get("bId") in only]
    for envelope in envelopes:
        for path, value in change.items():
            _set(envelope, path, value)
        for path in drop:
            _drop(envelope, path)
    return body


def spoiled(body: Any, record: str, change: Mapping[str, object], drop: Sequence[str]) -> bytes:
    """Return the answer as JSON in which one record, wherever it stands, has values changed or dropped.

    Values may be what no other answer has: NaN, half of a character pair. A change of the path "" replaces the record.
    """
    body = json.loads(json.dumps(body))
    holder = [body]
    _spoil(holder, 0, record, change, drop)
    return json.dumps(holder[0]).encode()


def _spoil(parent: Any, place: Any, record: str, change: Mapping[str, object], drop: Sequence[str]) -> None:
    value = parent[place]
    if isinstance(value, dict) and record in (value.get("id"), value.get("_id"), value.get("Id")):
        for path, new in change.items():
            if path:
                _set(value, path, new)
            else:
                parent[place] = new
        for path in drop:
            _drop(value, path)
        return
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        _spoil(value, key, record, change, drop)


def with_items(body: dict[str, Any], how: str, code: str, *, only: Any) -> dict[str, Any]:
    """Return a batch's answer that misses items, has them twice, or names them wrongly; `only` as in `changed`."""
    items: list[dict[str, Any]] = []
    for item in body.get("BatchItemResponse") or []:
        if only is not None and item.get("bId") not in only:
            items.append(item)
        elif how == "twice":
            items += [item, item]
        elif how == "unknown_bid":
            items.append({**item, "bId": "nobody's"})
        elif how == "fault":
            items.append({"bId": item.get("bId"), **fault_body("quickbooks", code)})
    return {**body, "BatchItemResponse": items}


def _set(root: Any, path: str, value: object) -> None:
    parent, last = _parent(root, path)
    if isinstance(parent, dict):
        parent[last] = value
    elif isinstance(parent, list) and last.isdigit() and int(last) < len(parent):
        parent[int(last)] = value


def _drop(root: Any, path: str) -> None:
    parent, last = _parent(root, path)
    if isinstance(parent, dict):
        parent.pop(last, None)


def _parent(root: Any, path: str) -> tuple[Any, str]:
    """Return what holds the last step of a path (None where the answer has no such thing), and that step."""
    *steps, last = path.split(".")
    for step in steps:
        if isinstance(root, dict):
            root = root.get(step)
        elif isinstance(root, list) and step.isdigit() and int(step) < len(root):
            root = root[int(step)]
        else:
            return None, last
    return root, last


# --- answers to what was not done --------------------------------------------------------------------------
def echo(request: Request) -> Response:
    """Return what a write would have been answered, had it been carried out; {} to anything else."""
    try:
        asked = request.json()
    except (BadJson, UnicodeDecodeError):
        return Response(body={})
    if not isinstance(asked, dict):
        return Response(body={})
    if isinstance(asked.get("BatchItemRequest"), list):
        return Response(body={"BatchItemResponse": [echo_item(item) for item in asked["BatchItemRequest"]]})
    entity = "TimeActivity" if request.path.endswith("/timeactivity") else "Record"
    return Response(body={entity: _echoed(asked, request.query.get("operation", ""))})


def echo_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an item of a batch would have been answered."""
    entities = [name for name in item if name not in ("bId", "operation", "optionsData", "Query")]
    operation = str(item.get("operation"))
    return {"bId": item.get("bId"), **{entity: _echoed(item[entity], operation) for entity in entities}}


def _echoed(record: Mapping[str, Any], operation: str) -> dict[str, Any]:
    key = str(record.get("Id") or next(_invented))
    if operation == "delete":
        return {"domain": "QBO", "status": "Deleted", "Id": key}
    return {**record, "Id": key, "SyncToken": str(int(record.get("SyncToken") or -1) + 1)}


# --- what a request says -----------------------------------------------------------------------------------
def says(pattern: str, request: Request) -> bool:
    """Return whether the address or the body holds the pattern, however JSON or the address escaped it."""
    if not pattern:
        return True
    return any(re.search(pattern, text) for text in _texts(request))


def item_says(pattern: str) -> Callable[[Mapping[str, Any]], bool]:
    """Return a test of one item of a batch."""
    return lambda item: re.search(pattern, json.dumps(item, ensure_ascii=False)) is not None


def batch_ids(pattern: str, request: Request) -> set[str] | None:
    """Return the bIds of a batch's items that hold the pattern; None when there is no pattern, or no batch."""
    if not pattern or not request.path.endswith("/batch"):
        return None
    is_meant = item_says(pattern)
    return {str(item.get("bId")) for item in request.json()["BatchItemRequest"] if is_meant(item)}


def _texts(request: Request) -> Iterator[str]:
    yield unquote_plus(request.target)
    body = request.body.decode("utf-8", "replace")
    yield body
    if "\\u" in body:
        try:
            yield json.dumps(json.loads(body), ensure_ascii=False)
        except ValueError:
            return


# --- pages without end -------------------------------------------------------------------------------------
def endless(rows: Sequence[dict[str, Any]], how: str, *, start: int, size: int, key: str) -> list[dict[str, Any]]:
    """Return a full page whatever was asked for: the first rows again, or rows with ids that nobody has.

    `start` counts from 0; `key` is the name of the rows' id.
    """
    if not rows:
        return []
    if how == "repeat":
        return [rows[number % len(rows)] for number in range(size)]
    ids = (str(INVENTED + number) if key == "Id" else f"{INVENTED + number:024x}" for number in count(start))
    return [{**rows[number % len(rows)], key: new_id} for number, new_id in enumerate(islice(ids, size))]
