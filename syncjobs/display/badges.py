"""Status badges: a word, an icon and a tone, never color alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from syncjobs.models import RunItem
from syncjobs.rules.reasons import CONFLICTS, UNDONE


@dataclass(frozen=True, slots=True)
class StatusBadge:
    """`tone` is a color of the style sheet: sent, waiting, held, refused, doubt, locked or out."""

    word: str
    icon: str
    tone: str


SENT = StatusBadge("Sent", "check_circle", "sent")
WAITING = StatusBadge("Waiting to be sent", "schedule", "waiting")
HELD = StatusBadge("Held", "pause_circle", "held")
LEFT_OUT = StatusBadge("Excluded", "remove", "out")
IGNORED = StatusBadge("Ignored", "remove", "out")
REFUSED = StatusBadge("Refused", "report", "refused")
IN_DOUBT = StatusBadge("In doubt", "help", "doubt")
ON_THE_WAY = StatusBadge("On the way", "send", "waiting")
LOCKED = StatusBadge("Billed or changed there", "lock", "locked")
CHANGE_WAITS = StatusBadge("Change waits to be sent", "schedule", "waiting")
REFUSED_OR_HELD = StatusBadge("Refused, or change held", "report", "refused")
CHANGE_HELD = StatusBadge("Change held", "pause_circle", "held")
DELETED = StatusBadge("Deleted", "remove", "out")
UNKNOWN = StatusBadge("Not checked yet", "remove", "out")

LOCKING = CONFLICTS
ENTRY_STATES = {
    "ready": WAITING,
    "sent": SENT,
    "failed": REFUSED,
    "unknown": IN_DOUBT,
    "ignored": IGNORED,
    "deleted": DELETED,
}


def of_entry(state: str, *, held: bool, codes: Iterable[str]) -> StatusBadge:
    """Return the badge of an entry. A change after sending waits, is held, or is locked by QuickBooks' record."""
    reasons = set(codes)
    if state == "blocked":
        return HELD if held else LEFT_OUT
    if state == "changed":
        if reasons & LOCKING:
            return LOCKED
        return CHANGE_HELD if reasons else CHANGE_WAITS
    return ENTRY_STATES.get(state, UNKNOWN)


RUN_STATUSES: Mapping[str, StatusBadge] = {
    "queued": StatusBadge("Waiting", "schedule", "waiting"),
    "running": StatusBadge("Running", "play_circle", "waiting"),
    "waiting": StatusBadge("Waiting", "schedule", "waiting"),
    "succeeded": StatusBadge("Done", "check_circle", "sent"),
    "partial": StatusBadge("Partly done", "warning", "held"),
    "failed": StatusBadge("Failed", "report", "refused"),
    "blocked": StatusBadge("Blocked", "pause_circle", "held"),
    "cancelled": StatusBadge("Stopped", "stop_circle", "out"),
}

ITEM_OUTCOMES: Mapping[str, StatusBadge] = {
    "planned": StatusBadge("Planned", "schedule", "waiting"),
    "sent": StatusBadge("Created", "check", "sent"),
    "updated": StatusBadge("Updated", "check", "sent"),
    "deleted": StatusBadge("Deleted", "check", "sent"),
    "blocked": HELD,
    "failed": REFUSED,
    "unknown": IN_DOUBT,
    "waiting": StatusBadge("Waits for review", "pause_circle", "held"),
}

ACTION_STATES: Mapping[str, StatusBadge] = {
    "waiting": StatusBadge("Waiting", "schedule", "waiting"),
    "sending": IN_DOUBT,
    "on_the_way": ON_THE_WAY,
    "done": StatusBadge("Done", "check_circle", "sent"),
    "refused": REFUSED,
    "abandoned": StatusBadge("Did not happen", "remove", "out"),
    "missing": StatusBadge("Did not arrive", "remove", "out"),
    "given_up": StatusBadge("Given up", "report", "refused"),
}

# Messages, by the lowest level with this badge (Django: 10 debug, 20 info, 25 success, 30 warning, 40 error).
MESSAGES = (
    (40, StatusBadge("Not done", "report", "refused")),
    (30, StatusBadge("Attention", "warning", "held")),
    (25, StatusBadge("Done", "check_circle", "sent")),
    (0, StatusBadge("Note", "info", "waiting")),
)

WORKING = StatusBadge("Working", "check_circle", "sent")
NEEDS_ATTENTION = StatusBadge("Needs attention", "warning", "held")
SENDING_OFF = StatusBadge("Sending is off", "pause_circle", "held")
NOT_CONNECTED = StatusBadge("Not connected", "power_off", "refused")


def of_run(status: str) -> StatusBadge:
    """Return the badge of a run of this status."""
    return RUN_STATUSES[status]


def of_item(outcome: str) -> StatusBadge:
    """Return the badge of a run's item of this outcome."""
    return ITEM_OUTCOMES[outcome]


def of_run_item(item: RunItem) -> StatusBadge:
    """Return the badge of a run's item; what was not done since it may be billed waits, and nobody refused it."""
    is_waiting = item.outcome == RunItem.Outcome.FAILED and item.error_code in UNDONE
    return CHANGE_HELD if is_waiting else of_item(item.outcome)


def of_failed(refused: int, waiting: int) -> StatusBadge:
    """Return the badge of a run's items that failed: refused ones, and those that wait as in `of_run_item`."""
    if not waiting:
        return REFUSED
    return REFUSED_OR_HELD if refused else CHANGE_HELD


def of_action(state: str) -> StatusBadge:
    """Return the badge of a write in this state."""
    return ACTION_STATES[state]


def of_message(level: int) -> StatusBadge:
    """Return the badge of a message of this level."""
    return next(badge for min_level, badge in MESSAGES if level >= min_level)


def icon(name: str) -> SafeString:
    """Return an icon that stands beside words that say the same: hidden from screen readers."""
    return format_html('<span class="material-symbols-outlined hb-icon" aria-hidden="true">{}</span>', name)


def pill(badge: StatusBadge) -> SafeString:
    """Return the badge on a colored ground."""
    return format_html('<span class="hb-badge hb-{}">{}{}</span>', badge.tone, icon(badge.icon), badge.word)


def plain(badge: StatusBadge) -> SafeString:
    """Return the badge without its ground, for rows of tables."""
    return format_html('<span class="hb-state hb-{}">{}{}</span>', badge.tone, icon(badge.icon), badge.word)
