"""What proves that a write was carried out: its record with an id and a token, or the marker of its deletion. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from integrations.reading.values import ID_LENGTH, TOKEN_LENGTH


def proven_record(
    answer: Mapping[str, Any], entity: str, sent: str, *, delete: bool = False
) -> Mapping[str, Any] | None:
    """Return the record of an answer that proves the write; None for any other, whose outcome stays unknown.

    `sent`: the JSON body of the write; with an Id it is an update or a delete, and the answer must have the same one.
    Fields that came back different are no doubt about the write, and are not looked at here.
    """
    record = answer.get(entity)
    if not isinstance(record, Mapping):
        return None
    sent_id, record_id = json.loads(sent).get("Id"), record.get("Id")
    if not _is_text(record_id, ID_LENGTH) or (sent_id is not None and record_id != sent_id):
        return None
    if delete:
        # Intuit: delete operations answer with the id and this status alone.
        return record if sent_id is not None and record.get("status") == "Deleted" else None
    return record if _is_text(record.get("SyncToken"), TOKEN_LENGTH) and record.get("status") != "Deleted" else None


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= longest
