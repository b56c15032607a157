"""Admin of time entries: the list with state and reasons, and the page of one entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from unfold.views import ChangeList

from integrations.admin_lists.connection_filters import WorkspaceFilter
from integrations.admin_lists.readonly_admin import ReadOnlyAdmin, ShortOnPhones
from integrations.models import ClockifyUser, Company, TimeEntry
from integrations.roles import SEND_RIGHT
from integrations.typed_numbers import whole_number
from integrations.unnamed import named
from syncjobs.display import badges, formatting, vendor_links
from syncjobs.models import Action, EntryStatus, Receipt
from syncjobs.pages import access
from syncjobs.pages.amounts import tally_of
from syncjobs.pages.entries import detail, selected
from syncjobs.pages.entries.filters import (
    STATES,
    CauseFilter,
    DayFilter,
    ProjectFilter,
    ReasonFilter,
    StateFilter,
    UserFilter,
    counted,
)
from syncjobs.pages.links import list_of
from syncjobs.planning.forecast import amount
from syncjobs.rules import reasons
from syncjobs.support import search


class Entries(ShortOnPhones):
    """The list; what was sent is looked up for the rows of the page alone."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        page: Any = self.result_list  # type: ignore[has-type]
        keys = list(page.values_list("pk", flat=True))
        related = with_what_was_sent(self.root_queryset).select_related("status", "workspace__company")
        rows = related.defer(*(f"workspace__company__{name}" for name in Company.SECRETS)).in_bulk(keys)
        self.result_list = [rows[key] for key in keys if key in rows]


@admin.register(TimeEntry)
class TimeEntryAdmin(ReadOnlyAdmin):
    list_display = ("day", "person", "project", "text", "length", "amount", "state", "reasons")
    actions = ("sync_selected", "ignore_selected", "send_anyway_selected")
    list_filter = (
        StateFilter,
        ReasonFilter,
        CauseFilter,
        UserFilter,
        ProjectFilter,
        ("txn_date", DayFilter),
        WorkspaceFilter,
    )
    list_filter_submit = True
    list_before_template = "hourbridge/entries/states.html"
    search_fields = ("clockify_id", "user_name", "project_name", "client_name", "description")
    search_help_text = "Name, text, or any id of Clockify or QuickBooks"
    ordering = ("-txn_date", "-start_at", "-pk")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list with the number of entries in each state above it."""
        workspace_id = whole_number(request.GET.get("workspace", ""))
        rows = TimeEntry.objects.all()
        counts = counted(rows if workspace_id is None else rows.filter(workspace_id=workspace_id))
        states = [(name, badge, counts[name]) for name, (badge, _) in STATES.items() if counts[name] or name == "ready"]
        context = {"title": "Time entries", "states": states, "chosen_state": request.GET.get("state", "")}
        response = super().changelist_view(request, {**context, **(extra_context or {})})
        shown = getattr(response, "context_data", {}).get("cl")
        if shown is not None:
            response.context_data["totals"] = tally_of(shown.queryset)
        return response

    def response_action(self, request: HttpRequest, queryset: QuerySet[TimeEntry]) -> HttpResponse | None:
        """Do with the ticked entries what was chosen; what is no key of a row was not ticked on any page."""
        ticked: Any = request.POST.copy()
        keys = [key for key in ticked.getlist(ACTION_CHECKBOX_NAME) if whole_number(key) is not None]
        ticked.setlist(ACTION_CHECKBOX_NAME, keys)
        request.POST = ticked
        return super().response_action(request, queryset)

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Return whether this person may do something with the ticked entries."""
        return access.may(request, SEND_RIGHT)

    @admin.action(description="Sync these entries", permissions=["send"])
    def sync_selected(self, request: HttpRequest, chosen: QuerySet[TimeEntry]) -> HttpResponse | None:
        return selected.sync(request, chosen)

    @admin.action(description="Ignore…", permissions=["send"])
    def ignore_selected(self, request: HttpRequest, chosen: QuerySet[TimeEntry]) -> HttpResponse | None:
        return selected.ignore(request, chosen)

    @admin.action(description="Send anyway…", permissions=["send"])
    def send_anyway_selected(self, request: HttpRequest, chosen: QuerySet[TimeEntry]) -> HttpResponse | None:
        return selected.send_anyway(request, chosen)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return Entries

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[TimeEntry], search_term: str
    ) -> tuple[QuerySet[TimeEntry], bool]:
        """Search by every id that the search of all pages knows as well."""
        matches, may_repeat = super().get_search_results(request, queryset, search_term)
        term = search_term.strip()
        if not term or " " in term:
            return matches, may_repeat
        # As keys: a join would list an entry once for each of its attempts.
        keys = search.entries_with_id(term).values_list("pk", flat=True)
        return matches | queryset.filter(pk__in=list(keys)), may_repeat

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the entry's own page instead of the admin's form."""
        entry = self.get_object(request, unquote(object_id))
        if entry is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, entry):
            raise PermissionDenied
        context = {"breadcrumbs": [("Time entries", list_of("integrations.timeentry"))], **detail.page_context(entry)}
        return access.show(request, "entries/detail.html", context, title=detail.title(entry))

    @admin.display(description="Day", ordering="txn_date")
    def day(self, entry: TimeEntry) -> str:
        return formatting.day(entry.txn_date)

    @admin.display(description="User", ordering="user_name")
    def person(self, entry: TimeEntry) -> SafeString | str:
        name = named(entry.user_name)
        email = getattr(entry, "email", None)
        return format_html('{}<br><span class="hb-quiet">{}</span>', name, formatting.address(email)) if email else name

    @admin.display(description="Project", ordering="project_name")
    def project(self, entry: TimeEntry) -> SafeString | str:
        if not entry.client_name:
            return entry.project_name or "—"
        return format_html('{}<br><span class="hb-quiet">{}</span>', entry.project_name, entry.client_name)

    @admin.display(description="Description")
    def text(self, entry: TimeEntry) -> SafeString:
        text = entry.description if len(entry.description) <= 60 else f"{entry.description[:59]}…"
        return format_html("{}{}", text, vendor_links.open_link(vendor_links.entry_url(entry), "Clockify"))

    @admin.display(description="Hours")
    def length(self, entry: TimeEntry) -> str:
        status = status_of(entry)
        return formatting.duration(status.minutes) if status and status.minutes > 0 else "0:00"

    @admin.display(description="Amount")
    def amount(self, entry: TimeEntry) -> str:
        """Return what the time is worth to a bill; an entry without a rate is sent with 0."""
        status = status_of(entry)
        if not (entry.billable and entry.rate) or status is None or status.minutes <= 0:
            return "—"
        return formatting.money({entry.currency: amount(entry.rate, status.minutes)})

    @admin.display(description="State", ordering="status__state")
    def state(self, entry: TimeEntry) -> SafeString:
        return badges.pill(badges.ON_THE_WAY if getattr(entry, "in_flight", False) else badge_of(status_of(entry)))

    @admin.display(description="Why")
    def reasons(self, entry: TimeEntry) -> SafeString:
        """Return every reason and where it is resolved; for sent time the activity's id."""
        status = status_of(entry)
        rows = status.reasons if status and not getattr(entry, "in_flight", False) else []
        titles = format_html_join(
            mark_safe("<br>"),
            "{}{}",
            (
                (
                    reasons.title(str(row.get("code"))),
                    vendor_links.open_link(vendor_links.form_url(row, entry.workspace.company), "QuickBooks"),
                )
                for row in rows
            ),
        )
        places = ", ".join(dict.fromkeys(where_resolved(row) for row in rows))
        if places:
            return format_html('{}<div class="hb-quiet">resolve {}</div>', titles, places)
        activity = getattr(entry, "activity", None)
        if not activity:
            return titles
        link = vendor_links.open_link(vendor_links.record_url(entry.workspace, "activity", activity), "QuickBooks")
        return format_html('<span class="hb-quiet">activity {}</span>{}', activity, link)


