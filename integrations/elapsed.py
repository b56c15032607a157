"""A clock for durations that also runs while the machine sleeps."""

from __future__ import annotations

import time

# `time.monotonic` stands still on a Linux machine that sleeps, while a lease in the database runs out.
_CLOCK: int | None = getattr(time, "CLOCK_BOOTTIME", None)


def seconds() -> float:
    """Return the seconds since some moment in the past, those in which the machine slept included."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)
