"""Faults on demand: cut connections, slow answers, throttling and server errors, before or after the work."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sandbox.http import Response

THROTTLED_JSON = {
    "Fault": {
        "Error": [
            {
                "Message": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
                "Detail": "The request limit was reached.  Try again later",
                "code": "3001",
            }
        ],
        "type": "SERVICE",
    }
}
THROTTLED_XML = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    '<IntuitResponse xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE"><Error code="3001">'
    "<Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>"
    "<Detail>The request limit was reached.  Try again later</Detail></Error></Fault></IntuitResponse>"
)
SERVER_ERROR_HTML = "<html><head><title>Error</title></head><body><h1>Internal Server Error</h1></body></html>"
KINDS = (
    "cut_before",
    "cut_after_commit",
    "cut_mid_batch",
    "hang_before",
    "hang_after_commit",
    "status_before",
    "status_after_commit",
    "429",
    "429_xml",
    "429_retry_after",
    "500_html",
    "500_html_after_commit",
    "503",
)


class UnknownFault(ValueError):
    """A request for a fault with an unknown kind, vendor or field."""


@dataclass
class Fault:
    """One planned fault; `times` 0 means until cleared, `skip` is how many matching calls pass first.

    `items` is for cut_mid_batch: how many items of a QuickBooks batch are carried out before the cut.
    """

    vendor: str
    kind: str
    method: str = ""
    path: str = ""
    times: int = 1
    skip: int = 0
    seconds: float = 0
    items: int = 1
    status: int = 500
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    id: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UnknownFault(f"kind must be one of {', '.join(KINDS)}")
        if self.vendor not in ("clockify", "quickbooks"):
            raise UnknownFault("vendor must be clockify or quickbooks")
        re.compile(self.path)

    def applies(self, vendor: str, method: str, target: str) -> bool:
        spent = self.times and self.hits >= self.times
        fits = self.vendor == vendor and (not self.method or self.method == method)
        return bool(fits and not spent and re.search(self.path, target))

    @property
    def before(self) -> bool:
        """Return True when the call does not reach the handler."""
        return self.kind.endswith("_before") or self.kind in (
            "429",
            "429_xml",
            "429_retry_after",
            "500_html",
            "503",
        )

    def answer(self) -> Response | None:
        """Return the answer that replaces the handler's; None for the kinds that only cut or delay."""
        if self.kind.startswith("status_"):
            return Response(self.status, self.body, dict(self.headers))
        if self.kind.startswith("500_html"):
            return Response(500, SERVER_ERROR_HTML, {"Content-Type": "text/html"})
        if self.kind == "503":
            return Response(503, "Service Unavailable", {"Content-Type": "text/plain"})
        if self.kind.startswith("429"):
            return self._throttled()
        return None

    def _throttled(self) -> Response:
        retry = {"Retry-After": f"{self.seconds or 1:g}"} if self.kind == "429_retry_after" else {}
        if self.vendor == "clockify":
            return Response(429, {"message": "Too many requests", "code": 429}, retry)
        if self.kind == "429_xml":
            return Response(429, THROTTLED_XML, {"Content-Type": "application/xml"})
        return Response(429, THROTTLED_JSON, retry)


class Faults:
    """The planned faults, in the order they were added."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._last_id = 0

    def add(self, **fields: object) -> Fault:
        """Plan a fault, or raise UnknownFault."""
        try:
            fault = Fault(**fields)  # type: ignore[arg-type]
        except (TypeError, re.error) as error:
            raise UnknownFault(str(error)) from error
        self._last_id += 1
        fault.id = self._last_id
        self._faults.append(fault)
        return fault

    def take(self, vendor: str, method: str, target: str) -> Fault | None:
        """Return the fault for this call, if any, and count it as a hit."""
        for fault in self._faults:
            if fault.applies(vendor, method, target):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.hits += 1
                return fault
        return None

    def clear(self) -> None:
        self._faults.clear()

    def to_json(self) -> list[dict[str, object]]:
        return [vars(fault) for fault in self._faults]
