"""Whether time is billed: by its own record, or by an invoice or sales receipt that names it. Pure.

BillableStatus may lag behind the invoice (reference, quickbooks.md §15), so it alone proves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from integrations.quickbooks.payloads import Activity, text
from integrations.quickbooks.sales_forms import KINDS, SalesForm
from syncjobs.rules.codes import Code
from syncjobs.rules.reasons import Reason


class FormFacts(TypedDict):
    """An invoice or sales receipt, as the facts of a reason name it and a receipt keeps it in `billed_on`."""

    transaction: str  # its entity in QuickBooks
    transaction_id: str
    number: str  # "" where it has none
    date: str  # in ISO form, "" where it is not known


@dataclass(frozen=True, slots=True)
class Billing:
    """What QuickBooks' invoices and sales receipts say about some activities.

    `forms`: by activity id, the forms that name it. `unclear`: forms of which a part can't be read. `problem`: why they
    could not be asked, "" if they could. `payers`: by customer id, the customer itself and those above it; None where
    these are not known for sure.
    """

    forms: Mapping[str, Collection[SalesForm]] = field(default_factory=dict)
    unclear: tuple[SalesForm, ...] = ()
    problem: str = ""
    payers: Mapping[str, Collection[str] | None] = field(default_factory=dict)

    def billed(self, activity: Activity) -> Reason | None:
        """Return the reason of time that is billed, with its form where that is known."""
        form = self._form_of(activity)
        if form is not None:
            return Reason(Code.BILLED_IN_QUICKBOOKS, facts_of(form))
        return Reason(Code.BILLED_IN_QUICKBOOKS, _own_link(activity) or {}) if activity.billed else None

    def doubt(self, activity: Activity) -> Reason | None:
        """Return the reason why it is not known whether this time is billed, or None if it surely is not."""
        if activity.billed or self._form_of(activity) is not None:
            return None
        if self.problem:
            return Reason(Code.INVOICES_NOT_READ, {"cause": self.problem})
        form = next((form for form in self.unclear if self._may_take(form, activity)), None)
        return Reason(Code.UNREADABLE, _facts_of_unclear(form)) if form else None

    def _form_of(self, activity: Activity) -> SalesForm | None:
        """Return the form that took this time. What was asked for several activities may hold others that name it."""
        return next((form for form in self.forms.get(activity.id, ()) if self._may_take(form, activity)), None)

    def _may_take(self, form: SalesForm, activity: Activity) -> bool:
        """Return True unless the form is another customer's, or older than the time."""
        payers = self.payers.get(activity.customer_id)
        if form.customer_id and payers is not None and form.customer_id not in payers:
            return False
        older = form.updated_at is not None and activity.created_at is not None
        return not (older and form.updated_at < activity.created_at)  # type: ignore[operator]


NOT_BILLED = Billing()


def facts_of(form: SalesForm) -> FormFacts:
    day = form.txn_date.isoformat() if form.txn_date else ""
    return {"transaction": form.entity, "transaction_id": form.id, "number": form.number, "date": day}


def form_in(row: Mapping[str, Any] | None) -> FormFacts | None:
    """Return the form's facts in a stored reason row, to be kept on the receipt; None without any."""
    if not row or not row.get("transaction"):
        return None
    return {
        "transaction": row["transaction"],
        "transaction_id": row.get("transaction_id", ""),
        "number": row.get("number", ""),
        "date": row.get("date", ""),
    }


def _own_link(activity: Activity) -> FormFacts | None:
    """Return the facts of the form that the activity's own LinkedTxn names; None where it names none."""
    links = activity.raw.get("LinkedTxn")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, Mapping) and link.get("TxnType") in KINDS:
            form_id = text(link.get("TxnId"))[:64]
            return {"transaction": link["TxnType"], "transaction_id": form_id, "number": "", "date": ""}
    return None


def _facts_of_unclear(form: SalesForm) -> dict[str, Any]:
    name = {"invoice": "invoice", "sales_receipt": "sales receipt"}[form.kind]
    number = form.number or form.id
    what = f"The {name} {number}" if number else f"{'An' if name == 'invoice' else 'A'} {name}"
    return {"what": what, "problem": f"{form.problem}, and it may have billed this time", "record": form.kind}
