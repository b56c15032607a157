"""The sentences for every mismatch: what is, then why, then where it is resolved."""

from __future__ import annotations

from typing import Any

import pytest

from mapping.desk.wording import TITLES, WRITERS, words
from mapping.models import Mismatch

VENDOR = {"id": "13", "name": "Tomasz Wójcik", "score": 1.0, "why": "same name, but a vendor", "kind": "vendor"}
UNDONE = {
    "id": "59",
    "name": "Ada",
    "score": 1.0,
    "why": "same name, but a person undid this link",
    "kind": "employee",
}


def mismatch(
    reason: str, kind: str, name: str, *, client: str = "", quickbooks_name: str = "", parent: str = "", **facts: Any
) -> Mismatch:
    """Return a row of Clockify's record of that name, or of QuickBooks' where only QuickBooks has it."""
    if kind in {"employee", "customer"}:
        return Mismatch(reason=reason, kind=kind, quickbooks_id="9", quickbooks_name=name, quickbooks_parent=parent)
    return Mismatch(
        reason=reason,
        kind=kind,
        clockify_id="c9",
        clockify_name=name,
        clockify_client=client,
        quickbooks_name=quickbooks_name,
        quickbooks_parent=parent,
        **facts,
    )


CASES = [
    (
        mismatch("NO_EMPLOYEE", "user", "Ada"),
        "No employee of this name",
        "QuickBooks has no employee called Ada.",
    ),
    (
        mismatch("NO_EMPLOYEE", "user", "Tomasz Wójcik", suggestions=[VENDOR]),
        "No employee of this name",
        "QuickBooks has no employee called Tomasz Wójcik. The name belongs to the vendor Tomasz Wójcik.",
    ),
    (mismatch("NO_EMPLOYEE", "user", " "), "No employee found", "There is no name in Clockify to compare."),
    (
        mismatch("NO_EMPLOYEE", "user", "Ada", suggestions=[UNDONE]),
        "Unlinked by hand",
        "Someone removed the link to the employee Ada, so the rule does not make it again.",
    ),
    (
        mismatch("NO_CUSTOMER", "project", "Site"),
        "No customer of this name",
        "QuickBooks has no customer at the top level called Site.",
    ),
    (
        mismatch("NO_CUSTOMER", "project", "Site", client="Acme"),
        "No customer of this name",
        "QuickBooks has no sub-customer under Acme called Site.",
    ),
    (
        mismatch("NAME_DIFFERS", "client", "acme", detail={"differs": "case"}),
        "Name differs",
        "Same name apart from case.",
    ),
    (
        mismatch("AMBIGUOUS_NAME", "project", "Site", detail={"candidates": "2"}),
        "More than one match",
        "2 customers are named Site; you decide which it is.",
    ),
    (
        mismatch("AMBIGUOUS_NAME", "user", "Chris", detail={"candidates": "1", "rivals": "Chris"}),
        "Two users, one name",
        "Several users are called Chris, and one employee is; you decide which is which.",
    ),
    (
        mismatch("AMBIGUOUS_NAME", "user", "Chris", detail={"candidates": "1", "rivals": "Chris, Chris and others"}),
        "Several users, one name",
        "Several users are called Chris, and one employee is; you decide which is which.",
    ),
    (
        mismatch("AMBIGUOUS_NAME", "client", "Acme", detail={"candidates": "1", "linked_to": "Acme"}),
        "Two clients, one name",
        "Acme is already linked to Acme; you decide which is which.",
    ),
    (
        mismatch("EMPLOYEE_INACTIVE", "user", "Ada", detail={"linked_by": "person", "quickbooks_kind": "vendor"}),
        "Inactive in QuickBooks",
        "The vendor Ada has been inactive; the link is kept.",
    ),
    (
        mismatch("CUSTOMER_INACTIVE", "project", "Site"),
        "Inactive in QuickBooks",
        "QuickBooks has only an inactive customer called Site.",
    ),
    (
        mismatch("CUSTOMER_INACTIVE", "project", "Site", detail={"linked_by": "rule", "is_gone": "yes"}),
        "Gone from QuickBooks",
        "The customer Site is no longer in QuickBooks, merged or deleted; the link is kept.",
    ),
    (
        mismatch("WRONG_LEVEL", "project", "Museum", detail={"parent": "Council"}),
        "Top-level or sub-customer",
        "Museum is a sub-customer of Council, but has no client in Clockify.",
    ),
    (
        mismatch("WRONG_LEVEL", "project", "Videos", client="Vantage", detail={"parent": ""}),
        "Top-level or sub-customer",
        "Videos is a top-level customer, but belongs to Vantage in Clockify.",
    ),
    (
        mismatch(
            "WRONG_PARENT", "project", "App", client="Bluebird", parent="Acme", detail={"needed_parent": "Bluebird"}
        ),
        "Under another parent",
        "App exists under Acme instead of Bluebird.",
    ),
    (
        mismatch(
            "WRONG_PARENT", "project", "App", detail={"linked_by": "rule", "client": "Beta", "client_was": "Alpha"}
        ),
        "Moved to another client",
        "App belonged to Alpha in Clockify when it was linked, and belongs to Beta now.",
    ),
    (
        mismatch(
            "WRONG_PARENT",
            "project",
            "App",
            quickbooks_name="App",
            detail={"linked_by": "rule", "parent": "Beta", "parent_was": "Alpha"},
        ),
        "Moved in QuickBooks",
        "App was under Alpha when it was linked, and is under Beta now.",
    ),
    (
        mismatch("PARENT_NOT_MAPPED", "project", "Site", client="Acme"),
        "Waits for its client",
        "Acme is not linked yet; once it is, Site is matched automatically.",
    ),
    (
        mismatch("RENAMED", "client", "Acme Inc", detail={"clockify_name_was": "Acme"}),
        "Renamed since",
        "It was Acme when linked and is Acme Inc now; the link still works.",
    ),
    (
        mismatch("NO_CLOCKIFY_USER", "employee", "Gordon"),
        "Only in QuickBooks",
        "No Clockify user is called Gordon.",
    ),
    (
        mismatch("NO_CLOCKIFY_CLIENT", "customer", "Council"),
        "Only in QuickBooks",
        "No Clockify client is called Council.",
    ),
    (
        mismatch("NO_CLOCKIFY_PROJECT", "customer", "Print", parent="Acme"),
        "Only in QuickBooks",
        "Acme has no Clockify project called Print.",
    ),
]


