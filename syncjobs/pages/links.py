"""Where a record is looked at or decided: addresses that several pages lead to."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Model
from django.urls import reverse


def desk(workspace_id: int, kind: str, clockify_id: str) -> str:
    """The row of a user, client or project on the review desk, opened; empty for anything else."""
    page = {"user": "people", "client": "clients", "project": "projects"}.get(kind)
    if page is None or not clockify_id:
        return ""
    key = f"{kind}-{clockify_id}"
    return f"{reverse(f'hourbridge:{page}', args=[workspace_id])}?open={key}#{key}"


def page_of(row: Model) -> str:
    """A row's own page in the admin; empty where there is none."""
    if type(row) not in admin.site._registry:
        return ""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def list_of(model: str, **narrowed: Any) -> str:
    """A list of the admin, such as `syncjobs.receipt`, narrowed by its own parameters."""
    app, name = model.split(".")
    query = f"?{urlencode(narrowed)}" if narrowed else ""
    return reverse(f"admin:{app}_{name}_changelist") + query
