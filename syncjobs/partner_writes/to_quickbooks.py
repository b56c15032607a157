"""One record to QuickBooks: read, then sent once; an unknown outcome is settled by reading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from integrations.errors import ApiError, Gone, ReconnectNeeded, Rejected, TryLater
from integrations.quickbooks import payloads, pull, reading
from integrations.quickbooks.client import QuickBooksApiClient, quoted
from integrations.quickbooks.faults import DUPLICATE_ID_CODES, NAME_TAKEN_CODE, NAME_WORDS, NOT_FOUND_CODE
from mapping.matching.names import strip_deleted
from mapping.models import PartnerWrite
from mapping.queries import QUICKBOOKS_MODELS
from syncjobs.partner_writes import drafts, journal, outcome, settle
from syncjobs.partner_writes.rules import fold

State = PartnerWrite.State

# QuickBooks appends one of them to the name of an inactive record, with a number where the name was taken before.
INACTIVE_SUFFIXES = (" (deleted)", *(f" (deleted-{number})" for number in range(1, 10)))


def make_ready(write: PartnerWrite) -> bool:
    """Read what the write depends on and save the body. Returns False if it is no longer possible. Raises ApiError.

    That is: the name is taken, or the record is active, by now. What was read is saved in the mirror, so that the
    next draft says so.
    """
    client, now = QuickBooksApiClient(write.company), timezone.now()
    if write.verb == PartnerWrite.Verb.REACTIVATE:
        record = _read(client, write)
        if record is None:
            raise Gone("QuickBooks does not have this record any more.", vendor="quickbooks", code=NOT_FOUND_CODE)
        pull.keep_record(write.company, QUICKBOOKS_MODELS[write.entity], record, now=now)
        body = drafts.reactivation_body(record, drafts.reactivation_fields(record))
        journal.save_body(write, json.dumps(body, ensure_ascii=False), read_before=record)
        return not payloads.is_active(record)
    same_name = _same_name_records(client, write)
    for entity, record in same_name:
        pull.keep_record(write.company, QUICKBOOKS_MODELS[entity], record, now=now)
    same_name_records = [f"{entity}:{record.get('Id')}" for entity, record in same_name]
    journal.save_body(write, write.body, read_before={"namesakes": same_name_records})
    return not any(_has_name_and_parent(write, entity, record) for entity, record in same_name)


def send(write: PartnerWrite) -> PartnerWrite:
    """Send the stored body once with its request id and return the write. Call after `journal.claim_attempt`."""
    client = QuickBooksApiClient(write.company)
    try:
        answer = client.write(drafts.ENTITIES[write.entity], write.body, request_id=str(write.request_id))
    except (Gone, Rejected) as error:
        # A known request id, or a name that is taken now, may mean that an earlier attempt arrived after all.
        if error.code in DUPLICATE_ID_CODES or (write.attempts > 1 and error.code == NAME_TAKEN_CODE):
            return look(journal.mark_unknown(write, error))
        return _end_refused(client, write, error)
    except (TryLater, ReconnectNeeded) as error:
        return settle.end_unless_tried(write, error)
    except ApiError as error:
        # No clear answer: it may have arrived, and sending again could create it twice.
        return look(journal.mark_unknown(write, error))
    return outcome.accept(write, answer.record, tid=answer.tid)


def look(write: PartnerWrite) -> PartnerWrite:
    """Settle by reading. The outcome stays unknown while it may still arrive or QuickBooks can't be read."""
    client = QuickBooksApiClient(write.company)
    return settle.look(write, lambda: _find(client, write))


def _find(client: QuickBooksApiClient, write: PartnerWrite) -> Mapping[str, Any] | None:
    """Return the record as this write would have left it, or None. Names are unique below a parent. Raises ApiError."""
    if write.verb == PartnerWrite.Verb.REACTIVATE:
        record = _read(client, write)
        return record if record is not None and payloads.is_active(record) else None
    known_records = {*write.read_before.get("namesakes", ())}
    known_records |= {f"{write.entity}:{made_id}" for made_id in journal.made_by_others(write)}
    for entity, record in _same_name_records(client, write, only=write.entity):
        is_new = f"{entity}:{record.get('Id')}" not in known_records
        if is_new and payloads.is_active(record) and _has_name_and_parent(write, entity, record):
            return record
    return None


def _end_refused(client: QuickBooksApiClient, write: PartnerWrite, error: ApiError) -> PartnerWrite:
    explanation = NAME_WORDS.get(error.code)
    meaning = f" In other words: {explanation}." if explanation else ""
    message = f"QuickBooks said {error.code or error.status}, “{error.message}”.{meaning} Nothing was written."
    ended = journal.end(write, State.REFUSED, message=message, error=error)
    if error.code == NAME_TAKEN_CODE:
        _pull_same_name_records(client, write)
    return ended


def _pull_same_name_records(client: QuickBooksApiClient, write: PartnerWrite) -> None:
    """Save records of this name, so that the next draft can offer the link; the refusal stands if reading fails."""
    try:
        for entity, record in _same_name_records(client, write):
            pull.keep_record(write.company, QUICKBOOKS_MODELS[entity], record, now=timezone.now())
    except ApiError:
        return


def _read(client: QuickBooksApiClient, write: PartnerWrite) -> Mapping[str, Any] | None:
    where = f"Id = {quoted(write.quickbooks_id)} and {reading.EVERYBODY}"
    return next((raw for raw in client.query(drafts.ENTITIES[write.entity], where) if payloads.identifier(raw)), None)


def _same_name_records(
    client: QuickBooksApiClient, write: PartnerWrite, *, only: str = ""
) -> list[tuple[str, Mapping[str, Any]]]:
    """Return (entity, record) for each record of that DisplayName, inactive ones included, on all lists or one."""
    same_names = ", ".join(quoted(write.name + suffix) for suffix in ("", *INACTIVE_SUFFIXES))
    where = f"DisplayName in ({same_names}) and {reading.EVERYBODY}"
    return [
        (entity, record)
        for entity in ([only] if only else drafts.ENTITIES)
        for record in client.query(drafts.ENTITIES[entity], where)
        if payloads.identifier(record)
    ]


def _has_name_and_parent(write: PartnerWrite, entity: str, record: Mapping[str, Any]) -> bool:
    """Check name and parent; employees and vendors, without a parent, compete with top-level customers."""
    name = strip_deleted(payloads.text(record.get("DisplayName")))
    parent_id = payloads.ref(json.loads(write.body), "ParentRef")
    return fold(name) == fold(write.name) and payloads.ref(record, "ParentRef") == parent_id
