"""Wording of mismatches: title, part of a sentence and whole sentence that people read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from mapping.matching.names import identical
from mapping.matching.records import MismatchFacts, Obstacle, Suggestion, partner_kind
from mapping.matching.row_json import first_in, suggestions_in

# Titles of rows; some have another where their case is a special one.
TITLES = {
    "NO_EMPLOYEE": "No employee of this name",
    "NO_CUSTOMER": "No customer of this name",
    "NAME_DIFFERS": "Name differs",
    "AMBIGUOUS_NAME": "More than one match",
    "EMPLOYEE_INACTIVE": "Inactive in QuickBooks",
    "CUSTOMER_INACTIVE": "Inactive in QuickBooks",
    "WRONG_LEVEL": "Top-level or sub-customer",
    "WRONG_PARENT": "Under another parent",
    "PARENT_NOT_MAPPED": "Waits for its client",
    "RENAMED": "Renamed since",
    "NO_CLOCKIFY_USER": "Only in QuickBooks",
    "NO_CLOCKIFY_CLIENT": "Only in QuickBooks",
    "NO_CLOCKIFY_PROJECT": "Only in QuickBooks",
}
HERE = "here"
HERE_OR_QUICKBOOKS = "here, or in QuickBooks"
QUICKBOOKS_OR_HERE = "in QuickBooks, or here"


@dataclass(frozen=True, slots=True)
class MismatchWording:
    """The wording of one mismatch. A row shows `title` and `part`; where there is room, `sentence` replaces the part.

    `where` says where it can be resolved.
    """

    title: str
    part: str
    sentence: str
    where: str
    icon: str


class MismatchRow(Protocol):
    """A mismatch, with the fields that its words depend on."""

    kind: str
    reason: str
    clockify_id: str
    clockify_name: str
    clockify_client: str
    quickbooks_name: str
    quickbooks_parent: str
    suggestions: Any
    detail: MismatchFacts


def words(row: MismatchRow, *, since: str = "") -> MismatchWording:
    """Return the wording of a mismatch; an unknown reason is shown as its code.

    `since` is the date since when its partner has been inactive, as people read it; "" where unknown.
    """
    write = WRITERS.get(row.reason)
    if write is None:
        return MismatchWording(row.reason, "", row.reason, "support", "help")
    wording = _inactive(row, since) if write is _inactive else write(row)
    if not row.detail.get("from_entries"):
        return wording
    sentence = f"{wording.sentence} It is in no list of Clockify, known from time entries only."
    return replace(wording, sentence=sentence)


def title_of(reason: str) -> str:
    """Return the title under which rows of this reason are counted, whatever each row itself says."""
    return TITLES.get(reason, reason)


def entry_sentence(row: MismatchRow) -> str:
    """Return the sentence as a time entry's reason says it, where no row names the record and its likeliest partner."""
    likeliest = first_in(row.suggestions)
    if row.reason == "NAME_DIFFERS" and likeliest is not None:
        differs = row.detail.get("differs") or "spelling"
        return f"{_name(row)} and {likeliest.name} in QuickBooks are the same name apart from {differs}."
    return words(row).sentence


def _name(row: MismatchRow) -> str:
    """Return Clockify's name, or QuickBooks' of a record that only QuickBooks has."""
    return row.clockify_name if row.clockify_id else row.quickbooks_name


def _is_linked(row: MismatchRow) -> bool:
    return "linked_by" in row.detail


def _no_employee(row: MismatchRow) -> MismatchWording:
    title = TITLES["NO_EMPLOYEE"]
    if not _name(row).strip():
        part = "there is no name to compare"
        return MismatchWording("No employee found", part, "There is no name in Clockify to compare.", HERE, "person")
    none = f"QuickBooks has no employee called {_name(row)}."
    unlinked = _unlinked_by_hand(row)
    if unlinked:
        return MismatchWording("Unlinked by hand", "the rule does not link it again", unlinked, HERE, "link_off")
    likely = suggestions_in(row.suggestions)
    vendor = next((suggestion for suggestion in likely if _has_same_name(row, suggestion, kind="vendor")), None)
    if vendor is not None:
        sentence = f"{none} The name belongs to the vendor {vendor.name}."
        return MismatchWording(title, "the name belongs to a vendor", sentence, HERE_OR_QUICKBOOKS, "person")
    return MismatchWording(title, "no exact match", none, HERE_OR_QUICKBOOKS, "person")


