"""Runs: how far each is, and what came of it."""

from __future__ import annotations

from django.contrib import admin

from integrations.readonly_admin import ReadOnlyAdmin
from syncjobs.models import Run


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    list_display = ("pk", "kind", "status")
