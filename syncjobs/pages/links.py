"""Addresses that several pages lead to: a record's row on the desk, its own page, a filtered list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from syncjobs.rules.codes import Code


def desk(workspace_id: int, kind: str, clockify_id: str) -> str:
    """Return the address of a user's, client's or project's open row on the desk; empty for other kinds."""
    page = {"user": "people", "client": "clients", "project": "projects"}.get(kind)
    if page is None or not clockify_id:
        return ""
    key = f"{kind}-{clockify_id}"
    return f"{reverse(f'hourbridge:{page}', args=[workspace_id])}?open={key}#{key}"


def rule(workspace_id: int, name: str) -> str:
    """Return the address of a rule of a workspace, such as `service_item`, on the page Rules."""
    return f"{reverse('hourbridge:rules', args=[workspace_id])}#rule-{name}"


def line_rules(workspace_id: int, rule_id: Any = None) -> str:
    """Return the address of the page Line rules, at one of them where it is given."""
    return reverse("hourbridge:line-rules", args=[workspace_id]) + (f"#rule-{rule_id}" if rule_id else "")


def what_gives(workspace_id: int, row: Mapping[str, Any]) -> str:
    """Return the address of what gives the unusable record of a stored LINE_RULE_BROKEN; "" where people gave it."""
    if row.get("default"):
        return rule(workspace_id, row["default"])
    return line_rules(workspace_id, row.get("rule")) if row.get("rule") or not row.get("answered") else ""


def decision(workspace_id: int, row: Mapping[str, Any]) -> tuple[str, str]:
    """Return address and label of the page on which a person decides about a stored reason; "" where there is none."""
    if row.get("code") == Code.LINE_RULE_BROKEN:
        return what_gives(workspace_id, row), f"See rule {row['rule']}" if row.get("rule") else "Choose another one"
    return desk(workspace_id, str(row.get("kind") or ""), str(row.get("id") or "")), "Decide"


def page_of(row: Model) -> str:
    """Return the address of a row's own page in the admin; empty where there is none."""
    if type(row) not in admin.site._registry:
        return ""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def list_of(model: str, **filters: Any) -> str:
    """Return the address of an admin list, such as `syncjobs.receipt`, filtered by its query parameters."""
    app, name = model.split(".")
    query = f"?{urlencode(filters)}" if filters else ""
    return reverse(f"admin:{app}_{name}_changelist") + query
