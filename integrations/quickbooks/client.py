"""Speaks to one QuickBooks company. Facts of the API: Intuit's Accounting API reference and error code pages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import requests
from django.conf import settings

from integrations import http
from integrations.errors import (
    ApiError,
    Gone,
    NoAnswer,
    ReconnectNeeded,
    Rejected,
    TryLater,
    Unexpected,
)
from integrations.quickbooks import tokens
from integrations.quickbooks.models import Company

# The newest version; older ones are served as this one since August 2025 (Intuit: minor versions).
MINOR_VERSION = "75"
# Intuit's cap on rows per answer.
PAGE_SIZE = 1000
MOST_PAGES = 10_000
# Ids per query: 1000 numbers stay far below what a POSTed statement may hold.
IDS_PER_QUERY = 1000
# Above this a statement travels as a POST body; no limit for addresses is published, 4 kB is known to work.
LONGEST_ADDRESS = 2000
THROTTLED_CODES = {"3001", "003001"}
BUSY_CODES = {"130", "140", "150"}
BROKEN_CODES = {"10000", "10100", "10200", "4002"}


@dataclass(frozen=True)
class Answer:
    """One write's answer: the record, and Intuit's id of the exchange."""

    record: Mapping[str, Any]
    tid: str


@dataclass(frozen=True)
class QuickBooksClient:
    company: Company
    run_id: int | None = None

    # --- reading -------------------------------------------------------------------------------------------
    def company_info(self) -> Mapping[str, Any]:
        realm = self.company.realm_id
        return self._record(self._send("GET", f"companyinfo/{realm}"), "CompanyInfo")

    def preferences(self) -> Mapping[str, Any]:
        return self._record(self._send("GET", "preferences"), "Preferences")

    def query(self, entity: str, where: str = "") -> Iterator[Mapping[str, Any]]:
        """All records of one kind, by Id: without an order pages repeat and lose rows."""
        seen: set[str] = set()
        for page in range(MOST_PAGES):
            start = page * PAGE_SIZE + 1
            statement = (
                f"select * from {entity}{f' where {where}' if where else ''} "
                f"orderby Id startposition {start} maxresults {PAGE_SIZE}"
            )
            rows = self._rows(statement, entity)
            fresh = [row for row in rows if str(row.get("Id")) not in seen]
            seen.update(str(row.get("Id")) for row in fresh)
            yield from fresh
            if len(rows) < PAGE_SIZE or not fresh:
                return
        raise self._strange(f"QuickBooks has more than {MOST_PAGES} pages of {entity}.")

    def by_ids(self, entity: str, ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Records of these ids; those that are gone are missing from the answer."""
        for start in range(0, len(ids), IDS_PER_QUERY):
            some = ", ".join(quoted(one) for one in ids[start : start + IDS_PER_QUERY])
            yield from self.query(entity, f"Id in ({some})")

    # --- writing -------------------------------------------------------------------------------------------
    def write(self, entity: str, body: str, *, request_id: str, delete: bool = False) -> Answer:
        """Create, update (body with Id and SyncToken) or delete one record.

        Sent once: when no answer comes, NoAnswer says so, and whoever called looks first whether it arrived. The
        request id makes QuickBooks replay its first answer to the same body (Intuit: request id); how long it
        remembers is not documented, so nothing rests on it alone.
        """
        params = {"requestid": request_id, **({"operation": "delete"} if delete else {})}
        answer = self._send("POST", entity.lower(), params=params, body=body.encode(), repeatable=False)
        return Answer(self._record(answer, entity), answer.headers.get("intuit_tid", ""))

    # --- transport -----------------------------------------------------------------------------------------
    def _rows(self, statement: str, entity: str) -> list[Mapping[str, Any]]:
        if len(statement) <= LONGEST_ADDRESS:
            answer = self._send("GET", "query", params={"query": statement})
        else:
            answer = self._send("POST", "query", body=statement.encode(), content_type="application/text")
        found = self._object(answer).get("QueryResponse")
        if not isinstance(found, Mapping):
            raise self._strange("QuickBooks answered a query without QueryResponse.")
        rows = found.get(entity) or []
        if not isinstance(rows, list):
            raise self._strange(f"QuickBooks answered a query for {entity} with no list.")
        return rows

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
        content_type: str = "application/json",
        repeatable: bool = True,
    ) -> requests.Response:
        """One call; a refused access token is replaced once (nothing was done, so the same call is sent again)."""
        url = f"{settings.QUICKBOOKS_API_URL}/v3/company/{self.company.realm_id}/{path}"
        token = tokens.access_token(self.company, run_id=self.run_id)
        for last_try in (False, True):
            headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
            if body is not None:
                headers["Content-Type"] = content_type
            query = {"minorversion": MINOR_VERSION, **(params or {})}
            call = http.Call(method, url, headers, params=query, body=body, repeatable=repeatable)
            try:
                return http.send(tokens.account(self.company, self.run_id), call, classify=read_answer)
            except ReconnectNeeded as refusal:
                if refusal.status != 401 or last_try:
                    tokens.mark_refused(self.company, refusal.message)
                    raise
                token = tokens.access_token(self.company, run_id=self.run_id, refused=token)
        raise AssertionError("unreachable")

    def _object(self, answer: requests.Response) -> Mapping[str, Any]:
        try:
            body = answer.json()
        except ValueError:
            raise self._strange("QuickBooks' answer is no JSON.", answer) from None
        if not isinstance(body, Mapping):
            raise self._strange("QuickBooks answered with something else than an object.", answer)
        return body

    def _record(self, answer: requests.Response, entity: str) -> Mapping[str, Any]:
        record = self._object(answer).get(entity)
        if not isinstance(record, Mapping):
            raise self._strange(f"QuickBooks answered without {entity}.", answer)
        return record

    def _strange(self, message: str, answer: requests.Response | None = None) -> Unexpected:
        tid = answer.headers.get("intuit_tid", "") if answer is not None else ""
        return Unexpected(message, vendor="quickbooks", tid=tid)


