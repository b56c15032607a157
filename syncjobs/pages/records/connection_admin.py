"""Admin lists of workspaces, companies, connection events and API calls, with times in the workspace's zone."""

from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations import admin as plain
from integrations.models import ApiCall, ArchivedConnection, Company, ConnectionEvent, Workspace
from syncjobs.display import badges
from syncjobs.display.badges import StatusBadge
from syncjobs.pages.links import list_of, page_of
from syncjobs.pages.records import detail
from syncjobs.pages.records.base_admin import RecordAdmin, Related

# These lists link to runs and the desk, which the integrations app may not import; they replace its plain ones.
for model in (Workspace, Company, ArchivedConnection, ConnectionEvent, ApiCall):
    admin.site.unregister(model)

EVENTS = {
    "clockify_connected": StatusBadge("Clockify connected", "link", "sent"),
    "quickbooks_connected": StatusBadge("QuickBooks connected", "link", "sent"),
    "quickbooks_disconnected": StatusBadge("QuickBooks disconnected", "link_off", "held"),
    "quickbooks_archived": StatusBadge("QuickBooks archived", "inventory_2", "out"),
    "clockify_lost": StatusBadge("Clockify lost", "close", "refused"),
    "clockify_healed": StatusBadge("Clockify works again", "link", "sent"),
    "quickbooks_lost": StatusBadge("QuickBooks lost", "close", "refused"),
    "quickbooks_healed": StatusBadge("QuickBooks works again", "link", "sent"),
    "quickbooks_set_out": StatusBadge("Signing in at Intuit", "open_in_new", "waiting"),
    "list_shrank": StatusBadge("List came back shorter", "warning", "held"),
    "list_believed": StatusBadge("Shorter list confirmed", "check", "out"),
    "policy": StatusBadge("Rule changed", "tune", "out"),
}
MAX_PATH_LENGTH = 60


def connection_state(row: Workspace | Company) -> SafeString:
    """Return the badge of a connection: connected, or why not."""
    if row.state == row.State.CONNECTED:
        return badges.plain(StatusBadge("Connected", "check", "sent"))
    return badges.plain(StatusBadge(row.get_state_display(), "close", "refused"))


@admin.register(Workspace)
class WorkspaceRecords(RecordAdmin, plain.WorkspaceAdmin):
    """Clockify workspaces and their connections."""

    columns = ("name", "connection", "key_owner_name", "company", "connected_at", "pulled_at", "clockify_id")
    list_select_related = ("company",)
    search_help_text = "Name or id of a workspace or company"
    wording = detail.RecordWording(
        labels={
            "state": "Connection",
            "state_since": "Since",
            "ask_again_at": "Asked again automatically",
            "api_url": "Clockify's address",
            "reports_url": "Clockify's address for reports",
            "key_owner_name": "Key of",
            "pulled_at": "Last read",
            "company": "Sends to",
            "start_date": "Sends time from",
            "longest_hours": "Longest entry, hours",
            "report_rounding": "How Clockify's reports round",
        },
        left_out=("asked_again",),
    )

    def related(self, row: Workspace) -> Related:
        return [
            ("Time entries", list_of("integrations.timeentry", workspace=row.pk)),
            ("Runs", list_of("syncjobs.run", workspace=row.pk)),
            ("What happened to the connection", list_of("integrations.connectionevent", workspace=row.pk)),
            ("Calls to Clockify", list_of("integrations.apicall", q=row.clockify_id)),
        ]

    @admin.display(description="Connection", ordering="state")
    def connection(self, row: Workspace) -> SafeString:
        return connection_state(row)


