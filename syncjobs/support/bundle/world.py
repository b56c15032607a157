"""world.json: both vendors' sides in their own forms, without what we sent, for the sandbox to serve again.

The rows are those that the vendors answered last, as far as our rules read them; nothing in it is of our tables.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from integrations.models import (
    ClockifyClient,
    ClockifyProject,
    ClockifyUser,
    Company,
    Customer,
    Employee,
    Item,
    TimeEntry,
    UnreadableRecord,
    Vendor,
    Workspace,
)
from integrations.quickbooks.company_payloads import DECISIVE
from integrations.reading.values import Raw
from syncjobs.support.bundle import vendor_fields
from syncjobs.support.bundle.quickbooks_time import QuickBooksTime
from syncjobs.support.bundle.tables import CHUNK
from syncjobs.support.bundle.texts import Texts
from syncjobs.support.checklist.vendor_answers import VendorAnswers

FORMAT = 1
CLOCKIFY_LISTS = {
    "users": ("user", ClockifyUser),
    "clients": ("client", ClockifyClient),
    "projects": ("project", ClockifyProject),
}
QUICKBOOKS_LISTS: Mapping[str, Any] = {"Employee": Employee, "Vendor": Vendor, "Customer": Customer, "Item": Item}
# By our word for a direction of rounding: Clockify's phrase.
ROUNDING = {"near": "Round to nearest", "up": "Round up to", "down": "Round down to"}
ENTRY_COLUMNS = ("clockify_id", "raw", "invoiced", "approved", "user_name", "project_name", "client_id", "client_name")


class World:
    """The pieces of world.json, each list read in chunks."""

    def __init__(self, workspace: Workspace, answers: VendorAnswers, time: QuickBooksTime, texts: Texts) -> None:
        self._workspace, self._answers, self._time, self._texts = workspace, answers, time, texts
        self._unreadable, self.left_out = _unreadable(workspace)

    def pieces(self) -> Iterator[str]:
        """Yield the JSON text in pieces."""
        yield f'{{"format": {FORMAT}, "clockify": {{"workspace": {_json(self._clockify_workspace())}'
        for name, (kind, model) in CLOCKIFY_LISTS.items():
            yield from _list(name, self._clockify_list(kind, model))
        yield from _list("entries", self._entries())
        if self._workspace.company is None:
            yield '}, "quickbooks": null}'
            return
        company_info, preferences = subscription_records(self._workspace.company, self._answers, self._texts)
        yield f'}}, "quickbooks": {{"realm": {_json(self._workspace.company.realm_id)}'
        yield f', "CompanyInfo": {_json(company_info)}, "Preferences": {_json(preferences)}'
        for entity, model in QUICKBOOKS_LISTS.items():
            yield from _list(entity, self._quickbooks_list(entity.lower(), model))
        yield from _list("TimeActivity", self._activities())
        yield "}}"

    def _clockify_workspace(self) -> dict[str, Any]:
        workspace, rounding = self._workspace, self._workspace.report_rounding
        phrase = ROUNDING.get(rounding.get("direction", ""), "")
        return {
            "id": workspace.clockify_id,
            "name": self._texts.name(workspace.name),
            "featureSubscriptionType": workspace.clockify_plan,
            "hourlyRate": {"amount": 0, "currency": workspace.currency},
            "workspaceSettings": {
                "timeRoundingInReports": bool(rounding.get("on")),
                "round": {"round": phrase, "minutes": str(rounding.get("minutes", ""))},
            },
            # Of the key's owner, which a new connection takes for people without one.
            "timeZone": workspace.time_zone,
        }

    def _clockify_list(self, kind: str, model: Any) -> Iterator[Any]:
        rows = model.objects.filter(workspace=self._workspace, gone_at=None, from_entries=False).order_by("pk")
        odd = self._unreadable.pop(kind, {})
        for key, raw in rows.values_list("clockify_id", "raw").iterator(chunk_size=CHUNK):
            yield vendor_fields.clockify(kind, odd.pop(key, raw), self._texts)
        yield from (vendor_fields.clockify(kind, raw, self._texts) for raw in odd.values())

    def _entries(self) -> Iterator[Any]:
        odd = self._unreadable.pop("entry", {})
        rows = TimeEntry.objects.filter(workspace=self._workspace, deleted_at=None).order_by("start_at", "pk")
        for values in rows.values(*ENTRY_COLUMNS).iterator(chunk_size=CHUNK):
            raw = odd.pop(values["clockify_id"], None)
            row = vendor_fields.clockify("entry", _completed(values) if raw is None else raw, self._texts)
            yield {**row, "approvalState": "APPROVED"} if values["approved"] else row
        yield from (vendor_fields.clockify("entry", raw, self._texts) for raw in odd.values())

    def _quickbooks_list(self, kind: str, model: Any) -> Iterator[Any]:
        rows = model._default_manager.filter(company=self._workspace.company, gone_at=None).order_by("pk")
        odd = self._unreadable.pop(kind, {})
        for key, raw in rows.values_list("quickbooks_id", "raw").iterator(chunk_size=CHUNK):
            yield vendor_fields.quickbooks(kind, odd.pop(key, raw), self._texts)
        yield from (vendor_fields.quickbooks(kind, raw, self._texts) for raw in odd.values())

    def _activities(self) -> Iterator[Any]:
        """Yield the activities that are not ours: entries whose time was sent are to be ready there."""
        for raw, is_ours in self._time.with_owners():
            if not is_ours:
                yield vendor_fields.quickbooks("activity", raw, self._texts)


def _completed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry's row with what only earlier reports said of it, where the regular API answered last."""
    raw = dict(values["raw"])
    known = {
        "userName": values["user_name"],
        "projectName": values["project_name"],
        "clientId": values["client_id"],
        "clientName": values["client_name"],
        "invoicingInfo": {"manuallyInvoiced": True} if values["invoiced"] else None,
    }
    return raw | {name: value for name, value in known.items() if value and not raw.get(name)}


