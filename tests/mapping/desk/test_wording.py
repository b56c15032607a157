"""The sentences for every mismatch: what is, then why, then where it is resolved."""

from __future__ import annotations

from typing import Any

import pytest

from mapping.desk.wording import WRITERS, Case, words

VENDOR = {"id": "13", "name": "Tomasz Wójcik", "score": 1.0, "why": "same name, but a vendor", "kind": "vendor"}
UNDONE = {
    "id": "59",
    "name": "Ada",
    "score": 1.0,
    "why": "same name, but a person undid this link",
    "kind": "employee",
}
CASES = [
    (
        Case("NO_EMPLOYEE", "user", "Ada"),
        "No employee of this name",
        "QuickBooks has no employee called Ada.",
    ),
    (
        Case("NO_EMPLOYEE", "user", "Tomasz Wójcik", suggestions=[VENDOR]),
        "No employee of this name",
        "QuickBooks has no employee called Tomasz Wójcik. The name belongs to the vendor Tomasz Wójcik.",
    ),
    (Case("NO_EMPLOYEE", "user", " "), "No employee found", "There is no name in Clockify to compare."),
    (
        Case("NO_EMPLOYEE", "user", "Ada", suggestions=[UNDONE]),
        "Unlinked by hand",
        "Someone removed the link to the employee Ada, so the rule does not make it again.",
    ),
    (
        Case("NO_CUSTOMER", "project", "Site"),
        "No customer of this name",
        "QuickBooks has no customer at the top level called Site.",
    ),
    (
        Case("NO_CUSTOMER", "project", "Site", client="Acme"),
        "No customer of this name",
        "QuickBooks has no sub-customer under Acme called Site.",
    ),
    (
        Case("NAME_DIFFERS", "client", "acme", detail={"differs": "case"}),
        "Name differs",
        "Same name apart from case.",
    ),
    (
        Case("AMBIGUOUS_NAME", "project", "Site", detail={"candidates": "2"}),
        "More than one match",
        "2 customers are named Site; you decide which it is.",
    ),
    (
        Case("AMBIGUOUS_NAME", "user", "Chris", detail={"candidates": "1", "rivals": "Chris"}),
        "Two users, one name",
        "Several users are called Chris, and one employee is; you decide which is which.",
    ),
    (
        Case("AMBIGUOUS_NAME", "user", "Chris", detail={"candidates": "1", "rivals": "Chris, Chris and others"}),
        "Several users, one name",
        "Several users are called Chris, and one employee is; you decide which is which.",
    ),
    (
        Case("AMBIGUOUS_NAME", "client", "Acme", detail={"candidates": "1", "linked_to": "Acme"}),
        "Two clients, one name",
        "Acme is already linked to Acme; you decide which is which.",
    ),
    (
        Case("EMPLOYEE_INACTIVE", "user", "Ada", detail={"linked_by": "rule"}, since="Tue Mar 24"),
        "Inactive in QuickBooks",
        "The employee Ada has been inactive since Tue Mar 24; the link is kept.",
    ),
    (
        Case("EMPLOYEE_INACTIVE", "user", "Ada", detail={"linked_by": "person", "quickbooks_kind": "vendor"}),
        "Inactive in QuickBooks",
        "The vendor Ada has been inactive; the link is kept.",
    ),
    (
        Case("CUSTOMER_INACTIVE", "project", "Site"),
        "Inactive in QuickBooks",
        "QuickBooks has only an inactive customer called Site.",
    ),
    (
        Case("CUSTOMER_INACTIVE", "project", "Site", detail={"linked_by": "rule", "is_gone": "yes"}),
        "Gone from QuickBooks",
        "The customer Site is no longer in QuickBooks, merged or deleted; the link is kept.",
    ),
    (
        Case("WRONG_LEVEL", "project", "Museum", detail={"parent": "Council"}),
        "Top-level or sub-customer",
        "Museum is a sub-customer of Council, but has no client in Clockify.",
    ),
    (
        Case("WRONG_LEVEL", "project", "Videos", client="Vantage", detail={"parent": ""}),
        "Top-level or sub-customer",
        "Videos is a top-level customer, but belongs to Vantage in Clockify.",
    ),
    (
        Case("WRONG_PARENT", "project", "App", client="Bluebird", parent="Acme", detail={"needed_parent": "Bluebird"}),
        "Under another parent",
        "App exists under Acme instead of Bluebird.",
    ),
    (
        Case("WRONG_PARENT", "project", "App", detail={"linked_by": "rule", "client": "Beta", "client_was": "Alpha"}),
        "Moved to another client",
        "App belonged to Alpha in Clockify when it was linked, and belongs to Beta now.",
    ),
    (
        Case(
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
        Case("PARENT_NOT_MAPPED", "project", "Site", client="Acme"),
        "Waits for its client",
        "Acme is not linked yet; once it is, Site is matched automatically.",
    ),
    (
        Case("RENAMED", "client", "Acme Inc", detail={"clockify_name_was": "Acme"}),
        "Renamed since",
        "It was Acme when linked and is Acme Inc now; the link still works.",
    ),
    (
        Case("NO_CLOCKIFY_USER", "employee", "Gordon"),
        "Only in QuickBooks",
        "No Clockify user is called Gordon.",
    ),
    (
        Case("NO_CLOCKIFY_CLIENT", "customer", "Council"),
        "Only in QuickBooks",
        "No Clockify client is called Council.",
    ),
    (
        Case("NO_CLOCKIFY_PROJECT", "customer", "Print", parent="Acme"),
        "Only in QuickBooks",
        "Acme has no Clockify project called Print.",
    ),
]


@pytest.mark.parametrize(("case", "title", "sentence"), CASES)
def test_a_mismatch_reads(case: Case, title: str, sentence: str) -> None:
    wording = words(case)

    assert (wording.title, wording.sentence) == (title, sentence)
    assert wording.part and wording.where


def test_every_reason_has_its_case_here() -> None:
    assert {case.reason for case, *_ in CASES} == set(WRITERS)


@pytest.mark.parametrize("reason", WRITERS)
def test_a_row_without_any_fact_still_reads(reason: str) -> None:
    wording = words(Case(reason, "project", "Site"))

    assert wording.title and "None" not in wording.sentence and "{" not in wording.sentence


def test_an_unknown_reason_is_shown_as_its_code() -> None:
    assert words(Case("SOMETHING_NEW", "user", "Ada")).sentence == "SOMETHING_NEW"


def test_words_are_short_statements_without_shouting() -> None:
    wordings: list[Any] = [words(case) for case, *_ in CASES]

    assert not [wording for wording in wordings if "!" in wording.sentence or "please" in wording.sentence.lower()]
