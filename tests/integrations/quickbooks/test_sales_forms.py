"""Invoices and sales receipts as QuickBooks may answer them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from integrations.quickbooks.sales_forms import sales_form

TIME = {"TxnId": "21", "TxnType": "TimeActivity"}
INVOICE: dict[str, Any] = {
    "Id": "145",
    "DocNumber": "1043",
    "TxnDate": "2026-03-31",
    "CustomerRef": {"value": "8"},
    "LinkedTxn": [TIME, {"TxnId": "9", "TxnType": "Estimate"}],
    "Line": [
        {"LinkedTxn": [{"TxnId": 22, "TxnType": "timeactivity", "TxnLineId": "1"}]},
        {"DetailType": "SubTotalLineDetail"},
        {"GroupLineDetail": {"Line": [{"LinkedTxn": [{"TxnId": "23", "TxnType": "TimeActivity"}]}]}},
    ],
    "MetaData": {"LastUpdatedTime": "2026-03-31T09:00:00-07:00"},
}


def test_the_time_that_an_invoice_took_stands_on_header_lines_and_groups() -> None:
    form = sales_form("Invoice", INVOICE)

    assert (form.activity_ids, form.problem) == ({"21", "22", "23"}, "")
    assert (form.id, form.number, form.txn_date, form.customer_id) == ("145", "1043", date(2026, 3, 31), "8")
    assert form.updated_at is not None


@pytest.mark.parametrize("nothing", [{"LinkedTxn": None, "Line": None}, {"LinkedTxn": [], "Line": []}])
def test_an_invoice_that_took_nothing_is_clear(nothing: dict[str, Any]) -> None:
    form = sales_form("SalesReceipt", {"Id": "1", **nothing})

    assert (form.activity_ids, form.problem, form.kind) == (frozenset(), "", "sales_receipt")


@pytest.mark.parametrize(
    ("odd", "problem", "named"),
    [
        ({"Id": None}, "it has no Id", {"21", "22", "23"}),
        ({"LinkedTxn": "21"}, "LinkedTxn is no list", {"22", "23"}),
        ({"LinkedTxn": [TIME, 7]}, "LinkedTxn: it is a number instead of a record", {"21", "22", "23"}),
        ({"LinkedTxn": [{"TxnId": "21"}]}, "LinkedTxn has no TxnType", {"22", "23"}),
        ({"LinkedTxn": [{**TIME, "TxnId": True}]}, "LinkedTxn of a TimeActivity has no TxnId", {"22", "23"}),
        ({"Line": {"1": []}}, "Line is no list", {"21"}),
        ({"Line": [{"LinkedTxn": {}}]}, "LinkedTxn of a line is no list", {"21"}),
    ],
)
def test_what_is_not_clear_is_said_and_the_rest_read(odd: dict[str, Any], problem: str, named: set[str]) -> None:
    form = sales_form("Invoice", INVOICE | odd)

    assert (form.problem, form.activity_ids) == (problem, named)


@pytest.mark.parametrize("raw", [None, "text", 7, []])
def test_what_is_no_record_is_a_form_that_may_name_anything(raw: object) -> None:
    assert sales_form("Invoice", raw).problem


def test_odd_values_beside_the_links_matter_not() -> None:
    odd = {"DocNumber": 7, "TxnDate": "soon", "CustomerRef": "8", "MetaData": None}

    form = sales_form("Invoice", INVOICE | odd)

    assert (form.problem, form.number, form.txn_date, form.customer_id, form.updated_at) == ("", "7", None, "", None)
