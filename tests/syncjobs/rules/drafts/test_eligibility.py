from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from syncjobs.rules.drafts.eligibility import Partner, Policy, ResolvedPartner
from syncjobs.rules.reasons import Reason
from syncjobs.rules.rounding import Rounding
from tests.support.values import ACME, EMPLOYEE, SITE, make_mapping_table, resolved, work

INACTIVE_EMPLOYEE = ResolvedPartner(EMPLOYEE, suspended="EMPLOYEE_INACTIVE")
INACTIVE_CUSTOMER = ResolvedPartner(SITE, suspended="CUSTOMER_INACTIVE")


def test_good_work_of_linked_people_goes_to_both_partners() -> None:
    result = resolved()

    assert result.may_go
    assert (result.person, result.customer, result.minutes) == (EMPLOYEE, SITE, 60)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"seconds": None}, {"NOT_FINISHED"}),
        ({"type": "BREAK"}, {"NOT_WORK_TIME"}),
        ({"type": "HOLIDAY"}, {"NOT_WORK_TIME"}),
        ({"type": "TIME_OFF"}, {"NOT_WORK_TIME"}),
        ({"type": "SOMETHING_NEW"}, {"NOT_WORK_TIME"}),
        ({"billable": False}, {"NOT_BILLABLE"}),
        ({"project_id": "", "client_id": ""}, {"NO_PROJECT"}),
        ({"seconds": 29}, {"TOO_SHORT"}),
        ({"seconds": 0}, {"TOO_SHORT"}),
        ({"seconds": -60}, {"TOO_SHORT"}),
        ({"seconds": 30}, set()),
        ({"seconds": 86_400}, set()),
        ({"seconds": 86_401}, {"TOO_LONG"}),
        ({"invoiced": True}, {"INVOICED_IN_CLOCKIFY"}),
        ({"ignored": True}, {"IGNORED"}),
        ({"currency": "EUR"}, {"CURRENCY_DIFFERS"}),
        ({"currency": ""}, set()),
        ({"rate": None}, set()),
        ({"approved": False}, set()),
    ],
)
def test_what_the_work_itself_says(changes: dict[str, Any], codes: set[str]) -> None:
    assert resolved(work(**changes)).codes == codes


@pytest.mark.parametrize(
    ("settings", "changes", "codes"),
    [
        ({"approved_only": True}, {"approved": None}, {"NOT_APPROVED"}),
        ({"approved_only": True}, {"approved": False}, {"NOT_APPROVED"}),
        ({"approved_only": True}, {"approved": True}, set()),
        ({"block_invoiced": False}, {"invoiced": True}, set()),
        ({"longest_seconds": 3600}, {"seconds": 3600}, set()),
        ({"longest_seconds": 3600}, {"seconds": 3601}, {"TOO_LONG"}),
        ({"book_close_date": date(2026, 3, 4)}, {}, {"BOOKS_CLOSED"}),
        ({"book_close_date": date(2026, 3, 3)}, {}, set()),
        ({"rounding": Rounding("down", 15)}, {"seconds": 899}, {"TOO_SHORT"}),
        ({"rounding": Rounding("up", 15)}, {"seconds": 1}, set()),
        ({"whole_connection": (Reason("PAYROLL_ENABLED"),)}, {}, {"PAYROLL_ENABLED"}),
        ({"whole_connection": (Reason("PLAN_NOT_SUPPORTED"),)}, {}, {"PLAN_NOT_SUPPORTED"}),
        ({"whole_connection": (Reason("NOT_CONNECTED"),)}, {}, {"NOT_CONNECTED"}),
    ],
)
def test_what_the_policy_and_the_books_say(settings: dict[str, Any], changes: dict[str, Any], codes: set[str]) -> None:
    assert resolved(work(**changes), policy=Policy(**settings)).codes == codes


