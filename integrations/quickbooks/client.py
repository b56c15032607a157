"""The HTTP client of one QuickBooks company, after Intuit's Accounting API reference and error code pages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
from django.conf import settings

from integrations import http, retry, throttle
from integrations.errors import ApiError, NoAnswer, ReconnectNeeded, TryLater, Unexpected
from integrations.quickbooks import payloads, tokens
from integrations.quickbooks.faults import read_answer, read_item
from integrations.quickbooks.models import Company

# The newest version; older ones are served as this one since August 2025 (Intuit: minor versions).
MINOR_VERSION = "75"
# Intuit's cap on rows per answer.
PAGE_SIZE = 1000
MAX_PAGES = 10_000
# 1000 ids stay far below the size that a statement may have as a POST body.
IDS_PER_QUERY = 1000
# A longer statement is sent as a POST body; Intuit publishes no limit for URLs, 4 kB is known to work.
MAX_URL_LENGTH = 2000
# A batch waits for the limit of batches first and for that of all calls next, which may delay it by a second: without
# the margin, the next batch could be sent too soon after it.
BATCH_MARGIN = 1.02


@dataclass(frozen=True)
class Answer:
    """The answer to one write: the record, and Intuit's id of the exchange (intuit_tid)."""

    record: Mapping[str, Any]
    tid: str


@dataclass(frozen=True)
class BatchItem:
    """One write of a batch; `number` (bId, at most 10 characters) identifies its answer."""

    number: str
    operation: str
    entity: str
    body: str


@dataclass(frozen=True)
class ItemAnswer:
    """The answer to one item of a batch: the record, or the error."""

    record: Mapping[str, Any]
    error: ApiError | None
    tid: str


