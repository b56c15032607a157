"""Rows and totals of the detailed report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sandbox.clockify.call import WorkspaceCall
from sandbox.clockify.clocktime import zoned_text
from sandbox.clockify.records import Entry, Project

Row = dict[str, Any]


def rounded(seconds: int, settings: Row) -> int:
    """Return the length after the workspace's rounding rule; rule names other than "nearest" are assumed."""
    rule = settings.get("round") or {}
    step = int(rule.get("minutes") or 0) * 60
    direction = str(rule.get("round", "")).lower()
    if step <= 0 or seconds <= 0:
        return seconds
    if "up" in direction:
        return -(-seconds // step) * step
    if "down" in direction:
        return seconds // step * step
    return (seconds + step // 2) // step * step


class RowWriter:
    """Writer of one report's rows; amounts are minor units as decimals (12500.0 is 125.00)."""

    def __init__(self, call: WorkspaceCall, zone: str, *, amount_shown: str, rounding: bool) -> None:
        self.call, self.zone, self.rounding = call, zone, rounding
        self.workspace = call.workspace
        self.hides_amounts = amount_shown == "HIDE_AMOUNT"
        self.missing_rate = None if call.switch("report_missing_rate") == "null" else 0.0
        self.cost_rates = str(call.switch("report_cost_rates"))
        self.missing_ref = None if call.switch("report_missing_refs") == "null" else ""
        live = call.switch("report_keys") == "live"
        self.id_key, self.lock_key = ("_id", "isLocked") if live else ("id", "locked")
        self.has_currency = call.switch("report_currency")
        self.not_invoiced = call.switch("report_not_invoiced")

    def seconds(self, entry: Entry) -> int:
        return rounded(entry.seconds, self.workspace.settings) if self.rounding else entry.seconds

    def amount(self, entry: Entry) -> float:
        rate = self.workspace.rate_of(entry)
        if rate is None or not entry.billable:
            return 0.0
        return round(rate * self.seconds(entry) / 3600, 4)

    def row(self, entry: Entry) -> Any:
        """Return one row of `timeentries`."""
        if (row := self.workspace.row(entry.id)) is not None:
            return row
        user = self.call.clockify.users[entry.user_id]
        project = self.workspace.projects.get(entry.project_id or "")
        return {
            self.id_key: entry.id,
            "description": entry.description,
            "userId": entry.user_id,
            "timeInterval": {
                "start": zoned_text(entry.start, self.zone),
                "end": zoned_text(entry.end, self.zone),
                "duration": None if entry.end is None else self.seconds(entry),
            },
            "billable": entry.billable,
            "projectId": project.id if project else self.missing_ref,
            "taskId": entry.task_id or self.missing_ref,
            "tagIds": entry.tag_ids,
            "approvalRequestId": entry.approval_id,
            "type": entry.type,
            self.lock_key: entry.locked,
            **({"currency": self.workspace.currency_of(project)} if self.has_currency else {}),
            **self._amounts(entry),
            **self._names(project),
            "taskName": self._task_name(entry) or self.missing_ref,
            "userName": user.name,
            "userEmail": user.email,
            "tags": [self._tag(key) for key in entry.tag_ids or ()],
            "customFields": entry.custom_fields,
            **self._invoicing(entry),
        }

    def _amounts(self, entry: Entry) -> Row:
        if self.hides_amounts:
            names = ("amount", "rate", "earnedAmount", "earnedRate", "costAmount", "costRate")
            return dict.fromkeys(names)
        rate, amount = self.workspace.rate_of(entry), self.amount(entry)
        shown_rate = self.missing_rate if rate is None else float(rate)
        shown_amount = self.missing_rate if rate is None else amount
        return {
            "amount": shown_amount,
            "rate": shown_rate,
            "earnedAmount": shown_amount,
            "earnedRate": shown_rate,
            **self._costs(entry),
        }

    def _costs(self, entry: Entry) -> Row:
        """Return cost rate and amount; a key that may not see them gets what the switch says."""
        if self.cost_rates == "absent":
            return {}
        if self.cost_rates != "shown":
            return dict.fromkeys(("costAmount", "costRate"), 0.0 if self.cost_rates == "zero" else None)
        rate = self.workspace.cost_rate_of(entry) or 0
        return {"costAmount": round(rate * self.seconds(entry) / 3600, 4), "costRate": float(rate)}

    def _names(self, project: Project | None) -> Row:
        client = self.workspace.client_of(project)
        return {
            "projectName": project.name if project else self.missing_ref,
            "projectColor": project.color if project else self.missing_ref,
            "clientName": client.name if client else self.missing_ref,
            "clientId": client.id if client else self.missing_ref,
        }

    def _tag(self, key: str) -> Row:
        tag = self.workspace.tags.get(key)
        return {"_id": key, "name": tag.name if tag else key}

    def _task_name(self, entry: Entry) -> str:
        task = self.workspace.tasks.get(entry.task_id or "")
        return task.name if task else ""

    def _invoicing(self, entry: Entry) -> Row:
        if entry.invoice is None:
            empty: Row = {"null": {"invoicingInfo": None}, "empty_list": {"invoicingInfo": []}}
            return empty.get(self.not_invoiced, {})
        if entry.invoice == "manual":
            return {"invoicingInfo": {"manuallyInvoiced": True}}
        return {"invoicingInfo": {"invoiceId": entry.invoice, "manuallyInvoiced": False}}


def totals(writer: RowWriter, entries: Iterable[Entry]) -> list[Row | None]:
    """Return the one row of totals over every page; [] when there is no entry."""
    count = seconds = billable_seconds = 0
    by_currency: dict[str, float] = defaultdict(float)
    workspace = writer.workspace
    for entry in entries:
        length = writer.seconds(entry)
        count, seconds = count + 1, seconds + length
        if entry.billable:
            billable_seconds += length
            by_currency[workspace.currency_of(workspace.projects.get(entry.project_id or ""))] += writer.amount(entry)
    if not count:
        return []
    row: Row = {"_id": "", "totalTime": seconds, "totalBillableTime": billable_seconds, "entriesCount": count}
    if writer.hides_amounts:
        return [row]
    total = sum(by_currency.values())
    row["totalAmount"] = total
    row["totalAmountByCurrency"] = [{"currency": code, "amount": amount} for code, amount in by_currency.items()]
    row["numOfCurrencies"] = len(by_currency)
    row["amounts"] = [{"type": "EARNED", "value": total}]
    return [row]