def _no_customer(row: MismatchRow) -> MismatchWording:
    unlinked = _unlinked_by_hand(row)
    if unlinked:
        return MismatchWording("Unlinked by hand", "the rule does not link it again", unlinked, HERE, "link_off")
    place = f"sub-customer under {row.clockify_client}" if row.clockify_client else "customer at the top level"
    part = f"none under {row.clockify_client}" if row.clockify_client else "none at the top level"
    sentence = f"QuickBooks has no {place} called {_name(row)}."
    return MismatchWording(TITLES["NO_CUSTOMER"], part, sentence, HERE_OR_QUICKBOOKS, "domain")


def _unlinked_by_hand(row: MismatchRow) -> str:
    """Return the sentence for a link that a person took away, or ""."""
    kind = "employee" if row.kind == "user" else "customer"
    likely = suggestions_in(row.suggestions)
    partner = next((suggestion for suggestion in likely if suggestion.obstacle is Obstacle.UNDONE), None)
    if partner is None:
        return ""
    return f"Someone removed the link to the {kind} {partner.name}, so the rule does not make it again."


def _has_same_name(row: MismatchRow, suggestion: Suggestion, *, kind: str) -> bool:
    return suggestion.kind == kind and identical(_name(row), suggestion.name)


def _name_differs(row: MismatchRow) -> MismatchWording:
    differs = row.detail.get("differs") or "spelling"
    sentence = f"Same name apart from {differs}."
    return MismatchWording(TITLES["NAME_DIFFERS"], f"same name apart from {differs}", sentence, HERE, "equal")


PLURALS = {"user": "users", "client": "clients", "project": "projects"}


def _ambiguous(row: MismatchRow) -> MismatchWording:
    records = PLURALS.get(row.kind, "records")
    candidates = int(row.detail.get("candidates", "0") or 0)
    partners = "employees" if row.kind == "user" else "customers"
    if candidates > 1:
        part = f"{candidates} {partners} have this name"
        sentence = f"{candidates} {partners} are named {_name(row)}; you decide which it is."
        return MismatchWording(TITLES["AMBIGUOUS_NAME"], part, sentence, HERE, "alt_route")
    if row.detail.get("linked_to"):
        holder = row.detail["linked_to"]
        sentence = f"{row.quickbooks_name or _name(row)} is already linked to {holder}; you decide which is which."
        sentence += _gone_with_time(row)
        return MismatchWording(f"Two {records}, one name", "its match is already linked", sentence, HERE, "group")
    rivals = row.detail.get("rivals", "")
    # A list of rivals is cut after the first few and ends with these words (mismatch_reasons.py).
    title = f"Several {records}, one name" if rivals.endswith("and others") else f"Two {records}, one name"
    partner = partners.removesuffix("s")
    sentence = f"Several {records} are called {_name(row)}, and one {partner} is; you decide which is which."
    sentence += _gone_with_time(row)
    return MismatchWording(title, f"one {partner}; you decide", sentence, HERE, "group")


def _gone_with_time(row: MismatchRow) -> str:
    """Return a sentence about the records of this name that Clockify no longer lists, or ""."""
    names = row.detail.get("gone_with_time", "")
    if not names:
        return ""
    return f" One of them, {names}, is gone from Clockify's lists but still holds time that was not sent."


def _inactive(row: MismatchRow, since: str = "") -> MismatchWording:
    kind = partner_kind(row.kind, row.detail)
    name = row.quickbooks_name or row.detail.get("quickbooks_name", "") or _name(row)
    since_then = f" since {since}" if since else ""
    if row.detail.get("is_gone"):
        sentence = f"The {kind} {name} is no longer in QuickBooks, merged or deleted; the link is kept."
        return MismatchWording("Gone from QuickBooks", "merged or deleted", sentence, HERE, "block")
    if _is_linked(row):
        sentence = f"The {kind} {name} has been inactive{since_then}; the link is kept."
        part = f"since {since}; the link is kept" if since else "the link is kept"
        return MismatchWording(TITLES[row.reason], part, sentence, QUICKBOOKS_OR_HERE, "block")
    sentence = f"QuickBooks has only an inactive {kind} called {name}{', inactive' + since_then if since else ''}."
    return MismatchWording(TITLES[row.reason], f"the only {kind} of this name", sentence, QUICKBOOKS_OR_HERE, "block")


