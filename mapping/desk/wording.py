"""Wording of mismatches: title, part of a sentence and whole sentence that people read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mapping.matching.names import identical
from mapping.matching.records import partner_kind

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


@dataclass(frozen=True, slots=True)
class Case:
    """One stored mismatch. `name` is Clockify's, or QuickBooks' for records that only QuickBooks has.

    `since` is the date since when its partner has been inactive, as people read it; "" where unknown.
    """

    reason: str
    kind: str
    name: str
    client: str = ""
    quickbooks_name: str = ""
    parent: str = ""
    suggestions: Sequence[Mapping[str, Any]] = ()
    detail: Mapping[str, str] = field(default_factory=dict)
    since: str = ""

    @property
    def is_linked(self) -> bool:
        return "linked_by" in self.detail


def words(case: Case) -> MismatchWording:
    """Return the wording of a mismatch; an unknown reason is shown as its code."""
    write = WRITERS.get(case.reason)
    if write is None:
        return MismatchWording(case.reason, "", case.reason, "support", "help")
    wording = write(case)
    if not case.detail.get("from_entries"):
        return wording
    sentence = f"{wording.sentence} It is in no list of Clockify, known from time entries only."
    return replace(wording, sentence=sentence)


def title_of(reason: str, kind: str) -> str:
    """Return the title under which rows of this reason are counted, whatever each row itself says."""
    if reason == "AMBIGUOUS_NAME":
        return "More than one match"
    return words(Case(reason, kind, name="-")).title


def entry_sentence(case: Case) -> str:
    """Return the sentence as a time entry's reason says it, where no row names the record and its likeliest partner."""
    if case.reason == "NAME_DIFFERS" and case.suggestions:
        differs = case.detail.get("differs") or "spelling"
        return (
            f"{case.name} and {case.suggestions[0].get('name')} in QuickBooks are the same name apart from {differs}."
        )
    return words(case).sentence


def _no_employee(case: Case) -> MismatchWording:
    title = "No employee of this name"
    if not case.name.strip():
        part = "there is no name to compare"
        return MismatchWording("No employee found", part, "There is no name in Clockify to compare.", HERE, "person")
    none = f"QuickBooks has no employee called {case.name}."
    unlinked = _unlinked_by_hand(case)
    if unlinked:
        return MismatchWording("Unlinked by hand", "the rule does not link it again", unlinked, HERE, "link_off")
    vendor = next(
        (suggestion for suggestion in case.suggestions if _has_same_name(case, suggestion, kind="vendor")), None
    )
    if vendor is not None:
        sentence = f"{none} The name belongs to the vendor {vendor['name']}."
        return MismatchWording(title, "the name belongs to a vendor", sentence, HERE_OR_QUICKBOOKS, "person")
    return MismatchWording(title, "no exact match", none, HERE_OR_QUICKBOOKS, "person")


def _no_customer(case: Case) -> MismatchWording:
    unlinked = _unlinked_by_hand(case)
    if unlinked:
        return MismatchWording("Unlinked by hand", "the rule does not link it again", unlinked, HERE, "link_off")
    place = f"sub-customer under {case.client}" if case.client else "customer at the top level"
    part = f"none under {case.client}" if case.client else "none at the top level"
    sentence = f"QuickBooks has no {place} called {case.name}."
    return MismatchWording("No customer of this name", part, sentence, HERE_OR_QUICKBOOKS, "domain")


def _unlinked_by_hand(case: Case) -> str:
    """Return the sentence for a link that a person took away, or ""."""
    # Matching puts this mark into the `why` of a partner that the rule would link if no person had unlinked it.
    kind = "employee" if case.kind == "user" else "customer"
    partner = next(
        (suggestion for suggestion in case.suggestions if "a person undid this link" in str(suggestion.get("why"))),
        None,
    )
    if partner is None:
        return ""
    return f"Someone removed the link to the {kind} {partner['name']}, so the rule does not make it again."


def _has_same_name(case: Case, suggestion: Mapping[str, Any], *, kind: str) -> bool:
    return suggestion.get("kind") == kind and identical(case.name, str(suggestion.get("name", "")))


def _name_differs(case: Case) -> MismatchWording:
    differs = case.detail.get("differs") or "spelling"
    sentence = f"Same name apart from {differs}."
    return MismatchWording("Name differs", f"same name apart from {differs}", sentence, HERE, "equal")


PLURALS = {"user": "users", "client": "clients", "project": "projects"}


def _ambiguous(case: Case) -> MismatchWording:
    records = PLURALS.get(case.kind, "records")
    candidates = int(case.detail.get("candidates", "0") or 0)
    partners = "employees" if case.kind == "user" else "customers"
    if candidates > 1:
        part = f"{candidates} {partners} have this name"
        sentence = f"{candidates} {partners} are named {case.name}; you decide which it is."
        return MismatchWording("More than one match", part, sentence, HERE, "alt_route")
    if case.detail.get("linked_to"):
        holder = case.detail["linked_to"]
        sentence = f"{case.quickbooks_name or case.name} is already linked to {holder}; you decide which is which."
        sentence += _gone_with_time(case)
        return MismatchWording(f"Two {records}, one name", "its match is already linked", sentence, HERE, "group")
    rivals = case.detail.get("rivals", "")
    # A list of rivals is cut after the first few and ends with these words (mismatch_reasons.py).
    title = f"Several {records}, one name" if rivals.endswith("and others") else f"Two {records}, one name"
    partner = partners.removesuffix("s")
    sentence = f"Several {records} are called {case.name}, and one {partner} is; you decide which is which."
    sentence += _gone_with_time(case)
    return MismatchWording(title, f"one {partner}; you decide", sentence, HERE, "group")


