"""The format of hours, days and amounts on pages, in mails and in commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

CURRENCY_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


def hours(minutes: int | None) -> str:
    """Return hours for columns: 93810 minutes are 1,563.50."""
    return f"{(minutes or 0) / 60:,.2f}"


def signed_hours(minutes: int) -> str:
    """Return a change in hours for columns, with a minus that reads as one: 75 minutes are 1.25, −45 are −0.75."""
    return exact_hours(minutes * 60)


def in_hours(minutes: float | None) -> str:
    """Return hours for sentences: 93810 minutes are 1,563.5 h."""
    return f"{(minutes or 0) / 60:,.2f}".rstrip("0").rstrip(".") + " h"


def length(seconds: int | None) -> str:
    """Return `2 h 15 m`, with seconds where they are not zero."""
    if seconds is None:
        return "not known yet"
    sign, seconds = ("−", -seconds) if seconds < 0 else ("", seconds)
    hours, rest = divmod(seconds, 3600)
    minutes, remaining = divmod(rest, 60)
    parts = [
        f"{hours} h" if hours else "",
        f"{minutes} m" if minutes or not seconds else "",
        f"{remaining} s" if remaining else "",
    ]
    return sign + " ".join(part for part in parts if part)


def duration(minutes: int | None) -> str:
    """Return hours and minutes for one entry: 135 minutes are 2:15."""
    return f"{(minutes or 0) // 60:,}:{(minutes or 0) % 60:02d}"


def as_minutes(seconds: int) -> str:
    """Return an exact length in seconds as `1,234.50 min`."""
    return f"{seconds / 60:,.2f} min"


def exact_hours(seconds: int) -> str:
    """Return an exact length as hours for columns, with a minus that reads as one: −2,700 seconds are −0.75."""
    text = f"{abs(seconds) / 3600:,.2f}"
    return f"−{text}" if seconds < 0 and text.strip("0.,") else text


def money(amounts: Mapping[str, Decimal]) -> str:
    """Return `$8,310.00`, one amount for each currency; "" where no rate is known."""
    texts = []
    for currency, amount in sorted(amounts.items()):
        sign = "−" if amount < 0 else ""
        texts.append(f"{sign}{_in_currency(f'{abs(amount):,.2f}', currency)}")
    return " and ".join(texts)


def hourly_rate(rate: Decimal | str | None, currency: str = "") -> str:
    """Return a rate with two decimals, or all that it has: `$33.3333`, and `1,500.00` without a currency."""
    exact = Decimal(rate or 0).normalize()
    has_cents_alone = len(f"{exact:f}".partition(".")[2]) <= 2
    return money({currency: exact}) if has_cents_alone else _in_currency(f"{exact:,f}", currency)


def _in_currency(figure: str, currency: str) -> str:
    return f"{CURRENCY_SIGNS[currency]}{figure}" if currency in CURRENCY_SIGNS else f"{figure} {currency}".strip()


def as_shown(seconds: int) -> int:
    """Return the length that `exact_hours` shows for this one, in seconds."""
    hundredths = int(f"{abs(seconds) / 3600:.2f}".replace(".", ""))
    return -36 * hundredths if seconds < 0 else 36 * hundredths


def shown_difference(clockify: int, quickbooks: int) -> int:
    """Return the difference of both sides as columns show them, so that it is what a reader works out."""
    return as_shown(clockify) - as_shown(quickbooks)


def difference_hours(clockify: int, quickbooks: int) -> str:
    """Return the difference of both sides as hours for columns; of figures that look equal it is 0.00."""
    return exact_hours(shown_difference(clockify, quickbooks))


def clock(value: datetime, zone: str) -> str:
    """Return `at 02:00 today`, or `on Tue Mar 3, 02:00` for another day of that zone."""
    local = value.astimezone(ZoneInfo(zone))
    if local.date() == timezone.now().astimezone(ZoneInfo(zone)).date():
        return f"at {local:%H:%M} today"
    return f"on {moment(value, zone)}"


def period(first: date, last: date) -> str:
    """Return `Mon Mar 2 to Sun Mar 22, 2026`, with both years where they differ."""
    end = f"{last:%a %b} {last.day}, {last.year}"
    if first == last:
        return end
    year = f", {first.year}" if first.year != last.year else ""
    return f"{first:%a %b} {first.day}{year} to {end}"


def moment(value: datetime | None, zone: str = "UTC") -> str:
    """Return `Tue Mar 3, 22:40` in that zone, with the year unless it is the current one."""
    if value is None:
        return "never"
    local = value.astimezone(ZoneInfo(zone))
    return f"{day(local.date())}, {local:%H:%M}"


def day(value: date | None) -> str:
    if value is None:
        return ""
    year = "" if value.year == timezone.now().year else f", {value.year}"
    return f"{value:%a %b} {value.day}{year}"


def ago(value: datetime | None) -> str:
    """Return the time since then in its largest unit: `10 min ago`."""
    # A template gives "" for what is not there, such as a time of a company that nobody connected.
    if not value:
        return "never"
    seconds = int((timezone.now() - value).total_seconds())
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds // 60} min ago"
    if seconds < 2 * 86400:
        return f"{seconds // 3600} h ago"
    return f"{seconds // 86400} days ago"


def until(value: datetime | None) -> str:
    """Return the time left until then, as a page that is read again and again counts it down: `in 4 min 10 s`."""
    seconds = int((value - timezone.now()).total_seconds()) if value is not None else 0
    if seconds <= 0:
        return "now"
    if seconds < 60:
        return f"in {seconds} s"
    if seconds < 3600:
        return f"in {seconds // 60} min {seconds % 60} s"
    return f"in {seconds // 3600} h {seconds % 3600 // 60} min"


def number(value: int, noun: str) -> str:
    """Return `1 entry` or `23 entries`; `noun` has both forms, as `entry,entries`."""
    singular, _, plural = noun.partition(",")
    return f"{value:,} {singular if value == 1 else plural}"


def address(email: str) -> SafeString:
    """Return an e-mail address that breaks before its @ where a line is too short for it."""
    return format_html_join(mark_safe("<wbr>@"), "{}", ((part,) for part in email.split("@")))


def commands(text: str) -> SafeString:
    """Return a sentence whose words between backticks, as commands print them, are set as code."""
    parts = enumerate(text.split("`"))
    return format_html_join("", "{}", ((format_html("<code>{}</code>", p) if n % 2 else p,) for n, p in parts))


def pieces(parts: Sequence[tuple[str, bool]]) -> SafeString:
    """Return a name with its differing letters marked; a differing space is shown as a dot."""
    return format_html_join("", "{}", ((_piece(text, differs),) for text, differs in parts))


def _piece(text: str, differs: bool) -> SafeString:
    if not differs:
        return format_html("{}", text)
    return format_html('<mark>{}<span class="hb-hidden"> (differs)</span></mark>', text.replace(" ", "·"))
