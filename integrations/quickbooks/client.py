"""Speaks to one QuickBooks company. Facts of the API: Intuit's Accounting API reference and error code pages."""

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
# Ids per query: 1000 numbers stay far below what a POSTed statement may hold.
IDS_PER_QUERY = 1000
# Above this a statement travels as a POST body; no limit for addresses is published, 4 kB is known to work.
MAX_URL_LENGTH = 2000
# A batch has had its turn among batches when it waits for its turn among all calls, which may take a second.
BATCH_MARGIN = 1.02


@dataclass(frozen=True)
class Answer:
    """One write's answer: the record, and Intuit's id of the exchange."""

    record: Mapping[str, Any]
    tid: str


@dataclass(frozen=True)
class BatchItem:
    """One write of a batch; `number` (bId, at most 10 characters) finds its answer."""

    number: str
    operation: str
    entity: str
    body: str


@dataclass(frozen=True)
class ItemAnswer:
    """One item's answer: the record, or why there is none."""

    record: Mapping[str, Any]
    error: ApiError | None
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

    def query(
        self, entity: str, where: str = "", *, after: Sequence[Mapping[str, Any]] = ()
    ) -> Iterator[Mapping[str, Any]]:
        """All records of one kind, by Id: without an order pages repeat and lose rows.

        With `after`, the first ones of that order, those that follow.
        """
        seen = {str(row.get("Id")) for row in after}
        for page in range(MAX_PAGES):
            start = len(after) + page * PAGE_SIZE + 1
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
        raise self._strange(f"QuickBooks has more than {MAX_PAGES} pages of {entity}.")

    def changes(
        self, entities: Sequence[str], *, since: datetime
    ) -> tuple[dict[str, list[Mapping[str, Any]]], datetime | None]:
        """Records that changed since then, by entity, and QuickBooks' own time of the answer.

        At most 1000 in all, and no further pages; deleted ones are markers with `status` Deleted (Intuit:
        changedatacapture page).
        """
        params = {"entities": ",".join(entities), "changedSince": since.isoformat(timespec="seconds")}
        body = self._object(self._send("GET", "cdc", params=params))
        answers = body.get("CDCResponse")
        if not isinstance(answers, list):
            raise self._strange("QuickBooks answered without CDCResponse.")
        found: dict[str, list[Mapping[str, Any]]] = {entity: [] for entity in entities}
        for answer in answers:
            for group in answer.get("QueryResponse") or []:
                for entity in found:
                    found[entity] += group.get(entity) or []
        return found, payloads.instant(body.get("time"))

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

    # --- batches -------------------------------------------------------------------------------------------
    def batch(self, items: Sequence[BatchItem], *, request_id: str) -> dict[str, ItemAnswer]:
        """Up to thirty independent writes in one request; gives each item's answer by its number (Intuit: batch page).

        Sent once: NoAnswer says that nobody knows which of them arrived. An item that is missing from the answer has
        NoAnswer as its error.
        """
        asked = [
            {"bId": item.number, "operation": item.operation, item.entity: json.loads(item.body)} for item in items
        ]
        answer, found = self._batch(asked, params={"requestid": request_id}, repeatable=False)
        tid = answer.headers.get("intuit_tid", "")
        return {item.number: self._item_answer(found.get(item.number), item.entity, tid) for item in items}

    def queries(
        self, statements: Mapping[str, str]
    ) -> tuple[dict[str, list[Mapping[str, Any]] | ApiError], datetime | None]:
        """Several queries in one request: entity to statement; gives entity to rows, or why there are none.

        Also gives QuickBooks' own time of the answer.

        At most 1000 records come back in all (Intuit: batch page), so each statement should say MAXRESULTS.
        """
        asked = [{"bId": entity[:10], "Query": statement} for entity, statement in statements.items()]
        answer, found = self._batch(asked, params=None, repeatable=True)
        tid = answer.headers.get("intuit_tid", "")
        rows: dict[str, list[Mapping[str, Any]] | ApiError] = {}
        for entity in statements:
            item = found.get(entity[:10])
            try:
                rows[entity] = self._item_rows(item, entity, tid)
            except ApiError as error:
                rows[entity] = error
        return rows, payloads.instant(self._object(answer).get("time"))

    def _batch(
        self, asked: list[dict[str, Any]], *, params: Mapping[str, str] | None, repeatable: bool
    ) -> tuple[requests.Response, dict[str, Mapping[str, Any]]]:
        """The answer, and its items by number."""
        account = tokens.account(self.company, self.run_id)
        apart = BATCH_MARGIN * throttle.spacing(per_minute=settings.QUICKBOOKS_MAX_BATCHES_PER_MINUTE)
        put_off = throttle.wait_for_turn(f"{account.key}:batch", apart, longest=retry.MAX_PAUSE)
        if put_off:
            words = "QuickBooks' limit for batches is used up."
            raise TryLater(words, vendor="quickbooks", code="THROTTLED", after=put_off)
        body = json.dumps({"BatchItemRequest": asked}, ensure_ascii=False).encode()
        answer = self._send("POST", "batch", params=params, body=body, repeatable=repeatable)
        items = self._object(answer).get("BatchItemResponse")
        if not isinstance(items, list):
            raise self._strange("QuickBooks answered a batch without BatchItemResponse.", answer)
        return answer, {str(item.get("bId")): item for item in items if isinstance(item, Mapping)}

    def _item_answer(self, item: Mapping[str, Any] | None, entity: str, tid: str) -> ItemAnswer:
        error = read_item(item, tid=tid) if item is not None else None
        record = item.get(entity) if item is not None and error is None else None
        if error is None and not isinstance(record, Mapping):
            words = "QuickBooks' answer to a batch says nothing about this item."
            error = NoAnswer(words, vendor="quickbooks", tid=tid)
        if isinstance(error, TryLater):
            throttle.block_for(tokens.account(self.company).key, error.after or retry.BATCH_ITEM_PAUSE)
        return ItemAnswer(record if isinstance(record, Mapping) else {}, error, tid)

    def _item_rows(self, item: Mapping[str, Any] | None, entity: str, tid: str) -> list[Mapping[str, Any]]:
        if item is None:
            raise self._strange(f"QuickBooks' answer to a batch says nothing about {entity}.")
        error = read_item(item, tid=tid)
        if error is not None:
            raise error
        return self._listed(item, entity)

    # --- transport -----------------------------------------------------------------------------------------
    def _rows(self, statement: str, entity: str) -> list[Mapping[str, Any]]:
        if len(statement) <= MAX_URL_LENGTH:
            answer = self._send("GET", "query", params={"query": statement})
        else:
            answer = self._send("POST", "query", body=statement.encode(), content_type="application/text")
        return self._listed(self._object(answer), entity)

    def _listed(self, body: Mapping[str, Any], entity: str) -> list[Mapping[str, Any]]:
        found = body.get("QueryResponse")
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


def _classify(answer: requests.Response) -> ApiError | None:
    return read_answer(answer.status_code, answer.headers, answer.content, after=http.retry_after(answer))


def quoted(text: str) -> str:
    """A value in a query: quotes and backslashes are escaped with a backslash (Intuit: data queries)."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
