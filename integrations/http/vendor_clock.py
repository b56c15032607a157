"""Times that an answer names: how long to wait, and the vendor's own clock."""

from __future__ import annotations

import math
from datetime import datetime
from email.utils import parsedate_to_datetime

import requests
from django.utils import timezone

from integrations.limits import retry


def retry_after(answer: requests.Response) -> float | None:
    """Return the seconds that Retry-After asks for, from 0 to an hour; None where it says nothing usable.

    A number of seconds, or a date, which is compared with the answer's own Date. More than an hour (some send the time
    of day as a number) counts as an hour, after which the vendor can say so again; what is no finite number, or a date
    gone by, says nothing.
    """
    text = answer.headers.get("Retry-After", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - _vendors_now(answer)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
        if seconds < 0:
            return None
    if not math.isfinite(seconds):
        return None
    return min(max(0.0, seconds), retry.LONGEST_PAUSE)


def _vendors_now(answer: requests.Response) -> datetime:
    """Return the time of the answer by the vendor's clock, or by this machine's where it says none."""
    return time_said(answer) or timezone.now()


def time_said(answer: requests.Response) -> datetime | None:
    try:
        moment = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, TypeError, OverflowError):
        return None
    # "-0000" gives a time without a zone.
    return moment if moment.tzinfo is not None else None
