"""How fast we may call a vendor: one row per account, shared by all processes, one UPDATE per call."""

from __future__ import annotations

import time

from django.db import connection, models, transaction


class RateBucket(models.Model):
    """Next free moment of one account, in seconds since 1970 (generic cell rate algorithm without a burst)."""

    key = models.CharField(max_length=120, primary_key=True)
    next_at = models.FloatField(default=0)
    blocked_until = models.FloatField(default=0)

    def __str__(self) -> str:
        return self.key


# A vendor counts what arrives: two calls may come closer together than they left. So a limit is kept with some room.
MARGIN = 1.004


def spacing(*, per_second: float = 0, per_minute: float = 0) -> float:
    """Seconds between two calls that keep both limits; 0 when neither limits."""
    return MARGIN * max(1 / per_second if per_second else 0, 60 / per_minute if per_minute else 0)


def reserve(key: str, seconds_apart: float, *, now: float) -> float:
    """Take the next free moment and say when it is. Fair among processes: each statement moves the row on.

    Must run outside a transaction, else others wait for its end.
    """
    table = connection.ops.quote_name(RateBucket._meta.db_table)
    latest = "MAX" if connection.vendor == "sqlite" else "GREATEST"
    # Column names are spelled out: `key` is a reserved word on some databases.
    sql = (
        f'UPDATE {table} SET "next_at" = {latest}("next_at", "blocked_until", %s) + %s '
        f'WHERE "key" = %s RETURNING "next_at"'
    )
    for _ in range(2):
        with connection.cursor() as cursor:
            cursor.execute(sql, [now, seconds_apart, key])
            row = cursor.fetchone()
        if row:
            return float(row[0]) - seconds_apart
        with transaction.atomic():
            RateBucket.objects.bulk_create([RateBucket(key=key)], ignore_conflicts=True)
    raise RuntimeError(f"rate bucket {key} could not be made")


def wait_for_turn(key: str, seconds_apart: float, *, longest: float) -> float:
    """Sleep until this account may be called again; gives 0 then.

    A wait over `longest` seconds is not slept through: it is given back, for the run to be put off.
    """
    now = time.time()
    pause = reserve(key, seconds_apart, now=now) - now
    if pause > longest:
        return pause
    time.sleep(max(0.0, pause))
    return 0.0


def hold_back(key: str, seconds: float) -> None:
    """The vendor said "too fast": nobody calls this account before `seconds` from now."""
    until = time.time() + seconds
    RateBucket.objects.bulk_create([RateBucket(key=key)], ignore_conflicts=True)
    RateBucket.objects.filter(key=key, blocked_until__lt=until).update(blocked_until=until)
