"""CompanyInfo and Preferences, and changing them as in the product."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.quickbooks_client import QuickBooksCaller, code


def info(quickbooks: QuickBooksCaller, **query: str) -> dict[str, str]:
    body = quickbooks.send("GET", f"companyinfo/{quickbooks.realm}", params=query).json()["CompanyInfo"]
    return {pair["Name"]: pair["Value"] for pair in body["NameValue"]}


def preferences(quickbooks: QuickBooksCaller) -> dict[str, Any]:
    return quickbooks.send("GET", "preferences").json()["Preferences"]


def stated(quickbooks: QuickBooksCaller, name: str) -> str | None:
    pairs = preferences(quickbooks)["OtherPrefs"]["NameValue"]
    return next((pair["Value"] for pair in pairs if pair["Name"] == name), None)


def test_plan_payroll_and_subscription_are_strings(quickbooks: QuickBooksCaller) -> None:
    pairs = info(quickbooks)

    assert pairs["OfferingSku"] == "QuickBooks Online Plus"
    assert (pairs["PayrollFeature"], pairs["SubscriptionStatus"]) == ("false", "SUBSCRIBED")


def test_payroll_need_not_be_stated(quickbooks: QuickBooksCaller) -> None:
    quickbooks.in_product("company", {"PayrollFeature": None})

    assert "PayrollFeature" not in info(quickbooks)


def test_the_company_is_addressed_by_its_realm(quickbooks: QuickBooksCaller) -> None:
    assert code(quickbooks.send("GET", "companyinfo/1")) == "610"


@pytest.mark.parametrize(
    ("sku", "tracks", "projects"),
    [
        ("QuickBooks Online Simple Start", "false", "false"),
        ("QuickBooks Online Essentials", "true", "false"),
        ("QuickBooks Online Plus", "true", "true"),
        ("QuickBooks Online Advanced", "true", "true"),
    ],
)
def test_a_plan_brings_its_features(quickbooks: QuickBooksCaller, sku: str, tracks: str, projects: str) -> None:
    quickbooks.in_product("company", {"OfferingSku": sku})

    assert info(quickbooks)["OfferingSku"] == sku
    assert stated(quickbooks, "TimeTrackingFeatureEnabled") == tracks
    assert stated(quickbooks, "ProjectsEnabled") == projects


def test_features_can_be_stated_against_the_plan_or_not_at_all(quickbooks: QuickBooksCaller) -> None:
    quickbooks.in_product("company", {"TimeTrackingFeatureEnabled": False, "ProjectsEnabled": None})

    assert stated(quickbooks, "TimeTrackingFeatureEnabled") == "false"
    assert stated(quickbooks, "ProjectsEnabled") is None


def test_the_closing_date_is_shown_unless_switched(quickbooks: QuickBooksCaller) -> None:
    quickbooks.in_product("company", {"BookCloseDate": "2026-01-31"})
    assert preferences(quickbooks)["AccountingInfoPrefs"]["BookCloseDate"] == "2026-01-31"

    quickbooks.switch(book_close_date_readable=False)
    assert "BookCloseDate" not in preferences(quickbooks)["AccountingInfoPrefs"]


def test_a_home_currency_reaches_new_customers(quickbooks: QuickBooksCaller) -> None:
    quickbooks.in_product("company", {"HomeCurrency": "EUR"})

    assert quickbooks.create("Customer", {"DisplayName": "Acme"})["CurrencyRef"] == {"value": "EUR"}


def test_changed_settings_move_the_sync_token(quickbooks: QuickBooksCaller) -> None:
    before = int(preferences(quickbooks)["SyncToken"])
    quickbooks.in_product("company", {"WorkWeekStartDate": "Sunday"})
    after = preferences(quickbooks)

    assert int(after["SyncToken"]) == before + 1
    assert after["TimeTrackingPrefs"]["WorkWeekStartDate"] == "Sunday"


def test_the_first_transaction_date_comes_when_asked_for(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    quickbooks.create("TimeActivity", work)

    assert "firsttxndate" not in info(quickbooks)
    assert info(quickbooks, include="firsttxndate")["firsttxndate"] == "2026-03-04"
