"""Unknown addresses: 400 with code 500 (Intuit: recorded answers)."""

from __future__ import annotations

from sandbox.quickbooks.call import Call
from sandbox.quickbooks.errors import QuickBooksFault
from sandbox.quickbooks.gateway.gate import guarded
from sandbox.quickbooks.state import QuickBooks
from sandbox.shared.http import Request, Response


def unknown_address(quickbooks: QuickBooks, request: Request) -> Response:
    """Answer a request that no route takes."""
    if not request.path.startswith("/v3/company/"):
        return Response(404, {"error": "not found"})
    realm = request.path.split("/")[3]
    return guarded(quickbooks, _unsupported)(request, realm)


def _unsupported(call: Call) -> dict[str, object]:
    path = call.request.path
    detail = f"Operation Could not find resource for relative : {path} of full path: {path} is not supported."
    raise QuickBooksFault("500", detail, element=None)