def _unreadable(workspace: Workspace) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return the records that could not be read as they came, by kind and id, and a line for those that are cut."""
    found: dict[str, dict[str, Any]] = {}
    cut = 0
    owners = UnreadableRecord.objects.filter(workspace=workspace)
    if workspace.company_id is not None:
        owners |= UnreadableRecord.objects.filter(company=workspace.company_id)
    for pk, kind, key, text in owners.order_by("pk").values_list("pk", "kind", "vendor_id", "raw_text"):
        try:
            found.setdefault(kind, {})[key or f"without id {pk}"] = json.loads(text)
        except ValueError:
            cut += 1
    lines = [f"{cut} of the records that could not be read, in world.json: only their beginnings are kept here."]
    return found, lines if cut else []


def subscription_records(
    company: Company, answers: VendorAnswers, texts: Texts
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return CompanyInfo and Preferences by which entries were evaluated; as answered now where none could be read."""
    is_known = company.plan_read_at is not None and not company.plan_problem
    if not is_known and answers.company_info is not None and answers.preferences is not None:
        return as_answered(answers, texts)
    return _subscription(*_as_read_last(company), texts)


def as_answered(answers: VendorAnswers, texts: Texts) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return CompanyInfo and Preferences as QuickBooks answered them now."""
    return _subscription(answers.company_info or {}, answers.preferences or {}, texts)


def _subscription(info: Raw, preferences: Raw, texts: Texts) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the two records as far as rules read them."""
    name, other = info.get("CompanyName"), preferences.get("OtherPrefs")
    taken_info = {
        "CompanyName": texts.name(name) if isinstance(name, str) else name,
        "NameValue": _decisive(info.get("NameValue"), texts),
    }
    return taken_info, {
        "AccountingInfoPrefs": _only(preferences.get("AccountingInfoPrefs"), ("BookCloseDate",), texts),
        "CurrencyPrefs": _only(preferences.get("CurrencyPrefs"), ("HomeCurrency", "MultiCurrencyEnabled"), texts),
        "OtherPrefs": {"NameValue": _decisive(other.get("NameValue"), texts)} if isinstance(other, Mapping) else other,
    }


def _as_read_last(company: Company) -> tuple[Raw, Raw]:
    closed = {"BookCloseDate": company.book_close_date.isoformat()} if company.book_close_date else {}
    currency = {"HomeCurrency": {"value": company.home_currency}} if company.home_currency else {}
    plan = {
        "OfferingSku": company.sku,
        "SubscriptionStatus": company.subscription,
        "PayrollFeature": company.payroll,
    }
    features = {"TimeTrackingFeatureEnabled": company.time_tracking}
    return {"CompanyName": company.name, "NameValue": _pairs(plan)}, {
        "AccountingInfoPrefs": closed,
        "CurrencyPrefs": currency,
        "OtherPrefs": {"NameValue": _pairs(features)},
    }


def _pairs(values: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the values that are stated as QuickBooks' Name/Value pairs."""
    stated = {name: value for name, value in values.items() if value not in (None, "")}
    texts = {name: str(value).lower() if isinstance(value, bool) else value for name, value in stated.items()}
    return [{"Name": name, "Value": value} for name, value in texts.items()]


def _decisive(pairs: Any, texts: Texts) -> Any:
    """Return the Name/Value pairs that decide whether time may be sent."""
    if not isinstance(pairs, list):
        return texts.value(pairs)
    named = [pair for pair in pairs if isinstance(pair, Mapping) and str(pair.get("Name")).lower() in DECISIVE]
    return [{name: texts.value(pair.get(name)) for name in ("Name", "Value")} for pair in named]


def _only(value: Any, names: Iterable[str], texts: Texts) -> Any:
    if not isinstance(value, Mapping):
        return texts.value(value)
    return {name: texts.value(value[name]) for name in names if name in value}


def _list(name: str, rows: Iterable[Any]) -> Iterator[str]:
    yield f", {_json(name)}: ["
    separator = "\n"
    for row in rows:
        yield separator + _json(row)
        separator = ",\n"
    yield "]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
