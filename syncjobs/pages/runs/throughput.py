"""How fast a run writes just now and how long it will go on, in words."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count, Min

from syncjobs.models import Action, Run

# Long enough to even out a pause that a vendor asked for, short enough to follow a change.
LOOKED_BACK = timedelta(seconds=60)
FEWEST = 3


def throughput(run: Run, *, now: datetime) -> str:
    """`8.2 writes a second, about 3 min left`; empty as long as too little was written to tell."""
    recent = Action.objects.filter(run=run, ended_at__gt=now - LOOKED_BACK, ended_at__lte=now)
    counted = recent.aggregate(writes=Count("pk"), since=Min("ended_at"))
    if run.status != Run.Status.RUNNING or counted["writes"] < FEWEST:
        return ""
    seconds = max((now - counted["since"]).total_seconds(), 1.0)
    a_second = counted["writes"] / seconds
    left = max(run.total - run.done, 0)
    return f"{_rate(a_second)}, about {_time(left / a_second)} left" if left else _rate(a_second)


def _rate(a_second: float) -> str:
    return f"{a_second:.1f} writes a second" if a_second >= 1 else f"{a_second * 60:.0f} writes a minute"


def _time(seconds: float) -> str:
    """Rounded up to what a person plans with: 10 seconds, minutes, then quarters of an hour."""
    if seconds <= 50:
        return f"{max(10, -(-int(seconds) // 10) * 10)} s"
    minutes = -(-int(seconds) // 60)
    if minutes < 60:
        return f"{minutes} min"
    hours, quarters = divmod(-(-minutes // 15), 4)
    return f"{hours} h{f' {quarters * 15} min' if quarters else ''}"
