from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from string import Formatter
from typing import Any

import pytest

from syncjobs.rules.drafts.eligibility import UNREADABLE_TEXTS, Partner, Policy, ResolvedPartner
from syncjobs.rules.drafts.line_rules import LineRules
from syncjobs.rules.reasons import WORDINGS, Reason
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
        ({"user": ResolvedPartner(EMPLOYEE, suspended="OF_A_NEWER_VERSION")}, {"USER_NOT_MAPPED"}),
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
    reasons = resolved(mapping_table=make_mapping_table(**missing)).reasons

    assert sorted(reason.code for reason in reasons) == sorted(codes)


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


@pytest.mark.parametrize(
    ("changes", "links", "code", "facts"),
    [
        ({"seconds": None}, {}, "NOT_FINISHED", {"started": "2026-03-04 14:00 UTC"}),
        ({"type": "BREAK"}, {}, "NOT_WORK_TIME", {"type": "a break"}),
        ({"type": "HOLIDAY"}, {}, "NOT_WORK_TIME", {"type": "a holiday"}),
        ({"type": "TIME_OFF"}, {}, "NOT_WORK_TIME", {"type": "time off"}),
        ({"type": "SOMETHING_NEW"}, {}, "NOT_WORK_TIME", {"type": "SOMETHING_NEW"}),
        ({"seconds": 29}, {}, "TOO_SHORT", {"seconds": 29}),
        ({"seconds": 91_800}, {}, "TOO_LONG", {"hours": "25.5", "limit": "24"}),
        ({}, {"user": None}, "USER_NOT_MAPPED", {"user": "Ada", "kind": "user", "id": "ada"}),
        ({"user_name": ""}, {"user": None}, "USER_NOT_MAPPED", {"user": "User ada", "kind": "user", "id": "ada"}),
        ({}, {"client": None}, "CLIENT_NOT_MAPPED", {"client": "Acme", "kind": "client", "id": "acme"}),
        ({}, {"project": None}, "PROJECT_NOT_MAPPED", {"project": "Site", "kind": "project", "id": "site"}),
        ({}, {"user": INACTIVE_EMPLOYEE}, "EMPLOYEE_INACTIVE", {"name": "Ada", "kind": "user", "id": "ada"}),
        (
            {},
            {"project": INACTIVE_CUSTOMER},
            "CUSTOMER_INACTIVE",
            {"name": "Site", "kind": "project", "id": "site"},
        ),
        (
            {},
            {"client": ResolvedPartner(ACME, suspended="CUSTOMER_INACTIVE")},
            "CUSTOMER_INACTIVE",
            {"name": "Acme", "kind": "client", "id": "acme"},
        ),
        ({"currency": "EUR"}, {}, "CURRENCY_DIFFERS", {"ours": "EUR", "theirs": "USD", "customer": "Site"}),
        ({"ignored": True}, {}, "IGNORED", {"what": "This entry"}),
        (
            {},
            {
                "user": ResolvedPartner(EMPLOYEE, ignored=True),
                "client": ResolvedPartner(ACME, ignored=True),
                "project": ResolvedPartner(SITE, ignored=True),
            },
            "IGNORED",
            {"what": "Ada, Acme, Site"},
        ),
        (
            {"user_name": "", "client_name": "", "project_name": ""},
            {
                "user": ResolvedPartner(EMPLOYEE, ignored=True),
                "client": ResolvedPartner(ACME, ignored=True),
                "project": ResolvedPartner(SITE, ignored=True),
            },
            "IGNORED",
            {"what": "Unnamed user, Unnamed client, Unnamed project"},
        ),
    ],
)
def test_a_reason_has_the_facts_that_its_sentence_and_remedy_name(
    changes: dict[str, Any], links: dict[str, Any], code: str, facts: dict[str, Any]
) -> None:
    result = resolved(work(**changes), make_mapping_table(**links))

    [reason] = [reason for reason in result.reasons if reason.code == code]
    assert reason.facts == facts
    wording = WORDINGS[code]
    named = {name for _, name, _, _ in Formatter().parse(wording.sentence + wording.fix) if name}
    assert named <= facts.keys()


@pytest.mark.parametrize("kind", ["entry", "user", "client", "project", "employee", "customer", "item", "class"])
def test_each_record_that_an_entry_hangs_on_must_be_readable(kind: str) -> None:
    ids = {"entry": "e1", "user": "ada", "client": "acme", "project": "site", "employee": "55", "customer": "8"}
    key = (kind, ids.get(kind, "5"))
    table = replace(make_mapping_table(), unreadable={key: "No name.", ("customer", "999"): "Nobody's."})
    policy = Policy(line_rules=LineRules(defaults={"item": "5", "class": "5"}))

    [reason] = resolved(work(), table, policy).reasons

    assert reason == Reason("UNREADABLE", {"record": kind, "what": UNREADABLE_TEXTS[kind], "problem": "No name."})


@pytest.mark.parametrize(
    ("cost_rate", "currency", "home_currency", "found"),
    [
        (Decimal(40), "USD", "USD", Decimal(40)),
        (Decimal(40), "EUR", "USD", Decimal(0)),
        (Decimal(40), "", "USD", Decimal(40)),
        (Decimal(40), "EUR", "", Decimal(40)),
        (None, "USD", "USD", Decimal(0)),
    ],
    ids=["the same currency", "another one", "Clockify's unknown", "QuickBooks' unknown", "no cost rate"],
)
def test_a_cost_rate_goes_along_in_the_currency_of_the_books(
    cost_rate: Decimal | None, currency: str, home_currency: str, found: Decimal
) -> None:
    entry = work(cost_rate=cost_rate, currency=currency)

    assert resolved(entry, policy=Policy(send_cost_rate=True, home_currency=home_currency)).cost_rate == found
    assert resolved(entry, policy=Policy(home_currency=home_currency)).cost_rate is None
