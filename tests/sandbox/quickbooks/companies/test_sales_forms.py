"""Invoices and sales receipts of the local QuickBooks, and the time that they took."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.quickbooks_client import REALM, QuickBooksCaller, code

LINK = "TimeActivity"


def linked(form: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the ids of the time that a form names, on its header and on its lines."""
    lines = [link for line in form["Line"] for link in line.get("LinkedTxn", [])]
    return tuple([link["TxnId"] for link in links if link["TxnType"] == LINK] for links in (form["LinkedTxn"], lines))


@pytest.mark.parametrize("entity", ["Invoice", "SalesReceipt"])
def test_a_form_names_the_time_that_it_took_while_its_status_lags(
    quickbooks: QuickBooksCaller, work: dict[str, Any], ids: dict[str, str], entity: str
) -> None:
    created = quickbooks.create("TimeActivity", work)

    billed = quickbooks.in_product("bill", {"ids": [created["Id"]], "entity": entity, "TxnDate": "2026-03-31"})

    (form,) = quickbooks.rows(f"select * from {entity}")
    assert linked(form) == ([created["Id"]], [created["Id"]])
    assert (form["DocNumber"], form["TxnDate"], form["TotalAmt"]) == ("1001", "2026-03-31", 180)
    assert form["CustomerRef"] == {"value": ids["site"], "name": "Acme:Site"}
    assert billed[0]["BillableStatus"] == "Billable" and "LinkedTxn" not in billed[0]
    quickbooks.in_product("catch_up", {})
    assert quickbooks.rows("select * from TimeActivity")[0]["BillableStatus"] == "HasBeenBilled"


def test_forms_are_found_by_customer_and_time_in_pages(quickbooks: QuickBooksCaller, ids: dict[str, str]) -> None:
    for number in range(5):
        customer = ids["acme"] if number % 2 else ids["site"]
        quickbooks.in_product("Invoice", {"CustomerRef": {"value": customer}, "DocNumber": str(number)})

    both = f"CustomerRef in ('{ids['acme']}', '{ids['site']}') and MetaData.LastUpdatedTime >= '2020-01-01T00:00:00Z'"
    pages = [
        quickbooks.rows(f"select * from Invoice where {both} orderby Id startposition {start} maxresults 2")
        for start in (1, 3, 5, 7)
    ]
    assert [[row["DocNumber"] for row in page] for page in pages] == [["0", "1"], ["2", "3"], ["4"], []]
    assert len(quickbooks.rows(f"select * from Invoice where CustomerRef = '{ids['acme']}'")) == 2
    assert quickbooks.rows("select * from Invoice where MetaData.LastUpdatedTime >= '2100-01-01T00:00:00Z'") == []
    assert code(quickbooks.query("select * from Invoice where LinkedTxn = '1'")) == "4001"


def test_an_invoice_of_the_parent_takes_the_time_of_a_sub_customer(
    quickbooks: QuickBooksCaller, work: dict[str, Any], ids: dict[str, str]
) -> None:
    created = quickbooks.create("TimeActivity", work)

    quickbooks.in_product("bill", {"ids": [created["Id"]], "customer": ids["acme"], "named_on": ["line"]})

    (invoice,) = quickbooks.rows("select * from Invoice")
    assert (invoice["CustomerRef"]["value"], linked(invoice)) == (ids["acme"], ([], [created["Id"]]))


def test_time_may_have_a_link_of_its_own(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    quickbooks.switch(billed_time_has_linked_txn=True)
    created = quickbooks.create("TimeActivity", work)

    billed = quickbooks.in_product("bill", {"ids": [created["Id"]]})[0]

    assert billed["LinkedTxn"] == [{"TxnId": quickbooks.rows("select * from Invoice")[0]["Id"], "TxnType": "Invoice"}]
    assert "LinkedTxn" not in quickbooks.in_product("unbill", {"ids": [created["Id"]]})[0]


def test_a_deleted_invoice_gives_its_time_back(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    quickbooks.switch(billable_status_lags=False)
    created = quickbooks.create("TimeActivity", work)
    quickbooks.in_product("bill", {"ids": [created["Id"]]})
    key = quickbooks.rows("select * from Invoice")[0]["Id"]

    quickbooks.control(f"quickbooks/{REALM}/Invoice/{key}", method="DELETE")

    assert quickbooks.rows("select * from Invoice") == []
    assert quickbooks.rows("select * from TimeActivity")[0]["BillableStatus"] == "Billable"


@pytest.mark.parametrize("keeps", [True, False])
def test_a_voided_invoice_stays_and_may_keep_its_links(
    quickbooks: QuickBooksCaller, work: dict[str, Any], keeps: bool
) -> None:
    quickbooks.switch(void_keeps_links=keeps)
    created = quickbooks.create("TimeActivity", work)
    quickbooks.in_product("bill", {"ids": [created["Id"]]})
    key = quickbooks.rows("select * from Invoice")[0]["Id"]

    quickbooks.in_product("void", {"entity": "Invoice", "id": key})

    voided = quickbooks.send("GET", f"invoice/{key}").json()["Invoice"]
    assert (voided["TotalAmt"], voided["PrivateNote"], voided["SyncToken"]) == (0, "Voided", "1")
    assert linked(voided) == (([created["Id"]], [created["Id"]]) if keeps else ([], []))
