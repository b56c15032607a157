"""One client or project to Clockify: read, then sent once; an unknown outcome is settled by reading."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from integrations.clockify import payloads
from integrations.clockify.client import ClockifyApiClient
from integrations.clockify.connection import client_for
from integrations.errors import ApiError, Gone, ReconnectNeeded, Rejected, TryLater
from integrations.kinds import Kind
from integrations.reading.unreadable import Reading
from mapping.matching.names import identical
from mapping.models import PartnerWrite
from mapping.queries import CLOCKIFY_MODELS
from syncjobs.partner_writes import drafts, journal, outcome, settle

State = PartnerWrite.State
PARSERS: dict[str, Callable[[Any], payloads.ClientPayload | payloads.ProjectPayload]] = {
    "client": payloads.client,
    "project": payloads.project,
}


def make_ready(write: PartnerWrite) -> bool:
    """Read the record that a PUT replaces, and save the body. Always True. Raises ApiError."""
    if write.verb == PartnerWrite.Verb.CREATE:
        journal.save_body(write, write.body, read_before={"namesakes": _known_ids(write)})
        return True
    record = _read(client_for(write.workspace), write)
    body = drafts.renaming_body(write.entity, record, {"name": write.name})
    journal.save_body(write, json.dumps(body, ensure_ascii=False), read_before=record)
    return True


def send(write: PartnerWrite) -> PartnerWrite:
    """Send the stored body once and return the write. Call after `journal.claim_attempt`."""
    client, workspace_id = client_for(write.workspace), write.workspace.clockify_id
    collection = drafts.COLLECTIONS[write.entity]
    try:
        if write.verb == PartnerWrite.Verb.CREATE:
            answer = client.create(workspace_id, collection, write.body)
        else:
            answer = client.replace(workspace_id, collection, write.clockify_id, write.body)
    except (Gone, Rejected) as error:
        if write.attempts > 1:
            # "Already exists" may mean our own earlier attempt.
            return look(journal.mark_unknown(write, error))
        return journal.end(write, State.REFUSED, message=f"{error.message} Nothing was written.", error=error)
    except (TryLater, ReconnectNeeded) as error:
        return settle.end_unless_tried(write, error)
    except ApiError as error:
        # No clear answer: it may have arrived, and sending again could create it twice.
        return look(journal.mark_unknown(write, error))
    return outcome.accept(write, answer)


def look(write: PartnerWrite) -> PartnerWrite:
    """Settle by reading. The outcome stays unknown while it may still arrive or Clockify can't be read."""
    client = client_for(write.workspace)
    return settle.look(write, lambda: _find(client, write))


def _find(client: ClockifyApiClient, write: PartnerWrite) -> Mapping[str, Any] | None:
    """Return the record as this write would have left it, or None. Raises ApiError."""
    if write.verb == PartnerWrite.Verb.RENAME:
        record = _read(client, write)
        return record if identical(payloads.name_of(record, "name"), write.name) else None
    workspace_id = write.workspace.clockify_id
    known_ids = {*write.read_before.get("namesakes", ())} | journal.made_by_others(write)
    rows = client.clients(workspace_id) if write.entity == Kind.CLIENT else client.projects(workspace_id)
    client_id = str(json.loads(write.body).get("clientId", ""))
    for parsed, record in Reading().each(write.entity, rows, PARSERS[write.entity], id_of=payloads.identifier):
        in_place = isinstance(parsed, payloads.ClientPayload) or parsed.client_id == client_id
        if in_place and parsed.id not in known_ids and identical(parsed.name, write.name):
            return record
    return None


def _read(client: ClockifyApiClient, write: PartnerWrite) -> Mapping[str, Any]:
    return client.record(write.workspace.clockify_id, drafts.COLLECTIONS[write.entity], write.clockify_id)


def _known_ids(write: PartnerWrite) -> list[str]:
    """Return the ids of mirrored records that already have this name: `_find` must not take them for ours."""
    rows = CLOCKIFY_MODELS[write.entity]._default_manager.filter(workspace=write.workspace, name=write.name)
    return list(rows.values_list("clockify_id", flat=True))
