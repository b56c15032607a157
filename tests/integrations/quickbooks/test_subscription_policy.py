from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from integrations.quickbooks import company_payloads
from integrations.quickbooks.subscription_policy import Evidence, status_of

PLUS = Evidence(sku="QuickBooks Online Plus", subscription="SUBSCRIBED", payroll=False, time_tracking=True)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"sku": "QuickBooks Online Essentials"}, ""),
        ({"sku": "  quickbooks online PLUS "}, ""),
        ({"sku": "QuickBooks Online Plus 2"}, "PLAN_NOT_SUPPORTED"),
        ({"sku": "Plus"}, "PLAN_NOT_SUPPORTED"),
        ({"sku": "QuickBooks Online Simple Start"}, "PLAN_NOT_SUPPORTED"),
        ({"sku": "QuickBooks Online Advanced"}, "PLAN_NOT_SUPPORTED"),
        ({"sku": "QuickBooks Online Advanced", "allow_sku": "quickbooks online advanced"}, ""),
        ({"sku": "QuickBooks Online Advanced", "allow_sku": "QuickBooks Online Mac"}, "PLAN_NOT_SUPPORTED"),
        ({"sku": "", "allow_sku": ""}, "PLAN_NOT_SUPPORTED"),
        # No administrator can add to Simple Start what it does not have.
        (
            {"sku": "QuickBooks Online Simple Start", "allow_sku": "QuickBooks Online Simple Start"},
            "PLAN_NOT_SUPPORTED",
        ),
        ({"payroll": True}, "PAYROLL_ENABLED"),
        ({"payroll": True, "sku": "QuickBooks Online Simple Start"}, "PAYROLL_ENABLED"),
        ({"payroll": True, "allow_unstated_payroll": True}, "PAYROLL_ENABLED"),
        ({"payroll": True, "sku": "X", "allow_sku": "X"}, "PAYROLL_ENABLED"),
        ({"payroll": None}, "PLAN_NOT_SUPPORTED"),
        ({"payroll": None, "allow_unstated_payroll": True}, ""),
        ({"payroll": None, "sku": "X", "allow_sku": "X"}, "PLAN_NOT_SUPPORTED"),
        ({"time_tracking": False}, "PLAN_NOT_SUPPORTED"),
        ({"time_tracking": None}, ""),
        *[({"subscription": name}, "") for name in ("TRIAL", "TRIALOPTIN", "PAID", "RESTRICTED")],
        *[
            ({"subscription": name}, "PLAN_NOT_SUPPORTED")
            for name in ("SUSPENDED", "EXPIRED", "CANCELLED", "", "SOMETHING_NEW")
        ],
    ],
    ids=str,
)
def test_which_subscriptions_may_send(changes: dict[str, Any], reason: str) -> None:
    status = status_of(replace(PLUS, **changes))

    assert (status.supported, status.reason) == (reason == "", reason)
    assert status.sentence


def test_a_restricted_subscription_may_send_with_a_warning() -> None:
    assert status_of(replace(PLUS, subscription="RESTRICTED")).warning
    assert not status_of(PLUS).warning


@pytest.mark.parametrize(("stated", "payroll"), [("true", True), ("False", False), ("", None), ("maybe", None)])
def test_payroll_is_read_as_stated(stated: str, payroll: bool | None) -> None:
    pairs = [{"Name": "PayrollFeature", "Value": stated}]

    assert company_payloads.subscription({"NameValue": pairs}, {}).payroll is payroll


@pytest.mark.parametrize("name", ["OfferingSku", "OfferingSKU"])
def test_either_spelling_of_the_subscriptions_name_is_read(name: str) -> None:
    assert company_payloads.subscription({"NameValue": [{"Name": name, "Value": " Plus "}]}, {}).sku == "Plus"


def test_a_company_that_states_nothing_is_read_without_complaint() -> None:
    evidence = company_payloads.subscription({}, {})

    assert (evidence.sku, evidence.payroll, evidence.time_tracking, evidence.book_close_date) == ("", None, None, None)