@pytest.mark.parametrize(
    ("missing", "codes"),
    [
        ({"user": None}, {"USER_NOT_MAPPED"}),
        ({"client": None}, {"CLIENT_NOT_MAPPED", "PROJECT_NOT_MAPPED"}),
        ({"project": None}, {"PROJECT_NOT_MAPPED"}),
        ({"client": None, "project": None}, {"CLIENT_NOT_MAPPED", "PROJECT_NOT_MAPPED"}),
        ({"user": INACTIVE_EMPLOYEE}, {"EMPLOYEE_INACTIVE"}),
        ({"project": INACTIVE_CUSTOMER}, {"CUSTOMER_INACTIVE"}),
        ({"client": ResolvedPartner(ACME, suspended="CUSTOMER_INACTIVE")}, {"CUSTOMER_INACTIVE"}),
        (
            {"client": ResolvedPartner(ACME, suspended="CUSTOMER_INACTIVE"), "project": INACTIVE_CUSTOMER},
            {"CUSTOMER_INACTIVE"},
        ),
        # The project changed client, or its customer changed parent.
        ({"project": ResolvedPartner(SITE, suspended="WRONG_PARENT")}, {"PROJECT_NOT_MAPPED"}),
        # A project linked by hand needs no client.
        ({"client": None, "project": ResolvedPartner(SITE, by_person=True)}, set()),
        (
            {
                "client": ResolvedPartner(ACME, suspended="CUSTOMER_INACTIVE"),
                "project": ResolvedPartner(SITE, by_person=True),
            },
            set(),
        ),
        ({"user": ResolvedPartner(EMPLOYEE, ignored=True)}, {"IGNORED"}),
        ({"client": ResolvedPartner(ACME, ignored=True)}, {"IGNORED"}),
        ({"project": ResolvedPartner(SITE, ignored=True)}, {"IGNORED"}),
        ({"user": ResolvedPartner(ignored=True)}, {"IGNORED", "USER_NOT_MAPPED"}),
    ],
)
def test_what_the_links_say(missing: dict[str, ResolvedPartner | None], codes: set[str]) -> None:
    assert resolved(mapping_table=make_mapping_table(**missing)).codes == codes


def test_a_project_without_a_client_needs_only_its_own_link() -> None:
    assert resolved(work(client_id="", client_name=""), make_mapping_table(client=None)).may_go


def test_all_reasons_are_named_not_only_the_first() -> None:
    entry = work(billable=False, type="BREAK", seconds=90_000, invoiced=True, currency="EUR", ignored=True)
    policy = Policy(
        approved_only=True,
        book_close_date=date(2026, 12, 31),
        whole_connection=(Reason("NOT_CONNECTED"), Reason("PLAN_NOT_SUPPORTED")),
    )

    assert resolved(entry, make_mapping_table(user=None), policy).codes == {
        "NOT_BILLABLE",
        "NOT_WORK_TIME",
        "TOO_LONG",
        "NOT_APPROVED",
        "INVOICED_IN_CLOCKIFY",
        "USER_NOT_MAPPED",
        "IGNORED",
        "BOOKS_CLOSED",
        "CURRENCY_DIFFERS",
        "NOT_CONNECTED",
        "PLAN_NOT_SUPPORTED",
    }


def test_each_reason_is_named_once() -> None:
    result = resolved(work(billable=False), make_mapping_table(user=None, client=None, project=None))

    codes = [reason.code for reason in result.reasons]
    assert sorted(codes) == ["CLIENT_NOT_MAPPED", "NOT_BILLABLE", "PROJECT_NOT_MAPPED", "USER_NOT_MAPPED"]


@pytest.mark.parametrize(
    ("changes", "set_aside", "codes"),
    [
        ({"seconds": 90_000}, {"TOO_LONG"}, set()),
        ({"invoiced": True}, {"INVOICED_IN_CLOCKIFY"}, set()),
        ({"billable": False}, {"NOT_BILLABLE"}, {"NOT_BILLABLE"}),
        ({"ignored": True}, {"IGNORED"}, {"IGNORED"}),
        ({"seconds": 90_000, "invoiced": True}, {"TOO_LONG"}, {"INVOICED_IN_CLOCKIFY"}),
    ],
)
def test_a_person_may_set_aside_only_what_is_a_matter_of_opinion(
    changes: dict[str, Any], set_aside: set[str], codes: set[str]
) -> None:
    assert resolved(work(**changes, set_aside=frozenset(set_aside))).codes == codes


def test_an_unknown_currency_on_the_other_side_is_no_difference() -> None:
    assert resolved(mapping_table=make_mapping_table(project=ResolvedPartner(Partner("customer", "8", "Site")))).may_go
