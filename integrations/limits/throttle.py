"""The rate limit of calls to a vendor: one row per account, shared by all processes, one UPDATE per call."""

from __future__ import annotations

import time

from django.db import connection, models, transaction
from django.db.models import Q

from integrations.database import EPOCH_SECONDS_SQL
from integrations.limits import retry


class RateBucket(models.Model):
    """The next free moment of one account, in seconds since 1970 by the database's clock (generic cell rate
    algorithm without a burst).
    """

    key = models.CharField(max_length=120, primary_key=True)
    next_at = models.FloatField(default=0)
    blocked_until = models.FloatField(default=0)

    def __str__(self) -> str:
        return self.key


# Vendors count calls as they arrive, and two may arrive closer together than they were sent.
MARGIN = 1.004


def spacing(*, per_second: float = 0, per_minute: float = 0) -> float:
    """Return the seconds between two calls that keep both limits; 0 where there is no limit."""
    return MARGIN * max(1 / per_second if per_second else 0, 60 / per_minute if per_minute else 0)


def reserve(key: str, seconds_apart: float, *, now: float | None = None) -> float:
    """Take the next free moment and return how many seconds away it is. Fair among processes: each call moves it on.

    A row that says more than retry.LONGEST_PAUSE from now, as an older version or a wrong clock may have written it, is
    set to that, and not again and again: the pause really ends.

    By the database's clock, since processes on several machines share the row; `now` is for tests, in seconds since
    1970. Must run outside a transaction, which would keep the row locked for all other callers until it ends.
    """
    table = connection.ops.quote_name(RateBucket._meta.db_table)
    latest, earliest = _extremes()
    clock = EPOCH_SECONDS_SQL[connection.vendor] if now is None else str(float(now))
    # Column names are spelled out: `key` is a reserved word on some databases.
    sql = (
        f'UPDATE {table} SET "blocked_until" = {earliest}("blocked_until", {clock} + %s), '
        f'"next_at" = {earliest}({latest}("next_at", "blocked_until", {clock}), {clock} + %s) + %s '
        f'WHERE "key" = %s RETURNING "next_at" - {clock}'
    )
    # Twice, since the row is missing at the first call of an account.
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute(sql, [retry.LONGEST_PAUSE, retry.LONGEST_PAUSE, seconds_apart, key])
            row = cursor.fetchone()
        if row:
            return max(0.0, float(row[0]) - seconds_apart)
        _make_row(key)
    raise RuntimeError(f"rate bucket {key} could not be made")


def wait_for_turn(key: str, seconds_apart: float, *, longest: float) -> float:
    """Sleep until this account may be called again, and return 0.

    A wait of more than `longest` seconds is returned instead, so that the caller can postpone the run.
    """
    pause = reserve(key, seconds_apart)
    if pause > longest:
        return pause
    time.sleep(pause)
    return 0.0


def block_for(key: str, seconds: float) -> None:
    """Block all calls for this account for `seconds`, an hour at most, after the vendor reported too many requests."""
    _make_row(key)
    table = connection.ops.quote_name(RateBucket._meta.db_table)
    latest, _ = _extremes()
    # Another process may have been told to wait longer; a shorter wait must not replace that.
    sql = (
        f'UPDATE {table} SET "blocked_until" = {latest}("blocked_until", {EPOCH_SECONDS_SQL[connection.vendor]} + %s) '
        f'WHERE "key" = %s'
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [min(seconds, retry.LONGEST_PAUSE), key])


def is_blocked(key: str) -> bool:
    """Return whether the vendor has asked for a pause of this account that is not over."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {EPOCH_SECONDS_SQL[connection.vendor]}")
        (now,) = cursor.fetchone()
    return RateBucket.objects.filter(key=key, blocked_until__gt=float(now)).exists()


def seconds_left(key: str) -> float:
    """Return how many seconds away this account's next free moment is, without taking it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {EPOCH_SECONDS_SQL[connection.vendor]}")
        (now,) = cursor.fetchone()
    row = RateBucket.objects.filter(key=key).first()
    return max(0.0, row.next_at - float(now), row.blocked_until - float(now)) if row else 0.0


def lift(key: str) -> None:
    """Let this account be called again at once, as a person wants it: its own limit and that of its batches."""
    RateBucket.objects.filter(Q(key=key) | Q(key__startswith=f"{key}:")).update(next_at=0, blocked_until=0)


def _extremes() -> tuple[str, str]:
    """Return the names of the functions for the greatest and the least of several values."""
    return ("MAX", "MIN") if connection.vendor == "sqlite" else ("GREATEST", "LEAST")


def _make_row(key: str) -> None:
    with transaction.atomic():
        RateBucket.objects.bulk_create([RateBucket(key=key)], ignore_conflicts=True)
