"""Facts that tell apart the candidates of one name: created, changed, balance, and the hours sent from here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import CharField, Max, Sum
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from integrations.kinds import Kind
from integrations.models import Workspace
from integrations.quickbooks.payloads import instant
from mapping.desk.options import Option
from mapping.matching.names import forgiving_form, strip_deleted
from mapping.queries import QUICKBOOKS_MODELS, company_of
from syncjobs.display.formatting import day, in_hours, money
from syncjobs.models import Receipt


def facts_of(workspace: Workspace, options: Iterable[Option]) -> dict[str, str]:
    """Return a line by `Option.value` for each option whose name another one has too; two queries a kind."""
    options = list(options)
    names = Counter(_name(option) for option in options)
    ids: dict[str, list[str]] = defaultdict(list)
    for option in options:
        if names[_name(option)] > 1:
            ids[option.kind].append(option.id)
    facts = {}
    for kind, record_ids in ids.items():
        records = QUICKBOOKS_MODELS[kind]._default_manager.filter(
            company=company_of(workspace), quickbooks_id__in=record_ids
        )
        sent = _sent(workspace, kind, record_ids)
        for record_id, raw in records.values_list("quickbooks_id", "raw"):
            facts[f"{kind}:{record_id}"] = " · ".join([*_of_record(raw or {}), sent.get(record_id, "no time sent yet")])
    return facts


def _name(option: Option) -> str:
    return forgiving_form(strip_deleted(option.name))


def _of_record(raw: Mapping[str, Any]) -> list[str]:
    meta = raw.get("MetaData") or {}
    created, changed = instant(meta.get("CreateTime")), instant(meta.get("LastUpdatedTime"))
    lines = [f"created {day(created.date())}"] if created else []
    if changed and (created is None or changed.date() != created.date()):
        lines.append(f"changed {day(changed.date())}")
    balance = _balance(raw)
    return [*lines, f"balance {balance}"] if balance else lines


def _balance(raw: Mapping[str, Any]) -> str:
    if raw.get("Balance") is None:
        return ""
    try:
        amount = Decimal(str(raw["Balance"]))
    except InvalidOperation:
        return ""
    return money({str((raw.get("CurrencyRef") or {}).get("value") or ""): amount})


def _sent(workspace: Workspace, kind: str, record_ids: list[str]) -> dict[str, str]:
    """Return how much time of this workspace these records have in QuickBooks, and of which day the last is."""
    column = "draft__customer_id" if kind == Kind.CUSTOMER else "draft__person_id"
    # As text: an id compared as JSON would be a number.
    partner = Cast(KT(column), CharField())
    receipts = Receipt.objects.in_quickbooks(workspace).annotate(partner=partner).filter(partner__in=record_ids)
    if kind != Kind.CUSTOMER:
        receipts = receipts.filter(draft__person_kind=kind)
    totals = receipts.order_by().values_list("partner").annotate(minutes=Sum("minutes"), last=Max("txn_date"))
    return {record_id: f"{in_hours(minutes)} sent, last {day(last)}" for record_id, minutes, last in totals}
