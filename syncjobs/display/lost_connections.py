"""When a lost connection is asked again, in words."""

from __future__ import annotations

from integrations.models import Company, Workspace
from syncjobs.display.formatting import moment

ASKED_IN_VAIN = "It was tried once more and refused, so it has to be reconnected."


def asked_again(row: Workspace | Company | None, *, zone: str) -> str:
    """Return the sentence for pages; "" for a connection that is not lost."""
    if row is None or row.state != row.LOST:
        return ""
    if not row.may_be_asked_again:
        return ASKED_IN_VAIN
    when = "within a minute" if row.ask_again_at is None else f"on {moment(row.ask_again_at, zone)}"
    return (
        f"Hourbridge retries automatically {when} while a worker runs; a check or sync that you start retries at once."
    )
