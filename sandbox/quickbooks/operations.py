"""Read, create, update and delete of one record."""

from __future__ import annotations

from typing import Any

from sandbox.quickbooks.call import Call
from sandbox.quickbooks.errors import QuickBooksFault, gone
from sandbox.quickbooks.present import presented
from sandbox.quickbooks.state import Record


def read(call: Call, entity: str, key: str) -> Record:
    record = call.company.records[entity].get(key)
    if record is None:
        raise gone()
    return presented(call.company, entity, record)


def write(call: Call, entity: str, body: Any) -> Record:
    """Create without Id, update with one."""
    record = call.company.put(entity, body)
    return presented(call.company, entity, record)


def delete(call: Call, entity: str, body: Any) -> Record:
    record = call.company.records[entity].get(str(body.get("Id")))
    if record is None:
        raise gone()
    if body.get("SyncToken") != record["SyncToken"]:
        raise QuickBooksFault("5010", "Stale Object Error")
    call.company.remove(entity, record["Id"])
    return {"domain": "QBO", "status": "Deleted", "Id": record["Id"]}
