"""The base of all lists of records: times in the workspace's zone, and a page of facts for each row."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import JSONField
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.text import capfirst

from integrations.admin_lists.readonly_admin import ReadOnlyAdmin
from integrations.models import Company, Workspace
from integrations.typed_numbers import whole_number
from syncjobs.pages import access
from syncjobs.pages.links import list_of, page_of
from syncjobs.pages.navigation import NamedList, title_of
from syncjobs.pages.records import detail
from syncjobs.support.history.events import Event

Related = list[tuple[str, str]]


class RecordAdmin(NamedList, ReadOnlyAdmin):
    """A list with times in the workspace's zone; a row's page shows its facts and folds away what vendors sent."""

    # What to say of a row that is not there any more; empty: Django's own words.
    gone_message = ""
    # For rows of which several are written within a minute: seconds tell them apart.
    to_the_second = False
    # Long texts, folded away as JSON is.
    folded: tuple[str, ...] = ()
    list_before_template = "hourbridge/records/list_clock.html"

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns, those of the model shown as on a row's own page."""
        fields = {field.name: field for field in self.opts.fields}
        return [self._column(fields[name]) if name in fields else name for name in self.list_display]

    def _column(self, column: Any) -> Any:
        def shown(row: Any) -> str:
            zone = timezone.get_current_timezone_name()
            return detail.shown_value(row, column, zone=zone, brief=not self.to_the_second)

        # The admin names the column, its CSS class too, after the function.
        shown.__name__ = column.name
        return admin.display(shown, description=capfirst(column.verbose_name), ordering=column.name)

    def leading_facts(self, row: Any) -> list[detail.Fact]:
        """Return facts to show before those of the row's columns."""
        return []

    def related(self, row: Any) -> Related:
        """Return title and address of each page that belongs to the row; an empty address is left out."""
        return []

    def timeline(self, row: Any) -> list[Event]:
        """Return what happened to the row, newest first; empty where its page has no timeline."""
        return []

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        zone = zone_of_list(request)
        with timezone.override(zone):
            response: Any = super().changelist_view(request, {"zone": zone, **(extra_context or {})})
            # An admin response renders after the view returns, and the zone would be reset by then.
            return response.render() if hasattr(response, "render") else response

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        if row is None:
            if not self.gone_message:
                return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            messages.info(request, self.gone_message)
            return redirect(list_of(self.opts.label_lower))
        if request.method == "POST" or not self.has_view_permission(request, row):
            raise PermissionDenied
        zone = zone_of(row)
        columns = [self.opts.get_field(name) for name in self.get_fields(request, row)]
        folded = [column for column in columns if isinstance(column, JSONField) or column.name in self.folded]
        shown = [column for column in columns if column not in folded]
        context = {
            "row": row,
            "zone": zone,
            "facts": [*self.leading_facts(row), *detail.facts(row, shown, zone=zone)],
            "folded": detail.folded(row, folded),
            "related": [(title, link) for title, link in self.related(row) if link],
            "timeline": [
                # An event of the row itself needs no link.
                (event, "" if event.row == row or not event.reference else page_of(event.row))
                for event in self.timeline(row)
                if access.may_list(request, event.row._meta.label_lower)
            ],
            "breadcrumbs": [(title_of(self.opts), list_of(self.opts.label_lower))],
            "kind": self.opts.verbose_name,
            "before": self.change_form_before_template,
            "original": row,
        }
        return access.show(request, "records/detail.html", context, title=self.title_of(row))

    def title_of(self, row: Any) -> str:
        return str(row)


def person_name(person: Any) -> str:
    return person.get_username() if person else "a command"


def zone_of(row: Any) -> str:
    """Return the time zone of the row's workspace, or of the first workspace of its company; else UTC."""
    workspace = row if isinstance(row, Workspace) else getattr(row, "workspace", None)
    if workspace is None:
        company = row if isinstance(row, Company) else getattr(row, "company", None)
        workspaces = access.workspaces()
        workspace = (workspaces.filter(company=company) if company else workspaces).first()
    return workspace.time_zone if workspace else "UTC"


def zone_of_list(request: HttpRequest) -> str:
    """Return the time zone of the workspace the list is filtered by, else of the last one viewed, else of the first."""
    zones = dict(access.workspaces().values_list("pk", "time_zone"))
    chosen = whole_number(request.GET.get("workspace", "")) or request.session.get(access.LAST_WORKSPACE)
    return zones.get(chosen or 0) or next(iter(zones.values()), "UTC")