@admin.register(Company)
class CompanyRecords(RecordAdmin, plain.CompanyAdmin):
    """QuickBooks companies, their subscriptions and connections."""

    noun, nouns = "QuickBooks company", "QuickBooks companies"
    columns = ("__str__", "connection", "sku", "payroll_said", "subscription_said", "plan_read_at", "realm_id")
    search_help_text = "Name or company id"
    wording = detail.RecordWording(
        labels={
            "realm_id": "Company id",
            "state": "Connection",
            "state_since": "Since",
            "ask_again_at": "Asked again automatically",
            "pulled_at": "Last read",
            "sku": "Plan",
            "subscription": "Subscription",
            "payroll": "Payroll is on",
            "time_tracking": "Time tracking is on",
            "book_close_date": "Books closed through",
            "access_expires_at": "Access token works until",
            "refresh_expires_at": "Connection has to be used before",
            "allow_sku": "Plan allowed here",
            "allow_unstated_payroll": "Unstated Payroll allowed here",
        },
        left_out=("token_owner", "token_until", "asked_again"),
    )

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
            ("What happened to the connection", list_of("integrations.connectionevent", company=row.pk)),
            ("Runs", list_of("syncjobs.run", company=row.pk)),
            ("Sent time", list_of("syncjobs.receipt", company=row.pk)),
            ("Writes", list_of("syncjobs.action", company=row.pk)),
            ("Employees", list_of("integrations.employee", company=row.pk)),
            ("Customers", list_of("integrations.customer", company=row.pk)),
            ("Calls to QuickBooks", list_of("integrations.apicall", q=row.realm_id)),
        ]

    @admin.display(description="Connection", ordering="state")
    def connection(self, row: Company) -> SafeString:
        return connection_state(row)

    @admin.display(description="Payroll", ordering="payroll")
    def payroll_said(self, row: Company) -> str:
        return {True: "On", False: "Off", None: "Not stated"}[row.payroll]

    @admin.display(description="Subscription", ordering="subscription")
    def subscription_said(self, row: Company) -> str:
        return row.subscription.capitalize() or "Not stated"


@admin.register(ArchivedConnection)
class ArchivedRecords(RecordAdmin, plain.ArchivedConnectionAdmin):
    """Connections that people archived, each with what is kept of it."""

    columns = ("at", "workspace", "company", "sent_entries", "in_doubt", "by_whom", "taken_up_at")
    search_help_text = "Workspace or company"
    wording = detail.RecordWording(
        labels={
            "at": "Archived",
            "taken_up_at": "Connected again",
            "service_item": "Service item then",
            "default_class": "Class then",
            "default_location": "Location then",
            "sent_entries": "Entries sent",
            "sent_minutes": "Minutes sent",
            "in_doubt": "Writes in doubt",
        }
    )

    def related(self, row: ArchivedConnection) -> Related:
        of_both = {"company": row.company_id, "workspace": row.workspace_id}
        return [
            ("The company", page_of(row.company)),
            ("Runs", list_of("syncjobs.run", **of_both)),
            ("Sent time", list_of("syncjobs.receipt", **of_both)),
            ("Writes", list_of("syncjobs.action", **of_both)),
        ]

    @admin.display(description="By", ordering="by")
    def by_whom(self, row: ArchivedConnection) -> str:
        return row.by.get_username() if row.by else "a command"


@admin.register(ConnectionEvent)
class EventRecords(RecordAdmin, plain.ConnectionEventAdmin):
    """What happened to connections, and who did it."""

    columns = ("at", "what", "message", "workspace", "company", "by_whom")
    search_help_text = "Words, workspace or company"
    wording = detail.RecordWording(labels={"at": "When", "kind": "Kind", "message": "What happened"})

    def title_of(self, row: ConnectionEvent) -> str:
        return EVENTS.get(row.kind, StatusBadge(row.kind, "history", "out")).word

    @admin.display(description="What", ordering="kind")
    def what(self, row: ConnectionEvent) -> SafeString:
        return badges.plain(EVENTS.get(row.kind, StatusBadge(row.kind, "history", "out")))

    @admin.display(description="By", ordering="by")
    def by_whom(self, row: ConnectionEvent) -> str:
        by_itself = row.kind.endswith(("_lost", "_healed"))
        return row.by.get_username() if row.by else "Hourbridge itself" if by_itself else "a command"


@admin.register(ApiCall)
class CallRecords(RecordAdmin, plain.ApiCallAdmin):
    """Calls to Clockify and QuickBooks, found by path, run or intuit_tid."""

    to_the_second = True
    columns = ("at", "vendor", "asked", "answer", "took", "attempt", "of_run", "intuit_tid")
    wording = detail.RecordWording(
        labels={
            "at": "When",
            "account": "Workspace or company",
            "milliseconds": "Took, ms",
            "run_id": "Run",
            "status": "Answer",
        }
    )

    def related(self, row: ApiCall) -> Related:
        of_run = list_of("syncjobs.run") + f"{row.run_id}/change/" if row.run_id else ""
        calls = list_of("integrations.apicall", q=row.run_id) if row.run_id else ""
        writes = list_of("syncjobs.action", q=row.intuit_tid) if row.intuit_tid else ""
        return [(f"Run {row.run_id}", of_run), ("All calls of that run", calls), ("The write it carried", writes)]

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
