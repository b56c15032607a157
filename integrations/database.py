"""Settings for each database connection, made when it opens."""

from __future__ import annotations

from typing import Any

from django.conf import settings


def end_idle_transactions(sender: object, connection: Any, **_: object) -> None:
    """Have PostgreSQL end a transaction whose process has been idle for the length of a lease.

    A process that is suspended inside a transaction (a frozen container, a sleeping laptop) would keep its row locks
    and block the process that takes over its run. Our transactions never wait: no call to a vendor is made inside
    one. Set after connecting, since connection poolers refuse it as a startup option.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('idle_in_transaction_session_timeout', %s, false)",
            [str(int(settings.LEASE_SECONDS * 1000))],
        )
