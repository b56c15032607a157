"""The sentences of warnings: of a run, with their counts, and of one entry in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syncjobs.display.formatting import number


@dataclass(frozen=True, slots=True)
class Wording:
    """`sentence`: {n} is the count with the noun, {zone} the workspace's time zone; `of_entry`: on one entry's line."""

    sentence: str
    noun: str = ""
    of_entry: str = ""


WORDINGS = {
    "NO_RATE": Wording(
        "{n} no hourly rate in Clockify; QuickBooks gets a rate of 0.",
        "entry has,entries have",
        "No hourly rate, sent at 0",
    ),
    "NO_COST_RATE": Wording(
        "{n} no cost rate that this API key can see; QuickBooks gets none.",
        "entry has,entries have",
        "No cost rate, sent without one",
    ),
    "DESCRIPTION_CUT": Wording(
        "{n} longer than QuickBooks allows; the first 4,000 characters were sent.",
        "text is,texts are",
        "The text is cut to 4,000 characters",
    ),
    "RATE_CHANGED": Wording("{n} a different rate now than when sent.", "sent entry has,sent entries have"),
    "LINK_CHANGED": Wording("{n} a different link now than when sent.", "sent entry has,sent entries have"),
    "MANY_MISSING": Wording(
        "{n} gone from Clockify. So many deletions at once wait for review.", "sent entry is,sent entries are"
    ),
    "MANY_DELETIONS": Wording(
        "{n} no longer billable work. So many deletions at once wait for review.",
        "sent entry is,sent entries are",
    ),
    "REPORT_SHORT": Wording(
        "Clockify’s report counts {n} more than it lists; while that is new, nothing missing from it is deleted.",
        "time entry,time entries",
    ),
    "UNREADABLE": Wording("{n} could not be read; only what depends on them is held.", "record,records"),
    "UNKNOWN_TIME_ZONE": Wording(
        "{n} a time zone that is unknown here; {zone}, the workspace's, is used instead.", "person has,people have"
    ),
    "ROUNDING_UNKNOWN": Wording(
        "Clockify's reports round in a way that is not known here; time is rounded to the nearest minute instead."
    ),
    "LATE_DOUBLE": Wording(
        "{n} of an earlier run arrived twice, since QuickBooks answered late; the extra time was deleted there.",
        "write,writes",
    ),
    "LATE_DOUBLE_BILLED": Wording(
        "{n} of an earlier run arrived twice, and the extra time is billed already, so it stays: the event log "
        "names it. Take it off the invoice if it is billed twice, and delete it in QuickBooks.",
        "write,writes",
    ),
    "LATE_DOUBLE_KEPT": Wording(
        "{n} of an earlier run arrived twice, and the extra time was not deleted: the event log says why, and what "
        "to do in QuickBooks.",
        "write,writes",
    ),
}


def lines(warnings: Mapping[str, int], *, zone: str) -> list[tuple[str, str]]:
    """Return code and sentence of each warning of a run; `zone`: the workspace's time zone."""
    return [(code, _sentence(code, count, zone)) for code, count in warnings.items()]


def of_entry(code: str) -> str:
    """Return a warning in the words of one entry's line, or an unknown code as it is."""
    wording = WORDINGS.get(code)
    return wording.of_entry if wording and wording.of_entry else code


def _sentence(code: str, count: int, zone: str) -> str:
    wording = WORDINGS.get(code)
    if wording is None:
        return f"{count:,} ×"
    return wording.sentence.format(n=number(count, wording.noun) if wording.noun else "", zone=zone)
