"""The steps around every company address: token, limits, request ids, envelopes, JSON or XML."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from sandbox.quickbooks.call import Call
from sandbox.quickbooks.companies.request_memory import MAX_LENGTH, Remembered
from sandbox.quickbooks.errors import QuickBooksFault, not_authenticated, not_authorized
from sandbox.quickbooks.gateway.xml import to_xml
from sandbox.quickbooks.stamps import stamp
from sandbox.quickbooks.state import QuickBooks
from sandbox.shared.core import Core
from sandbox.shared.faults import THROTTLED_JSON
from sandbox.shared.http import BadJson, Request, Response
from sandbox.shared.limits import Limits

Body = dict[str, Any]
Operation = Callable[..., Body]


def guarded(quickbooks: QuickBooks, operation: Operation, *, replays: bool = False) -> Callable[..., Response]:
    """Return a route handler around an operation; `replays` honors `requestid` (single writes)."""

    def handle(request: Request, realm: str, **params: str) -> Response:
        refused = _refusal(quickbooks, request, realm)
        if refused is not None:
            return _finished(refused, request)
        call = Call(quickbooks.companies[realm], request, quickbooks.core.now())
        carry_out = _replayed if replays and request.query.get("requestid") else _performed
        status, body, with_time = carry_out(operation, call, params)
        if with_time:
            body = {**body, "time": stamp(call.now, milliseconds=True)}
        kind = "application/json;charset=utf-8" if status == 200 else "application/json"
        return _finished(Response(status, body, {"Content-Type": kind}), request)

    return handle


def _refusal(quickbooks: QuickBooks, request: Request, realm: str) -> Response | None:
    now = quickbooks.core.now()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return not_authenticated("Missing or malformed bearer token", now=now)
    token_realm, works = quickbooks.tokens.realm_of(token.strip())
    if not works:
        word = "expired" if token_realm else "not valid"
        return not_authenticated(f"Token {word}: {token.strip()[:8]}", now=now)
    if token_realm != realm or realm not in quickbooks.companies:
        return not_authorized(now=now)
    return _throttled(quickbooks.core, request, realm)


def _throttled(core: Core, request: Request, realm: str) -> Response | None:
    """Return 429 for a call over Intuit's limits, when the switch enforces them."""
    limits = core.counters.quickbooks.limits.setdefault(realm, Limits(core.switches["speed"]))
    enforced = bool(core.switches["enforce_limits"])
    is_over = limits.count(is_batch=request.path.endswith("/batch"), enforced=enforced)
    if not (is_over and enforced):
        return None
    retry = {"Retry-After": "60"} if core.switches["retry_after_on_429"] else {}
    return Response(429, THROTTLED_JSON, retry)


def _performed(operation: Operation, call: Call, params: dict[str, str]) -> tuple[int, Body, bool]:
    try:
        return 200, operation(call, **params), True
    except QuickBooksFault as fault:
        return fault.status, {"Fault": fault.to_json()}, fault.with_time
    except UnicodeDecodeError:
        return _refused("500", "The request body is not valid UTF-8.")
    except BadJson as error:
        return _refused("2010", f"Property Name:{error} specified is unsupported or invalid")


def _refused(code: str, detail: str) -> tuple[int, Body, bool]:
    return 400, {"Fault": QuickBooksFault(code, detail, element=None).to_json()}, True


def _replayed(operation: Operation, call: Call, params: dict[str, str]) -> tuple[int, Body, bool]:
    """Answer a repeated requestid like the first time and do nothing (Intuit: 2015 blog on request ids)."""
    key = call.request.query["requestid"]
    if len(key) > MAX_LENGTH:
        return _refused("2130", f"Request ID must not exceed {MAX_LENGTH} characters: {key}")
    memory, switches = call.company.requests, call.switches
    asked = f"{call.request.path} {call.request.query.get('operation', '')} {hash_of(call.request.body)}"
    known = memory.recall(key, now=call.at, span=switches["requestid_memory_seconds"])
    if known is not None:
        other_body = known.asked != asked and switches["requestid_reuse"] == "600"
        if other_body or switches["requestid_replay_answers_600"]:
            return _refused("600", f"Duplicate Request ID : {key}")
        return known.status, known.body, True
    status, body, with_time = _performed(operation, call, params)
    if switches["requestid_memory_seconds"] and (status == 200 or switches["errors_remembered"]):
        memory.keep(key, Remembered(call.at, asked, status, body))
    return status, body, with_time


def hash_of(body: bytes) -> str:
    """Return a hash of a body, the same in every process."""
    return uuid.uuid5(uuid.NAMESPACE_OID, body.decode("utf-8", "replace")).hex


def _finished(response: Response, request: Request) -> Response:
    """Add Intuit's headers, and write XML unless the caller asked for JSON."""
    if "json" not in request.headers.get("Accept", "").lower() and isinstance(response.body, dict):
        text = to_xml(json.loads(json.dumps(response.body)))
        response.body = text
        response.headers["Content-Type"] = "application/xml;charset=UTF-8"
    response.headers["Cache-Control"] = "max-age=0, no-cache, no-store, must-revalidate, private"
    return response
