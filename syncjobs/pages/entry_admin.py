"""Time entries with their state and every reason."""

from __future__ import annotations

from django.contrib import admin

from integrations.models import TimeEntry
from integrations.readonly_admin import ReadOnlyAdmin


@admin.register(TimeEntry)
class TimeEntryAdmin(ReadOnlyAdmin):
    list_display = ("txn_date", "user_name", "project_name")
