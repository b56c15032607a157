"""Whether time is billed: by its own record, or by an invoice or sales receipt that names it. Pure.

BillableStatus may lag behind the invoice (reference, quickbooks.md §15), so it alone proves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.quickbooks.payloads import Activity, text
from integrations.quickbooks.sales_forms import KINDS, SalesForm
from syncjobs.rules.codes import Code
from syncjobs.rules.reasons import Reason

# Facts of a reason, and keys of a receipt's `billed_on`.
FORM_FACTS = ("transaction", "transaction_id", "number", "date")


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
        return Reason(Code.BILLED_IN_QUICKBOOKS, _own_link(activity)) if activity.billed else None

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


def facts_of(form: SalesForm) -> dict[str, Any]:
    """Return the facts of a reason, FORM_FACTS: entity, id, number ("" where it has none) and day in ISO form."""
    day = form.txn_date.isoformat() if form.txn_date else ""
    return dict(zip(FORM_FACTS, (form.entity, form.id, form.number, day), strict=True))


def form_in(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the form's facts in a stored reason row, to be kept on the receipt; None without any."""
    return {name: row.get(name, "") for name in FORM_FACTS} if row and row.get("transaction") else None


def _own_link(activity: Activity) -> dict[str, Any]:
    """Return the facts of the form that the activity's own LinkedTxn names; {} where it names none."""
    links = activity.raw.get("LinkedTxn")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, Mapping) and link.get("TxnType") in KINDS:
            values = (link["TxnType"], text(link.get("TxnId"))[:64], "", "")
            return dict(zip(FORM_FACTS, values, strict=True))
    return {}


def _facts_of_unclear(form: SalesForm) -> dict[str, Any]:
    name = {"invoice": "invoice", "sales_receipt": "sales receipt"}[form.kind]
    number = form.number or form.id
    what = f"The {name} {number}" if number else f"{'An' if name == 'invoice' else 'A'} {name}"
    return {"what": what, "problem": f"{form.problem}, and it may have billed this time", "record": form.kind}
