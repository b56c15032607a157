"""Read-only admin of connections, both mirrors and the call journal."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeDateTimeFilter

import integrations.accounts.admin  # noqa: F401  (registers its lists)
from integrations.connection_filters import CompanyFilter, WorkspaceFilter
from integrations.models import (
    ApiCall,
    ArchivedConnection,
    Class,
    ClockifyClient,
    ClockifyProject,
    ClockifyTag,
    ClockifyTask,
    ClockifyUser,
    Company,
    ConnectionEvent,
    Customer,
    Department,
    Employee,
    Item,
    UnreadableRecord,
    Vendor,
    Workspace,
)
from integrations.readonly_admin import ReadOnlyAdmin


@admin.register(Workspace)
class WorkspaceAdmin(ReadOnlyAdmin):
    list_display = ("name", "clockify_id", "state", "key_owner_name", "company", "connected_at", "pulled_at")
    search_fields = ("name", "clockify_id", "company__realm_id", "company__name")
    ordering = ("name",)
    change_form_before_template = "hourbridge/records/workspace_links.html"


@admin.register(Company)
class CompanyAdmin(ReadOnlyAdmin):
    list_display = ("name", "realm_id", "state", "sku", "payroll", "subscription", "plan_read_at")
    search_fields = ("name", "realm_id")
    ordering = ("name",)


@admin.register(ConnectionEvent)
class ConnectionEventAdmin(ReadOnlyAdmin):
    list_display = ("at", "kind", "message", "workspace", "company", "by")
    list_select_related = ("by",)
    list_filter = ("kind", WorkspaceFilter, CompanyFilter)
    search_fields = ("message", "kind", "workspace__name", "company__name", "company__realm_id")
    ordering = ("-at", "-pk")


@admin.register(ArchivedConnection)
class ArchivedConnectionAdmin(ReadOnlyAdmin):
    """Connections of workspaces to companies that people archived."""

    list_display = ("at", "workspace", "company", "sent_entries", "in_doubt", "by", "taken_up_at")
    list_select_related = ("workspace", "company", "by")
    list_filter = (WorkspaceFilter, CompanyFilter)
    search_fields = ("workspace__name", "company__name", "company__realm_id")
    ordering = ("-at", "-pk")


@admin.register(UnreadableRecord)
class UnreadableRecordAdmin(ReadOnlyAdmin):
    """Records that were set aside when they were last read; reading one well again takes it off the list."""

    list_display = ("kind", "vendor_id", "reason", "workspace", "company", "first_seen_at", "last_seen_at")
    list_filter = ("kind", WorkspaceFilter, CompanyFilter)
    search_fields = ("vendor_id", "reason", "raw_text")
    ordering = ("-last_seen_at", "-pk")


class MirrorAdmin(ReadOnlyAdmin):
    """Records as they were last read; those that the vendor no longer lists stay, with a date in `gone_at`."""

    ordering = ("name", "pk")


@admin.register(ClockifyUser)
class ClockifyUserAdmin(MirrorAdmin):
    list_display = ("name", "email", "clockify_id", "active", "time_zone", "gone_at", "from_entries")
    list_filter = (WorkspaceFilter, "active")
    search_fields = ("name", "email", "clockify_id")


@admin.register(ClockifyClient)
class ClockifyClientAdmin(MirrorAdmin):
    list_display = ("name", "clockify_id", "archived", "currency", "gone_at")
    list_filter = (WorkspaceFilter, "archived")
    search_fields = ("name", "clockify_id")


@admin.register(ClockifyProject)
class ClockifyProjectAdmin(MirrorAdmin):
    list_display = ("name", "client_name", "clockify_id", "archived", "billable", "gone_at")
    list_filter = (WorkspaceFilter, "archived", "billable")
    search_fields = ("name", "client_name", "clockify_id", "client_id")


@admin.register(ClockifyTask)
class ClockifyTaskAdmin(MirrorAdmin):
    list_display = ("name", "clockify_id", "project_id", "active", "gone_at")
    list_filter = (WorkspaceFilter, "active")
    search_fields = ("name", "clockify_id", "project_id")


@admin.register(ClockifyTag)
class ClockifyTagAdmin(MirrorAdmin):
    list_display = ("name", "clockify_id", "archived", "gone_at")
    list_filter = (WorkspaceFilter, "archived")
    search_fields = ("name", "clockify_id")


@admin.register(Employee, Vendor)
class PersonAdmin(MirrorAdmin):
    list_display = ("name", "email", "quickbooks_id", "active", "inactive_since", "gone_at")
    list_filter = (CompanyFilter, "active")
    search_fields = ("name", "email", "quickbooks_id")


@admin.register(Customer)
class CustomerAdmin(MirrorAdmin):
    list_display = ("full_name", "quickbooks_id", "parent_id", "active", "is_project", "currency", "gone_at")
    list_filter = (CompanyFilter, "active", "is_project")
    search_fields = ("full_name", "name", "quickbooks_id", "parent_id")
    ordering = ("full_name", "pk")


@admin.register(Item)
class ItemAdmin(MirrorAdmin):
    list_display = ("name", "quickbooks_id", "type", "active", "gone_at")
    list_filter = (CompanyFilter, "active")
    search_fields = ("name", "quickbooks_id")


@admin.register(Class, Department)
class NestedAdmin(MirrorAdmin):
    list_display = ("full_name", "quickbooks_id", "active", "gone_at")
    list_filter = (CompanyFilter, "active")
    search_fields = ("full_name", "name", "quickbooks_id")
    ordering = ("full_name", "pk")


class AnsweredFilter(admin.SimpleListFilter):
    """A filter for calls that failed or got no answer."""

    title = "answer"
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("failed", "Failed or no answer"), ("none", "No answer")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiCall]) -> QuerySet[ApiCall]:
        if self.value() == "failed":
            return queryset.filter(Q(status=None) | Q(status__gte=400))
        if self.value() == "none":
            return queryset.filter(status=None)
        return queryset


@admin.register(ApiCall)
class ApiCallAdmin(ReadOnlyAdmin):
    list_display = ("at", "vendor", "method", "path", "status", "milliseconds", "attempt", "run_id", "intuit_tid")
    list_filter = ("vendor", AnsweredFilter, ("at", RangeDateTimeFilter))
    list_filter_submit = True
    search_fields = ("path", "intuit_tid", "account", "=run_id", "problem")
    search_help_text = "Path, intuit_tid, run, workspace id or realm"
    ordering = ("-pk",)