def _gone_with_time(case: Case) -> str:
    """Return a sentence about the records of this name that Clockify no longer lists, or ""."""
    names = case.detail.get("gone_with_time", "")
    if not names:
        return ""
    return f" One of them, {names}, is gone from Clockify's lists but still holds time that was not sent."


def _inactive(case: Case) -> MismatchWording:
    kind = partner_kind(case.kind, case.detail)
    name = case.quickbooks_name or case.detail.get("quickbooks_name", "") or case.name
    since = f" since {case.since}" if case.since else ""
    if case.detail.get("is_gone"):
        sentence = f"The {kind} {name} is no longer in QuickBooks, merged or deleted; the link is kept."
        return MismatchWording("Gone from QuickBooks", "merged or deleted", sentence, HERE, "block")
    if case.is_linked:
        sentence = f"The {kind} {name} has been inactive{since}; the link is kept."
        part = f"since {case.since}; the link is kept" if since else "the link is kept"
        return MismatchWording("Inactive in QuickBooks", part, sentence, QUICKBOOKS_OR_HERE, "block")
    sentence = f"QuickBooks has only an inactive {kind} called {name}{', inactive' + since if since else ''}."
    return MismatchWording(
        "Inactive in QuickBooks", f"the only {kind} of this name", sentence, QUICKBOOKS_OR_HERE, "block"
    )


def _wrong_level(case: Case) -> MismatchWording:
    parent = case.detail.get("parent") or case.parent
    if not case.client:
        sentence = f"{case.name} is a sub-customer of {parent or 'another customer'}, but has no client in Clockify."
        if case.kind == "client":
            sentence = f"{case.name} is a sub-customer of {parent or 'another customer'}, but a client in Clockify."
        part = f"a sub-customer of {parent}" if parent else "a sub-customer there"
        return MismatchWording("Top-level or sub-customer", part, sentence, HERE_OR_QUICKBOOKS, "stairs")
    sentence = f"{case.name} is a top-level customer, but belongs to {case.client} in Clockify."
    return MismatchWording(
        "Top-level or sub-customer", "a top-level customer there", sentence, HERE_OR_QUICKBOOKS, "stairs"
    )


def _wrong_parent(case: Case) -> MismatchWording:
    title, icon = "Under another parent", "account_tree"
    detail = case.detail
    parent = detail.get("parent") or case.parent or "another customer"
    needed = detail.get("needed_parent") or case.client
    if case.is_linked and detail.get("client_was", "") != detail.get("client", ""):
        before, after = detail.get("client_was") or "no client", detail.get("client") or "no client"
        sentence = f"{case.name} belonged to {before} in Clockify when it was linked, and belongs to {after} now."
        return MismatchWording("Moved to another client", f"{before} before, {after} now", sentence, HERE, icon)
    if case.is_linked and detail.get("parent_was", "") != detail.get("parent", ""):
        before, after = detail.get("parent_was") or "the top level", detail.get("parent") or "the top level"
        sentence = f"{case.quickbooks_name} was under {before} when it was linked, and is under {after} now."
        return MismatchWording("Moved in QuickBooks", f"{before} before, {after} now", sentence, HERE, icon)
    sentence = f"{case.name} exists under {parent} instead of {needed}."
    return MismatchWording(title, f"under {parent} instead", sentence, HERE_OR_QUICKBOOKS, icon)


def _waits_for_client(case: Case) -> MismatchWording:
    client = case.client or case.detail.get("client") or "Its client"
    sentence = f"{client} is not linked yet; once it is, {case.name} is matched automatically."
    return MismatchWording("Waits for its client", f"{client} is not linked yet", sentence, HERE, "hourglass_empty")


def _renamed(case: Case) -> MismatchWording:
    changes = []
    before, after = case.detail.get("clockify_name_was", ""), case.name
    # Outer spaces are not worth a sentence: they do not make another name.
    if before and before.strip() != after.strip():
        changes.append((before, after))
    before, after = case.detail.get("quickbooks_name_was", ""), case.quickbooks_name
    if before and after and before.strip() != after.strip():
        changes.append((before, after))
    renamings = " and ".join(f"{old} when linked and is {new} now" for old, new in changes) or "another name before"
    part = f"was {changes[0][0]}" if changes else "the link still works"
    return MismatchWording(
        "Renamed since", part, f"It was {renamings}; the link still works.", "only if you want to", "edit"
    )


def _only_employee(case: Case) -> MismatchWording:
    sentence = f"No Clockify user is called {case.name}."
    return MismatchWording("Only in QuickBooks", "no user of this name", sentence, "in Clockify, if at all", "person")


def _only_customer(case: Case) -> MismatchWording:
    sentence = f"No Clockify client is called {case.name}."
    return MismatchWording("Only in QuickBooks", "no client of this name", sentence, "here, if at all", "domain")


def _only_sub_customer(case: Case) -> MismatchWording:
    whose = f"{case.parent} has no Clockify project" if case.parent else "No Clockify project is"
    sentence = f"{whose} called {case.name}."
    return MismatchWording("Only in QuickBooks", "no project of this name", sentence, "here, if at all", "folder")


WRITERS: Mapping[str, Callable[[Case], MismatchWording]] = {
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