@pytest.mark.parametrize(("row", "title", "sentence"), CASES)
def test_a_mismatch_reads(row: Mismatch, title: str, sentence: str) -> None:
    wording = words(row)

    assert (wording.title, wording.sentence) == (title, sentence)
    assert wording.part and wording.where


@pytest.mark.parametrize(
    ("detail", "sentence"),
    [
        ({"linked_by": "rule"}, "The employee Ada has been inactive since Tue Mar 24; the link is kept."),
        ({}, "QuickBooks has only an inactive employee called Ada, inactive since Tue Mar 24."),
    ],
)
def test_an_inactive_partner_is_named_with_its_day(detail: dict[str, str], sentence: str) -> None:
    row = mismatch("EMPLOYEE_INACTIVE", "user", "Ada", detail=detail)

    assert words(row, since="Tue Mar 24").sentence == sentence


def test_every_reason_has_its_case_here() -> None:
    assert {row.reason for row, *_ in CASES} == set(WRITERS) == set(TITLES)


@pytest.mark.parametrize("reason", WRITERS)
def test_a_row_without_any_fact_still_reads(reason: str) -> None:
    wording = words(mismatch(reason, "project", "Site"))

    assert wording.title and "None" not in wording.sentence and "{" not in wording.sentence


def test_an_unknown_reason_is_shown_as_its_code() -> None:
    assert words(mismatch("SOMETHING_NEW", "user", "Ada")).sentence == "SOMETHING_NEW"


def test_words_are_short_statements_without_shouting() -> None:
    wordings: list[Any] = [words(row) for row, *_ in CASES]

    assert not [wording for wording in wordings if "!" in wording.sentence or "please" in wording.sentence.lower()]
