"""Admin lists of what could not be read, and of lists that lost many records at once and are not believed yet."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from integrations.admin_lists.connection_filters import CompanyFilter, WorkspaceFilter
from integrations.models import ClockifyTag, ClockifyTask, ShrunkList, TimeEntry, UnreadableRecord
from integrations.reading import shrunk_lists
from mapping.queries import CLOCKIFY_MODELS
from syncjobs.display.formatting import number
from syncjobs.pages.links import list_of, page_of
from syncjobs.pages.records import detail
from syncjobs.pages.records.base_admin import RecordAdmin, Related
from syncjobs.rules.codes import Code

READ_AGAIN = "Correct it where it comes from. It leaves this list automatically once it can be read."


class ReadingRecords(RecordAdmin):
    """Rows of a workspace's lists or of a company's."""

    list_select_related = ("workspace", "company")

    @admin.display(description="Of")
    def whose(self, row: UnreadableRecord | ShrunkList) -> str:
        return str(row.workspace or row.company)


@admin.register(UnreadableRecord)
class UnreadableRecords(ReadingRecords):
    """Records that were set aside when they were last read; reading one well again takes it off the list."""

    gone_message = "That record is no longer on this list: it was read successfully, or is gone."
    list_display = ("kind", "vendor_id", "reason", "whose", "first_seen_at")
    list_filter = ("kind", WorkspaceFilter, CompanyFilter)
    search_fields = ("vendor_id", "reason", "raw_text")
    search_help_text = "Id or what is wrong"
    ordering = ("-last_seen_at", "-pk")
    folded = ("raw_text",)

    def leading_facts(self, row: UnreadableRecord) -> list[detail.Fact]:
        return [detail.Fact("What to do", READ_AGAIN)]

    def related(self, row: UnreadableRecord) -> Related:
        known = _known_row(row)
        title = (
            "The time entry and its history" if row.kind == UnreadableRecord.Kind.ENTRY else "As last read successfully"
        )
        held = list_of("integrations.timeentry", reason=Code.UNREADABLE)
        return [(title, page_of(known) if known else ""), ("Time that waits for what could not be read", held)]


@admin.register(ShrunkList)
class ShrunkLists(ReadingRecords):
    """Lists of which nothing is marked as gone until another reading, or a person, confirms them."""

    gone_message = "That list has been confirmed by a later reading or a person."
    list_display = ("list_of_records", "came_without", "known", "whose", "first_at")
    ordering = ("-first_at", "-pk")
    exclude = ("kind",)

    def leading_facts(self, row: ShrunkList) -> list[detail.Fact]:
        lost = number(len(row.missing_ids), "known record,known records")
        return [
            detail.Fact("List", self.list_of_records(row)),
            detail.Fact("Missing", lost, shrunk_lists.NOT_BELIEVED),
        ]

    def related(self, row: ShrunkList) -> Related:
        mirror = list_of(f"integrations.{row.kind.lower()}")
        return [("Decide on the overview", reverse("admin:index")), (f"The {row.records}, as synced", mirror)]

    def title_of(self, row: ShrunkList) -> str:
        return row.sentence

    @admin.display(description="List", ordering="kind")
    def list_of_records(self, row: ShrunkList) -> str:
        return row.records[:1].upper() + row.records[1:]

    @admin.display(description="Missing")
    def came_without(self, row: ShrunkList) -> str:
        return f"{len(row.missing_ids):,}"


def _known_row(row: UnreadableRecord) -> Any:
    """Return the mirror's row of the record, from when it could be read; None if there is none."""
    if not row.vendor_id:
        return None
    if row.workspace_id is not None:
        model: Any = {**CLOCKIFY_MODELS, "entry": TimeEntry, "task": ClockifyTask, "tag": ClockifyTag}[row.kind]
        return model.objects.filter(workspace=row.workspace_id, clockify_id=row.vendor_id).first()
    of_company: Any = apps.get_model("integrations", row.kind)
    return of_company.objects.filter(company=row.company_id, quickbooks_id=row.vendor_id).first()
