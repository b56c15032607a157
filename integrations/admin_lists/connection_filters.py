"""List filters by workspace and company that do not read secrets, as Django's own filters would."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from integrations.models import Company, Workspace
from integrations.typed_numbers import whole_number


class WorkspaceFilter(SimpleListFilter):
    title = "workspace"
    parameter_name = "workspace"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return list(Workspace.objects.order_by("name").values_list("pk", "name"))

    def has_output(self) -> bool:
        """Hide the filter where there is only one workspace."""
        return len(self.lookup_choices) > 1

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        key = whole_number(self.value() or "")
        return queryset if key is None else queryset.filter(workspace_id=key)


class CompanyFilter(SimpleListFilter):
    title = "company"
    parameter_name = "company"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        return list(Company.objects.order_by("name").values_list("pk", "name"))

    def has_output(self) -> bool:
        """Hide the filter where there is only one company."""
        return len(self.lookup_choices) > 1

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        key = whole_number(self.value() or "")
        return queryset if key is None else queryset.filter(company_id=key)
