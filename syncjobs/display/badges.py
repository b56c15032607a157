"""Status badges: a word, an icon and a tone, never color alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class Look:
    """`tone` is a colour of the style sheet: sent, waiting, held, refused, doubt, locked or out."""

    word: str
    icon: str
    tone: str


SENT = Look("Sent", "check_circle", "sent")
WAITING = Look("Waiting to be sent", "schedule", "waiting")
HELD = Look("Held", "pause_circle", "held")
LEFT_OUT = Look("Left out", "remove", "out")
IGNORED = Look("Ignored", "remove", "out")
REFUSED = Look("Refused", "report", "refused")
DOUBT = Look("In doubt", "help", "doubt")
LOCKED = Look("Billed or changed there", "lock", "locked")
CHANGE_WAITS = Look("Change waits to be sent", "schedule", "waiting")
CHANGE_HELD = Look("Change held", "pause_circle", "held")
DELETED = Look("Deleted", "remove", "out")
UNKNOWN = Look("Not looked at yet", "remove", "out")

LOCKING = {"BILLED_IN_QUICKBOOKS", "CHANGED_IN_QUICKBOOKS"}
ENTRY_STATES = {
    "ready": WAITING,
    "sent": SENT,
    "failed": REFUSED,
    "unknown": DOUBT,
    "ignored": IGNORED,
    "deleted": DELETED,
}


def of_entry(state: str, *, held: bool, codes: Iterable[str]) -> Look:
    """An entry's look. Time changed after it was sent waits, is held, or is locked by what QuickBooks has."""
    reasons = set(codes)
    if state == "blocked":
        return HELD if held else LEFT_OUT
    if state == "changed":
        if reasons & LOCKING:
            return LOCKED
        return CHANGE_HELD if reasons else CHANGE_WAITS
    return ENTRY_STATES.get(state, UNKNOWN)


RUN_STATUSES: Mapping[str, Look] = {
    "queued": Look("Waiting", "schedule", "waiting"),
    "running": Look("Running", "play_circle", "waiting"),
    "waiting": Look("Waiting", "schedule", "waiting"),
    "succeeded": Look("Done", "check_circle", "sent"),
    "partial": Look("Partly done", "warning", "held"),
    "failed": Look("Failed", "report", "refused"),
    "blocked": Look("Blocked", "pause_circle", "held"),
    "cancelled": Look("Stopped", "stop_circle", "out"),
}

ITEM_OUTCOMES: Mapping[str, Look] = {
    "planned": Look("Planned", "schedule", "waiting"),
    "sent": Look("Created", "check", "sent"),
    "updated": Look("Updated", "check", "sent"),
    "deleted": Look("Deleted", "check", "sent"),
    "blocked": HELD,
    "failed": REFUSED,
    "unknown": DOUBT,
}

ACTION_STATES: Mapping[str, Look] = {
    "sending": DOUBT,
    "done": Look("Done", "check_circle", "sent"),
    "refused": REFUSED,
    "abandoned": Look("Did not happen", "remove", "out"),
}

# Messages, by the least level that looks so (Django: 10 debug, 20 info, 25 success, 30 warning, 40 error).
MESSAGES = (
    (40, Look("Not done", "report", "refused")),
    (30, Look("Take note", "warning", "held")),
    (25, Look("Done", "check_circle", "sent")),
    (0, Look("Note", "info", "waiting")),
)

WORKING = Look("Working", "check_circle", "sent")
NEEDS_ATTENTION = Look("Needs attention", "warning", "held")
SENDING_OFF = Look("Sending is off", "pause_circle", "held")
NOT_CONNECTED = Look("Not connected", "power_off", "refused")


def of_run(status: str) -> Look:
    """Return the badge of a run of this status."""
    return RUN_STATUSES[status]


def of_item(outcome: str) -> Look:
    """Return the badge of a run's item of this outcome."""
    return ITEM_OUTCOMES[outcome]


def of_action(state: str) -> Look:
    """Return the badge of a write in this state."""
    return ACTION_STATES[state]


def of_message(level: int) -> Look:
    """Return the badge of a message of this level."""
    return next(look for least, look in MESSAGES if level >= least)


def icon(name: str) -> SafeString:
    """Return an icon that stands beside words that say the same: hidden from screen readers."""
    return format_html('<span class="material-symbols-outlined hb-icon" aria-hidden="true">{}</span>', name)


def pill(look: Look) -> SafeString:
    """Return the badge on a colored ground."""
    return format_html('<span class="hb-badge hb-{}">{}{}</span>', look.tone, icon(look.icon), look.word)


def plain(look: Look) -> SafeString:
    """Return the badge without its ground, for rows of tables."""
    return format_html('<span class="hb-state hb-{}">{}{}</span>', look.tone, icon(look.icon), look.word)
