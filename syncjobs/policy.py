"""A workspace's policy as people set it: names, allowed values, and messages for invalid ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from integrations.models import ConnectionEvent, Workspace
from syncjobs.planning import lines
from syncjobs.rules import rounding, templates, timetable
from syncjobs.rules.timetable import Timetable
from syncjobs.worker import schedules


class BadValue(Exception):
    """Raised for an invalid value; the message says what is allowed."""


@dataclass(frozen=True)
class Setting:
    """A setting of the policy. `read` turns text into the stored value or raises BadValue.

    `of_company`: kept on the company, for all its workspaces. `schedules`: the kind of run whose schedule it is.
    `column`: where it is kept under another name. `declined`: where it is kept that a person wants none.
    """

    read: Callable[[Workspace, str], Any]
    help: str
    of_company: bool = False
    schedules: str = ""
    column: str = ""
    declined: str = ""


def _choice(*allowed: str) -> Callable[[Workspace, str], str]:
    def read(workspace: Workspace, text: str) -> str:
        if text not in allowed:
            raise BadValue(f"{text!r} is not one of {', '.join(allowed)}")
        return text

    return read


def _yes_no(workspace: Workspace, text: str) -> bool:
    meanings = {
        "true": True,
        "yes": True,
        "on": True,
        "1": True,
        "false": False,
        "no": False,
        "off": False,
        "0": False,
    }
    if text.lower() not in meanings:
        raise BadValue(f"{text!r} is neither true nor false")
    return meanings[text.lower()]


def _day(workspace: Workspace, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadValue(f"{text!r} is no date; write it as 2026-03-01") from None


def _zone(workspace: Workspace, text: str) -> str:
    try:
        ZoneInfo(text)
    except (ValueError, OSError, KeyError):
        raise BadValue(f"{text!r} is no time zone; write one such as Europe/Berlin") from None
    return text


def _hours(workspace: Workspace, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise BadValue(f"{text!r} is no number of hours") from None
    # Decimal parses NaN, which can't be compared.
    if not value.is_finite() or not 0 < value <= 8760:
        raise BadValue(f"{text!r} hours can't be; write a number above 0, up to 8760")
    return value


def _listed(name: str) -> Callable[[Workspace, str], str]:
    """Return the reader of an item, class or location, given by id or name; "" (or none) means none."""

    def read(workspace: Workspace, text: str) -> str:
        if text.lower() in {"", "none"}:
            return ""
        if workspace.company is None:
            raise BadValue(f"there is no {name} before QuickBooks is connected")
        rows = lines.QUICKBOOKS_MODELS[name]._default_manager.filter(company=workspace.company)
        active = rows.filter(active=True, gone_at=None)
        found = list(rows.filter(quickbooks_id=text)) or list(active.filter(full_name=text))
        found = found or list(active.filter(name=text))
        if len(found) > 1:
            raise BadValue(f"several {name}s are named {text!r}; give the id of one")
        problem = lines.problem_of(workspace.company, name, found[0] if found else None)
        if not found and "switched off" not in problem:
            raise BadValue(f"there is no active {name} {text!r}; check for new users and customers, then look again")
        if problem:
            raise BadValue(f"the {name} {lines.name_of(found[0]) if found else text!r} {problem}")
        return str(found[0].quickbooks_id)

    return read


def _template(workspace: Workspace, text: str) -> str:
    try:
        templates.check(text)
    except templates.BadTemplate as problem:
        raise BadValue(f"the description can't be filled: {problem}") from None
    return text


def _rounding(workspace: Workspace, text: str) -> str:
    try:
        rounding.parse(text)
    except ValueError as problem:
        raise BadValue(str(problem)) from None
    return "".join(text.split())


def _sku(workspace: Workspace, text: str) -> str:
    """Return the exact SKU of the subscription to allow; "" (or none) withdraws the permission."""
    return "" if text.lower() in {"none", "false", "no"} else text.strip()


def _timetable(workspace: Workspace, text: str) -> Timetable:
    try:
        return timetable.parse(text)
    except ValueError as problem:
        raise BadValue(str(problem)) from None


SETTINGS: Mapping[str, Setting] = {
    "matching": Setting(_choice("strict", "forgiving"), "strict: exact match; forgiving: case and spaces aside"),
    "people_to_vendors": Setting(_yes_no, "suggest vendors for people, and let them be linked by hand"),
    "start_date": Setting(_day, "where runs without --from begin"),
    "time_zone": Setting(_zone, "for people without a time zone in Clockify"),
    "rounding": Setting(
        _rounding, "minute, clockify (as its reports), nearest:15, up:6 or down:5; ,minimum:15 for a shortest time"
    ),
    "approved_only": Setting(_yes_no, "send approved time only"),
    "block_invoiced": Setting(_yes_no, "leave out what Clockify has invoiced already"),
    "keep_signed": Setting(_yes_no, "hold what would send, change or delete time of a signed period"),
    "send_nonbillable": Setting(_yes_no, "send time that is not billable too, as NotBillable, for job costing"),
    "send_cost_rate": Setting(_yes_no, "send Clockify's cost rate along, where the API key sees it"),
    "longest_hours": Setting(_hours, "longer entries wait for review"),
    "service_item": Setting(
        _listed("item"),
        "QuickBooks item for sent time, by id or name; none leaves it to QuickBooks",
        declined="service_item_declined",
    ),
    "class": Setting(
        _listed("class"), "QuickBooks class of time that no line rule gives one, by id or name", column="default_class"
    ),
    "location": Setting(
        _listed("location"), "QuickBooks location of such time, by id or name", column="default_location"
    ),
    "description": Setting(
        _template, "words of such time, such as {project}: {description}", column="default_description"
    ),
    "allow_sku": Setting(_sku, "plan to allow besides Essentials and Plus, by its exact text", of_company=True),
    "allow_unstated_payroll": Setting(_yes_no, "send although Payroll is not stated", of_company=True),
    "check_schedule": Setting(_timetable, "when checks begin: off, every 2 hours, daily at 07:30", schedules="check"),
    "sync_schedule": Setting(_timetable, "when syncs begin, likewise", schedules="sync"),
    "compare_schedule": Setting(
        _timetable, "when both sides of the period that is not signed yet are compared, likewise", schedules="reconcile"
    ),
}


def column_of(name: str) -> str:
    """Return the column that keeps a setting."""
    return SETTINGS[name].column or name


def shown(workspace: Workspace) -> dict[str, Any]:
    """Return the current policy by name; dates are ISO text, hours a number."""
    company = workspace.company
    values: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        if setting.schedules:
            values[name] = schedules.shown(workspace, setting.schedules)
            continue
        owner = company if setting.of_company else workspace
        value = getattr(owner, column_of(name), "" if name == "allow_sku" else False)
        values[name] = value.isoformat() if isinstance(value, date) else value
    # A number in the JSON; Decimal would be printed as text.
    values["longest_hours"] = float(workspace.longest_hours)
    return values


def read(workspace: Workspace, new_values: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values to store, and for each invalid one the message that says why, both by name."""
    values: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for name, text in new_values.items():
        if name not in SETTINGS:
            refused[name] = f"There is no setting {name!r}; there are {', '.join(SETTINGS)}."
        elif SETTINGS[name].of_company and workspace.company is None:
            refused[name] = "It belongs to the QuickBooks company; connect it first."
        else:
            try:
                values[name] = SETTINGS[name].read(workspace, text.strip())
            except BadValue as problem:
                refused[name] = f"{problem}."
    return values, refused