@dataclass(frozen=True)
class QuickBooksApiClient:
    """Calls to one company; every method raises ApiError when QuickBooks gives no usable answer."""

    company: Company
    run_id: int | None = None

    # --- reading -------------------------------------------------------------------------------------------
    def company_info(self) -> Mapping[str, Any]:
        realm = self.company.realm_id
        return self._record(self._send("GET", f"companyinfo/{realm}"), "CompanyInfo")

    def preferences(self) -> Mapping[str, Any]:
        return self._record(self._send("GET", "preferences"), "Preferences")

    def query(
        self, entity: str, where: str = "", *, after: Sequence[Mapping[str, Any]] = ()
    ) -> Iterator[Mapping[str, Any]]:
        """Yield all records of one kind, ordered by Id: without an order, pages repeat and lose rows.

        `after`: the first records in that order, already read; only those that follow them are yielded.
        """
        seen = {str(row.get("Id")) for row in after}
        for page in range(MAX_PAGES):
            start = len(after) + page * PAGE_SIZE + 1
            statement = (
                f"select * from {entity}{f' where {where}' if where else ''} "
                f"orderby Id startposition {start} maxresults {PAGE_SIZE}"
            )
            rows = self._query_rows(statement, entity)
            new_rows = [row for row in rows if str(row.get("Id")) not in seen]
            seen.update(str(row.get("Id")) for row in new_rows)
            yield from new_rows
            # A server that repeats a page must not keep us here forever.
            if len(rows) < PAGE_SIZE or not new_rows:
                return
        raise self._unexpected(f"QuickBooks has more than {MAX_PAGES} pages of {entity}.")

    def changes(
        self, entities: Sequence[str], *, since: datetime
    ) -> tuple[dict[str, list[Mapping[str, Any]]], datetime | None]:
        """Return the records that changed since then, by entity, and QuickBooks' own time of the answer.

        At most 1000 records in all, and no further pages; a deleted one is a marker with `status` Deleted (Intuit:
        changedatacapture page).
        """
        params = {"entities": ",".join(entities), "changedSince": since.isoformat(timespec="seconds")}
        body = self._object(self._send("GET", "cdc", params=params))
        responses = body.get("CDCResponse")
        if not isinstance(responses, list):
            raise self._unexpected("QuickBooks answered without CDCResponse.")
        changes: dict[str, list[Mapping[str, Any]]] = {entity: [] for entity in entities}
        for response in responses:
            for group in response.get("QueryResponse") or []:
                for entity in changes:
                    changes[entity] += group.get(entity) or []
        return changes, payloads.instant(body.get("time"))

    def by_ids(self, entity: str, ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
        """Yield the records of these ids; those that no longer exist are missing from the answer."""
        for start in range(0, len(ids), IDS_PER_QUERY):
            id_list = ", ".join(quoted(record_id) for record_id in ids[start : start + IDS_PER_QUERY])
            yield from self.query(entity, f"Id in ({id_list})")

    # --- writing -------------------------------------------------------------------------------------------
    def write(self, entity: str, body: str, *, request_id: str, delete: bool = False) -> Answer:
        """Create, update (body with Id and SyncToken) or delete one record.

        Sent once: raises NoAnswer when no answer comes, and the caller must check first whether the write arrived.
        The request id makes QuickBooks replay its first answer to the same body (Intuit: request id); how long it
        remembers is not documented, so nothing relies on it alone.
        """
        params = {"requestid": request_id, **({"operation": "delete"} if delete else {})}
        answer = self._send("POST", entity.lower(), params=params, body=body.encode(), repeatable=False)
        return Answer(self._record(answer, entity), answer.headers.get("intuit_tid", ""))

    # --- batches -------------------------------------------------------------------------------------------
    def batch(self, items: Sequence[BatchItem], *, request_id: str) -> dict[str, ItemAnswer]:
        """Send up to thirty independent writes in one request and return the answers by number (Intuit: batch page).

        Sent once: raises NoAnswer when it is unknown which of them arrived. An item that is missing from the answer
        has NoAnswer as its error.
        """
        batch_items = [
            {"bId": item.number, "operation": item.operation, item.entity: json.loads(item.body)} for item in items
        ]
        answer, items_by_number = self._batch(batch_items, params={"requestid": request_id}, repeatable=False)
        tid = answer.headers.get("intuit_tid", "")
        return {item.number: self._item_answer(items_by_number.get(item.number), item.entity, tid) for item in items}

    def queries(
        self, statements: Mapping[str, str]
    ) -> tuple[dict[str, list[Mapping[str, Any]] | ApiError], datetime | None]:
        """Send several queries (statements by entity) in one request.

        Return the rows or the error by entity, and QuickBooks' own time of the answer. At most 1000 records come back
        in all (Intuit: batch page), so each statement should contain MAXRESULTS.
        """
        # A bId has at most 10 characters.
        batch_items = [{"bId": entity[:10], "Query": statement} for entity, statement in statements.items()]
        answer, items_by_number = self._batch(batch_items, params=None, repeatable=True)
        tid = answer.headers.get("intuit_tid", "")
        rows: dict[str, list[Mapping[str, Any]] | ApiError] = {}
        for entity in statements:
            item = items_by_number.get(entity[:10])
            try:
                rows[entity] = self._item_rows(item, entity, tid)
            except ApiError as error:
                rows[entity] = error
        return rows, payloads.instant(self._object(answer).get("time"))

    def _batch(
        self, batch_items: list[dict[str, Any]], *, params: Mapping[str, str] | None, repeatable: bool
    ) -> tuple[requests.Response, dict[str, Mapping[str, Any]]]:
        """Send one batch; return the answer, and its items by number."""
        account = tokens.account(self.company, self.run_id)
        apart = BATCH_MARGIN * throttle.spacing(per_minute=settings.QUICKBOOKS_MAX_BATCHES_PER_MINUTE)
        wait_seconds = throttle.wait_for_turn(f"{account.key}:batch", apart, longest=retry.MAX_PAUSE)
        if wait_seconds:
            message = "QuickBooks' limit for batches is used up."
            raise TryLater(message, vendor="quickbooks", code="THROTTLED", after=wait_seconds)
        body = json.dumps({"BatchItemRequest": batch_items}, ensure_ascii=False).encode()
        answer = self._send("POST", "batch", params=params, body=body, repeatable=repeatable)
        items = self._object(answer).get("BatchItemResponse")
        if not isinstance(items, list):
            raise self._unexpected("QuickBooks answered a batch without BatchItemResponse.", answer)
        return answer, {str(item.get("bId")): item for item in items if isinstance(item, Mapping)}

    def _item_answer(self, item: Mapping[str, Any] | None, entity: str, tid: str) -> ItemAnswer:
        error = read_item(item, tid=tid) if item is not None else None
        record = item.get(entity) if item is not None and error is None else None
        if error is None and not isinstance(record, Mapping):
            # The item may have been carried out all the same, so that its outcome is unknown.
            message = "QuickBooks' answer to a batch says nothing about this item."
            error = NoAnswer(message, vendor="quickbooks", tid=tid)
        # One throttled item means that the company is at its limit, so that all its calls have to pause.
        if isinstance(error, TryLater):
            throttle.block_for(tokens.account(self.company).key, error.after or retry.BATCH_ITEM_PAUSE)
        return ItemAnswer(record if isinstance(record, Mapping) else {}, error, tid)

    def _item_rows(self, item: Mapping[str, Any] | None, entity: str, tid: str) -> list[Mapping[str, Any]]:
        if item is None:
            raise self._unexpected(f"QuickBooks' answer to a batch says nothing about {entity}.")
        error = read_item(item, tid=tid)
        if error is not None:
            raise error
        return self._rows_in(item, entity)

    # --- transport -----------------------------------------------------------------------------------------
    def _query_rows(self, statement: str, entity: str) -> list[Mapping[str, Any]]:
        if len(statement) <= MAX_URL_LENGTH:
            answer = self._send("GET", "query", params={"query": statement})
        else:
            answer = self._send("POST", "query", body=statement.encode(), content_type="application/text")
        return self._rows_in(self._object(answer), entity)

    def _rows_in(self, body: Mapping[str, Any], entity: str) -> list[Mapping[str, Any]]:
        response = body.get("QueryResponse")
        if not isinstance(response, Mapping):
            raise self._unexpected("QuickBooks answered a query without QueryResponse.")
        # QuickBooks leaves the entity out where a query has no rows.
        rows = response.get(entity) or []
        if not isinstance(rows, list):
            raise self._unexpected(f"QuickBooks answered a query for {entity} with no list.")
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
        """Send one call; a refused access token is replaced once.

        Safe for writes too: a call with a refused token did nothing.
        """
        url = f"{settings.QUICKBOOKS_API_URL}/v3/company/{self.company.realm_id}/{path}"
        token = tokens.access_token(self.company, run_id=self.run_id)
        # A second 401 in a row is not about this token: the connection itself is refused.
        for last_try in (False, True):
            headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
            if body is not None:
                headers["Content-Type"] = content_type
            query = {"minorversion": MINOR_VERSION, **(params or {})}
            call = http.Call(method, url, headers, params=query, body=body, repeatable=repeatable)
            try:
                return http.send(tokens.account(self.company, self.run_id), call, classify=_classify)
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
            raise self._unexpected("QuickBooks' answer is no JSON.", answer) from None
        if not isinstance(body, Mapping):
            raise self._unexpected("QuickBooks answered with something else than an object.", answer)
        return body

    def _record(self, answer: requests.Response, entity: str) -> Mapping[str, Any]:
        record = self._object(answer).get(entity)
        if not isinstance(record, Mapping):
            raise self._unexpected(f"QuickBooks answered without {entity}.", answer)
        return record

    def _unexpected(self, message: str, answer: requests.Response | None = None) -> Unexpected:
        tid = answer.headers.get("intuit_tid", "") if answer is not None else ""
        return Unexpected(message, vendor="quickbooks", tid=tid)


def _classify(answer: requests.Response) -> ApiError | None:
    return read_answer(answer.status_code, answer.headers, answer.content, after=http.retry_after(answer))


def quoted(text: str) -> str:
    """Return a value for a query, with quotes and backslashes escaped by a backslash (Intuit: data queries)."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
