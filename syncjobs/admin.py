"""The registration of every admin list; each is defined beside the pages that it belongs to."""

from __future__ import annotations

from syncjobs.pages.entries import entry_admin
from syncjobs.pages.records import (
    connection_admin,
    decision_admin,
    mirror_admin,
    reading_admin,
    record_admin,
    third_party_admin,
)
from syncjobs.pages.runs import run_admin

__all__ = [
    "connection_admin",
    "decision_admin",
    "entry_admin",
    "mirror_admin",
    "reading_admin",
    "record_admin",
    "run_admin",
    "third_party_admin",
]
