"""The list of runs in the admin, and each run's page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.admin_lists.connection_filters import CompanyFilter, WorkspaceFilter
from integrations.admin_lists.readonly_admin import ReadOnlyAdmin
from syncjobs.display import badges, formatting, run_summary
from syncjobs.models import Run
from syncjobs.pages import access
from syncjobs.pages.links import list_of
from syncjobs.pages.runs import detail

# Previews, undos and comparisons are runs too; these are what people come for.
TITLE = "Syncs and checks"


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """The list of runs; a run's own page is rendered by our template."""

    list_display = ("name", "result", "asked", "by", "took", "summary", "place")
    list_filter = ("status", "kind", "trigger", "dry_run", WorkspaceFilter, CompanyFilter)
    list_select_related = ("person", "workspace")
    search_fields = ("=id", "error_code", "error_message", "workspace__name")
    search_help_text = "Number, error code or words"
    ordering = ("-pk",)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        return super().changelist_view(request, {"title": TITLE, "heading": TITLE, **(extra_context or {})})

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        run = self.get_object(request, unquote(object_id))
        if run is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, run):
            raise PermissionDenied
        context = {"breadcrumbs": [(TITLE, list_of("syncjobs.run"))], **detail.page_context(run, request)}
        return access.show(request, "runs/detail.html", context, title=str(run))

    @admin.display(description="Run", ordering="pk")
    def name(self, run: Run) -> SafeString:
        return format_html('{} <span class="hb-quiet">{}</span>', run, "preview" if run.dry_run else "")

    @admin.display(description="State", ordering="status")
    def result(self, run: Run) -> SafeString:
        return badges.pill(badges.RUN_STATUSES[run.status])

    @admin.display(description="Requested", ordering="created_at")
    def asked(self, run: Run) -> str:
        return formatting.moment(run.created_at, run.workspace.time_zone)

    @admin.display(description="By")
    def by(self, run: Run) -> str:
        return run.person.get_username() if run.person else f"a {run.trigger}"

    @admin.display(description="Took")
    def took(self, run: Run) -> str:
        return detail.took(run)

    @admin.display(description="Result")
    def summary(self, run: Run) -> str:
        return run_summary.summary(run)

    @admin.display(description="Workspace", ordering="workspace__name")
    def place(self, run: Run) -> str:
        return str(run.workspace)
