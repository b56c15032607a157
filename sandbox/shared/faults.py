"""Faults on demand: cut connections, slow answers, throttling, server errors and odd answers, before or after the work.

`answer_before` and `answer_after_commit` are put together from options: which calls (`method`, `path`, `match`, `skip`,
`times`), which answer (`status`, `headers`, `body` or `preset`, else the true one with `change`, `drop`, `item` or
`pages`), and how it travels (`seconds`, `drip_ms`, `megabytes`, `gzip`, `length_off`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from sandbox.shared import odd_answers
from sandbox.shared.http import Delivery, Request, Response

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
    "answer_before",
    "answer_after_commit",
)


class UnknownFault(ValueError):
    """A request for a fault with an unknown kind, vendor or field."""


@dataclass
class Fault:
    """One planned fault; `times` 0 means until cleared, `skip` is how many matching calls pass first.

    `match` is a pattern that the address or the body must hold; in a batch, changes are made to the items that hold it.
    `items` is for cut_mid_batch: how many items of a QuickBooks batch are carried out before the cut.
    `preset` is one of odd_answers.PRESETS (`code` for its refusals), `change` gives values by dotted path and `drop`
    lists paths to leave out, with `record` in the record of that id alone, wherever it stands; `item` is what becomes
    of a batch's items in its answer, `pages` what lists and queries answer for ever.
    """

    vendor: str
    kind: str
    method: str = ""
    path: str = ""
    match: str = ""
    times: int = 1
    skip: int = 0
    seconds: float = 0
    items: int = 1
    status: int = 0
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)
    preset: str = ""
    code: str = "6000"
    record: str = ""
    change: dict[str, Any] = field(default_factory=dict)
    drop: list[str] = field(default_factory=list)
    item: str = ""
    pages: str = ""
    drip_ms: float = 0
    megabytes: int = 0
    gzip: bool = False
    length_off: int = 0
    id: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        _check("kind", self.kind, KINDS)
        _check("vendor", self.vendor, ("clockify", "quickbooks"))
        _check("preset", self.preset, ("", *odd_answers.PRESETS))
        _check("item", self.item, ("", *odd_answers.ITEM_CHANGES))
        _check("pages", self.pages, ("", *odd_answers.PAGE_CHANGES))
        re.compile(self.path)
        re.compile(self.match)
        if self.kind.startswith("status_"):
            self.status = self.status or 500

    def applies(self, vendor: str, request: Request) -> bool:
        spent = self.times and self.hits >= self.times
        fits = self.vendor == vendor and (not self.method or self.method == request.method)
        if spent or not fits or not re.search(self.path, request.target):
            return False
        return odd_answers.says(self.match, request)

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

    @property
    def is_composed(self) -> bool:
        return self.kind.startswith("answer_")

    @property
    def concerns_items(self) -> bool:
        """Return True when only items of a batch are meant, and the others are carried out and answered truly."""
        is_whole = self.preset or self.body is not None or self.status not in (0, 200)
        return bool(self.match) and not is_whole

    def composed(self, request: Request, true_answer: Response) -> Response:
        """Return the true answer with what the options ask for."""
        body, headers = true_answer.body, dict(true_answer.headers)
        status = self.status or true_answer.status
        if self.preset:
            body, headers["Content-Type"] = odd_answers.preset_body(
                self.preset, true_answer, vendor=self.vendor, code=self.code, status=status
            )
        elif self.body is not None:
            body = self.body
            headers.pop("Content-Type", None)
        elif self.record and isinstance(body, dict | list):
            body = odd_answers.spoiled(body, self.record, self.change, self.drop)
        elif isinstance(body, dict | list):
            ids = odd_answers.batch_ids(self.match, request)
            body = odd_answers.changed(body, self.change, self.drop, only=ids)
            if self.item and isinstance(body, dict):
                body = odd_answers.with_items(body, self.item, self.code, only=ids)
        delivery = Delivery(self.drip_ms, self.megabytes, self.gzip, self.length_off)
        return Response(status, body, {**headers, **self.headers}, delivery=delivery)

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


def _check(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UnknownFault(f"{name} must be one of {', '.join(filter(None, choices))}")


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

    def take(self, vendor: str, request: Request) -> Fault | None:
        """Return the fault for this call, if any, and count it as a hit."""
        for fault in self._faults:
            if fault.applies(vendor, request):
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
