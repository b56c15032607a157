"""One record to QuickBooks: read, then sent once; a doubtful outcome is settled by reading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from integrations.errors import ApiError, Gone, ReconnectNeeded, Rejected, TryLater
from integrations.quickbooks import payloads, pull, reading
from integrations.quickbooks.client import QuickBooksClient, quoted
from integrations.quickbooks.faults import DUPLICATE_ID_CODES, NAME_TAKEN_CODE, NAME_WORDS, NOT_FOUND_CODE
from mapping.matching.names import DELETED_SUFFIX, strip_deleted
from mapping.models import PartnerWrite
from mapping.queries import QUICKBOOKS_MODELS
from syncjobs.partner_writes import drafts, journal, outcome
from syncjobs.partner_writes.rules import fold

State = PartnerWrite.State


def make_ready(write: PartnerWrite) -> bool:
    """Read what the write depends on, and put the body together from that. False: a namesake is there by now.

    The mirror learns what was read, so that the next draft says who the namesake is. Raises ApiError.
    """
    client, now = QuickBooksClient(write.company), timezone.now()
    if write.verb == PartnerWrite.Verb.REACTIVATE:
        record = _read(client, write)
        if record is None:
            raise Gone("QuickBooks does not have this record any more.", vendor="quickbooks", code=NOT_FOUND_CODE)
        pull.keep_record(write.company, QUICKBOOKS_MODELS[write.entity], record, now=now)
        body = drafts.reactivation_body(record, drafts.reactivation_fields(record))
        journal.keep_body(write, json.dumps(body, ensure_ascii=False), read_before=record)
        return not payloads.is_active(record)
    found = _same_name_records(client, write)
    for entity, record in found:
        pull.keep_record(write.company, QUICKBOOKS_MODELS[entity], record, now=now)
    same_name_records = [f"{entity}:{record.get('Id')}" for entity, record in found]
    journal.keep_body(write, write.body, read_before={"namesakes": same_name_records})
    return not any(_has_the_name(write, entity, record) for entity, record in found)


def send(write: PartnerWrite) -> PartnerWrite:
    """One attempt with the stored body and request id. Call after `journal.claim_attempt`."""
    client = QuickBooksClient(write.company)
    try:
        answer = client.write(drafts.ENTITIES[write.entity], write.body, request_id=str(write.request_id))
    except (Gone, Rejected) as error:
        # A repeated id, or a name that is taken now: an earlier attempt may have arrived after all.
        if error.code in DUPLICATE_ID_CODES or (write.attempts > 1 and error.code == NAME_TAKEN_CODE):
            return look(journal.leave_in_doubt(write, error))
        return _refused(client, write, error)
    except (TryLater, ReconnectNeeded) as error:
        if write.attempts > 1:
            return journal.leave_in_doubt(write, error)
        return journal.end(write, State.ABANDONED, said=f"{error.message} {error.fix}".strip(), error=error)
    except ApiError as error:
        return look(journal.leave_in_doubt(write, error))
    return outcome.accept(write, answer.record, tid=answer.tid)


def look(write: PartnerWrite) -> PartnerWrite:
    """Find out by reading. Stays in doubt while it may still arrive, or while QuickBooks can't be read."""
    client = QuickBooksClient(write.company)
    try:
        found = _find(client, write)
    except ApiError as error:
        return journal.leave_in_doubt(write, error)
    if found is not None:
        return outcome.accept(write, found)
    if journal.is_overdue(write):
        return journal.end(write, State.ABANDONED, said="Looked for: it is not in QuickBooks. Nothing was written.")
    return write


def _find(client: QuickBooksClient, write: PartnerWrite) -> Mapping[str, Any] | None:
    """The record as this write wanted it. Names are unique at their place, so that one found there is the one."""
    if write.verb == PartnerWrite.Verb.REACTIVATE:
        record = _read(client, write)
        return record if record is not None and payloads.is_active(record) else None
    before = set(write.read_before.get("namesakes", []))
    for entity, record in _same_name_records(client, write, only=write.entity):
        is_new = f"{entity}:{record.get('Id')}" not in before
        if is_new and payloads.is_active(record) and _has_the_name(write, entity, record):
            return record
    return None


def _refused(client: QuickBooksClient, write: PartnerWrite, error: ApiError) -> PartnerWrite:
    words = NAME_WORDS.get(error.code)
    meaning = f" In other words: {words}." if words else ""
    said = f"QuickBooks said {error.code or error.status}, “{error.message}”.{meaning} Nothing was written."
    ended = journal.end(write, State.REFUSED, said=said, error=error)
    if error.code == NAME_TAKEN_CODE:
        _learn_same_name_records(client, write)
    return ended


def _learn_same_name_records(client: QuickBooksClient, write: PartnerWrite) -> None:
    """So that the next draft can offer the link; the refusal stands whether or not this reading works."""
    try:
        for entity, record in _same_name_records(client, write):
            pull.keep_record(write.company, QUICKBOOKS_MODELS[entity], record, now=timezone.now())
    except ApiError:
        return


def _read(client: QuickBooksClient, write: PartnerWrite) -> Mapping[str, Any] | None:
    where = f"Id = {quoted(write.quickbooks_id)} and {reading.EVERYBODY}"
    return next(iter(client.query(drafts.ENTITIES[write.entity], where)), None)


def _same_name_records(
    client: QuickBooksClient, write: PartnerWrite, *, only: str = ""
) -> list[tuple[str, Mapping[str, Any]]]:
    """Records of that DisplayName, inactive ones with their suffix included, on all three lists or one."""
    wanted = f"DisplayName in ({quoted(write.name)}, {quoted(write.name + DELETED_SUFFIX)}) and {reading.EVERYBODY}"
    return [
        (entity, record)
        for entity in ([only] if only else drafts.ENTITIES)
        for record in client.query(drafts.ENTITIES[entity], wanted)
    ]


def _has_the_name(write: PartnerWrite, entity: str, record: Mapping[str, Any]) -> bool:
    """Whether it stands where the write wants to stand: customers at the same parent, people beside the top level."""
    name = strip_deleted(payloads.text(record.get("DisplayName")))
    wanted_parent = payloads.ref(json.loads(write.body), "ParentRef")
    return fold(name) == fold(write.name) and payloads.ref(record, "ParentRef") == wanted_parent
