"""Admin lists of workspaces, companies, connection events and API calls, with times in the workspace's zone."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import RangeDateTimeFilter

from integrations.admin_lists.connection_filters import CompanyFilter, WorkspaceFilter
from integrations.audit import event_title
from integrations.models import ApiCall, ArchivedConnection, Company, ConnectionEvent, Workspace
from syncjobs import policy
from syncjobs.display import badges
from syncjobs.display.badges import StatusBadge
from syncjobs.pages.links import list_of, page_of
from syncjobs.pages.records import detail
from syncjobs.pages.records.base_admin import RecordAdmin, Related, person_name

Kind = ConnectionEvent.Kind
# Icon and tone of events; the others are plain.
EVENT_LOOKS: dict[str, tuple[str, str]] = {
    Kind.CLOCKIFY_CONNECTED: ("link", "sent"),
    Kind.QUICKBOOKS_CONNECTED: ("link", "sent"),
    Kind.QUICKBOOKS_DISCONNECTED: ("link_off", "held"),
    Kind.QUICKBOOKS_ARCHIVED: ("inventory_2", "out"),
    Kind.CLOCKIFY_LOST: ("close", "refused"),
    Kind.CLOCKIFY_HEALED: ("link", "sent"),
    Kind.QUICKBOOKS_LOST: ("close", "refused"),
    Kind.QUICKBOOKS_HEALED: ("link", "sent"),
    Kind.AUTHORIZATION_STARTED: ("open_in_new", "waiting"),
    Kind.LIST_SHRANK: ("warning", "held"),
    Kind.LIST_BELIEVED: ("check", "out"),
    Kind.POLICY: ("tune", "out"),
    Kind.SCHEDULE: ("event", "out"),
    Kind.LINE_RULE: ("tune", "out"),
    Kind.ADOPTED: ("link", "sent"),
    Kind.DOUBT_DECIDED: ("help", "out"),
    Kind.TRIED_AGAIN: ("send", "out"),
    Kind.DELETIONS_KEPT: ("pause_circle", "out"),
    Kind.LIMIT_LIFTED: ("play_circle", "out"),
    Kind.DOUBLE_DELETED: ("content_copy", "held"),
    Kind.DOUBLE_KEPT: ("content_copy", "held"),
    Kind.DOUBLE_BILLED: ("content_copy", "refused"),
    Kind.SUPPORT_BUNDLE: ("download", "out"),
}
# Nobody has to press anything for these.
BY_ITSELF = {Kind.CLOCKIFY_LOST, Kind.CLOCKIFY_HEALED, Kind.QUICKBOOKS_LOST, Kind.QUICKBOOKS_HEALED}
MAX_PATH_LENGTH = 60


def connection_state(row: Workspace | Company) -> SafeString:
    """Return the badge of a connection: connected, or why not."""
    if row.state == row.State.CONNECTED:
        return badges.plain(StatusBadge("Connected", "check", "sent"))
    return badges.plain(StatusBadge(row.get_state_display(), "close", "refused"))


@admin.register(Workspace)
class WorkspaceRecords(RecordAdmin):
    """Clockify workspaces and their connections."""

    list_display = ("name", "connection", "key_owner_name", "company", "connected_at", "pulled_at", "clockify_id")
    list_select_related = ("company",)
    search_fields = ("name", "clockify_id", "company__realm_id", "company__name")
    search_help_text = "Name or id of a workspace or company"
    ordering = ("name",)
    change_form_before_template = "hourbridge/records/workspace_links.html"
    exclude = ("asked_again",)

    def related(self, row: Workspace) -> Related:
        return [
            ("Time entries", list_of("integrations.timeentry", workspace=row.pk)),
            ("Runs", list_of("syncjobs.run", workspace=row.pk)),
            ("Connection events", list_of("integrations.connectionevent", workspace=row.pk)),
            ("Calls to Clockify", list_of("integrations.apicall", q=row.clockify_id)),
        ]

    @admin.display(description="Connection", ordering="state")
    def connection(self, row: Workspace) -> SafeString:
        return connection_state(row)


@admin.register(Company)
class CompanyRecords(RecordAdmin):
    """QuickBooks companies, their subscriptions and connections."""

    list_display = ("__str__", "connection", "sku", "payroll", "subscription_said", "plan_read_at", "realm_id")
    search_fields = ("name", "realm_id")
    search_help_text = "Name or company id"
    ordering = ("name",)
    exclude = ("token_owner", "token_until", "asked_again")

    def related(self, row: Company) -> Related:
        workspaces = [
            (f"Workspace {workspace}", page_of(workspace))
            for workspace in row.workspaces.defer("api_key").order_by("name")
        ]
        archived = row.archived_connections.filter(taken_up_at=None).select_related("workspace")
        former = [
            (f"Workspace {former.workspace}, archived", page_of(former.workspace))
            for former in archived.defer("workspace__api_key").order_by("workspace__name", "pk")
        ]
        return [
            *workspaces,
            *former,
            ("Connection events", list_of("integrations.connectionevent", company=row.pk)),
            ("Runs", list_of("syncjobs.run", company=row.pk)),
            ("Sent time", list_of("syncjobs.receipt", company=row.pk)),
            ("Changes sent to QuickBooks", list_of("syncjobs.action", company=row.pk)),
            ("Employees", list_of("integrations.employee", company=row.pk)),
            ("Customers", list_of("integrations.customer", company=row.pk)),
            ("Calls to QuickBooks", list_of("integrations.apicall", q=row.realm_id)),
        ]

    @admin.display(description="Connection", ordering="state")
    def connection(self, row: Company) -> SafeString:
        return connection_state(row)

    @admin.display(description="Subscription", ordering="subscription")
    def subscription_said(self, row: Company) -> str:
        return row.subscription.capitalize() or "Not stated"


@admin.register(ArchivedConnection)
class ArchivedRecords(RecordAdmin):
    """Connections that people archived, each with what is kept of it."""

    list_display = ("at", "workspace", "company", "sent_entries", "in_doubt", "by_whom", "taken_up_at")
    list_select_related = ("workspace", "company", "by")
    list_filter = (WorkspaceFilter, CompanyFilter)
    search_fields = ("workspace__name", "company__name", "company__realm_id")
    search_help_text = "Workspace or company"
    ordering = ("-at", "-pk")

    def related(self, row: ArchivedConnection) -> Related:
        of_both = {"company": row.company_id, "workspace": row.workspace_id}
        return [
            ("The company", page_of(row.company)),
            ("Runs", list_of("syncjobs.run", **of_both)),
            ("Sent time", list_of("syncjobs.receipt", **of_both)),
            ("Changes sent to QuickBooks", list_of("syncjobs.action", **of_both)),
        ]

    @admin.display(description="By", ordering="by")
    def by_whom(self, row: ArchivedConnection) -> str:
        return person_name(row.by)


class EventFilter(admin.SimpleListFilter):
    """A filter by what happened, in the words of the list."""

    title = "event"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        kinds = ConnectionEvent.objects.order_by("kind").values_list("kind", flat=True).distinct()
        return sorted(((kind, event_title(kind)) for kind in kinds), key=lambda choice: choice[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[ConnectionEvent]) -> QuerySet[ConnectionEvent]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(ConnectionEvent)
class EventRecords(RecordAdmin):
    """What happened to connections, and who did it."""

    list_display = ("at", "what", "said", "workspace", "company", "by_whom")
    list_select_related = ("by",)
    list_filter = (EventFilter, WorkspaceFilter, CompanyFilter)
    search_fields = ("message", "kind", "workspace__name", "company__name", "company__realm_id")
    search_help_text = "Words, workspace or company"
    ordering = ("-at", "-pk")
    exclude = ("message",)

    def leading_facts(self, row: ConnectionEvent) -> list[detail.Fact]:
        return [detail.Fact("Details", self.said(row))]

    @admin.display(description="Details", ordering="message")
    def said(self, row: ConnectionEvent) -> str:
        return policy.with_label(row.message)

    def title_of(self, row: ConnectionEvent) -> str:
        return row.title

    @admin.display(description="Event", ordering="kind")
    def what(self, row: ConnectionEvent) -> SafeString:
        return badges.plain(StatusBadge(row.title, *EVENT_LOOKS.get(row.kind, ("history", "out"))))

    @admin.display(description="By", ordering="by")
    def by_whom(self, row: ConnectionEvent) -> str:
        return "Hourbridge itself" if row.kind in BY_ITSELF and row.by is None else person_name(row.by)


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
class CallRecords(RecordAdmin):
    """Calls to Clockify and QuickBooks, found by path, run or intuit_tid."""

    to_the_second = True
    list_display = ("at", "vendor", "asked", "answer", "took", "attempt", "of_run", "intuit_tid")
    list_filter = ("vendor", AnsweredFilter, ("at", RangeDateTimeFilter))
    list_filter_submit = True
    search_fields = ("path", "intuit_tid", "account", "=run_id", "problem")
    search_help_text = "Path, intuit_tid, run, workspace or company id"
    ordering = ("-pk",)

    def related(self, row: ApiCall) -> Related:
        of_run = list_of("syncjobs.run") + f"{row.run_id}/change/" if row.run_id else ""
        calls = list_of("integrations.apicall", q=row.run_id) if row.run_id else ""
        changes = list_of("syncjobs.action", q=row.intuit_tid) if row.intuit_tid else ""
        return [(f"Run {row.run_id}", of_run), ("All calls of that run", calls), ("The change it carried", changes)]

    def title_of(self, row: ApiCall) -> str:
        return f"{row.method} {_short_path(row.path)}"

    @admin.display(description="Request")
    def asked(self, row: ApiCall) -> SafeString:
        return format_html('{} <span class="hb-mono">{}</span>', row.method, _short_path(row.path))

    @admin.display(description="Answer", ordering="status")
    def answer(self, row: ApiCall) -> SafeString:
        if row.status is None:
            return badges.plain(StatusBadge("No answer", "help", "doubt"))
        is_success = row.status < 400
        return badges.plain(
            StatusBadge(str(row.status), "check" if is_success else "close", "sent" if is_success else "refused")
        )

    @admin.display(description="Took", ordering="milliseconds")
    def took(self, row: ApiCall) -> str:
        return f"{row.milliseconds} ms"

    @admin.display(description="Run", ordering="run_id")
    def of_run(self, row: ApiCall) -> SafeString | str:
        if row.run_id is None:
            return ""
        return format_html('<a href="{}{}/change/">{}</a>', list_of("syncjobs.run"), row.run_id, row.run_id)


def _short_path(path: str) -> str:
    """Return a path without its query, cut at 60 characters; ids in it stay, since support searches for them."""
    without_query = path.partition("?")[0]
    return without_query if len(without_query) <= MAX_PATH_LENGTH else f"{without_query[: MAX_PATH_LENGTH - 1]}…"
