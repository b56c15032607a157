from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from syncjobs.rules.drafts.draft import Draft
from syncjobs.rules.drafts.eligibility import Partner, Policy, ResolvedPartner
from syncjobs.rules.drafts.line_rules import LineRules
from syncjobs.rules.steps import differences
from syncjobs.rules.steps.answered import as_row
from tests.support.values import activity_of, make_mapping_table, resolved, sent_for, work

SENT = Draft("employee", "55", "8", "2026-03-04", 60, "Review", "80")
BEA = make_mapping_table(user=ResolvedPartner(Partner("employee", "56", "Bea")))
HALL = make_mapping_table(project=ResolvedPartner(Partner("customer", "9", "Hall", "USD")))


def test_an_item_that_is_not_sent_any_more_stays() -> None:
    sent = replace(SENT, item_id="7")

    assert differences.today(work(), resolved(work()), sent) == {}


def today(*, mapping_table: Any = None, item: str = "", **changes: Any) -> dict[str, str]:
    entry = work(**changes)
    policy = Policy(line_rules=LineRules(defaults={"item": item}))
    return differences.today(entry, resolved(entry, mapping_table, policy), SENT)


def copy(**changes: Any) -> dict[str, Any]:
    return as_row(replace(activity_of(sent_for(SENT)), **changes))


def test_what_is_as_it_was_sent_differs_in_nothing() -> None:
    assert today() == {}
    assert differences.listed(SENT, copy(), {}, {}) == []


@pytest.mark.parametrize(
    ("changes", "now"),
    [
        ({"rate": Decimal("99.5")}, {"rate": "99.50"}),
        ({"rate": None}, {"rate": "0.00"}),
        ({"rate": Decimal("80.0000")}, {}),
        ({"rate": Decimal("0.3333")}, {"rate": "0.3333"}),
        ({"mapping_table": BEA}, {"person": "56"}),
        ({"mapping_table": make_mapping_table(user=None)}, {}),
        ({"mapping_table": HALL}, {"customer": "9"}),
        ({"mapping_table": make_mapping_table(project=None)}, {}),
        ({"mapping_table": replace(BEA, unreadable={("user", "ada"): "No name."})}, {}),
        ({"item": "7"}, {"item": "7"}),
        ({"rate": Decimal("99"), "ignored": True}, {}),
        ({"description": "Rework", "seconds": 7200}, {}),
    ],
    ids=str,
)
def test_rate_link_and_item_are_compared_with_today(changes: dict[str, Any], now: dict[str, str]) -> None:
    assert today(**changes) == now


@pytest.mark.parametrize(
    ("now", "noted", "codes"),
    [
        ({"rate": "99.00"}, {}, ("RATE_CHANGED",)),
        ({"rate": "99.00"}, {"rate": "99.00"}, ()),
        ({"rate": "110.00"}, {"rate": "99.00"}, ("RATE_CHANGED",)),
        ({"person": "56", "rate": "99.00"}, {"rate": "99.00"}, ("LINK_CHANGED",)),
        ({"customer": "9", "rate": "1.00"}, {}, ("RATE_CHANGED", "LINK_CHANGED")),
        ({"item": "7"}, {}, ()),
        ({}, {"rate": "99.00"}, ()),
    ],
    ids=str,
)
def test_a_warning_lasts_until_a_person_takes_note(now: Any, noted: Any, codes: tuple[str, ...]) -> None:
    assert differences.warnings(now, noted) == codes


def test_a_difference_has_what_was_sent_what_quickbooks_has_and_what_would_be_sent_now() -> None:
    [minutes, rate] = differences.listed(SENT, copy(minutes=75), {"rate": "99.00"}, differences.values_of(SENT))

    assert minutes.as_row() == {"field": "minutes", "sent": "60", "quickbooks": "75", "now": "60"}
    assert rate.as_row() == {"field": "rate", "sent": "80.00", "quickbooks": "80.00", "now": "99.00"}
    assert [minutes.sentence(), rate.sentence()] == [
        "minutes: sent 60, QuickBooks has 75",
        "rate: sent 80.00, now 99.00",
    ]
    [person] = differences.listed(SENT, None, {"person": "56"}, {})
    names = {("person", "55"): "Ada", ("person", "56"): "Bea"}
    assert person.sentence(names) == "person: sent 55 Ada, now 56 Bea"


@pytest.mark.parametrize(
    "changes",
    [
        {"billable_status": "HasBeenBilled"},
        {"description": " Review\r\n"},
        {"item_id": "2"},
        {"rate": Decimal("80.00")},
    ],
    ids=str,
)
def test_what_quickbooks_does_by_itself_is_no_difference(changes: dict[str, Any]) -> None:
    assert differences.listed(SENT, copy(**changes), {}, {}) == []


def test_a_missing_activity_is_a_difference_by_itself() -> None:
    gone = differences.gone("412")

    assert gone.as_row() == {"field": "activity", "sent": "412", "quickbooks": "", "now": ""}
    assert gone.sentence() == "QuickBooks no longer has the activity"


@pytest.mark.parametrize(("length", "shown"), [(80, "x" * 80), (81, "x" * 80 + "…")])
def test_a_long_text_is_shown_in_part(length: int, shown: str) -> None:
    [difference] = differences.listed(SENT, None, {"description": "x" * length}, {})

    assert difference.sentence() == f"description: sent Review, now {shown}"


def test_a_cost_rate_that_would_go_along_today_is_compared() -> None:
    entry = work()
    resolution = replace(resolved(entry), cost_rate=Decimal("40"))

    assert differences.today(entry, resolution, SENT) == {"cost_rate": "40.00"}
    assert differences.today(entry, resolution, replace(SENT, cost_rate="40")) == {}


def test_a_warning_that_was_seen_is_another_one_once_it_says_something_else() -> None:
    now = {"rate": "99.00", "person_kind": "vendor", "person": "41", "item": "7"}

    assert differences.version(now, "RATE_CHANGED") == "rate=99.00"
    assert differences.version(now, "LINK_CHANGED") == "person_kind=vendor person=41"
    assert differences.version({"item": "7"}, "RATE_CHANGED") == ""


def test_another_billable_status_is_a_difference() -> None:
    [difference] = differences.listed(SENT, copy(billable_status="NotBillable"), {}, {})

    assert difference.sentence() == "billable: sent Billable, QuickBooks has NotBillable"
