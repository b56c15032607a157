"""Admin lists of sent time, changes sent and decisions about entries: records to inspect, found by any id."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import display

from integrations.admin_lists.connection_filters import CompanyFilter, WorkspaceFilter
from integrations.models import TimeEntry
from integrations.unnamed import named
from syncjobs.display import badges, formatting, vendor_links
from syncjobs.display.badges import StatusBadge
from syncjobs.models import Action, EntryOverride, Receipt
from syncjobs.pages.links import list_of, page_of
from syncjobs.pages.records import detail
from syncjobs.pages.records.base_admin import RecordAdmin, Related, person_name
from syncjobs.rules import reasons
from syncjobs.rules.verbs import Verb

CHANGES: dict[str, str] = {Verb.CREATE: "New", Verb.UPDATE: "Update", Verb.DELETE: "Deletion"}
IN_QUICKBOOKS, DELETED = (
    StatusBadge("In QuickBooks", "check_circle", "sent"),
    StatusBadge("Deleted from here", "remove", "out"),
)


class EntryRecords(RecordAdmin):
    """A list of rows about time entries, named by person and project. `id_column` holds the entry's Clockify id."""

    id_column = "entry_id"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        # Rows keep the entry's Clockify id alone; joined here, a list needs no query for each row.
        entries = TimeEntry.objects.filter(workspace=OuterRef("workspace"), clockify_id=OuterRef(self.id_column))
        columns = {
            f"entry_{name}": Subquery(entries.values(column)[:1])
            for name, column in (("pk", "pk"), ("person", "user_name"), ("project", "project_name"))
        }
        return super().get_queryset(request).annotate(**columns)

    def related(self, row: Any) -> Related:
        clockify_id = getattr(row, self.id_column)
        entry = f"{list_of('integrations.timeentry')}{row.entry_pk}/change/" if row.entry_pk else ""
        run = getattr(row, "run", None)
        return [
            ("The time entry and its history", entry),
            ("All changes sent for it", list_of("syncjobs.action", q=clockify_id)),
            ("Its time in QuickBooks", list_of("syncjobs.receipt", q=clockify_id)),
            (str(run), page_of(run) if run else ""),
        ]

    def title_of(self, row: Any) -> str:
        return f"{row.entry_person or getattr(row, self.id_column)}, {row.entry_project or 'no project'}"

    @display(description="Entry", header=True)
    def entry(self, row: Any) -> tuple[str, str]:
        return named(row.entry_person or ""), row.entry_project or getattr(row, self.id_column)


@admin.register(Receipt)
class ReceiptAdmin(EntryRecords):
    """Proof of what was posted, one row for each activity in QuickBooks."""

    list_display = ("entry", "txn_date", "time", "activity", "standing", "sent_at", "run")
    list_select_related = ("run",)
    list_filter = (WorkspaceFilter, CompanyFilter, "state", "conflict")
    search_fields = ("entry_id", "=quickbooks_id", "=run__id")
    search_help_text = "Clockify or QuickBooks id, or run"
    ordering = ("-sent_at", "-pk")
    exclude = ("content_hash",)

    @admin.display(description="Hours", ordering="minutes")
    def time(self, receipt: Receipt) -> str:
        return formatting.duration(receipt.minutes)

    @admin.display(description="Activity", ordering="quickbooks_id")
    def activity(self, receipt: Receipt) -> SafeString:
        link = vendor_links.id_link(receipt, "quickbooks_id")
        return format_html('<span class="hb-mono">{}</span>{}', receipt.quickbooks_id, link)

    @admin.display(description="State", ordering="state")
    def standing(self, receipt: Receipt) -> SafeString:
        if receipt.conflict:
            return badges.plain(StatusBadge(reasons.title(receipt.conflict), "lock", "locked"))
        return badges.plain(IN_QUICKBOOKS if receipt.state == Receipt.State.SENT else DELETED)


@admin.register(Action)
class ActionAdmin(EntryRecords):
    """Writes of time, each with its exact body and its outcome."""

    to_the_second = True
    list_display = ("created_at", "what", "entry", "outcome", "quickbooks_id", "error_code", "intuit_tid", "run")
    list_select_related = ("run",)
    list_filter = (WorkspaceFilter, CompanyFilter, "state", "needs_person")
    search_fields = ("entry_id", "=quickbooks_id", "=request_id", "=intuit_tid", "=error_code", "=run__id")
    search_help_text = "Clockify or QuickBooks id, request id, intuit_tid, error code, or run"
    ordering = ("-created_at", "-pk")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: Any = super().get_queryset(request)
        return rows.with_in_flight()

    folded = ("body",)
    exclude = ("verb",)

    def leading_facts(self, row: Action) -> list[detail.Fact]:
        return [detail.Fact("Change", self.what(row))]

    def related(self, row: Action) -> Related:
        calls = list_of("integrations.apicall", q=row.intuit_tid) if row.intuit_tid else ""
        return [*super().related(row), ("The call that carried it", calls)]

    @admin.display(description="Change", ordering="verb")
    def what(self, action: Action) -> str:
        return CHANGES.get(action.verb, action.verb)

    @admin.display(description="State", ordering="state")
    def outcome(self, action: Action) -> SafeString:
        badge = badges.plain(badges.of_action(action.shown_state))
        if not action.needs_person:
            return badge
        return format_html('{}<br><span class="hb-doubt">needs review</span>', badge)


@admin.register(EntryOverride)
class EntryOverrideAdmin(EntryRecords):
    """Entries that a person ignored, keeps in QuickBooks, or sends in spite of a reason."""

    id_column = "clockify_id"
    list_display = ("entry", "what", "note", "by_whom", "at")
    list_select_related = ("person",)
    list_filter = (WorkspaceFilter, "ignored", "kept")
    search_fields = ("clockify_id", "note")
    search_help_text = "Clockify id or words of the note"
    ordering = ("-at",)

    @admin.display(description="Decided", ordering="ignored")
    def what(self, override: EntryOverride) -> str:
        set_aside = [f"“{reasons.title(code)}” set aside" for code in override.send_anyway]
        kept = ["Kept in QuickBooks"] if override.kept else []
        return ", ".join([*(["Ignored"] if override.ignored else []), *kept, *set_aside]) or "Nothing now"

    @admin.display(description="By", ordering="person")
    def by_whom(self, override: EntryOverride) -> str:
        return person_name(override.person)
