"""Figures as pages show them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from syncjobs.display import formatting


@pytest.mark.parametrize(
    ("rate", "currency", "shown"),
    [
        ("80", "USD", "$80.00"),
        ("127.5000", "USD", "$127.50"),
        ("33.3333", "USD", "$33.3333"),
        ("1500.125", "CHF", "1,500.125 CHF"),
        ("1500", "", "1,500.00"),
        ("", "EUR", "€0.00"),
        (None, "", "0.00"),
        ("1e30", "", f"{10**30:,}.00"),
    ],
)
def test_a_rate_has_two_decimals_or_all_that_it_has(rate: str | None, currency: str, shown: str) -> None:
    assert formatting.hourly_rate(rate, currency) == shown


def test_money_has_the_sign_before_the_currency_and_one_amount_for_each() -> None:
    assert formatting.money({"USD": Decimal("-220"), "CHF": Decimal("1234.5")}) == "1,234.50 CHF and −$220.00"
