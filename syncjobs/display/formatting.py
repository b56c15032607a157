"""How pages, mails and commands write hours, days and amounts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def hours(minutes: int | None) -> str:
    """For columns: 3810 minutes are 63.50."""
    return f"{(minutes or 0) / 60:.2f}"


def in_hours(minutes: int | None) -> str:
    """For sentences: 3810 minutes are 63.5 h."""
    return f"{(minutes or 0) / 60:.2f}".rstrip("0").rstrip(".") + " h"


def duration(minutes: int | None) -> str:
    """For one entry: 135 minutes are 2:15."""
    return f"{(minutes or 0) // 60}:{(minutes or 0) % 60:02d}"


def moment(value: datetime | None, zone: str = "UTC") -> str:
    """`Tue 3 Mar, 22:40` in that zone, with the year when it is another than this one's."""
    if value is None:
        return "never"
    local = value.astimezone(ZoneInfo(zone))
    return f"{day(local.date())}, {local:%H:%M}"


def day(value: date | None) -> str:
    if value is None:
        return ""
    year = "" if value.year == timezone.now().year else f" {value.year}"
    return f"{value:%a} {value.day} {value:%b}{year}"


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


def number(value: int, noun: str) -> str:
    """`1 entry`, `23 entries`; the noun in both forms, as `entry,entries`."""
    one, _, many = noun.partition(",")
    return f"{value:,} {one if value == 1 else many}"


def pieces(parts: Sequence[tuple[str, bool]]) -> SafeString:
    """A name with the letters that differ marked; a differing space is shown as a dot."""
    return format_html_join("", "{}", ((_piece(text, differs),) for text, differs in parts))


def _piece(text: str, differs: bool) -> SafeString:
    if not differs:
        return format_html("{}", text)
    return format_html('<mark>{}<span class="hb-hidden"> (differs)</span></mark>', text.replace(" ", "·"))
