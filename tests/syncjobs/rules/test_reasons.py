"""What a stored reason says, where it is resolved, and which reasons are of a kind."""

from __future__ import annotations

from typing import Any

import pytest

from syncjobs.rules import reasons
from syncjobs.rules.codes import Code
from syncjobs.rules.reasons import WORDINGS

REMEDIES = {"clockify", "quickbooks", "here", "wait", "support"}
VARIANTS = [
    *(reasons.GIVEN_UP, reasons.ALMOST_THERE, reasons.BILLED_ON, reasons.ON_THE_WAY),
    *(reasons.GIVEN_BY_RULE, reasons.GIVEN_BY_DEFAULT, reasons.GIVEN_BY_PEOPLE),
]


def test_each_reason_is_resolved_at_a_place_that_scripts_know() -> None:
    assert {wording.resolve_in for wording in (*WORDINGS.values(), *VARIANTS)} <= REMEDIES
    assert set(reasons.SIDES.values()) <= REMEDIES


def test_each_code_has_words_of_its_own() -> None:
    assert WORDINGS.keys() == set(Code)


def test_time_that_should_not_go_at_all_is_not_held() -> None:
    by_rule = {code for code, wording in WORDINGS.items() if wording.by_rule}

    work = {"NOT_FINISHED", "NOT_WORK_TIME", "NOT_BILLABLE", "TOO_SHORT"}
    assert by_rule == work | {"INVOICED_IN_CLOCKIFY", "IGNORED"}
    assert not any(reasons.holds({code, "USER_NOT_MAPPED"}) for code in by_rule)
    assert reasons.holds({"USER_NOT_MAPPED"}) and reasons.holds({"OF_A_NEWER_VERSION"})
    assert not reasons.holds(set())


@pytest.mark.parametrize("kind", ["CONFLICTS", "UNDONE", "MAY_BE_SET_ASIDE", "NO_WORK", "WHOLE_CONNECTION"])
def test_reasons_of_a_kind_are_reasons(kind: str) -> None:
    assert getattr(reasons, kind) <= WORDINGS.keys()


def test_only_a_write_in_doubt_is_on_the_way_and_only_a_refused_one_given_up() -> None:
    assert reasons.is_on_the_way({"code": "OUTCOME_UNKNOWN", "in_flight": True})
    assert not reasons.is_on_the_way({"code": "OUTCOME_UNKNOWN"})
    assert not reasons.is_on_the_way({"code": "TOO_LONG", "in_flight": True})
    assert not reasons.is_given_up({"code": "QUICKBOOKS_REFUSED"}) and not reasons.is_given_up({"code": "X", "runs": 5})


@pytest.mark.parametrize(
    ("row", "message", "fix_in"),
    [
        ({"code": "QUICKBOOKS_REFUSED", "words": "Odd", "error": "1", "runs": 5}, "5 runs tried to write it", "here"),
        ({"code": "OUTCOME_UNKNOWN", "in_flight": True, "at": "14:00"}, "on its way to QuickBooks since 14:00", "wait"),
        ({"code": "ALREADY_IN_QUICKBOOKS", "same": "customer", "twins": "7"}, "with the same customer", "here"),
        (
            {"code": "BILLED_IN_QUICKBOOKS", "transaction": "Invoice", "number": "1043", "date": "2026-03-31"},
            "on invoice 1043 of March 31, 2026",
            "quickbooks",
        ),
        ({"code": "BILLED_IN_QUICKBOOKS", "transaction": "SalesReceipt"}, "on a sales receipt", "quickbooks"),
        ({"code": "BILLED_IN_QUICKBOOKS", "transaction": "Other"}, "on an invoice", "quickbooks"),
        ({"code": "BOOKS_CLOSED", "closed": "2026-03-31"}, "March 31, 2026", "quickbooks"),
        ({"code": "BOOKS_CLOSED", "closed": "some day"}, "some day", "quickbooks"),
        ({"code": "NOT_FINISHED"}, "running since ?", "wait"),
        ({"code": "UNREADABLE", "record": "user", "what": "The user"}, "The user", "clockify"),
        ({"code": "UNREADABLE", "record": "item", "what": "The service item"}, "The service item", "quickbooks"),
        ({"code": "USER_NOT_MAPPED", "mismatch": "Two people have this name."}, "Two people have this name.", "here"),
        ({"code": "OF_A_NEWER_VERSION"}, "OF_A_NEWER_VERSION", "support"),
    ],
)
def test_a_stored_reason_says_what_its_facts_say(row: dict[str, Any], message: str, fix_in: str) -> None:
    explained = reasons.explain(row)

    assert (explained["code"], explained["fix_in"]) == (row["code"], fix_in)
    assert message in explained["message"] and message in reasons.sentence(row)
    assert explained["fix"] and "{" not in explained["fix"] + explained["message"]


def test_a_refusal_says_what_quickbooks_code_means() -> None:
    explained = reasons.explain({"code": "QUICKBOOKS_REFUSED", "error": "6540", "words": "Deposited"})

    assert "“Deposited”" in explained["message"]
    assert reasons.explain({"code": "QUICKBOOKS_REFUSED", "error": "x", "words": "Odd"})["fix_in"] in REMEDIES


def test_the_first_record_that_is_not_linked_is_the_cause_or_else_the_first_code() -> None:
    rows = [{"code": "TOO_LONG"}, {"code": "USER_NOT_MAPPED", "kind": "user", "id": "ada"}]

    assert reasons.cause(rows) == "user:ada"
    assert reasons.cause([{"code": "TOO_LONG"}, {"code": "IGNORED", "kind": "tag", "id": "1"}]) == "TOO_LONG"
    assert reasons.cause([{"code": "X", "kind": "client", "id": "1"}, {"kind": "project", "id": "2"}]) == "client:1"
    assert reasons.cause([{"kind": "project", "id": "2"}]) == "project:2"
    assert (reasons.cause([]), reasons.cause([{"kind": "user", "id": ""}])) == ("", "")


def test_titles_and_duplicates_of_unknown_reasons_are_as_good_as_can_be() -> None:
    assert (reasons.title("NO_PROJECT"), reasons.title("NEW_CODE")) == ("No project", "NEW_CODE")
    assert reasons.duplicate_ids({"twins": "7, 12,"}) == ["7", "12"]
    assert reasons.duplicate_ids({}) == []
    assert reasons.sentences([{"code": "A"}, {"code": "B"}]) == "A B"
    assert reasons.form_text({}) == ""
