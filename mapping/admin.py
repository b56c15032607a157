"""Read-only admin pages of links, mismatches and decisions; they are changed on the desk only."""

from __future__ import annotations

from django.contrib import admin

from integrations.connection_filters import WorkspaceFilter
from integrations.readonly_admin import ReadOnlyAdmin
from mapping.models import Decision, Link, MappingOverride, Mismatch


@admin.register(Link)
class LinkAdmin(ReadOnlyAdmin):
    list_display = (
        "clockify_name",
        "kind",
        "clockify_id",
        "quickbooks_name",
        "quickbooks_kind",
        "quickbooks_id",
        "by",
        "person",
        "made_at",
        "suspended",
    )
    list_select_related = ("person",)
    list_filter = (WorkspaceFilter, "kind", "by", "suspended")
    search_fields = ("clockify_name", "clockify_id", "quickbooks_name", "quickbooks_id")
    ordering = ("kind", "clockify_name", "pk")


@admin.register(Mismatch)
class MismatchAdmin(ReadOnlyAdmin):
    list_display = (
        "kind",
        "reason",
        "clockify_name",
        "clockify_client",
        "quickbooks_name",
        "quickbooks_parent",
        "blocked_minutes",
        "blocked_entries",
        "first_seen_at",
    )
    list_filter = (WorkspaceFilter, "kind", "reason")
    search_fields = ("clockify_name", "clockify_id", "clockify_client", "quickbooks_name", "quickbooks_id")
    ordering = ("-blocked_minutes", "pk")


@admin.register(MappingOverride)
class MappingOverrideAdmin(ReadOnlyAdmin):
    list_display = ("kind", "clockify_id", "choice", "note", "person", "at")
    list_select_related = ("person",)
    list_filter = (WorkspaceFilter, "kind", "choice")
    search_fields = ("clockify_id", "note")
    ordering = ("-at",)


@admin.register(Decision)
class DecisionAdmin(ReadOnlyAdmin):
    list_display = ("at", "verb", "kind", "clockify_id", "person", "note", "workspace")
    list_select_related = ("person",)
    list_filter = (WorkspaceFilter, "verb", "kind")
    search_fields = ("clockify_id", "note")
    ordering = ("-at", "-pk")
