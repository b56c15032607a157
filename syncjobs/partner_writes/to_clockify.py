"""One client or project to Clockify: read, then sent once; a doubtful outcome is settled by reading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from integrations.clockify import payloads
from integrations.clockify.client import ClockifyClient
from integrations.clockify.pull import client_for
from integrations.errors import ApiError, Gone, ReconnectNeeded, Rejected, TryLater
from mapping.matching.names import identical
from mapping.models import PartnerWrite
from mapping.queries import CLOCKIFY_MODELS
from syncjobs.partner_writes import drafts, journal, outcome

State = PartnerWrite.State


def make_ready(write: PartnerWrite) -> bool:
    """Read what is to be replaced, so that it can be sent back. Raises ApiError."""
    if write.verb == PartnerWrite.Verb.CREATE:
        journal.keep_body(write, write.body, read_before={"namesakes": _known_ids(write)})
        return True
    record = _read(client_for(write.workspace), write)
    body = drafts.renaming_body(write.entity, record, {"name": write.name})
    journal.keep_body(write, json.dumps(body, ensure_ascii=False), read_before=record)
    return True


def send(write: PartnerWrite) -> PartnerWrite:
    """One attempt with the stored body. Call after `journal.claim_attempt`."""
    client, wid = client_for(write.workspace), write.workspace.clockify_id
    collection = drafts.COLLECTIONS[write.entity]
    try:
        if write.verb == PartnerWrite.Verb.CREATE:
            answer = client.create(wid, collection, write.body)
        else:
            answer = client.replace(wid, collection, write.clockify_id, write.body)
    except (Gone, Rejected) as error:
        if write.attempts > 1:
            # "Already exists" may be our own earlier attempt.
            return look(journal.leave_in_doubt(write, error))
        return journal.end(write, State.REFUSED, said=f"{error.message} Nothing was written.", error=error)
    except (TryLater, ReconnectNeeded) as error:
        if write.attempts > 1:
            return journal.leave_in_doubt(write, error)
        return journal.end(write, State.ABANDONED, said=f"{error.message} {error.fix}".strip(), error=error)
    except ApiError as error:
        return look(journal.leave_in_doubt(write, error))
    return outcome.accept(write, answer)


def look(write: PartnerWrite) -> PartnerWrite:
    """Find out by reading. Stays in doubt while it may still arrive, or while Clockify can't be read."""
    client = client_for(write.workspace)
    try:
        found = _find(client, write)
    except ApiError as error:
        return journal.leave_in_doubt(write, error)
    if found is not None:
        return outcome.accept(write, found)
    if journal.is_overdue(write):
        return journal.end(write, State.ABANDONED, said="Looked for: it is not in Clockify. Nothing was written.")
    return write


def _find(client: ClockifyClient, write: PartnerWrite) -> Mapping[str, Any] | None:
    if write.verb == PartnerWrite.Verb.RENAME:
        record = _read(client, write)
        return record if identical(payloads.text(record.get("name")), write.name) else None
    wid, before = write.workspace.clockify_id, set(write.read_before.get("namesakes", []))
    rows = client.clients(wid) if write.entity == "client" else client.projects(wid)
    wanted_client = str(json.loads(write.body).get("clientId", ""))
    for record in rows:
        in_place = write.entity == "client" or payloads.project(record).client_id == wanted_client
        is_new = payloads.identifier(record) not in before
        if in_place and is_new and identical(payloads.text(record.get("name")), write.name):
            return record
    return None


def _read(client: ClockifyClient, write: PartnerWrite) -> Mapping[str, Any]:
    return client.record(write.workspace.clockify_id, drafts.COLLECTIONS[write.entity], write.clockify_id)


def _known_ids(write: PartnerWrite) -> list[str]:
    """Records of that name that were there before, as last read."""
    rows = CLOCKIFY_MODELS[write.entity]._default_manager.filter(workspace=write.workspace, name=write.name)
    return list(rows.values_list("clockify_id", flat=True))
