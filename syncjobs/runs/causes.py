"""The error that ended a run, as people read it."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError

from config.scrubber import scrub
from integrations.errors import ApiError
from syncjobs.ledger import lease


def describe(cause: Exception) -> tuple[str, str, str]:
    """Return code, message and fix of an error, each on one line; its details are in the log only."""
    if isinstance(cause, ApiError):
        return cause.name, cause.message, cause.fix or "The next run continues where this one stopped."
    if isinstance(cause, lease.Lost):
        return "LEASE_LOST", str(cause), "Run it again."
    text = scrub(" ".join(str(cause).split()))
    if isinstance(cause, OperationalError | InterfaceError):
        fix = "The next run looks for what was in progress and continues. The log has the details."
        return "DATABASE", f"The database could not be used: {text}"[:300], fix
    fix = "The log has the details; report it with the run's number."
    return "INTERNAL_ERROR", f"{type(cause).__name__}: {text}"[:300], fix
