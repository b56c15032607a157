"""Limits of all retries: how many, how far apart, and for how long; `errors` defines which failures allow one.

In seconds, unless a name says otherwise. The limit for silence is a setting, GIVE_UP_SECONDS.
"""

from __future__ import annotations

import random

# --- one call ----------------------------------------------------------------------------------------------
# For a longer pause the run stops and is scheduled again, so that it does not hold its lease while it waits.
MAX_PAUSE = 120
# No vendor's word blocks an account for longer; after that it is asked again, and may say so again.
LONGEST_PAUSE = 3600.0
# A write begins at most this long after its action was saved, so that nobody has to expect it later (design: exactly
# once).
MAX_WRITE_DELAY = 60
# When a vendor says "too many requests" without saying for how long (Intuit's advice ends at 60 s).
THROTTLED_PAUSES = (5, 20, 60)
MAX_BACKOFF = 5.0

# --- the token service -------------------------------------------------------------------------------------
# A 503 or 429 gave no tokens, so that a retry is safe. After silence it is not: the first request may have used up
# the refresh token.
TOKEN_PAUSES = (1.0, 3.0)
MAX_TOKEN_PAUSE = 15.0
# With the longest answer (GIVE_UP_SECONDS) a refresh ends about when other processes stop waiting for it.
LAST_TOKEN_REQUEST_AFTER = 30.0
# For a call that nobody waits for, after another one that took its time.
BRIEF_SECONDS = 3.0

# --- batches -----------------------------------------------------------------------------------------------
# Pause of all calls after a throttled item of a batch, which has no Retry-After of its own.
BATCH_ITEM_PAUSE = 5
# Unanswered batches in a row, at the smallest size, before the rest is sent one by one.
MAX_UNANSWERED_BATCHES = 2

# --- a run -------------------------------------------------------------------------------------------------
# Equal refusals in a row have one cause, such as an inactive default item, and the next record would fail as well.
MAX_EQUAL_REFUSALS = 20
MAX_UNANSWERED_CALLS = 20
# Share of GIVE_UP_SECONDS without any answer, across all threads, after which sending stops.
SILENT_SHARE = 0.7
# When a vendor's request limit is used up and it does not say for how long.
RUN_PAUSE = 60
# Starts without progress between them, after which a run fails.
MAX_RUN_ATTEMPTS = 3
# Runs that try the same content of an entry without a clear answer, before it counts as refused.
MAX_TRIED_RUNS = 5


def backoff(attempt: int) -> float:
    """Return the pause after the attempt of this number, from 1: doubled each time, with jitter, never below 0.5."""
    return min(MAX_BACKOFF, 0.5 * 2 ** (attempt - 1)) * random.uniform(1, 1.3)
