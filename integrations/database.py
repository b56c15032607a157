"""What every database connection of ours is told when it opens."""

from __future__ import annotations

from typing import Any

from django.conf import settings


def end_idle_transactions(sender: object, connection: Any, **_: object) -> None:
    """PostgreSQL ends a transaction whose process has been silent for the length of a lease.

    A process that is suspended in the middle of one (a frozen container, a laptop that sleeps) would hold its row
    locks for as long, and with them everybody who is to take over. None of ours waits in a transaction: no call to a
    vendor is made inside one. Set after connecting, since poolers refuse it as a start-up option.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('idle_in_transaction_session_timeout', %s, false)",
            [str(int(settings.LEASE_SECONDS * 1000))],
        )
