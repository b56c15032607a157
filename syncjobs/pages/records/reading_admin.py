"""Admin lists of what could not be read, and of lists that lost many records at once and are not believed yet."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from integrations import admin as plain
from integrations.models import ClockifyTag, ClockifyTask, ShrunkList, TimeEntry, UnreadableRecord
from integrations.reading import shrunk_lists
from mapping.queries import CLOCKIFY_MODELS
from syncjobs.display.formatting import number
from syncjobs.pages.links import list_of, page_of
from syncjobs.pages.records import detail
from syncjobs.pages.records.base_admin import RecordAdmin, Related

# It links to other pages, which the integrations app may not import.
admin.site.unregister(UnreadableRecord)

READ_AGAIN = "Correct it where it comes from. It leaves this list automatically once it can be read."


@admin.register(UnreadableRecord)
class UnreadableRecords(RecordAdmin, plain.UnreadableRecordAdmin):
    gone_message = "That record is no longer on this list: it was read successfully, or is gone."
    columns = ("kind", "vendor_id", "reason", "whose", "first_seen_at")
    list_select_related = ("workspace", "company")
    search_help_text = "Id or what is wrong"
    wording = detail.RecordWording(
        labels={
            "vendor_id": "Its id",
            "reason": "What is wrong",
            "raw_text": "As received",
            "first_seen_at": "First seen",
            "last_seen_at": "Last seen",
        },
        folded=("raw_text",),
    )

    def leading_facts(self, row: UnreadableRecord) -> list[detail.Fact]:
        return [detail.Fact("What to do", READ_AGAIN)]

    def related(self, row: UnreadableRecord) -> Related:
        known = _known_row(row)
        title = (
            "The time entry and its history" if row.kind == UnreadableRecord.Kind.ENTRY else "As last read successfully"
        )
        held = list_of("integrations.timeentry", reason="UNREADABLE")
        return [(title, page_of(known) if known else ""), ("Time that waits for what could not be read", held)]

    def title_of(self, row: UnreadableRecord) -> str:
        return str(row)

    @admin.display(description="Of")
    def whose(self, row: UnreadableRecord) -> str:
        return str(row.workspace or row.company)


@admin.register(ShrunkList)
class ShrunkLists(RecordAdmin):
    """Lists of which nothing is marked as gone until another reading, or a person, confirms them."""

    gone_message = "That list has been confirmed by a later reading or a person."
    columns = ("list_of_records", "came_without", "known", "whose", "first_at")
    list_select_related = ("workspace", "company")
    ordering = ("-first_at", "-pk")
    wording = detail.RecordWording(
        labels={"missing_ids": "Ids that it came without", "known": "Known before", "first_at": "First read so"},
        left_out=("kind",),
    )

    def leading_facts(self, row: ShrunkList) -> list[detail.Fact]:
        lost = number(len(row.missing_ids), "known record,known records")
        return [
            detail.Fact("List", self.list_of_records(row)),
            detail.Fact("Came without", lost, shrunk_lists.NOT_BELIEVED),
        ]

    def related(self, row: ShrunkList) -> Related:
        mirror = list_of(f"integrations.{row.kind.lower()}")
        return [("Decide on the overview", reverse("admin:index")), (f"The {row.records} as last read", mirror)]

    def title_of(self, row: ShrunkList) -> str:
        return row.sentence

    @admin.display(description="List", ordering="kind")
    def list_of_records(self, row: ShrunkList) -> str:
        return row.records[:1].upper() + row.records[1:]

    @admin.display(description="Came without")
    def came_without(self, row: ShrunkList) -> str:
        return str(len(row.missing_ids))

    @admin.display(description="Of")
    def whose(self, row: ShrunkList) -> str:
        return str(row.workspace or row.company)


def _known_row(row: UnreadableRecord) -> Any:
    """Return the mirror's row of the record, from when it could be read; None if there is none."""
    if not row.vendor_id:
        return None
    if row.workspace_id is not None:
        model: Any = {**CLOCKIFY_MODELS, "entry": TimeEntry, "task": ClockifyTask, "tag": ClockifyTag}[row.kind]
        return model.objects.filter(workspace=row.workspace_id, clockify_id=row.vendor_id).first()
    of_company: Any = apps.get_model("integrations", row.kind)
    return of_company.objects.filter(company=row.company_id, quickbooks_id=row.vendor_id).first()
