"""The addresses of the local QuickBooks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sandbox.quickbooks import batch, oauth, operations
from sandbox.quickbooks.call import Call
from sandbox.quickbooks.companies.company import ENTITIES
from sandbox.quickbooks.errors import QuickBooksFault, gone
from sandbox.quickbooks.gateway.gate import guarded
from sandbox.quickbooks.present import company_info, preferences
from sandbox.quickbooks.reads import cdc, query
from sandbox.quickbooks.reads.query_parser import parse_fault
from sandbox.quickbooks.state import QuickBooks
from sandbox.shared.http import Router

BASE = "/v3/company/{realm}"


def add_routes(router: Router, quickbooks: QuickBooks) -> None:
    """Register QuickBooks' and the OAuth server's addresses."""
    oauth.add_routes(router, quickbooks)
    for entity in ENTITIES:
        path = f"{BASE}/{entity.lower()}"
        if entity in operations.WRITABLE:
            router.add("POST", path, guarded(quickbooks, partial(_write, entity), replays=True))
        router.add("GET", path + "/{id}", guarded(quickbooks, partial(_read, entity)))
    router.add("POST", f"{BASE}/batch", guarded(quickbooks, batch.run))
    router.add("GET", f"{BASE}/cdc", guarded(quickbooks, cdc.run))
    router.add("GET", f"{BASE}/query", guarded(quickbooks, _query))
    router.add("POST", f"{BASE}/query", guarded(quickbooks, _query))
    router.add("GET", BASE + "/companyinfo/{id}", guarded(quickbooks, _company_info))
    router.add("GET", f"{BASE}/preferences", guarded(quickbooks, _preferences))


def _write(entity: str, call: Call) -> dict[str, Any]:
    kind = call.request.headers.get("Content-Type", "application/json")
    if "json" not in kind.lower():
        raise QuickBooksFault("500", f"Content type {kind} is not supported.", element=None)
    operation = call.request.query.get("operation", "")
    act: Callable[..., Any] = operations.write
    if operation == "delete":
        act = operations.delete
    elif operation not in ("", "create", "update"):
        raise QuickBooksFault("500", f"Operation {operation} is not supported.", element=None)
    return {entity: act(call, entity, call.request.json())}


def _read(entity: str, call: Call, id: str) -> dict[str, Any]:
    operations.check_readable(call)
    return {entity: operations.read(call, entity, id)}


def _query(call: Call) -> dict[str, Any]:
    operations.check_readable(call)
    statement = call.request.query.get("query")
    if call.request.method == "POST":
        statement = call.request.body.decode("utf-8", "replace")
    if not statement:
        raise parse_fault("<EOF>", 1)
    return query.run(call, statement)


def _company_info(call: Call, id: str) -> dict[str, Any]:
    if id != call.company.realm:
        raise gone()
    info = company_info(call.company)
    if call.request.query.get("include") == "firsttxndate":
        first = min((day for day, keys in call.company.by_date.items() if keys), default="")
        info = {**info, "NameValue": [*info["NameValue"], {"Name": "firsttxndate", "Value": first}]}
    return {"CompanyInfo": info}


def _preferences(call: Call) -> dict[str, Any]:
    return {"Preferences": preferences(call.company)}
