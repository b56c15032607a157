"""The odd answers of the sweep: what the sandbox answers to a write in place of the truth, before or after doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

BEFORE, AFTER = "before", "after"
KINDS = {BEFORE: "answer_before", AFTER: "answer_after_commit"}
# Stands for the id of another entry's activity, which has a receipt of its own.
OTHER_ID = "<another record>"
# Nothing listens there; a client that follows the redirect would say so.
ELSEWHERE = "http://127.0.0.1:9/elsewhere"


@dataclass(frozen=True)
class Answer:
    """One odd answer: the sandbox's fault by options, and the moments at which QuickBooks could give it.

    `throttles`: it concerns the whole company, so that the other records rightly wait too. `not_deletes`: the true
    answer to a delete is like that.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    moments: tuple[str, ...] = (BEFORE, AFTER)
    kinds: Mapping[str, str] = field(default_factory=lambda: KINDS)
    throttles: bool = False
    only_batches: bool = False
    # Seconds within which the work is done after all.
    arrives_within: float = 0
    not_deletes: bool = False


def _page(status: int) -> Answer:
    return Answer(f"{status} HTML", {"preset": "html", "status": status})


def _json(preset: str, status: int = 200) -> Answer:
    return Answer(f"{status} {preset}", {"preset": preset, "status": status})


def _redirect(status: int) -> Answer:
    return Answer(f"{status} elsewhere", {"preset": "empty", "status": status, "headers": {"Location": ELSEWHERE}})


def _refusal(code: str, status: int = 400, *, lower: bool = False) -> Answer:
    """Return a refusal in the vendor's own form, of a code that means nothing about this record.

    A definite refusal of a write that was done after all is not played: no client could tell it from the truth.
    """
    preset = "fault_lower" if lower else "fault"
    moments = (BEFORE, AFTER) if status >= 500 else (BEFORE,)
    return Answer(f"{status} {preset} {code}", {"preset": preset, "status": status, "code": code}, moments)


def _throttled(text: str) -> Answer:
    options = {"preset": "fault", "status": 429, "code": "3001", "headers": {"Retry-After": text}}
    return Answer(f"429 Retry-After {text}", options, (BEFORE,), throttles=True)


def _record(name: str, **options: Any) -> Answer:
    """Return an answer whose record does not prove that the write was done."""
    return Answer(f"record: {name}", options)


def _differs(name: str, **change: object) -> Answer:
    """Return an answer with a field unlike what was sent. Only after the work, since it proves itself."""
    options = {"change": {f"TimeActivity.{path}": value for path, value in change.items()}}
    return Answer(f"differs: {name}", options, (AFTER,))


def _item(name: str, item: str, **options: Any) -> Answer:
    return Answer(f"item: {name}", {"item": item, **options}, only_batches=True)


ANSWERS: tuple[Answer, ...] = (
    # gateways
    *(_page(status) for status in (200, 400, 401, 403, 404, 413, 500, 502, 503)),
    Answer("429 HTML", {"preset": "html", "status": 429}, (BEFORE,), throttles=True),
    *(_redirect(status) for status in (301, 307)),
    *(_json("empty", status) for status in (200, 204, 401, 404)),
    # JSON of the wrong kind
    *(_json(preset) for preset in ("null", "list", "text", "object", "truncated", "deep", "nan")),
    _json("deep_fault", 400),
    # how the answer travels
    Answer("no answer", kinds={BEFORE: "cut_before", AFTER: "cut_after_commit"}),
    Answer("too late", {"seconds": 1.6}, kinds={BEFORE: "hang_before", AFTER: "hang_after_commit"}, arrives_within=2),
    Answer("drips", {"preset": "html", "drip_ms": 40}),
    Answer("gzip bomb", {"preset": "object", "megabytes": 120, "gzip": True}),
    Answer("cut short", {"length_off": 40}, (AFTER,)),
    Answer("length too small", {"length_off": -40}, (AFTER,)),
    Answer("wrong content type", {"headers": {"Content-Type": "text/html"}}, (AFTER,)),
    # refusals that say nothing about this record
    _refusal("3200", 401, lower=True),
    _refusal("3100", 403, lower=True),
    _refusal("120", 403),
    _refusal("3100", 500),
    _refusal("120", 500),
    _refusal("10000", 500),
    _refusal("610", 500),
    _refusal("3001", 503),
    # refusals of this record
    *(_refusal(code) for code in ("2500", "3000", "5010", "6000", "6190", "6210", "610", "")),
    _refusal("6000", 422),
    *map(_throttled, ("0.1", "soon", "nan")),
    # records that fall short
    _record("empty", change={"TimeActivity": {}}),
    _record("null", change={"TimeActivity": None}),
    _record("a list", change={"TimeActivity": []}),
    _record("without Id", drop=["TimeActivity.Id"]),
    _record("empty Id", change={"TimeActivity.Id": ""}),
    _record("numeric Id", change={"TimeActivity.Id": 9_000_001}),
    Answer("record: without SyncToken", {"drop": ["TimeActivity.SyncToken"]}, not_deletes=True),
    _record("another entity", change={"Employee": {"Id": "1", "SyncToken": "0"}}, drop=["TimeActivity"]),
    _record("another record's Id", change={"TimeActivity.Id": OTHER_ID}),
    _differs("person", **{"EmployeeRef.value": "9000001"}),
    _differs("kind of person", NameOf="Vendor"),
    _differs("customer", **{"CustomerRef.value": "9000001"}),
    _differs("date", TxnDate="2019-01-01"),
    _differs("minutes", Hours=9, Minutes=59),
    _differs("billable", BillableStatus="NotBillable"),
    _differs("text", Description="VICTIM"),
    # items of a batch
    _item("missing", "missing"),
    _item("twice", "twice"),
    _item("unknown bId", "unknown_bid"),
    _item("refused with 10000", "fault", code="10000"),
    _item("refused with 3100", "fault", code="3100"),
)
