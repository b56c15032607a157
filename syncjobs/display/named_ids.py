"""QuickBooks' words with the names of the records whose ids they quote."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from integrations.models import Company, Customer, Employee, Item, Vendor

MODELS: dict[str, Any] = {"employee": Employee, "vendor": Vendor, "customer": Customer, "item": Item}
# A number after a word that says what it is: other numbers are amounts, lengths and codes.
QUOTED_ID = re.compile(
    r"\b(?P<word>id|ids|element|reference|employee|vendor|customer|name|item)(?P<between>\W{0,3}(?:id|ref)?\W{0,4})"
    r"(?P<id>\d{1,18})(?![\w.])",
    re.IGNORECASE,
)
Key = tuple[str, str]


def keys_of(draft: Mapping[str, Any] | None) -> set[Key]:
    """Return kind and id of the records that a draft names."""
    draft = draft or {}
    keys = {
        (str(draft.get("person_kind") or ""), str(draft.get("person_id") or "")),
        ("customer", str(draft.get("customer_id") or "")),
        ("item", str(draft.get("item_id") or "")),
    }
    return {key for key in keys if key[0] in MODELS and key[1]}


def rows_of(company: Company | None, keys: Iterable[Key]) -> dict[Key, Any]:
    """Return the mirrored rows of these records, in one query for each kind."""
    wanted, rows = list(keys), {}
    for kind, model in MODELS.items():
        ids = sorted({key for of_kind, key in wanted if of_kind == kind})
        for row in model._default_manager.filter(company=company, quickbooks_id__in=ids).defer("raw") if ids else ():
            rows[kind, row.quickbooks_id] = row
    return rows


def named(words: str, keys: Iterable[Key], rows: Mapping[Key, Any]) -> list[tuple[str, Any]]:
    """Return the words in pieces, each with the row that it names, or None.

    An id gets a name, and stands in parentheses after it, only where the write named one record of that id, or the word
    before says which.
    """
    known = [key for key in keys if key in rows]
    parts: list[tuple[str, Any]] = []
    end = 0
    for found in QUOTED_ID.finditer(words):
        fitting = [key for key in known if key[1] == found["id"]]
        of_kind = [key for key in fitting if key[0] == found["word"].lower()]
        chosen = of_kind or fitting
        if len(chosen) == 1:
            parts.append((words[end : found.start("id")], None))
            row = rows[chosen[0]]
            parts.append((getattr(row, "full_name", "") or row.name, row))
            parts.append((f" ({found['id']})", None))
            end = found.end("id")
    parts.append((words[end:], None))
    return [part for part in parts if part[0]]


def text(words: str, keys: Iterable[Key], rows: Mapping[Key, Any]) -> str:
    """Return the words as plain text, with names beside the ids that they quote."""
    return "".join(part for part, _ in named(words, keys, rows))


def in_reason(row: Mapping[str, Any], keys: Iterable[Key], rows: Mapping[Key, Any]) -> dict[str, Any]:
    """Return a stored reason whose words of QuickBooks, if it has any, have names beside ids."""
    return dict(row) | ({"words": text(str(row["words"]), keys, rows)} if row.get("words") else {})
