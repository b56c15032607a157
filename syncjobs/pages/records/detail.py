"""One recorded or mirrored row as people read it: labels, and values in the workspace's time zone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Field, ForeignKey, Model
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold.utils import display_for_field

from syncjobs.display import vendor_links
from syncjobs.display.formatting import day, moment
from syncjobs.pages import links
from syncjobs.rules.reasons import WORDINGS

# Columns that hold a reason code, empty while there is none.
REASON_COLUMNS = {"reason", "suspended", "conflict"}
# Ids, addresses and codes are set in a monospaced type, in which similar letters differ.
MONOSPACED_SUFFIXES = ("_id", "_token", "_tid", "_url", "_hash")


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


def facts(row: Model, columns: Iterable[Field[Any, Any]], *, zone: str) -> list[Fact]:
    """Return a line for each column that is not empty."""
    return [
        Fact(capfirst(str(column.verbose_name)), shown_value(row, column, zone=zone), str(column.help_text))
        for column in columns
        if getattr(row, column.name) not in (None, "")
    ]


def folded(row: Model, columns: Iterable[Field[Any, Any]]) -> list[Folded]:
    """Return the columns that are not empty, such as what was sent and what a vendor answered, word for word."""
    texts = ((column.verbose_name, getattr(row, column.name)) for column in columns)
    return [Folded(capfirst(str(label)), _pretty(value)) for label, value in texts if value not in ("", None, {}, [])]


def shown_value(row: Model, column: Field[Any, Any], *, zone: str, brief: bool = False) -> SafeString | str:
    """Return a column's value as text; `brief` is for lists, where times to the minute are enough."""
    value = getattr(row, column.name)
    if value is None or value == "":
        return display_for_field(value, column, "")
    if isinstance(column, ForeignKey):
        return linked(value)
    # A datetime is a date as well, so it goes first.
    if isinstance(value, datetime):
        return moment(value, zone) if brief else exactly(value, zone=zone)
    if isinstance(value, date):
        return day(value)
    if column.name in REASON_COLUMNS:
        return code(str(value))
    if column.name.endswith(MONOSPACED_SUFFIXES):
        return format_html('<span class="hb-mono">{}</span>{}', value, vendor_links.id_link(row, column.name))
    return display_for_field(value, column, "")


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
