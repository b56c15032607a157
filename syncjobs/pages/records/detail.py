"""One recorded or mirrored row as people read it: labels, values in the workspace's clock, what belongs to it."""

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
CODES = {"reason", "suspended", "conflict"}
# Ids, addresses and codes stand in a type in which each letter can be told from the next.
PLAIN_TYPE = ("_id", "_token", "_tid", "_url", "_hash")

NAMES = (("quickbooks", "QuickBooks"), ("clockify", "Clockify"), ("intuit tid", "intuit_tid"))


@dataclass(frozen=True)
class Fact:
    """One line: a label, its value, and what there is to know about it."""

    label: str
    value: SafeString | str
    help: str = ""


@dataclass(frozen=True)
class Folded:
    """Something long that opens when somebody wants it."""

    label: str
    text: str


@dataclass(frozen=True)
class RecordWording:
    """How a model's columns are called where their own names say too little, and which are not worth a line."""

    labels: Mapping[str, str] = field(default_factory=dict)
    left_out: Sequence[str] = ()
    folded: Sequence[str] = ()


def facts(row: Model, *, zone: str, words: RecordWording, shown: Sequence[str]) -> list[Fact]:
    """A line for each column that says something; what is empty or folded has none."""
    found = []
    for name in shown:
        column: Any = row._meta.get_field(name)
        value = getattr(row, name)
        if name in words.left_out or _is_folded(column, words) or value is None or value == "":
            continue
        found.append(Fact(label(column, words), shown_value(row, column, zone=zone), str(column.help_text)))
    return found


def folded(row: Model, *, words: RecordWording, shown: Sequence[str]) -> list[Folded]:
    """What vendors said and what was sent, word for word."""
    found = []
    for name in shown:
        column: Any = row._meta.get_field(name)
        value = getattr(row, name)
        if name not in words.left_out and _is_folded(column, words) and value not in ("", None, {}, []):
            found.append(Folded(label(column, words), _pretty(value)))
    return found


def label(column: Field[Any, Any], words: RecordWording) -> str:
    """`plan_read_at` is `Plan read`: that it is a moment can be seen."""
    if column.name in words.labels:
        return words.labels[column.name]
    text = str(column.verbose_name).removesuffix(" at")
    for wrong, right in NAMES:
        text = text.replace(wrong, right)
    return text if text.startswith("intuit_") else text[:1].upper() + text[1:]


def _is_folded(column: Field[Any, Any], words: RecordWording) -> bool:
    return isinstance(column, JSONField) or column.name in words.folded


def shown_value(row: Model, column: Field[Any, Any], *, zone: str, brief: bool = False) -> SafeString | str:
    """A column as people read it; `brief`: for lists, where a minute is exact enough."""
    value = getattr(row, column.name)
    if value is None or value == "":
        return ""
    if isinstance(column, ForeignKey):
        return linked(value)
    if isinstance(value, datetime):
        return moment(value, zone) if brief else exactly(value, zone=zone)
    if isinstance(value, date):
        return day(value)
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if column.name in CODES:
        return code(str(value))
    if column.choices:
        return str(getattr(row, f"get_{column.name}_display")())
    if column.name.endswith(PLAIN_TYPE):
        return format_html('<span class="hb-mono">{}</span>', value)
    return str(value)


def linked(row: Any) -> SafeString | str:
    """Its name, leading to its page."""
    link = links.page_of(row)
    return format_html('<a href="{}">{}</a>', link, row) if link else str(row)


def exactly(value: datetime, *, zone: str) -> str:
    """To the second, since records are compared with other logs."""
    return f"{moment(value, zone)}:{value.astimezone(ZoneInfo(zone)):%S}"


def code(value: str) -> SafeString | str:
    """A reason in words with its code beside it."""
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
