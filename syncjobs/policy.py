"""A workspace's policy as people set it, on the page Rules and by the command `policy`: one form for both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import capfirst

from integrations.models import Company, ConnectionEvent, Workspace
from syncjobs.planning import evaluate, lines
from syncjobs.rules import rounding, timetable
from syncjobs.rules.drafts import templates
from syncjobs.rules.reasons import full_date
from syncjobs.rules.timetable import Timetable
from syncjobs.worker import schedules


class BadValue(ValueError):
    """Raised for an invalid value; the message says what is allowed."""


class Setting(forms.CharField):
    """A setting of the policy as text. `read` turns the text into the value to store, or raises ValueError.

    `column` keeps it, of the workspace or of its company, and has its label and help. `schedules`: the kind of run
    whose schedule it is. `declined`: the column that keeps that a person wants none.
    """

    # Whose setting it is; set by the form.
    workspace: Workspace

    def __init__(
        self,
        read: Callable[[Workspace, str], Any],
        column: Any = None,
        *,
        schedules: str = "",
        declined: str = "",
        **options: Any,
    ) -> None:
        if column is not None:
            options |= {"label": capfirst(column.verbose_name), "help_text": column.help_text}
        super().__init__(required=False, **options)
        self.read, self.column, self.schedules, self.declined = read, column, schedules, declined

    @property
    def of_company(self) -> bool:
        return self.column is not None and self.column.model is Company

    def clean(self, value: Any) -> Any:
        if self.of_company and self.workspace.company is None:
            raise ValidationError("It belongs to the QuickBooks company; connect it first.")
        try:
            stored = self.read(self.workspace, value.strip())
        except ValueError as problem:
            raise ValidationError(f"{problem}.") from None
        if self.column is not None:
            self.column.run_validators(stored)
        return stored

    def columns(self, value: Any) -> dict[str, Any]:
        """Return what to store, by column."""
        return {self.column.name: value} | ({self.declined: value == ""} if self.declined else {})

    def prepare_value(self, value: Any) -> Any:
        """Return a stored value as people write it."""
        if isinstance(value, bool):
            return str(value).lower()
        return f"{value:g}" if isinstance(value, float) else value


def _choice(*allowed: str) -> Callable[[Workspace, str], str]:
    def read(workspace: Workspace, text: str) -> str:
        if text not in allowed:
            raise BadValue(f"{text!r} is not one of {', '.join(allowed)}")
        return text

    return read


def _yes_no(workspace: Workspace, text: str) -> bool:
    if text.lower() in {"true", "yes", "on", "1"}:
        return True
    if text.lower() in {"false", "no", "off", "0"}:
        return False
    raise BadValue(f"{text!r} is neither true nor false")


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
        if not found and not lines.is_switched_off(workspace.company, name):
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
    rounding.parse(text)
    return "".join(text.split())


def _sku(workspace: Workspace, text: str) -> str:
    """Return the exact SKU of the subscription to allow; "" (or none) withdraws the permission."""
    return "" if text.lower() in {"none", "false", "no"} else text.strip()


def _timetable(workspace: Workspace, text: str) -> Timetable:
    return timetable.parse(text)


def _yes_or_no(column: Any) -> Setting:
    return Setting(_yes_no, column, widget=forms.Select(choices=[("true", "Yes"), ("false", "No")]))


# Settings that name a record of QuickBooks, by what it is.
LISTED = {"service_item": "item", "class": "class", "location": "location"}
_workspace, _company = Workspace._meta.get_field, Company._meta.get_field
SETTINGS: Mapping[str, Setting] = {
    "matching": Setting(
        _choice(*Workspace.Matching.values),
        _workspace("matching"),
        widget=forms.Select(choices=Workspace.Matching.choices),
    ),
    "people_to_vendors": _yes_or_no(_workspace("people_to_vendors")),
    "start_date": Setting(_day, _workspace("start_date"), widget=forms.TextInput({"type": "date"})),
    "time_zone": Setting(_zone, _workspace("time_zone"), widget=forms.TextInput({"list": "zones"})),
    "rounding": Setting(_rounding, _workspace("rounding")),
    "approved_only": _yes_or_no(_workspace("approved_only")),
    "block_invoiced": _yes_or_no(_workspace("block_invoiced")),
    "keep_signed": _yes_or_no(_workspace("keep_signed")),
    "send_nonbillable": _yes_or_no(_workspace("send_nonbillable")),
    "send_cost_rate": _yes_or_no(_workspace("send_cost_rate")),
    "longest_hours": Setting(_hours, _workspace("longest_hours")),
    "service_item": Setting(
        _listed(LISTED["service_item"]), _workspace("service_item"), declined="service_item_declined"
    ),
    "class": Setting(_listed(LISTED["class"]), _workspace("default_class")),
    "location": Setting(_listed(LISTED["location"]), _workspace("default_location")),
    "description": Setting(_template, _workspace("default_description")),
    "allow_sku": Setting(_sku, _company("allow_sku")),
    "allow_unstated_payroll": _yes_or_no(_company("allow_unstated_payroll")),
    "check_schedule": Setting(
        _timetable,
        schedules="check",
        label="Automatic check",
        help_text="When to look for new users and customers.",
    ),
    "sync_schedule": Setting(
        _timetable, schedules="sync", label="Automatic sync", help_text="When to send billable time automatically."
    ),
    "compare_schedule": Setting(
        _timetable,
        schedules="reconcile",
        label="Automatic comparison",
        help_text="When to compare both sides for the proof: the days after the last signed period, through yesterday, "
        "three months at most. Nothing is written.",
    ),
}


class PolicyForm(forms.Form):
    """The policy of a workspace: all settings to show, or those that `new_values` sets."""

    def __init__(self, workspace: Workspace, new_values: Mapping[str, str] | None = None) -> None:
        super().__init__(new_values, initial=shown(workspace), auto_id="rule-%s")
        if workspace.service_item_declined:
            # To want none is an answer, and no answer yet is another one.
            self.initial["service_item"] = workspace.service_item or "none"
        self.workspace = workspace
        for name in SETTINGS if new_values is None else new_values:
            setting = self.fields[name] = deepcopy(SETTINGS[name])
            setting.workspace = workspace

    def save(self, *, now: datetime, person: Any = None) -> None:
        """Save the values, note each change and evaluate again. Time already sent is not affected."""
        workspace, company = self.workspace, self.workspace.company
        with transaction.atomic():
            for name, value in self.cleaned_data.items():
                setting = SETTINGS[name]
                if setting.schedules:
                    timetable_before = schedules.shown(workspace, setting.schedules)
                    schedules.change(workspace, setting.schedules, value, now=now)
                    if timetable_before != str(value):
                        _record_change(workspace, name, timetable_before, value, now=now, person=person)
                    continue
                owner: Any = company if setting.of_company else workspace
                before, columns = getattr(owner, setting.column.name), setting.columns(value)
                if any(getattr(owner, column) != stored for column, stored in columns.items()):
                    chosen = "nothing, left to QuickBooks" if setting.declined and value == "" else value
                    _record_change(workspace, name, before, chosen, now=now, person=person)
                for column, stored in columns.items():
                    setattr(owner, column, stored)
                if not setting.of_company:
                    # Only the changed fields: a pull may be writing the same row, and its values must not be lost.
                    workspace.save(update_fields=list(columns))
            if company is not None and any(SETTINGS[name].of_company for name in self.cleaned_data):
                company.allowed_by, company.allowed_at = person, now
                company.save(update_fields=["allow_sku", "allow_unstated_payroll", "allowed_by", "allowed_at"])
        if company is not None and workspace.pulled_at is not None:
            # A setting can free or hold entries, and new matching can link names, before any run.
            evaluate.refresh(workspace, now=now, compare_names=True)


def shown(workspace: Workspace) -> dict[str, Any]:
    """Return the current policy by name; dates are ISO text, hours a number."""
    values: dict[str, Any] = {}
    for name, setting in SETTINGS.items():
        if setting.schedules:
            values[name] = schedules.shown(workspace, setting.schedules)
            continue
        owner = (workspace.company or Company()) if setting.of_company else workspace
        value = getattr(owner, setting.column.name)
        values[name] = value.isoformat() if isinstance(value, date) else value
    # A number in the JSON; Decimal would be printed as text.
    values["longest_hours"] = float(workspace.longest_hours)
    return values


def change(workspace: Workspace, new_values: Mapping[str, str], *, now: datetime, person: Any = None) -> None:
    """Save all of the values or none. Raises BadValue."""
    unknown = [name for name in new_values if name not in SETTINGS]
    if unknown:
        raise BadValue(f"There is no setting {unknown[0]!r}; there are {', '.join(SETTINGS)}.")
    form = PolicyForm(workspace, new_values)
    if form.errors:
        raise BadValue(next(f"{name}: {problems[0]}" for name, problems in form.errors.items()))
    if form.fields:
        form.save(now=now, person=person)


def _record_change(workspace: Workspace, name: str, before: Any, value: Any, *, now: datetime, person: Any) -> None:
    ConnectionEvent.objects.record(
        ConnectionEvent.Kind.SCHEDULE if SETTINGS[name].schedules else ConnectionEvent.Kind.POLICY,
        f"{name} changed from {_value_text(workspace, name, before)} to {_value_text(workspace, name, value)}.",
        workspace=workspace,
        company=workspace.company if SETTINGS[name].of_company else None,
        at=now,
        by=person,
    )


def _value_text(workspace: Workspace, name: str, value: Any) -> str:
    """Return a value as people read it: days in full, choices and records of QuickBooks by their names."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return full_date(value)
    if value and name in LISTED and workspace.company is not None:
        return lines.names_of(workspace.company, LISTED[name], [value]).get(value) or str(value)
    choices = dict(getattr(SETTINGS[name].column, "choices", None) or ())
    return "nothing" if value == "" else str(choices.get(value, value))


def with_label(message: str) -> str:
    """Return the note of a change with the rule's label instead of its name on the command line."""
    name, _, value_text = message.partition(" ")
    return f"“{SETTINGS[name].label}” {value_text}" if name in SETTINGS else message
