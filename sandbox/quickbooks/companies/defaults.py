"""The values that the service fills in when a record is created (Intuit: recorded answers)."""

from __future__ import annotations

from typing import Any


def defaults(entity: str, *, date: str, currency: dict[str, Any]) -> dict[str, Any]:
    """Return a new record's properties before anyone sets one."""
    if entity == "TimeActivity":
        return {"TxnDate": date, "BillableStatus": "NotBillable", "Taxable": False, "HourlyRate": 0}
    if entity in ("Invoice", "SalesReceipt"):
        return {"TxnDate": date, "CurrencyRef": currency, "LinkedTxn": [], "Line": [], "TotalAmt": 0, "Balance": 0}
    if entity == "Customer":
        return {
            "Taxable": True,
            "Job": False,
            "BillWithParent": False,
            "Balance": 0,
            "BalanceWithJobs": 0,
            "CurrencyRef": currency,
            "PreferredDeliveryMethod": "Print",
            "IsProject": False,
            "DefaultTaxCodeRef": {"value": "2"},
            "Active": True,
        }
    if entity == "Vendor":
        return {"Balance": 0, "Vendor1099": False, "CurrencyRef": currency, "Active": True}
    if entity == "Employee":
        return {"BillableTime": False, "Active": True}
    if entity == "Item":
        return {"Type": "Service", "Taxable": False, "UnitPrice": 0, "Active": True}
    return {"Active": True}