def _wrong_level(row: MismatchRow) -> MismatchWording:
    parent = row.detail.get("parent") or row.quickbooks_parent
    if not row.clockify_client:
        sentence = f"{_name(row)} is a sub-customer of {parent or 'another customer'}, but has no client in Clockify."
        if row.kind == "client":
            sentence = f"{_name(row)} is a sub-customer of {parent or 'another customer'}, but a client in Clockify."
        part = f"a sub-customer of {parent}" if parent else "a sub-customer there"
        return MismatchWording(TITLES["WRONG_LEVEL"], part, sentence, HERE_OR_QUICKBOOKS, "stairs")
    sentence = f"{_name(row)} is a top-level customer, but belongs to {row.clockify_client} in Clockify."
    return MismatchWording(TITLES["WRONG_LEVEL"], "a top-level customer there", sentence, HERE_OR_QUICKBOOKS, "stairs")


def _wrong_parent(row: MismatchRow) -> MismatchWording:
    title, icon = TITLES["WRONG_PARENT"], "account_tree"
    detail = row.detail
    parent = detail.get("parent") or row.quickbooks_parent or "another customer"
    needed = detail.get("needed_parent") or row.clockify_client
    if _is_linked(row) and detail.get("client_was", "") != detail.get("client", ""):
        before, after = detail.get("client_was") or "no client", detail.get("client") or "no client"
        sentence = f"{_name(row)} belonged to {before} in Clockify when it was linked, and belongs to {after} now."
        return MismatchWording("Moved to another client", f"{before} before, {after} now", sentence, HERE, icon)
    if _is_linked(row) and detail.get("parent_was", "") != detail.get("parent", ""):
        before, after = detail.get("parent_was") or "the top level", detail.get("parent") or "the top level"
        sentence = f"{row.quickbooks_name} was under {before} when it was linked, and is under {after} now."
        return MismatchWording("Moved in QuickBooks", f"{before} before, {after} now", sentence, HERE, icon)
    sentence = f"{_name(row)} exists under {parent} instead of {needed}."
    return MismatchWording(title, f"under {parent} instead", sentence, HERE_OR_QUICKBOOKS, icon)


def _waits_for_client(row: MismatchRow) -> MismatchWording:
    client = row.clockify_client or row.detail.get("client") or "Its client"
    sentence = f"{client} is not linked yet; once it is, {_name(row)} is matched automatically."
    return MismatchWording(
        TITLES["PARENT_NOT_MAPPED"], f"{client} is not linked yet", sentence, HERE, "hourglass_empty"
    )


def _renamed(row: MismatchRow) -> MismatchWording:
    changes = []
    before, after = row.detail.get("clockify_name_was", ""), _name(row)
    # Outer spaces are not worth a sentence: they do not make another name.
    if before and before.strip() != after.strip():
        changes.append((before, after))
    before, after = row.detail.get("quickbooks_name_was", ""), row.quickbooks_name
    if before and after and before.strip() != after.strip():
        changes.append((before, after))
    renamings = " and ".join(f"{old} when linked and is {new} now" for old, new in changes) or "another name before"
    part = f"was {changes[0][0]}" if changes else "the link still works"
    return MismatchWording(
        TITLES["RENAMED"], part, f"It was {renamings}; the link still works.", "only if you want to", "edit"
    )


def _only_employee(row: MismatchRow) -> MismatchWording:
    sentence = f"No Clockify user is called {_name(row)}."
    return MismatchWording(TITLES[row.reason], "no user of this name", sentence, "in Clockify, if at all", "person")


def _only_customer(row: MismatchRow) -> MismatchWording:
    sentence = f"No Clockify client is called {_name(row)}."
    return MismatchWording(TITLES[row.reason], "no client of this name", sentence, "here, if at all", "domain")


def _only_sub_customer(row: MismatchRow) -> MismatchWording:
    parent = row.quickbooks_parent
    whose = f"{parent} has no Clockify project" if parent else "No Clockify project is"
    sentence = f"{whose} called {_name(row)}."
    return MismatchWording(TITLES[row.reason], "no project of this name", sentence, "here, if at all", "folder")


WRITERS: Mapping[str, Callable[[MismatchRow], MismatchWording]] = {
    "NO_EMPLOYEE": _no_employee,
    "NO_CUSTOMER": _no_customer,
    "NAME_DIFFERS": _name_differs,
    "AMBIGUOUS_NAME": _ambiguous,
    "EMPLOYEE_INACTIVE": _inactive,
    "CUSTOMER_INACTIVE": _inactive,
    "WRONG_LEVEL": _wrong_level,
    "WRONG_PARENT": _wrong_parent,
    "PARENT_NOT_MAPPED": _waits_for_client,
    "RENAMED": _renamed,
    "NO_CLOCKIFY_USER": _only_employee,
    "NO_CLOCKIFY_CLIENT": _only_customer,
    "NO_CLOCKIFY_PROJECT": _only_sub_customer,
}
