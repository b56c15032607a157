"""Change data capture: records changed since an instant (Intuit: changedatacapture page), no TimeActivity."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sandbox.quickbooks.call import Call
from sandbox.quickbooks.checks.body import missing
from sandbox.quickbooks.companies.company import ENTITIES, LISTS, Record
from sandbox.quickbooks.reads.query import instant
from sandbox.quickbooks.reads.query_parser import validation_fault

MAX_OBJECTS = 1000
LOOK_BACK = timedelta(days=30)


def run(call: Call) -> dict[str, Any]:
    """Return the CDCResponse for `entities` and `changedSince`."""
    names, since_text = call.request.query.get("entities"), call.request.query.get("changedSince")
    if not names:
        raise missing("entities")
    if not since_text:
        raise missing("changedSince")
    since = _since(call, since_text)
    entities = [_entity(name.strip()) for name in names.split(",")]
    if "TimeActivity" in entities and call.switches["cdc_timeactivity"] == "fault":
        raise validation_fault("TimeActivity is not supported by change data capture")
    answers, left = [], MAX_OBJECTS
    for entity in entities:
        rows = _changed(call, entity, since)[:left] if entity in LISTS else []
        left -= len(rows)
        answers.append(_answer(entity, rows))
    return {"CDCResponse": [{"QueryResponse": answers}]}


def _since(call: Call, text: str) -> float:
    try:
        since = instant(text)
    except ValueError:
        raise validation_fault(f"changedSince '{text}' is not a valid time") from None
    if call.switches["cdc_refuses_over_30_days"] and since < (call.now - LOOK_BACK).timestamp():
        raise validation_fault("changedSince is more than 30 days ago")
    return since


def _entity(name: str) -> str:
    for entity in ENTITIES:
        if entity.lower() == name.lower():
            return entity
    raise validation_fault(f"invalid context declaration: {name}")


def _answer(entity: str, rows: list[Record]) -> dict[str, Any]:
    if not rows:
        return {}
    return {entity: rows, "startPosition": 1, "maxResults": len(rows)}


def _changed(call: Call, entity: str, since: float) -> list[Record]:
    """Return whole records by last change, inactive ones included; markers of merged ones come last."""

    def changed_at(record: Record) -> float:
        return instant(record["MetaData"]["LastUpdatedTime"])

    rows = [row for row in call.company.records[entity].values() if changed_at(row) >= since]
    markers = [row for row in call.company.removed.get(entity, {}).values() if changed_at(row) >= since]
    return sorted(rows, key=changed_at) + sorted(markers, key=changed_at)