def with_what_was_sent(rows: QuerySet[TimeEntry]) -> QuerySet[TimeEntry]:
    """Add `activity`, the id in QuickBooks, and `sent_at`, both None for time not sent, and `in_flight`.

    `email` tells apart people of one name; None for the others.
    """
    sent_receipts = Receipt.objects.live().filter(
        workspace=OuterRef("workspace"),
        company=OuterRef("workspace__company"),
        entry_id=OuterRef("clockify_id"),
        part=0,  # the entry's own activity, not a correction: each entry is one row
    )
    return rows.annotate(
        activity=Subquery(sent_receipts.values("quickbooks_id")),
        sent_at=Subquery(sent_receipts.values("sent_at")),
        email=Subquery(_users_who_share_a_name().values("email")[:1]),
        in_flight=Exists(
            Action.objects.in_flight().filter(workspace=OuterRef("workspace"), entry_id=OuterRef("clockify_id"))
        ),
    )


def _users_who_share_a_name() -> QuerySet[ClockifyUser]:
    """Return the user of an entry (for a subquery) if another one of the workspace has the same name."""
    others = ClockifyUser.objects.filter(workspace=OuterRef("workspace"), name=OuterRef("name"))
    users = ClockifyUser.objects.filter(workspace=OuterRef("workspace"), clockify_id=OuterRef("user_id"))
    return users.filter(Exists(others.exclude(pk=OuterRef("pk"))))


def where_resolved(row: Mapping[str, Any]) -> str:
    """Return where a reason is resolved, for the middle of a line: `in QuickBooks`."""
    place = reasons.explain(row)["fix_in"]
    label = detail.RESOLVED_WHERE.get(place, place)
    return label[0].lower() + label[1:]


def status_of(entry: TimeEntry) -> EntryStatus | None:
    """Return the entry's status; None where it was never evaluated (seen before the start date only)."""
    return getattr(entry, "status", None)


def badge_of(status: EntryStatus | None) -> badges.StatusBadge:
    if status is None:
        return badges.UNKNOWN
    return badges.of_entry(status.state, held=status.held, codes=(str(row.get("code")) for row in status.reasons))
