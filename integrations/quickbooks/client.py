"""The HTTP client of one QuickBooks company, after Intuit's Accounting API reference and error code pages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import requests
from django.conf import settings

from integrations import elapsed
from integrations.errors import AccessRefused, ApiError, Gone, Rejected, TryLater, Unexpected
from integrations.health import HealthCheck
from integrations.http import calls, vendor_clock
from integrations.limits import retry, throttle
from integrations.quickbooks import answers, payloads, tokens
from integrations.quickbooks.answers import Answer, BatchItem, ItemAnswer
from integrations.quickbooks.faults import read_answer
from integrations.quickbooks.models import Company
from integrations.quickbooks.write_proof import proven_record

# The newest version; older ones are served as this one since August 2025 (Intuit: minor versions).
MINOR_VERSION = "75"
# Intuit's cap on rows per answer.
PAGE_SIZE = 1000
# 200,000 records of one kind, more than companies have. QuickBooks gives no total beside rows, and asking for one would
# cost another metered call.
MAX_PAGES = 200
# 1000 ids stay far below the size that a statement may have as a POST body.
IDS_PER_QUERY = 1000
# A longer statement is sent as a POST body; Intuit publishes no limit for URLs, 4 kB is known to work.
MAX_URL_LENGTH = 2000
# A batch waits for the limit of batches first and for that of all calls next, which may delay it by a second: without
# the margin, the next batch could be sent too soon after it.
BATCH_MARGIN = 1.02


@dataclass(frozen=True, slots=True)
class _Request:
    """One call, by its path below the company's; whether and until when it may be sent is as in `calls.Call`."""

    method: str
    path: str
    params: Mapping[str, str] | None = None
    body: bytes | None = None
    content_type: str = "application/json"
    repeatable: bool = True
    begin_before: float | None = None


