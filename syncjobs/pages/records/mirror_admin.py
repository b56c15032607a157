"""Admin lists of the mirror: what Clockify and QuickBooks listed when they were last read."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin

from integrations.admin_lists.connection_filters import CompanyFilter, WorkspaceFilter
from integrations.clockify import unknown_zones
from integrations.models import (
    Class,
    ClockifyClient,
    ClockifyProject,
    ClockifyTag,
    ClockifyTask,
    ClockifyUser,
    Customer,
    Department,
    Employee,
    Item,
    Vendor,
)
from integrations.unnamed import named
from mapping.models import Link
from syncjobs.display.formatting import day
from syncjobs.pages.links import desk, list_of, page_of
from syncjobs.pages.records import detail
from syncjobs.pages.records.base_admin import RecordAdmin, Related
from syncjobs.support.history import timeline
from syncjobs.support.history.events import Event


class MirrorRecords(RecordAdmin):
    """Records as they were last read; those that the vendor no longer lists stay, with a date in `gone_at`.

    `kind` is the desk's, or "" where the desk does not list them.
    """

    kind: ClassVar[str] = ""
    ordering = ("name", "pk")

    def title_of(self, row: Any) -> str:
        return getattr(row, "full_name", "") or self.called(row)

    def timeline(self, row: Any) -> list[Event]:
        return timeline.of_record(row) if self.kind else []

    @admin.display(description="Name", ordering="name")
    def called(self, row: Any) -> str:
        return named(row.name, str(self.opts.verbose_name).rpartition(" ")[2])

    @admin.display(description="State", ordering="gone_at")
    def standing(self, row: Any) -> str:
        if getattr(row, "from_entries", False):
            return "known from time entries only"
        if row.gone_at is not None:
            return f"not listed since {day(row.gone_at.date())}"
        if getattr(row, "archived", False):
            return "archived"
        return "active" if getattr(row, "active", True) else "inactive"


class ClockifyRecords(MirrorRecords):
    """Records of Clockify, each with its link and its time entries."""

    def related(self, row: Any) -> Related:
        links = Link.objects.filter(workspace=row.workspace_id, kind=self.kind, clockify_id=row.clockify_id)
        related = [("On the review desk", desk(row.workspace_id, self.kind, row.clockify_id))]
        for link in links.order_by("-pk"):
            related.append((f"{_linked(link)} with {link.quickbooks_kind} {link.quickbooks_name}", page_of(link)))
        return [*related, *self.entry_links(row)]

    def entry_links(self, row: Any) -> Related:
        return []


class QuickBooksRecords(MirrorRecords):
    """Records of QuickBooks, each with the records linked to it."""

    def related(self, row: Any) -> Related:
        # By hand several Clockify records may be linked with one partner.
        links = Link.objects.filter(company=row.company_id, quickbooks_kind=self.kind, quickbooks_id=row.quickbooks_id)
        return [
            (f"{_linked(link)} with {link.kind} {link.clockify_name}", page_of(link)) for link in links.order_by("pk")
        ]


def _linked(link: Link) -> str:
    if link.given_back_at is None:
        return "Linked"
    return f"Formerly linked, until {day(link.given_back_at.date())},"


@admin.register(ClockifyUser)
class UserRecords(ClockifyRecords):
    kind = "user"
    list_display = ("called", "email", "standing", "time_zone", "last_seen_at", "clockify_id")
    list_filter = (WorkspaceFilter, "active")
    search_fields = ("name", "email", "clockify_id")

    def leading_facts(self, row: Any) -> list[detail.Fact]:
        problem = unknown_zones.sentence(row, row.workspace)
        return [*super().leading_facts(row), *([detail.Fact("Time zone", problem)] if problem else [])]

    def entry_links(self, row: ClockifyUser) -> Related:
        return [("Time entries", list_of("integrations.timeentry", user=row.clockify_id))]


@admin.register(ClockifyClient)
class ClientRecords(ClockifyRecords):
    kind = "client"
    list_display = ("called", "standing", "currency", "last_seen_at", "clockify_id")
    list_filter = (WorkspaceFilter, "archived")
    search_fields = ("name", "clockify_id")

    def entry_links(self, row: ClockifyClient) -> Related:
        projects = list_of("integrations.clockifyproject", q=row.clockify_id)
        return [("Its projects", projects), ("Time entries", list_of("integrations.timeentry", project=row.name))]


@admin.register(ClockifyProject)
class ProjectRecords(ClockifyRecords):
    kind = "project"
    list_display = ("called", "client_name", "standing", "billable", "last_seen_at", "clockify_id")
    list_filter = (WorkspaceFilter, "archived", "billable")
    search_fields = ("name", "client_name", "clockify_id", "client_id")

    def entry_links(self, row: ClockifyProject) -> Related:
        return [("Time entries", list_of("integrations.timeentry", project=row.name))]


@admin.register(Employee)
class EmployeeRecords(QuickBooksRecords):
    kind = "employee"
    list_display = ("called", "email", "standing", "inactive_since", "last_seen_at", "quickbooks_id")
    list_filter = (CompanyFilter, "active")
    search_fields = ("name", "email", "quickbooks_id")


@admin.register(Vendor)
class VendorRecords(EmployeeRecords):
    kind = "vendor"


@admin.register(Customer)
class CustomerRecords(QuickBooksRecords):
    kind = "customer"
    list_display = ("full_name", "standing", "is_project", "currency", "last_seen_at", "quickbooks_id")
    list_filter = (CompanyFilter, "active", "is_project")
    search_fields = ("full_name", "name", "quickbooks_id", "parent_id")
    ordering = ("full_name", "pk")

    def related(self, row: Customer) -> Related:
        parent = Customer.objects.filter(company=row.company_id, quickbooks_id=row.parent_id).first()
        parent_link = [(f"Under {parent.full_name}", page_of(parent))] if parent is not None else []
        descendants = list_of("integrations.customer", q=row.full_name)
        return [*parent_link, *super().related(row), ("With what is below it", descendants)]


@admin.register(Item)
class ItemRecords(MirrorRecords):
    list_display = ("called", "type", "standing", "last_seen_at", "quickbooks_id")
    list_filter = (CompanyFilter, "active")
    search_fields = ("name", "quickbooks_id")


@admin.register(ClockifyTask)
class TaskRecords(MirrorRecords):
    list_display = ("called", "standing", "last_seen_at", "clockify_id")
    list_filter = (WorkspaceFilter, "active")
    search_fields = ("name", "clockify_id", "project_id")


@admin.register(ClockifyTag)
class TagRecords(MirrorRecords):
    list_display = ("called", "standing", "last_seen_at", "clockify_id")
    list_filter = (WorkspaceFilter, "archived")
    search_fields = ("name", "clockify_id")


@admin.register(Class, Department)
class NestedRecords(MirrorRecords):
    list_display = ("full_name", "standing", "last_seen_at", "quickbooks_id")
    list_filter = (CompanyFilter, "active")
    search_fields = ("full_name", "name", "quickbooks_id")
    ordering = ("full_name", "pk")
