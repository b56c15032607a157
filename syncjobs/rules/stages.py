"""The stages of runs, in the words that pages and commands show. `Run.stage` keeps these words. Pure."""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """What a run is doing now."""

    CONNECTION = "Asking whether the connection works again"
    SUBSCRIPTION = "Checking the subscription"
    EARLIER_WRITES = "Checking the outcome of earlier writes"
    READING = "Reading time entries from Clockify"
    PLANNING = "Planning"
    SENDING = "Sending"
    DELETING = "Deleting"
    IN_DOUBT = "Checking what is still in doubt"
    # Of checks and comparisons.
    BOTH_SIDES = "Reading both sides"
    QUICKBOOKS_TIME = "Reading time from QuickBooks"
    COMPARING = "Comparing both sides"


# A preview ends after planning.
OF_PREVIEW = (Stage.SUBSCRIPTION, Stage.EARLIER_WRITES, Stage.READING, Stage.PLANNING)
OF_SYNC = (*OF_PREVIEW, Stage.SENDING, Stage.IN_DOUBT)
