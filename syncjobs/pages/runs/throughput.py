"""The current speed of a run and the time it still needs, in words."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Min

from syncjobs.models import Action, Run

# Long enough to even out a pause that a vendor asked for, short enough to follow a change.
WINDOW = timedelta(seconds=60)
MIN_WRITES = 3


def throughput(run: Run, *, now: datetime) -> str:
    """Return `8.2 writes a second, about 3 min left`; empty while too little was written to tell."""
    recent = Action.objects.filter(run=run, ended_at__gt=now - WINDOW, ended_at__lte=now)
    totals = recent.aggregate(writes=Count("pk"), since=Min("ended_at"))
    if run.status != Run.Status.RUNNING or totals["writes"] < MIN_WRITES:
        return ""
    # The first writes of a run may be milliseconds old, which would give an absurd rate.
    seconds = max((now - totals["since"]).total_seconds(), 1.0)
    per_second = totals["writes"] / seconds
    remaining = max(run.total - run.done, 0)
    return f"{_rate(per_second)}, about {_time(remaining / per_second)} left" if remaining else _rate(per_second)


def _rate(per_second: float) -> str:
    return f"{per_second:.1f} writes a second" if per_second >= 1 else f"{per_second * 60:.0f} writes a minute"


def _time(seconds: float) -> str:
    """Return a duration rounded up to 10 seconds, then to minutes, then to quarters of an hour."""
    if seconds <= 50:
        return f"{max(10, -(-int(seconds) // 10) * 10)} s"
    minutes = -(-int(seconds) // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, quarters = divmod(-(-minutes // 15), 4)
    return f"{hours} h{f' {quarters * 15} min' if quarters else ''}"
