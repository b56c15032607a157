"""All that the admin shows of jobs and records; each module registers what its name says."""

from syncjobs.pages import borrowed_admin, connection_admin, decision_admin, mirror_admin, record_admin
from syncjobs.pages.entries import entry_admin
from syncjobs.pages.runs import run_admin

__all__ = [
    "borrowed_admin",
    "connection_admin",
    "decision_admin",
    "entry_admin",
    "mirror_admin",
    "record_admin",
    "run_admin",
]
