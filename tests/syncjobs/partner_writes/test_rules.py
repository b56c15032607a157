"""The rules of QuickBooks and Clockify for names, and the remedy that each broken rule offers."""

from __future__ import annotations

import pytest

from syncjobs.partner_writes import drafts, rules
from syncjobs.partner_writes.drafts import CREATE, QUICKBOOKS, RENAME, WriteRequest
from syncjobs.partner_writes.rules import Namesake

OTHERS = [
    Namesake("customer", "66", "Acme", True),
    Namesake("customer", "67", "Acme:Site", True),
    Namesake("customer", "68", "Acme:Old shop (deleted)", False),
    Namesake("vendor", "70", "Ben Okafor", True),
    Namesake("employee", "71", "Cleo Ray (deleted)", False),
]


@pytest.mark.parametrize(
    ("name", "sentence", "instead"),
    [
        ("Enrollment 2026: microsite", "There is a colon after “2026”.", "Enrollment 2026 - microsite"),
        (":start", "There is a colon at its beginning.", "start"),
        ("one\ttwo", "There is a tab after “one”.", "one two"),
        ("one\ntwo: three", "There is a colon after “two”.", "one two - three"),
    ],
)
def test_colon_tab_and_line_break_are_named_and_replaced(name: str, sentence: str, instead: str) -> None:
    check = rules.signs(name)

    assert (check.passed, check.value) == (False, sentence)
    assert [remedy.value for remedy in check.remedies] == [instead]
    assert rules.signs(instead).passed


@pytest.mark.parametrize(("count", "passed"), [(0, False), (1, True), (500, True), (501, False)])
def test_length_counts_to_the_letter(count: int, passed: bool) -> None:
    check = rules.length("é" * count, most=rules.MAX_DISPLAY_NAME_LENGTH)

    assert check.passed is passed
    assert all(len(remedy.value) == 500 for remedy in check.remedies)


@pytest.mark.parametrize(
    ("full_name", "linkable", "ways"),
    [
        ("ACME", ("customer",), [("link", "customer:66"), ("name", "ACME (2)")]),
        ("Acme:old shop", ("customer",), [("reactivate", "customer:68"), ("name", "old shop (2)")]),
        ("Ben Okafor", ("employee", "vendor"), [("link", "vendor:70"), ("name", "Ben Okafor (2)")]),
        ("Ben Okafor", ("customer",), [("name", "Ben Okafor (2)")]),
        ("Cleo Ray", ("employee", "vendor"), [("reactivate", "employee:71"), ("name", "Cleo Ray (2)")]),
        ("Site", ("customer",), []),
        ("Bluebird:Site", ("customer",), []),
    ],
)
def test_a_taken_name_offers_link_reactivate_or_another_name(
    full_name: str, linkable: tuple[str, ...], ways: list[tuple[str, str]]
) -> None:
    name = full_name.rpartition(":")[2]

    check = rules.free_in_quickbooks(full_name, OTHERS, linkable=linkable, name=name)

    assert check.passed is (not ways)
    assert [(remedy.do, remedy.value) for remedy in check.remedies] == ways


def test_five_levels_are_allowed_and_a_sixth_is_not() -> None:
    assert [rules.depth(level).passed for level in range(1, 7)] == [True] * 5 + [False]


@pytest.mark.parametrize(
    ("name", "parts"), [("Ana María Roe", ("Ana María", "Roe")), ("Prince", ("Prince", "")), ("", ("", ""))]
)
def test_first_and_last_name_are_proposed_from_the_words(name: str, parts: tuple[str, str]) -> None:
    assert rules.split_name(name) == parts


def test_a_confirmation_covers_what_is_set_and_not_what_is_only_sent_back() -> None:
    def draft(name: str, note: str) -> drafts.PartnerDraft:
        request = WriteRequest(RENAME, "clockify", "client", kind="client", clockify_id="c1", name=name)
        changes = {"name": name}
        body = drafts.renaming_body("client", {"name": "acme", "note": note, "email": None}, changes)
        return drafts.PartnerDraft(request, "", "", "PUT clients/c1", name, name, changes, body, (), ())

    assert draft("Acme", "").fingerprint == draft("Acme", "Pays late").fingerprint
    assert draft("Acme", "").fingerprint != draft("Acme Ltd", "").fingerprint
    assert draft("Acme", "Pays late").body == {"name": "Acme", "note": "Pays late"}


def test_two_requests_for_one_record_have_one_target_whatever_the_name() -> None:
    requests = [
        WriteRequest(CREATE, QUICKBOOKS, entity, kind="user", clockify_id="u1", name=name)
        for entity, name in (("employee", "Ada"), ("vendor", "Ada Ltd"))
    ]

    assert {request.target for request in requests} == {"user:u1"}


def test_a_request_is_stored_and_read_as_it_was_and_older_rows_lack_the_rest() -> None:
    request = WriteRequest(RENAME, "clockify", "client", "client", "c1", "7", name="Acme Ltd", billable=False)

    assert WriteRequest.from_row(request.as_row()) == request
    assert WriteRequest.from_row({"kind": "user", "of_a_later_version": 1}) == WriteRequest("", "", "", kind="user")
