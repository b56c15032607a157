"""Invoices and sales receipts: what people bill, and the TimeActivities that a form took (`LinkedTxn`).

A form names them on its header and on its lines (Intuit: QuickBooks-V3-DotNET-SDK#127). BillableStatus of the time may
lag behind, so the forms alone are the truth.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sandbox.quickbooks.companies.company import FORMS, Company, Record

BILLED, BILLABLE, NOT_BILLABLE = "HasBeenBilled", "Billable", "NotBillable"
FIRST_NUMBER = 1001
NAMED_ON = ("header", "line")


def bill(
    company: Company,
    ids: Iterable[str],
    *,
    entity: str = "Invoice",
    customer: str = "",
    named_on: Collection[str] = NAMED_ON,
    **fields: Any,
) -> list[Record]:
    """Put TimeActivities on forms and return these: one for `customer`, else one for each customer of the time.

    `customer` may be one above theirs; `fields` are the form's own, such as DocNumber and TxnDate. The product offers
    billable time alone for a form, so other time is left out.
    """
    by_customer: dict[str, list[Record]] = {}
    for activity in (company.records["TimeActivity"][str(key)] for key in ids):
        if activity.get("BillableStatus") == NOT_BILLABLE:
            continue
        owner = customer or (activity.get("CustomerRef") or {}).get("value", "")
        by_customer.setdefault(owner, []).append(activity)
    forms = [_form(company, entity, owner, rows, named_on, fields) for owner, rows in by_customer.items()]
    for form in forms:
        for key in named_by(form):
            _took(company, key, entity, form["Id"])
    return forms


def _form(
    company: Company, entity: str, customer: str, rows: list[Record], named_on: Collection[str], fields: Record
) -> Record:
    lines = [_line(number, row, named_on) for number, row in enumerate(rows, start=1)]
    total = round(sum(line["Amount"] for line in lines), 2)
    number = max((int(form.get("DocNumber") or 0) for form in _all(company)), default=FIRST_NUMBER - 1) + 1
    return company.put(
        entity,
        {
            "DocNumber": str(number),
            "CustomerRef": {"value": customer},
            # A header without links, as forms have that took nothing, is an empty list (recorded answers).
            "LinkedTxn": [_link(row) for row in rows] if "header" in named_on else [],
            "Line": [*lines, {"Amount": total, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}],
            "TotalAmt": total,
            "Balance": total if entity == "Invoice" else 0,
            **fields,
        },
    )


def _line(number: int, activity: Record, named_on: Collection[str]) -> Record:
    hours = activity.get("Hours", 0) + activity.get("Minutes", 0) / 60
    amount = round(hours * float(activity.get("HourlyRate") or 0), 2)
    detail = {"Qty": round(hours, 2), "UnitPrice": activity.get("HourlyRate") or 0, "ItemRef": activity.get("ItemRef")}
    line: Record = {"Id": str(number), "LineNum": number, "Amount": amount, "DetailType": "SalesItemLineDetail"}
    links = [{**_link(activity), "TxnLineId": "1"}] if "line" in named_on else []
    return {**line, "SalesItemLineDetail": detail, "LinkedTxn": links}


def _link(activity: Record) -> Record:
    return {"TxnId": activity["Id"], "TxnType": "TimeActivity"}


def named_by(form: Record) -> list[str]:
    """Return the ids of the TimeActivities that the form took, on its header or on a line."""
    links = [*form.get("LinkedTxn", []), *(link for line in form.get("Line", []) for link in line.get("LinkedTxn", []))]
    return list(dict.fromkeys(link["TxnId"] for link in links if link["TxnType"] == "TimeActivity"))


def billed_ids(company: Company) -> set[str]:
    """Return the ids of all TimeActivities that are on a form."""
    return {key for form in _all(company) for key in named_by(form)}


def _all(company: Company) -> Iterable[Record]:
    return (form for entity in FORMS for form in company.records[entity].values())


def _took(company: Company, key: str, entity: str, form_id: str) -> None:
    """Change the time as a form that takes it does; its status lags behind unless switched."""
    switches = company.core.switches
    fields: Record = {}
    if not switches["billable_status_lags"]:
        fields["BillableStatus"] = BILLED
    if switches["billed_time_has_linked_txn"]:
        fields["LinkedTxn"] = [{"TxnId": form_id, "TxnType": entity}]
    _change(company, key, fields)


def _change(company: Company, key: str, fields: Record) -> None:
    moves = company.core.switches["billing_moves_sync_token"]
    if fields or moves:
        company.put("TimeActivity", {"Id": key, **fields}, keep_token=not moves)


def catch_up(company: Company) -> list[str]:
    """Let every lagging status follow its form; returns the ids of the time."""
    keys = sorted(billed_ids(company) & company.records["TimeActivity"].keys(), key=int)
    for key in keys:
        _change(company, key, {"BillableStatus": BILLED})
    return keys


def delete(company: Company, entity: str, key: str) -> Record | None:
    """Delete a form; its time may be billed again."""
    form = company.remove(entity, key)
    if form is not None:
        _release(company, named_by(form))
    return form


def void(company: Company, entity: str, key: str) -> Record | None:
    """Void a form: its amounts become zero, and it keeps its links unless switched (unsettled)."""
    form = company.records[entity].get(key)
    if form is None:
        return None
    keeps = bool(company.core.switches["void_keeps_links"])
    dropped: Record = {} if keeps else {"LinkedTxn": []}
    lines = [{**line, "Amount": 0, **(dropped if "LinkedTxn" in line else {})} for line in form["Line"]]
    voided = {"Id": key, "TotalAmt": 0, "Balance": 0, "PrivateNote": "Voided", "Line": lines, **dropped}
    stored = company.put(entity, voided)
    if not keeps:
        _release(company, named_by(form))
    return stored


def take_off(company: Company, ids: Iterable[str]) -> None:
    """Take TimeActivities off their forms; a form with no time left is deleted."""
    removed = {str(key) for key in ids}
    for form in [form for form in _all(company) if removed & set(named_by(form))]:
        entity = "Invoice" if form["Id"] in company.records["Invoice"] else "SalesReceipt"
        if set(named_by(form)) <= removed:
            company.remove(entity, form["Id"])
            continue
        lines = [line for line in form["Line"] if not removed & {link["TxnId"] for link in line.get("LinkedTxn", [])}]
        links = [link for link in form["LinkedTxn"] if link["TxnId"] not in removed]
        company.put(entity, {"Id": form["Id"], "Line": lines, "LinkedTxn": links})
    _release(company, removed)


def _release(company: Company, ids: Iterable[str]) -> None:
    still_billed = billed_ids(company)
    for key in ids:
        activity = company.records["TimeActivity"].get(key)
        if activity is None or key in still_billed:
            continue
        changed = {"BillableStatus": BILLABLE} if activity["BillableStatus"] == BILLED else {}
        # None removes it; an empty change still moves the SyncToken where invoicing does.
        _change(company, key, {**changed, **({"LinkedTxn": None} if "LinkedTxn" in activity else {})})
