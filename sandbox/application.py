"""One request from arrival to answer: fault, handler under the lock, count."""

from __future__ import annotations

import random
import sys
import time
import traceback
import uuid

from sandbox import control, story_control
from sandbox.clockify import control as clockify_control
from sandbox.clockify import routes as clockify_routes
from sandbox.quickbooks import control as quickbooks_control
from sandbox.quickbooks import routes as quickbooks_routes
from sandbox.quickbooks.gateway import latency
from sandbox.quickbooks.gateway.unknown import unknown_address
from sandbox.shared import odd_answers
from sandbox.shared.faults import Fault
from sandbox.shared.http import BadJson, Request, Response, Router
from sandbox.world import World

VENDORS = (
    ("/api/", "clockify"),
    ("/report/", "clockify"),
    ("/v3/", "quickbooks"),
    ("/oauth2/", "quickbooks"),
    ("/.well-known/", "quickbooks"),
)
CLOCKIFY_NOT_FOUND = {"message": "No static resource", "code": 3000}


def vendor_of(path: str) -> str:
    """Return the vendor that an address belongs to; "" for the sandbox's own controls."""
    return next((vendor for prefix, vendor in VENDORS if path.startswith(prefix)), "")


class Application:
    """The request handler of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._draw = random.Random(0)
        self.router = Router()
        control.add_routes(self.router, world)
        story_control.add_routes(self.router, world)
        quickbooks_control.add_routes(self.router, world.quickbooks)
        quickbooks_routes.add_routes(self.router, world.quickbooks)
        clockify_control.add_routes(self.router, world.clockify)
        clockify_routes.add_routes(self.router, world.clockify)

    def __call__(self, request: Request) -> Response | None:
        """Answer a request; None cuts the connection."""
        vendor = vendor_of(request.path)
        if not vendor:
            return self._handled(request)[0]
        with self.world.lock:
            fault = self.world.faults.take(vendor, request)
            pause = latency.seconds(self.world.switches, request, self._draw)
        response: Response | None
        if fault is None:
            response, route = self._handled(request)
        else:
            response, route = self._with_fault(fault, request)
        if pause:
            # Outside the lock, and after the work: limits count calls as they arrive.
            time.sleep(pause)
        if response is not None and vendor == "quickbooks":
            response.headers.setdefault("intuit_tid", f"1-{uuid.uuid4().hex}")
        status = "cut" if response is None else str(response.status)
        with self.world.lock:
            self.world.counters.add(vendor, request.method, request.path, status=status, route=route)
        return response

    def _with_fault(self, fault: Fault, request: Request) -> tuple[Response | None, str]:
        """Answer a call that meets a fault; any sleep happens outside the lock."""
        if fault.is_composed:
            return self._composed(fault, request)
        if fault.before and fault.kind != "hang_before":
            return (None if fault.kind == "cut_before" else fault.answer()), self._route(request)
        if fault.kind == "hang_before":
            time.sleep(fault.seconds)
        if fault.kind == "cut_mid_batch":
            request.notes["batch_items"] = fault.items
        response, route = self._handled(request)
        if fault.kind in ("cut_after_commit", "cut_mid_batch"):
            return None, route
        if fault.kind == "hang_after_commit":
            time.sleep(fault.seconds)
        return fault.answer() or response, route

    def _composed(self, fault: Fault, request: Request) -> tuple[Response, str]:
        """Answer with what the fault's options make of the true answer, or of that to a write that was not done."""
        request.notes["pages"] = fault.pages
        is_batch = request.path.endswith("/batch")
        if fault.kind == "answer_after_commit" or (is_batch and fault.concerns_items):
            if fault.kind == "answer_before":
                request.notes["not_done"] = odd_answers.item_says(fault.match)
            response, route = self._handled(request)
        else:
            response, route = odd_answers.echo(request), self._route(request)
        time.sleep(fault.seconds)
        return fault.composed(request, response), route

    def _route(self, request: Request) -> str:
        match = self.router.match(request.method, request.path)
        return match[2] if match else f"{request.method} unknown"

    def _handled(self, request: Request) -> tuple[Response, str]:
        match = self.router.match(request.method, request.path)
        if match is None:
            return self._unknown(request), f"{request.method} unknown"
        handler, params, route = match
        try:
            with self.world.lock:
                return handler(request, **params), route
        except (BadJson, UnicodeDecodeError) as error:
            return Response(400, {"error": f"not JSON: {error}"}), route
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            return Response(500, {"error": f"sandbox failed: {type(error).__name__}"}), route

    def _unknown(self, request: Request) -> Response:
        vendor = vendor_of(request.path)
        if vendor == "quickbooks":
            with self.world.lock:
                return unknown_address(self.world.quickbooks, request)
        if vendor == "clockify":
            return Response(404, {**CLOCKIFY_NOT_FOUND, "message": f"No static resource {request.path.strip('/')}."})
        return Response(404, {"error": f"no such address: {request.method} {request.path}"})
