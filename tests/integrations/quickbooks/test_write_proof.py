"""Which answers to a write prove that it was carried out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from integrations.quickbooks.write_proof import proven_record

CREATE, UPDATE = json.dumps({"Hours": 1}), json.dumps({"Id": "7", "SyncToken": "0", "Hours": 2})


def proves(record: Any, sent: str, *, delete: bool = False, entity: str = "TimeActivity") -> bool:
    return proven_record({entity: record, "time": "now"}, "TimeActivity", sent, delete=delete) is not None


@pytest.mark.parametrize("sent", [CREATE, UPDATE])
def test_a_record_with_id_and_token_proves_a_create_and_an_update(sent: str) -> None:
    assert proves({"Id": "7", "SyncToken": "0"}, sent)


@pytest.mark.parametrize("sent", [CREATE, UPDATE])
@pytest.mark.parametrize(
    "record",
    [
        {},
        None,
        [],
        "text",
        {"Id": "7"},
        {"SyncToken": "0"},
        {"Id": "", "SyncToken": "0"},
        {"Id": " ", "SyncToken": "0"},
        {"Id": 7, "SyncToken": "0"},
        {"Id": "7", "SyncToken": 0},
        {"Id": "7", "SyncToken": ""},
        {"Id": None, "SyncToken": None},
        {"Id": ["7"], "SyncToken": "0"},
        {"Id": "7" * 65, "SyncToken": "0"},
        {"Id": "7", "SyncToken": "0" * 33},
        {"Id": "7", "SyncToken": "0", "status": "Deleted"},
    ],
)
def test_nothing_else_does(record: Any, sent: str) -> None:
    assert not proves(record, sent)


def test_another_record_or_another_entity_proves_nothing() -> None:
    assert not proves({"Id": "8", "SyncToken": "1"}, UPDATE)
    assert not proves({"Id": "7", "SyncToken": "1"}, UPDATE, entity="Employee")


def test_a_deletion_is_proven_by_its_marker_alone() -> None:
    marker = {"Id": "7", "status": "Deleted", "domain": "QBO"}

    assert proves(marker, UPDATE, delete=True)
    assert not proves({**marker, "Id": "8"}, UPDATE, delete=True)
    assert not proves({**marker, "status": "Active"}, UPDATE, delete=True)
    assert not proves({"Id": "7", "SyncToken": "1"}, UPDATE, delete=True)
    assert not proves({}, UPDATE, delete=True)
