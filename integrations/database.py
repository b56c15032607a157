"""Settings for each database connection, made when it opens, what to do when it is lost, and the database's clock.

What several processes compare (leases, limits, what is due) goes by the database's clock alone: the machines' own
clocks may be minutes apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.dateparse import parse_datetime

T = TypeVar("T")
# SQLite limits the parameters of one statement.
IDS_PER_QUERY = 500
# How long `with_reconnect` waits for a server that restarts, and for one that answers but refuses (a full disk).
AWAY_SECONDS, REFUSED_SECONDS = 15.0, 2.0


def chunks(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the ids in lists that fit into one query."""
    for start in range(0, len(ids), IDS_PER_QUERY):
        yield ids[start : start + IDS_PER_QUERY]


def with_reconnect(work: Callable[[], T], *, patience: float | None = None) -> T:
    """Return `work()`, called again on a new connection for a while if the database is away or refuses.

    `work` must do no harm when it runs twice: a commit whose answer was lost has happened. Inside a transaction it is
    called once. `patience` in seconds, instead of AWAY_SECONDS. Raises the last OperationalError or InterfaceError.
    """
    began, pause = time.monotonic(), 0.1
    away_seconds = AWAY_SECONDS if patience is None else patience
    while True:
        try:
            return work()
        except (OperationalError, InterfaceError):
            if connection.in_atomic_block:
                raise
            limit = REFUSED_SECONDS if connection.connection and connection.is_usable() else away_seconds
            # Django keeps a connection that the server has closed, and every later query on it would fail as well.
            connection.close()
            if time.monotonic() + pause - began > limit:
                raise
        time.sleep(pause)
        pause = min(2 * pause, 2.0)


class DatabaseNow(Now):
    """The database's time, for filters and updates: `filter(until__lt=DatabaseNow())`, `DatabaseNow() + timedelta`.

    On PostgreSQL the time at which a row is tested or set: a statement may have waited for a lock, and `now()` is the
    start of the transaction. On SQLite in the text form in which Django stores times, which are compared as text.
    """

    def as_postgresql(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        return self.as_sql(compiler, connection, template="CLOCK_TIMESTAMP()", **extra_context)

    def as_sqlite(self, compiler: Any, connection: Any, **extra_context: Any) -> Any:
        # SQLite knows milliseconds; the zeros make six digits as in stored times. `%` is doubled for two formattings.
        template = "STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f000', 'NOW')"
        return self.as_sql(compiler, connection, template=template, **extra_context)


# The database's time in seconds since 1970, as plain SQL.
EPOCH_SECONDS_SQL = {
    "postgresql": "EXTRACT(EPOCH FROM CLOCK_TIMESTAMP())::double precision",
    "sqlite": "((julianday('now') - 2440587.5) * 86400.0)",
}


def database_now() -> datetime:
    """Return the database's time, by one short query. Where a statement takes or tests a time, use `DatabaseNow`."""
    sql = "CLOCK_TIMESTAMP()" if connection.vendor == "postgresql" else "STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW')"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sql}")
        value = cursor.fetchone()[0]
    moment = parse_datetime(value) if isinstance(value, str) else value
    assert moment is not None
    return moment if timezone.is_aware(moment) else moment.replace(tzinfo=UTC)


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