def quoted(text: str) -> str:
    """A value in a query: quotes and backslashes are escaped with a backslash (Intuit: data queries)."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def read_answer(answer: requests.Response) -> ApiError | None:
    """QuickBooks' answers by fault code first, then by status. A 200 may carry a fault as well."""
    fault = _fault(answer)
    tid = answer.headers.get("intuit_tid", "")
    if fault is None:
        return _by_status(answer, tid)
    code, words = fault
    details: dict[str, Any] = {"vendor": "quickbooks", "code": code, "status": answer.status_code, "tid": tid}
    if answer.status_code == 429 or code in THROTTLED_CODES:
        return TryLater("QuickBooks' request limit is reached.", after=http.retry_after(answer), **details)
    if answer.status_code == 401 or code in {"100", "110", "120", "3200"}:
        # The gateway's words may quote the token: never shown. 120 alone means that the connecting person lost access.
        said = words if code == "120" else "QuickBooks does not accept this company's token."
        details["status"] = 401 if code != "120" else answer.status_code
        return ReconnectNeeded(said, fix="Connect QuickBooks again as a company admin.", **details)
    if answer.status_code == 403 or code == "3100":
        return ReconnectNeeded(
            "QuickBooks does not let this app into the company (wrong company, or production and sandbox mixed).",
            fix="Connect QuickBooks again, and check QUICKBOOKS_API_URL.",
            **details,
        )
    if code in BUSY_CODES or answer.status_code >= 500 or code in BROKEN_CODES:
        return NoAnswer(f"QuickBooks has trouble ({code}: {words}).", **details)
    if code == "610":
        return Gone(words, **details)
    return Rejected(words, **details)


def _by_status(answer: requests.Response, tid: str) -> ApiError | None:
    status = answer.status_code
    details: dict[str, Any] = {"vendor": "quickbooks", "status": status, "tid": tid}
    if status == 429:
        return TryLater("QuickBooks' request limit is reached.", after=http.retry_after(answer), **details)
    if status >= 500:
        return NoAnswer(f"QuickBooks answered {status}.", **details)
    if status == 401:
        return ReconnectNeeded("QuickBooks does not accept this company's token.", **details)
    if status == 403:
        return ReconnectNeeded("QuickBooks does not let this app into the company.", **details)
    if status >= 300:
        return Unexpected(f"QuickBooks answered {status} in a form that is not known.", **details)
    if "json" not in answer.headers.get("Content-Type", ""):
        return Unexpected("QuickBooks' answer is no JSON.", **details)
    return None


def _fault(answer: requests.Response) -> tuple[str, str] | None:
    """Code and words of the first error in either envelope: {"Fault": …} or the gateway's {"fault": …}."""
    try:
        body = json.loads(answer.content)
    except ValueError:
        return None
    if not isinstance(body, Mapping):
        return None
    fault = body.get("Fault") or body.get("fault")
    if not isinstance(fault, Mapping):
        return None
    errors = fault.get("Error") or fault.get("error") or []
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], Mapping) else {}
    message = str(first.get("Message") or first.get("message") or "")
    detail = str(first.get("Detail") or first.get("detail") or "")
    words = f"{message}: {detail}" if message and detail and message not in detail else detail or message
    return str(first.get("code") or ""), words[:500] or "no reason given"
