"""One recorded or mirrored row as people read it: labels, and values in the workspace's time zone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Field, ForeignKey, JSONField, Model
from django.utils.html import format_html
from django.utils.safestring import SafeString

from syncjobs.display.formatting import day, moment
from syncjobs.pages import links
from syncjobs.rules.reasons import WORDINGS

# Columns that hold a reason code, empty while there is none.
REASON_COLUMNS = {"reason", "suspended", "conflict"}
# Ids, addresses and codes are set in a monospaced type, in which similar letters differ.
MONOSPACED_SUFFIXES = ("_id", "_token", "_tid", "_url", "_hash")

# Django makes labels of column names, which knows no capitals of a brand.
BRAND_NAMES = (("quickbooks", "QuickBooks"), ("clockify", "Clockify"), ("intuit tid", "intuit_tid"))


@dataclass(frozen=True)
class Fact:
    """One line of a row's page: a label, its value, and the column's help text."""

    label: str
    value: SafeString | str
    help: str = ""


@dataclass(frozen=True)
class Folded:
    """A long text that is shown when a person opens it."""

    label: str
    text: str


@dataclass(frozen=True)
class RecordWording:
    """Labels of a model's columns where their names say too little, and the columns to leave out or fold."""

    labels: Mapping[str, str] = field(default_factory=dict)
    left_out: Sequence[str] = ()
    folded: Sequence[str] = ()


def facts(row: Model, *, zone: str, wording: RecordWording, shown: Sequence[str]) -> list[Fact]:
    """Return a line for each shown column, without empty and folded ones."""
    lines = []
    for name in shown:
        column: Any = row._meta.get_field(name)
        value = getattr(row, name)
        if name in wording.left_out or _is_folded(column, wording) or value is None or value == "":
            continue
        lines.append(Fact(label(column, wording), shown_value(row, column, zone=zone), str(column.help_text)))
    return lines


def folded(row: Model, *, wording: RecordWording, shown: Sequence[str]) -> list[Folded]:
    """Return the columns that are folded, such as what was sent and what a vendor answered, word for word."""
    texts = []
    for name in shown:
        column: Any = row._meta.get_field(name)
        value = getattr(row, name)
        if name not in wording.left_out and _is_folded(column, wording) and value not in ("", None, {}, []):
            texts.append(Folded(label(column, wording), _pretty(value)))
    return texts


def label(column: Field[Any, Any], wording: RecordWording) -> str:
    """Return a column's label; `plan_read_at` is `Plan read`, since its value is visibly a time."""
    if column.name in wording.labels:
        return wording.labels[column.name]
    text = str(column.verbose_name).removesuffix(" at")
    for plain, brand in BRAND_NAMES:
        text = text.replace(plain, brand)
    return text if text.startswith("intuit_") else text[:1].upper() + text[1:]


def _is_folded(column: Field[Any, Any], wording: RecordWording) -> bool:
    return isinstance(column, JSONField) or column.name in wording.folded


def shown_value(row: Model, column: Field[Any, Any], *, zone: str, brief: bool = False) -> SafeString | str:
    """Return a column's value as text; `brief` is for lists, where times to the minute are enough."""
    value = getattr(row, column.name)
    if value is None or value == "":
        return ""
    if isinstance(column, ForeignKey):
        return linked(value)
    # A datetime is a date as well, so it goes first.
    if isinstance(value, datetime):
        return moment(value, zone) if brief else exactly(value, zone=zone)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if column.name in REASON_COLUMNS:
        return code(str(value))
    if column.choices:
        return str(getattr(row, f"get_{column.name}_display")())
    if column.name.endswith(MONOSPACED_SUFFIXES):
        return format_html('<span class="hb-mono">{}</span>', value)
    return str(value)


def linked(row: Any) -> SafeString | str:
    """Return a row's name as a link to its page; plain text where it has none."""
    link = links.page_of(row)
    return format_html('<a href="{}">{}</a>', link, row) if link else str(row)


def exactly(value: datetime, *, zone: str) -> str:
    """Return a time to the second, since records are compared with other logs."""
    return f"{moment(value, zone)}:{value.astimezone(ZoneInfo(zone)):%S}"


def code(value: str) -> SafeString | str:
    """Return a reason's title with its code; the bare code where it has no title."""
    wording = WORDINGS.get(value)
    title = wording.title if wording else ""
    return format_html('{} <span class="hb-mono">{}</span>', title, value) if title else value


def _pretty(value: Any) -> str:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return str(value)
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
