"""The HTTP client of one Clockify workspace, after Clockify's OpenAPI document and help center."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import requests
from django.conf import settings

from config import scrubber
from integrations.clockify import answers, detailed_report, payloads
from integrations.clockify.faults import read_answer, read_entry_answer, read_report_answer
from integrations.errors import AccessRefused, ApiError
from integrations.health import HealthCheck
from integrations.http import calls
from integrations.limits import throttle

PAGE_SIZE = 200
# The account of calls with a key whose workspace is not known yet.
CONNECTING = "connecting"
# Of a list: 50,000 records of one kind. Lists have no total, only a header on the last page.
MAX_PAGES = 250


@dataclass(frozen=True)
class ClockifyApiClient:
    """Calls with one API key; every method raises ApiError when Clockify gives no usable answer.

    `account_id` (the workspace id, or CONNECTING) identifies the throttle's row and the journal's rows. `on_lost` is
    called with the reason when the key's own addresses say that the connection is lost.
    """

    api_key: str
    api_url: str
    reports_url: str
    account_id: str
    run_id: int | None = None
    on_lost: Callable[[str], None] = field(default=lambda reason: None, repr=False, compare=False)
    _health: HealthCheck = field(default_factory=HealthCheck, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Also a key that was just typed in: Clockify's answers may quote it before it is stored.
        scrubber.learn(self.api_key)

    # --- the connection itself -----------------------------------------------------------------------------
    def check_connection(self) -> None:
        """Ask for the key's user and its workspace.

        Raises ReconnectNeeded, after `on_lost`, where one of them is refused; another ApiError where the answer is
        not clear, such as a gateway's page.
        """
        for url in (f"{self.api_url}/user", *([] if self.account_id == CONNECTING else [self._workspace_url])):
            self._ask_own_address(url)

    def ask_with_projects(self) -> tuple[list[Mapping[str, Any]], bool]:
        """Ask for the workspace, then for its newest projects, by two requests; say whether these are all of them.

        Raises ReconnectNeeded, after `on_lost`, where the workspace is refused; another ApiError as `check_connection`.
        """
        self._ask_own_address(self._workspace_url)
        newest_first = {"sort-column": "ID", "sort-order": "DESCENDING", "page": "1", "page-size": str(PAGE_SIZE)}
        answer = self._send_once("GET", f"{self._workspace_url}/projects", params=newest_first)
        is_whole = answer.headers.get("Last-Page", "").strip().lower() == "true"
        return answers.listed(answers.parsed(answer)), is_whole

    @property
    def _workspace_url(self) -> str:
        return f"{self.api_url}/workspaces/{self.account_id}"

    def _ask_own_address(self, url: str) -> None:
        try:
            answer = answers.parsed(self._send_once("GET", url))
        except AccessRefused as refusal:
            # Only a workspace that is not visible answers an empty 404.
            if not refusal.by_vendor or (refusal.status == 404 and url != self._workspace_url):
                raise
            self.on_lost(refusal.lost.message)
            raise refusal.lost from None
        if not isinstance(answer, Mapping):
            raise answers.unexpected(f"Clockify answered {url} with something other than an object.")

    # --- reading -------------------------------------------------------------------------------------------
    def me(self) -> Mapping[str, Any]:
        return self._object("GET", f"{self.api_url}/user")

    def workspaces(self, *, role: str = "") -> list[Mapping[str, Any]]:
        """Return the workspaces of the key's owner; with `role`, those where the owner has that role."""
        params = {"roles": role} if role else {}
        rows = answers.listed(self._json("GET", f"{self.api_url}/workspaces", params=params))
        return [row for row in rows if isinstance(row, Mapping)]

    def workspace(self, workspace_id: str) -> Mapping[str, Any]:
        return self._object("GET", f"{self.api_url}/workspaces/{workspace_id}")

    def users(self, workspace_id: str) -> Iterator[Mapping[str, Any]]:
        """Yield all current and former members: people who left still have time entries."""
        # Without `memberships` the answer has the status of the account, not that in the workspace.
        params = {"status": "ALL", "memberships": "WORKSPACE"}
        return self._pages(f"{self.api_url}/workspaces/{workspace_id}/users", params)

    def clients(self, workspace_id: str) -> Iterator[Mapping[str, Any]]:
        """Yield active and archived clients; a request without `archived` returns both."""
        return self._pages(f"{self.api_url}/workspaces/{workspace_id}/clients", {})

    def projects(self, workspace_id: str, *, with_tasks: bool = False) -> Iterator[Mapping[str, Any]]:
        """Yield active and archived projects; hydrated ones have their tasks, which spares a call for each."""
        params = {"hydrated": "true"} if with_tasks else {}
        return self._pages(f"{self.api_url}/workspaces/{workspace_id}/projects", params)

    def tags(self, workspace_id: str) -> Iterator[Mapping[str, Any]]:
        """Yield active and archived tags."""
        return self._pages(f"{self.api_url}/workspaces/{workspace_id}/tags", {})

    def entry(self, workspace_id: str, entry_id: str) -> Mapping[str, Any]:
        """Return one time entry. Raises Gone only where Clockify says that it was deleted (400 with code 501).

        Any other odd answer is Unexpected or NoAnswer of this entry alone.
        """
        url = f"{self.api_url}/workspaces/{workspace_id}/time-entries/{entry_id}"
        entry = self._object("GET", url, classify=read_entry_answer)
        if payloads.identifier(entry) != entry_id:
            raise answers.unexpected(f"Clockify answered {url} with another record.")
        return entry

    def report(
        self,
        workspace_id: str,
        *,
        first: date,
        last: date,
        approved: bool = False,
        on_short: Callable[[int], None] = lambda lacking: None,
    ) -> Iterator[Mapping[str, Any]]:
        """Yield rows of the detailed report that start on the UTC days `first` to `last`.

        Without a billable filter, so that time that is no longer billable is included; users of every status. Each
        entry comes once, unless it is moved while we read: then it may come again, as it is now. `on_short` is called
        with the number of entries that a report lacks of its own total.
        """
        for start, end in detailed_report.windows(first, last):

            def ask(page: int, start: date = start, end: date = end) -> Mapping[str, Any]:
                body = detailed_report.request_body(start, end, page=page, approved=approved)
                return self._report_page(workspace_id, body)

            yield from detailed_report.rows(ask, on_short=on_short)

    def check_rates_visible(self, workspace_id: str) -> None:
        """Check that the key sees everyone's entries and rates. Raises Unexpected (KEY_SEES_TOO_LITTLE)."""
        # A day without entries: whoever may not see amounts gets 403 all the same (Clockify: detailed report).
        day = date(2000, 1, 1)
        body = detailed_report.request_body(day, day, page=1, page_size=1, approved=False)
        self._report_page(workspace_id, body)

    def _report_page(self, workspace_id: str, body: bytes) -> Mapping[str, Any]:
        url = f"{self.reports_url}/workspaces/{workspace_id}/reports/detailed"
        return self._object("POST", url, body=body, classify=read_report_answer)

    # --- writing -------------------------------------------------------------------------------------------
    # Each is sent once. Clockify has no idempotency keys: after silence the caller must check first whether it arrived.
    def create(self, workspace_id: str, collection: str, body: str) -> Mapping[str, Any]:
        """Create a client or project and return the record; `collection` is clients or projects."""
        url = f"{self.api_url}/workspaces/{workspace_id}/{collection}"
        return self._written("POST", url, body)

    def replace(self, workspace_id: str, collection: str, record_id: str, body: str) -> Mapping[str, Any]:
        """Replace a client or project; fields left out of the body are reset (Clockify: PUT client, project)."""
        url = f"{self.api_url}/workspaces/{workspace_id}/{collection}/{record_id}"
        return self._written("PUT", url, body, record_id=record_id)

    def record(self, workspace_id: str, collection: str, record_id: str) -> Mapping[str, Any]:
        """Return one client or project, in the form in which it is sent back to replace it."""
        return self._object("GET", f"{self.api_url}/workspaces/{workspace_id}/{collection}/{record_id}")

    def _written(self, method: str, url: str, body: str, *, record_id: str = "") -> Mapping[str, Any]:
        """Send a write; its answer is believed only with a record's id, after a PUT with the same one."""
        record = self._object(method, url, body=body.encode(), repeatable=False)
        answered_id = record.get("id")
        if not isinstance(answered_id, str) or not answered_id or answered_id != (record_id or answered_id):
            raise answers.unexpected("Clockify's answer does not prove that it was written.")
        return record

    # --- paging --------------------------------------------------------------------------------------------
    def _pages(self, url: str, params: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
        """Yield the rows of all pages up to the last one by its `Last-Page` header; a short page proves nothing.

        Without that header, up to the first page without new rows. Raises Unexpected for pages that do not end:
        MAX_PAGES, or the same page again where there must be more.
        """
        seen: set[str] = set()
        last_rows: Sequence[Mapping[str, Any]] = ()
        for page in range(1, MAX_PAGES + 1):
            query = {**params, "page": str(page), "page-size": str(PAGE_SIZE)}
            answer = self._send("GET", url, params=query)
            rows = answers.listed(answers.parsed(answer))
            # Records added or removed while we read shift the pages, so that rows may come twice.
            new_rows = answers.unseen(rows, seen)
            yield from new_rows
            last_page = answer.headers.get("Last-Page", "").strip().lower()
            if last_page == "true":
                return
            if not any(map(payloads.identifier, new_rows)):
                repeated = rows == last_rows and last_page == "false"
                answers.check_end(rows, must_go_on=repeated or len(rows) == PAGE_SIZE, what=url)
                return
            last_rows = rows
        raise answers.unexpected(f"{url} has more than {MAX_PAGES} pages.")

    # --- transport -----------------------------------------------------------------------------------------
    def _send(self, method: str, url: str, *, repeatable: bool = True, **options: Any) -> requests.Response:
        """Send one call; whose fault a refusal is, is asked."""
        try:
            return self._send_once(method, url, repeatable=repeatable, **options)
        except AccessRefused as refusal:
            raise self._health.error_for(refusal, self.check_connection, is_write=not repeatable) from None

    def _send_once(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: bytes | None = None,
        classify: Callable[[requests.Response], ApiError | None] | None = None,
        repeatable: bool = True,
    ) -> requests.Response:
        """Send one call. Raises AccessRefused for a 401, a 403 and an empty 404, and other ApiErrors."""
        headers = {"X-Api-Key": self.api_key, "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        apart = throttle.spacing(per_second=settings.CLOCKIFY_MAX_PER_SECOND)
        account = calls.Account("clockify", self.account_id, apart, self.run_id)
        call = calls.Call(method, url, headers, params=params, body=body, repeatable=repeatable)
        return calls.send(account, call, classify=classify or read_answer)

    def _json(self, method: str, url: str, **options: Any) -> Any:
        return answers.parsed(self._send(method, url, **options))

    def _object(self, method: str, url: str, **options: Any) -> Mapping[str, Any]:
        answer = self._json(method, url, **options)
        if not isinstance(answer, Mapping):
            raise answers.unexpected(f"Clockify answered {method} {url} with something other than an object.")
        return answer