def change(workspace: Workspace, new_values: Mapping[str, str], *, now: datetime, person: Any = None) -> None:
    """Save all of the values or none. Raises BadValue. Time already sent is not affected."""
    values, refused = read(workspace, new_values)
    if refused:
        raise BadValue(next(f"{name}: {problem}" if name in SETTINGS else problem for name, problem in refused.items()))
    with transaction.atomic():
        for name, value in values.items():
            if SETTINGS[name].schedules:
                schedules.change(workspace, SETTINGS[name].schedules, value, now=now)
                continue
            owner: Any = workspace.company if SETTINGS[name].of_company else workspace
            before, declined = getattr(owner, column_of(name)), SETTINGS[name].declined
            setattr(owner, column_of(name), value)
            is_answer = bool(declined) and value == "" and not getattr(owner, declined)
            if declined:
                setattr(owner, declined, value == "")
            if before != value or is_answer:
                chosen = "nothing, left to QuickBooks" if declined and value == "" else value
                _record_change(workspace, name, before, chosen, now=now, person=person)
        changed = [SETTINGS[name] for name in values if not SETTINGS[name].of_company and not SETTINGS[name].schedules]
        workspace_fields = [column_of(name) for name in values if SETTINGS[name] in changed]
        workspace_fields += [setting.declined for setting in changed if setting.declined]
        # Only the changed fields: a pull may be writing the same row, and its values must not be lost.
        workspace.save(update_fields=workspace_fields)
        company = workspace.company
        if company is not None and any(SETTINGS[name].of_company for name in values):
            company.allowed_by, company.allowed_at = person, now
            company.save(update_fields=["allow_sku", "allow_unstated_payroll", "allowed_by", "allowed_at"])


def _record_change(workspace: Workspace, name: str, before: Any, value: Any, *, now: datetime, person: Any) -> None:
    ConnectionEvent.objects.create(
        workspace=workspace,
        company=workspace.company if SETTINGS[name].of_company else None,
        at=now,
        kind="policy",
        message=f"{name} changed from {_value_text(before)} to {_value_text(value)}.",
        by=person,
    )


def _value_text(value: Any) -> str:
    return "nothing" if value == "" else str(value)
