"""Speaks to one Clockify workspace. Facts of the API: Clockify's OpenAPI document and help centre."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import requests
from django.conf import settings

from integrations import http, throttle
from integrations.clockify import payloads
from integrations.errors import ApiError, Gone, NoAnswer, ReconnectNeeded, Rejected, TryLater, Unexpected

PAGE_SIZE = 200
REPORT_PAGE_SIZE = 1000
# FREE workspaces refuse reports over more than 31 days, so that no window is longer.
MAX_WINDOW = timedelta(days=31)
# More pages than the largest workspace has: a server that repeats itself must not keep us for ever.
MAX_PAGES = 10_000


@dataclass(frozen=True)
class ClockifyClient:
    """Calls with one key. `account_id` names the throttle's row and the journal's lines (workspace id)."""

    api_key: str
    api_url: str
    reports_url: str
    account_id: str
    run_id: int | None = None

    # --- reading -------------------------------------------------------------------------------------------
    def me(self) -> Mapping[str, Any]:
        return self._object("GET", f"{self.api_url}/user")

    def workspaces(self, *, role: str = "") -> list[Mapping[str, Any]]:
        """Workspaces the key's owner belongs to; with `role` those where the owner has it."""
        params = {"roles": role} if role else {}
        return self._list(self._json("GET", f"{self.api_url}/workspaces", params=params))

    def workspace(self, workspace_id: str) -> Mapping[str, Any]:
        return self._object("GET", f"{self.api_url}/workspaces/{workspace_id}")

    def users(self, workspace_id: str) -> Iterator[Mapping[str, Any]]:
        """Everybody who is or was a member: people who left still have time."""
        params = {"status": "ALL", "memberships": "WORKSPACE"}
        return self._pages(f"{self.api_url}/workspaces/{workspace_id}/users", params)

    def clients(self, workspace_id: str) -> Iterator[Mapping[str, Any]]:
        """Active and archived ones: leaving `archived` out gives both."""
        return self._pages(f"{self.api_url}/workspaces/{workspace_id}/clients", {})

    def projects(self, workspace_id: str) -> Iterator[Mapping[str, Any]]:
        return self._pages(f"{self.api_url}/workspaces/{workspace_id}/projects", {})

    def entry(self, workspace_id: str, entry_id: str) -> Mapping[str, Any]:
        """One entry by its own address. Raises Gone only where Clockify says so (400 with code 501)."""
        return self._object(
            "GET",
            f"{self.api_url}/workspaces/{workspace_id}/time-entries/{entry_id}",
            classify=_read_entry_answer,
        )

    def report(
        self, workspace_id: str, *, first: date, last: date, approved: bool = False
    ) -> Iterator[Mapping[str, Any]]:
        """Rows of the detailed report whose start lies on UTC days `first` to `last`.

        No billable filter, so that time that stopped being billable is seen; people of every status. Each entry once,
        unless it is moved while we read: then it may come again as it is now.
        """
        begin = first
        while begin <= last:
            end = min(last, begin + MAX_WINDOW - timedelta(days=1))
            yield from self._report_window(workspace_id, begin, end, approved=approved)
            begin = end + timedelta(days=1)

    def proves_rates(self, workspace_id: str) -> None:
        """Raises ReconnectNeeded when the key may not see everyone's entries with their rates."""
        today = date(2000, 1, 1)
        self._report_page(workspace_id, today, today, page=1, page_size=1, approved=False)

    # --- writing -------------------------------------------------------------------------------------------
    # Sent once each: Clockify has no idempotency keys, so whoever called looks first whether a write arrived.
    def create(self, workspace_id: str, collection: str, body: str) -> Mapping[str, Any]:
        """Create a client or project; `collection` is clients or projects. Gives the record as Clockify made it."""
        url = f"{self.api_url}/workspaces/{workspace_id}/{collection}"
        return self._object("POST", url, body=body.encode(), repeatable=False)

    def replace(self, workspace_id: str, collection: str, record_id: str, body: str) -> Mapping[str, Any]:
        """Replace a client or project. What the body leaves out is reset, not kept (Clockify: PUT client, project)."""
        url = f"{self.api_url}/workspaces/{workspace_id}/{collection}/{record_id}"
        return self._object("PUT", url, body=body.encode(), repeatable=False)

    def record(self, workspace_id: str, collection: str, record_id: str) -> Mapping[str, Any]:
        """One client or project by its own address, as it has to be sent back when it is replaced."""
        return self._object("GET", f"{self.api_url}/workspaces/{workspace_id}/{collection}/{record_id}")

    # --- paging --------------------------------------------------------------------------------------------
    def _pages(self, url: str, params: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """Follow pages to the one that says it is the last (`Last-Page`), never to the first short one.

        Without that header, until a page brings nothing new. A page of old rows ends it in any case.
        """
        seen: set[str] = set()
        for page in range(1, MAX_PAGES + 1):
            query = {**params, "page": str(page), "page-size": str(PAGE_SIZE)}
            answer = self._send("GET", url, params=query)
            rows = self._list(self._parse(answer))
            fresh = [row for row in rows if payloads.identifier(row) not in seen]
            seen.update(payloads.identifier(row) for row in fresh)
            yield from fresh
            last_page = answer.headers.get("Last-Page", "").strip().lower()
            if last_page == "true" or not fresh:
                return
        raise self._strange(f"{url} has more than {MAX_PAGES} pages.")

    def _report_window(
        self, workspace_id: str, first: date, last: date, *, approved: bool
    ) -> Iterator[Mapping[str, Any]]:
        """All pages of one window. The report has no `Last-Page`; its total says how many there are.

        Where the total is missing, the page after the last row is asked for: the server may cut pages shorter
        than we asked, so that a short page proves nothing.
        """
        seen: set[str] = set()
        for page in range(1, MAX_PAGES + 1):
            answer = self._report_page(
                workspace_id, first, last, page=page, page_size=REPORT_PAGE_SIZE, approved=approved
            )
            rows = self._list(answer.get("timeentries", answer.get("timeEntries")))
            fresh = [row for row in rows if payloads.identifier(row) not in seen]
            seen.update(payloads.identifier(row) for row in fresh)
            yield from fresh
            total = _entries_count(answer)
            if not fresh or (total is not None and len(seen) >= total):
                return
        raise self._strange(f"The detailed report has more than {MAX_PAGES} pages.")

    def _report_page(
        self, workspace_id: str, first: date, last: date, *, page: int, page_size: int, approved: bool
    ) -> Mapping[str, Any]:
        body = {
            "dateRangeStart": f"{first.isoformat()}T00:00:00.000",
            "dateRangeEnd": f"{last.isoformat()}T23:59:59.999",
            "dateRangeType": "ABSOLUTE",
            "timeZone": "UTC",
            "detailedFilter": {
                "page": page,
                "pageSize": page_size,
                "sortColumn": "DATE",
                "options": {"totals": "CALCULATE"},
            },
            "sortOrder": "ASCENDING",
            "exportType": "JSON",
            "amountShown": "EARNED",
            "approvalState": "APPROVED" if approved else "ALL",
            "invoicingState": "ALL",
            "rounding": False,
            # No ids: whether an empty list means "nobody" or "everybody" is not documented.
            "users": {"contains": "CONTAINS", "status": "ALL"},
        }
        return self._object(
            "POST",
            f"{self.reports_url}/workspaces/{workspace_id}/reports/detailed",
            body=json.dumps(body).encode(),
        )

    # --- transport -----------------------------------------------------------------------------------------
    def _send(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        classify: Callable[[requests.Response], ApiError | None] | None = None,
        repeatable: bool = True,
    ) -> requests.Response:
        headers = {"X-Api-Key": self.api_key, "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        apart = throttle.spacing(per_second=settings.CLOCKIFY_MAX_PER_SECOND)
        account = http.Account("clockify", self.account_id, apart, self.run_id)
        call = http.Call(method, url, headers, params=params, body=body, repeatable=repeatable)
        return http.send(account, call, classify=classify or read_answer)

    def _json(self, method: str, url: str, **options: Any) -> Any:
        return self._parse(self._send(method, url, **options))

    def _object(self, method: str, url: str, **options: Any) -> Mapping[str, Any]:
        answer = self._json(method, url, **options)
        if not isinstance(answer, Mapping):
            raise self._strange(f"Clockify answered {method} {url} with something else than an object.")
        return answer

    def _list(self, rows: Any) -> list[Mapping[str, Any]]:
        if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
            raise self._strange("Clockify answered with something else than a list of records.")
        return list(rows)

    def _parse(self, answer: requests.Response) -> Any:
        try:
            return answer.json()
        except ValueError:
            raise self._strange("Clockify's answer is no JSON.") from None

    def _strange(self, message: str) -> Unexpected:
        return Unexpected(message, vendor="clockify", fix="Check the addresses of the Clockify connection.")


def _entries_count(answer: Mapping[str, Any]) -> int | None:
    """`totals` may be missing, [] or [null]."""
    totals = answer.get("totals") or []
    first = totals[0] if isinstance(totals, list) and totals else None
    count = first.get("entriesCount") if isinstance(first, Mapping) else None
    return count if isinstance(count, int) and not isinstance(count, bool) else None


def read_answer(answer: requests.Response) -> ApiError | None:
    """Clockify's answers by status and code; the wording of its messages is not stable."""
    status = answer.status_code
    if status < 300:
        return None
    code, words = _fault(answer)
    details: dict[str, Any] = {"vendor": "clockify", "status": status, "code": code}
    said = f"Clockify said {status}{f' (code {code})' if code else ''}{f': {words}' if words else ''}."
    if status == 429:
        return TryLater("Clockify's request limit is reached.", after=http.retry_after(answer), **details)
    if status >= 500:
        return NoAnswer(said, fix="Clockify has trouble; the next run goes on by itself.", **details)
    if status == 401:
        return ReconnectNeeded(
            "Clockify does not accept the API key.",
            fix="Make a new key in Clockify and connect again.",
            **details,
        )
    if status == 403:
        return ReconnectNeeded(
            f"The API key may not do this. {said}",
            fix="Use the key of a workspace owner or admin, who sees everyone's entries and rates.",
            **details,
        )
    if status == 404 and not answer.content:
        return ReconnectNeeded(
            "This key does not see the workspace.",
            fix="Check the workspace, its region's addresses and whether the key's owner still belongs to it.",
            **details,
        )
    if status == 400:
        return Rejected(said, **details)
    return Unexpected(said, fix="Check the addresses of the Clockify connection.", **details)


def _read_entry_answer(answer: requests.Response) -> ApiError | None:
    error = read_answer(answer)
    if isinstance(error, Rejected) and error.code == "501":
        return Gone("Clockify no longer has this time entry.", vendor="clockify", status=400, code="501")
    return error


def _fault(answer: requests.Response) -> tuple[str, str]:
    try:
        body = answer.json()
    except ValueError:
        return "", ""
    if not isinstance(body, Mapping):
        return "", ""
    code = body.get("code")
    return ("" if code is None else str(code)), payloads.text(body.get("message"))[:200]