@dataclass(frozen=True)
class QuickBooksApiClient:
    """Calls to one company; every method raises ApiError when QuickBooks gives no usable answer.

    `even_if_lost`: also while the connection counts as lost, to ask whether it works again.
    """

    company: Company
    run_id: int | None = None
    even_if_lost: bool = False
    _health: HealthCheck = field(default_factory=HealthCheck, repr=False, compare=False)

    # --- the connection itself -----------------------------------------------------------------------------
    def check_connection(self, *, with_new_token: bool = False) -> None:
        """Ask for CompanyInfo, again with a new token where the first is refused.

        Raises ReconnectNeeded, and marks the company, where a new token is refused too; another ApiError where the
        answer is not clear, such as a gateway's page.
        """
        refused = tokens.stored_access_token(self.company) if with_new_token else ""
        token = self._token(refused=refused)
        for is_new in (True,) if with_new_token else (False, True):
            try:
                answer = self._send_once(self._company_info, token)
            except AccessRefused as refusal:
                if not refusal.by_vendor:
                    raise
                if is_new:
                    tokens.mark_refused(self.company, refusal.lost.message)
                    raise refusal.lost from None
                token = self._token(refused=token)
            else:
                answers.record_of(answer, "CompanyInfo")
                return

    def ask_with_queries(
        self, statements: Mapping[str, str]
    ) -> tuple[Mapping[str, Any], dict[str, list[Mapping[str, Any]] | ApiError] | None]:
        """Return CompanyInfo, and the answers to queries by entity, by two requests; the company is never marked.

        The connection may be lost. The answers are None where the second request went with a new token, since the
        first one was refused; raises ReconnectNeeded where that is refused as well.
        """
        token = tokens.access_token(self.company, even_if_lost=True, mark_lost=False)
        try:
            company_info = answers.record_of(self._send_once(self._company_info, token), "CompanyInfo")
        except AccessRefused as refusal:
            if not refusal.by_vendor:
                raise
        else:
            return company_info, self._ask_queries(statements, token)
        token = tokens.access_token(self.company, refused=token, even_if_lost=True, mark_lost=False)
        try:
            return answers.record_of(self._send_once(self._company_info, token), "CompanyInfo"), None
        except AccessRefused as refusal:
            raise (refusal.lost if refusal.by_vendor else refusal) from None

    def _ask_queries(self, statements: Mapping[str, str], token: str) -> dict[str, list[Mapping[str, Any]] | ApiError]:
        """Send queries in one request, once, and without taking a turn from other batches."""
        try:
            request = _Request("POST", "batch", body=_batch_body(_query_items(statements)))
            answer = self._send_once(request, token)
            return answers.rows_by_entity(statements, answer)
        except (AccessRefused, Rejected, Gone, Unexpected) as refusal:
            return dict.fromkeys(statements, refusal)

    # --- reading -------------------------------------------------------------------------------------------
    def company_info(self) -> Mapping[str, Any]:
        return answers.record_of(self._send(self._company_info), "CompanyInfo")

    def preferences(self) -> Mapping[str, Any]:
        return answers.record_of(self._send(_Request("GET", "preferences")), "Preferences")

    def query(
        self,
        entity: str,
        where: str = "",
        *,
        after: Sequence[Mapping[str, Any]] = (),
        most: int | None = None,
        page_size: int = PAGE_SIZE,
    ) -> Iterator[Mapping[str, Any]]:
        """Yield all records of one kind, ordered by Id: without an order, pages repeat and lose rows.

        `after`: the first records in that order, already read; only those that follow them are yielded. Raises
        Unexpected for pages that do not end: more than `most` records or MAX_PAGES, or a full page of known ones.
        """
        seen = {payloads.identifier(row) for row in after}
        for page in range(MAX_PAGES):
            start = len(after) + page * page_size + 1
            statement = (
                f"select * from {entity}{f' where {where}' if where else ''} "
                f"orderby Id startposition {start} maxresults {page_size}"
            )
            rows = self._query_rows(statement, entity)
            # What has no readable id is set aside by whoever reads the list.
            new_rows = [row for row in rows if not (key := payloads.identifier(row)) or key not in seen]
            seen.update(key for key in map(payloads.identifier, new_rows) if key)
            if most is not None and len(seen) > most:
                raise answers.unexpected(f"QuickBooks answered a query for {most} {entity} with more.")
            yield from new_rows
            if len(rows) < page_size:
                return
            # The rest can't be reached then; taken for whole, the list would lose records that are still there.
            if not any(map(payloads.identifier, new_rows)):
                raise answers.unexpected(f"QuickBooks answers with the same page of {entity} again and again.")
        raise answers.unexpected(f"QuickBooks has more than {MAX_PAGES} pages of {entity}.")

    def changes(
        self, entities: Sequence[str], *, since: datetime
    ) -> tuple[dict[str, list[Mapping[str, Any]]], datetime | None]:
        """Return the records that changed since then, by entity, and QuickBooks' own time of the answer.

        At most 1000 records in all, and no further pages; a deleted one is a marker with `status` Deleted (Intuit:
        changedatacapture page).
        """
        params = {"entities": ",".join(entities), "changedSince": since.isoformat(timespec="seconds")}
        body = answers.body_of(self._send(_Request("GET", "cdc", params)))
        responses = body.get("CDCResponse")
        if not isinstance(responses, list):
            raise answers.unexpected("QuickBooks answered without CDCResponse.")
        changes: dict[str, list[Mapping[str, Any]]] = {entity: [] for entity in entities}
        for response in answers.records(responses):
            for group in answers.records(response.get("QueryResponse")):
                for entity in changes:
                    changes[entity] += answers.listed(group.get(entity))
        return changes, payloads.instant(body.get("time"))

    def by_ids(self, entity: str, ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Yield the records of these ids; those that no longer exist are missing from the answer."""
        for start in range(0, len(ids), IDS_PER_QUERY):
            asked = ids[start : start + IDS_PER_QUERY]
            id_list = ", ".join(quoted(record_id) for record_id in asked)
            yield from self.query(entity, f"Id in ({id_list})", most=len(set(asked)))

    # --- writing -------------------------------------------------------------------------------------------
    def write(self, entity: str, body: str, *, request_id: str, delete: bool = False) -> Answer:
        """Create, update (body with Id and SyncToken) or delete one record.

        Sent once: raises NoAnswer or Unexpected when no answer comes that proves it, and the caller must check first
        whether the write arrived.
        The request id makes QuickBooks replay its first answer to the same body (Intuit: request id); how long it
        remembers is not documented, so nothing relies on it alone.
        """
        params = {"requestid": request_id, **({"operation": "delete"} if delete else {})}
        begin_before = elapsed.seconds() + retry.MAX_WRITE_DELAY
        request = _Request("POST", entity.lower(), params, body.encode(), repeatable=False, begin_before=begin_before)
        answer = self._send(request)
        record = proven_record(answers.body_of(answer), entity, body, delete=delete)
        if record is None:
            raise answers.unexpected("QuickBooks' answer does not prove that it was written.", answer)
        return Answer(record, answer.headers.get("intuit_tid", ""))

    # --- batches -------------------------------------------------------------------------------------------
    def batch(self, items: Sequence[BatchItem], *, request_id: str) -> dict[str, ItemAnswer]:
        """Send up to thirty independent writes in one request and return the answers by number (Intuit: batch page).

        Sent once: raises NoAnswer when it is unknown which of them arrived. An item that is missing from the answer
        has NoAnswer as its error, and so has one whose answer does not prove it.
        """
        batch_items = [
            {"bId": item.number, "operation": item.operation, item.entity: json.loads(item.body)} for item in items
        ]
        begin_before = elapsed.seconds() + retry.MAX_WRITE_DELAY
        answer = self._batch(batch_items, params={"requestid": request_id}, repeatable=False, begin_before=begin_before)
        tid, items_by_number = answer.headers.get("intuit_tid", ""), answers.items_by_number(answer)
        item_answers = {item.number: answers.item_answer(items_by_number.get(item.number), item, tid) for item in items}
        for error in (item_answer.error for item_answer in item_answers.values()):
            # One throttled item means that the company is at its limit, so that all its calls have to pause.
            if isinstance(error, TryLater):
                throttle.block_for(tokens.account(self.company).key, error.after or retry.BATCH_ITEM_PAUSE)
        return item_answers

    def queries(
        self, statements: Mapping[str, str]
    ) -> tuple[dict[str, list[Mapping[str, Any]] | ApiError], datetime | None]:
        """Send several queries (statements by entity) in one request.

        Return the rows or the error by entity, and QuickBooks' own time of the answer. At most 1000 records come back
        in all (Intuit: batch page), so each statement should contain MAXRESULTS.
        """
        answer = self._batch(_query_items(statements), params=None, repeatable=True)
        rows = answers.rows_by_entity(statements, answer)
        return rows, payloads.instant(answers.body_of(answer).get("time"))

    def _batch(
        self,
        batch_items: list[dict[str, Any]],
        *,
        params: Mapping[str, str] | None,
        repeatable: bool,
        begin_before: float | None = None,
    ) -> requests.Response:
        account = tokens.account(self.company, self.run_id)
        apart = BATCH_MARGIN * throttle.spacing(per_minute=settings.QUICKBOOKS_MAX_BATCHES_PER_MINUTE)
        longest = calls.longest_wait(begin_before)
        wait_seconds = throttle.wait_for_turn(f"{account.key}:batch", apart, longest=longest)
        if wait_seconds:
            message = "QuickBooks' limit for batches is used up."
            raise TryLater(message, vendor="quickbooks", code="THROTTLED", after=wait_seconds)
        body = _batch_body(batch_items)
        request = _Request("POST", "batch", params, body, repeatable=repeatable, begin_before=begin_before)
        return self._send(request)

    # --- transport -----------------------------------------------------------------------------------------
    def _query_rows(self, statement: str, entity: str) -> list[Mapping[str, Any]]:
        if len(statement) <= MAX_URL_LENGTH:
            request = _Request("GET", "query", {"query": statement})
        else:
            request = _Request("POST", "query", body=statement.encode(), content_type="application/text")
        answer = self._send(request)
        return answers.rows_in(answers.body_of(answer), entity)

    def _send(self, request: _Request) -> requests.Response:
        """Send one call; a refused access token is replaced once, and whose fault a refusal is, is asked."""
        token = self._token()
        try:
            return self._send_once(request, token)
        except AccessRefused as first_refusal:
            refusal = first_refusal
        # QuickBooks' own 401 proves that a write was not carried out, so that it may be sent again; a page does not.
        if refusal.status == 401 and (request.repeatable or refusal.by_vendor) and not self._health.is_recent:
            try:
                return self._send_once(request, self._token(refused=token))
            except AccessRefused as second_refusal:
                refusal = second_refusal
        raise self._health.error_for(refusal, self.check_connection, is_write=not request.repeatable) from None

    def _send_once(self, request: _Request, token: str) -> requests.Response:
        """Send one call with this access token. Raises AccessRefused for a 401 or 403, and other ApiErrors."""
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        if request.body is not None:
            headers["Content-Type"] = request.content_type
        call = calls.Call(
            request.method,
            f"{settings.QUICKBOOKS_API_URL}/v3/company/{self.company.realm_id}/{request.path}",
            headers,
            params={"minorversion": MINOR_VERSION, **(request.params or {})},
            body=request.body,
            repeatable=request.repeatable,
            begin_before=request.begin_before,
        )
        return calls.send(tokens.account(self.company, self.run_id), call, classify=_classify)

    @property
    def _company_info(self) -> _Request:
        return _Request("GET", f"companyinfo/{self.company.realm_id}")

    def _token(self, *, refused: str = "") -> str:
        return tokens.access_token(self.company, run_id=self.run_id, refused=refused, even_if_lost=self.even_if_lost)


def _classify(answer: requests.Response) -> ApiError | None:
    return read_answer(answer.status_code, answer.headers, answer.content, after=vendor_clock.retry_after(answer))


def _query_items(statements: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"bId": entity[: answers.MAX_NUMBER_LENGTH], "Query": statement} for entity, statement in statements.items()
    ]


def _batch_body(items: list[dict[str, Any]]) -> bytes:
    return json.dumps({"BatchItemRequest": items}, ensure_ascii=False).encode()


def quoted(text: str) -> str:
    """Return a value for a query, with quotes and backslashes escaped by a backslash (Intuit: data queries)."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
