"""Receipts, writes and people's word on single entries: proof to look at, found by any id."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from integrations.connection_filters import CompanyFilter, WorkspaceFilter
from integrations.readonly_admin import ReadOnlyAdmin
from syncjobs.models import Action, EntryOverride, Receipt
from syncjobs.pages import looks
from syncjobs.templatetags import hourbridge


@admin.register(Receipt)
class ReceiptAdmin(ReadOnlyAdmin):
    list_display = ("entry_id", "quickbooks_id", "txn_date", "time", "state", "trouble", "sent_at", "run")
    list_select_related = ("run",)
    list_filter = (WorkspaceFilter, CompanyFilter, "state", "trouble")
    search_fields = ("entry_id", "=quickbooks_id", "=run__id")
    search_help_text = "Clockify id of the entry, QuickBooks id, or run"
    ordering = ("-sent_at", "-pk")

    @admin.display(description="Hours", ordering="minutes")
    def time(self, receipt: Receipt) -> str:
        return hourbridge.duration(receipt.minutes)


@admin.register(Action)
class ActionAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "verb",
        "entry_id",
        "outcome",
        "needs_person",
        "quickbooks_id",
        "error_code",
        "intuit_tid",
        "run",
    )
    list_select_related = ("run",)
    list_filter = (WorkspaceFilter, CompanyFilter, "state", "needs_person")
    search_fields = ("entry_id", "=quickbooks_id", "=request_id", "=intuit_tid", "=error_code", "=run__id")
    search_help_text = "Id of the entry, of QuickBooks, of the request, intuit_tid, error code, or run"
    ordering = ("-created_at", "-pk")

    @admin.display(description="State", ordering="state")
    def outcome(self, action: Action) -> SafeString:
        return hourbridge.state(looks.ACTION_STATES[action.state])


@admin.register(EntryOverride)
class EntryOverrideAdmin(ReadOnlyAdmin):
    list_display = ("clockify_id", "ignored", "send_anyway", "note", "person", "at")
    list_select_related = ("person",)
    list_filter = (WorkspaceFilter, "ignored")
    search_fields = ("clockify_id", "note")
    ordering = ("-at",)
