"""How pages write hours, days and states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from syncjobs.pages import looks
from syncjobs.pages.looks import Look
from syncjobs.rules import reasons

register = template.Library()


@register.filter
def hours(minutes: int | None) -> str:
    """For columns: 3810 minutes are 63.50."""
    return f"{(minutes or 0) / 60:.2f}"


@register.filter
def in_hours(minutes: int | None) -> str:
    """For sentences: 3810 minutes are 63.5 h."""
    return f"{(minutes or 0) / 60:.2f}".rstrip("0").rstrip(".") + " h"


@register.filter
def duration(minutes: int | None) -> str:
    """For one entry: 135 minutes are 2:15."""
    return f"{(minutes or 0) // 60}:{(minutes or 0) % 60:02d}"


@register.filter
def moment(value: datetime | None, zone: str = "UTC") -> str:
    """`Tue 3 Mar, 22:40` in that zone, with the year when it is another than this one's."""
    if value is None:
        return "never"
    local = value.astimezone(ZoneInfo(zone))
    return f"{day(local.date())}, {local:%H:%M}"


@register.filter
def day(value: date | None) -> str:
    if value is None:
        return ""
    year = "" if value.year == timezone.now().year else f" {value.year}"
    return f"{value:%a} {value.day} {value:%b}{year}"


@register.filter
def ago(value: datetime | None) -> str:
    """How long since, in the largest unit that says enough: `10 min ago`."""
    if value is None:
        return "never"
    seconds = int((timezone.now() - value).total_seconds())
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60} min ago"
    if seconds < 2 * 86400:
        return f"{seconds // 3600} h ago"
    return f"{seconds // 86400} days ago"


@register.filter
def number(value: int, noun: str) -> str:
    """`1 entry`, `23 entries`; the noun in both forms, as `entry,entries`."""
    one, _, many = noun.partition(",")
    return f"{value:,} {one if value == 1 else many}"


@register.filter
def equals(one: Any, other: Any) -> bool:
    return bool(one == other)


@register.filter
def strip(text: str) -> str:
    return text.strip()


@register.filter
def item(mapping: Mapping[Any, Any], key: Any) -> Any:
    return mapping.get(key)


@register.filter
def icon(name: str) -> SafeString:
    """A picture beside words that say the same: hidden from screen readers."""
    return format_html('<span class="material-symbols-outlined hb-icon" aria-hidden="true">{}</span>', name)


@register.filter
def badge(look: Look) -> SafeString:
    return format_html('<span class="hb-badge hb-{}">{}{}</span>', look.tone, icon(look.icon), look.word)


@register.filter
def state(look: Look) -> SafeString:
    """As a badge, without its ground: for rows."""
    return format_html('<span class="hb-state hb-{}">{}{}</span>', look.tone, icon(look.icon), look.word)


@register.filter
def run_look(status: str) -> Look:
    return looks.RUN_STATUSES[status]


@register.filter
def outcome_look(outcome: str) -> Look:
    return looks.ITEM_OUTCOMES[outcome]


@register.filter
def action_look(state_of_action: str) -> Look:
    return looks.ACTION_STATES[state_of_action]


@register.filter
def message_look(level: int) -> Look:
    """By how serious a message is."""
    return next(look for least, look in looks.MESSAGES if level >= least)


@register.filter
def reason_title(code: str) -> str:
    wording = reasons.WORDINGS.get(code)
    return wording.title if wording else code


@register.filter
def reason_sentence(row: Mapping[str, Any]) -> str:
    return reasons.sentence(row)


@register.filter
def pieces(parts: Sequence[tuple[str, bool]]) -> SafeString:
    """A name with the letters that differ marked; a differing space is shown as a dot."""
    return format_html_join("", "{}", ((_piece(text, differs),) for text, differs in parts))


def _piece(text: str, differs: bool) -> SafeString:
    if not differs:
        return format_html("{}", text)
    return format_html('<mark>{}<span class="hb-hidden"> (differs)</span></mark>', text.replace(" ", "·"))
