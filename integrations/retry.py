"""How often, how far apart and for how long anything is tried again. Which failures may be is said in `errors`.

Seconds, unless a name says otherwise. The time without any answer has a setting of its own, GIVE_UP_SECONDS.
"""

from __future__ import annotations

import random

# --- one call ----------------------------------------------------------------------------------------------
# A longer pause is the run's business, which waits with its lease given back.
MAX_PAUSE = 120
# When a vendor says "too many requests" without saying for how long (Intuit's advice ends at 60 s).
THROTTLED_PAUSES = (5, 20, 60)
MAX_BACKOFF = 5.0

# --- the token service -------------------------------------------------------------------------------------
# An answer such as 503 or 429 gave no tokens, so that asking again is safe; after silence it is not.
TOKEN_PAUSES = (1.0, 3.0)
MAX_TOKEN_PAUSE = 15.0
# With the longest answer (GIVE_UP_SECONDS) this stays below the 60 s of the token lease.
LAST_TOKEN_REQUEST_AFTER = 30.0

# --- batches -----------------------------------------------------------------------------------------------
# Without calls after a throttled item of a batch, which carries no advice of its own.
BATCH_ITEM_PAUSE = 5
# Unanswered batches in a row, at the smallest size, before the rest goes one by one.
MAX_UNANSWERED_BATCHES = 2

# --- a run -------------------------------------------------------------------------------------------------
# Equal refusals in a row mean one cause, which the next record meets as well.
MAX_EQUAL_REFUSALS = 20
MAX_UNANSWERED_CALLS = 20
# Of GIVE_UP_SECONDS, for all threads together.
SILENT_SHARE = 0.7
# When a vendor's budget is used up and nobody says for how long.
RUN_PAUSE = 60
# Starts without any progress between them, after which a run has failed.
MAX_RUN_ATTEMPTS = 3


def backoff(attempt: int) -> float:
    """Return the pause after the attempt of this number, from 1: doubled each time, with jitter, never below 0.5."""
    return min(MAX_BACKOFF, 0.5 * 2 ** (attempt - 1)) * random.uniform(1, 1.3)
