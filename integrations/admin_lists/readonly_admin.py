"""An admin for rows that are viewed, never edited, and whose secrets never leave the database."""

from __future__ import annotations

from typing import Any

from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.views import ChangeList

from integrations.fields import EncryptedTextField

# Raw records of a vendor: large, so that lists do without them.
HEAVY_FIELDS = ("raw",)
ROWS_ON_PHONES = 20


def secrets_of(model: type[Model]) -> list[str]:
    """Return the names of the encrypted fields."""
    return [field.name for field in model._meta.fields if isinstance(field, EncryptedTextField)]


def _relations_with_secrets(model: type[Model]) -> dict[str, list[str]]:
    """Return the secrets of related rows by relation; a page would read them along with the row itself."""
    secrets_by_relation = {}
    for field in model._meta.fields:
        related_model = field.related_model
        if isinstance(related_model, type) and secrets_of(related_model):
            secrets_by_relation[field.name] = secrets_of(related_model)
    return secrets_by_relation


def without_secrets(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Return the rows without reading secrets, neither their own nor those of rows they point to."""
    deferred = secrets_of(rows.model)
    for relation, secrets in _relations_with_secrets(rows.model).items():
        rows = rows.select_related(relation)
        deferred += [f"{relation}__{secret}" for secret in secrets]
    return rows.defer(*deferred)


def rows_a_page(request: HttpRequest, at_most: int) -> int:
    """Return how many rows a page of a list has: 20 on phones, as the browser says, where each row is a card."""
    return min(at_most, ROWS_ON_PHONES) if "Mobi" in request.headers.get("User-Agent", "") else at_most


class ShortOnPhones(ChangeList):
    """A list with shorter pages on phones."""

    def get_results(self, request: HttpRequest) -> None:
        self.list_per_page = rows_a_page(request, self.list_per_page)  # type: ignore[has-type]
        super().get_results(request)


class ReadOnlyAdmin(ModelAdmin):
    """Lists and records to view and search; nothing can be added, changed or deleted."""

    list_per_page = 50
    show_full_result_count = False
    list_select_related: tuple[str, ...] = ()
    actions: tuple[str, ...] | None = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ShortOnPhones

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = without_secrets(super().get_queryset(request))
        # Django ignores list_select_related where the queryset has a select_related of its own.
        if self.list_select_related:
            rows = rows.select_related(*self.list_select_related)
        heavy = [field.name for field in self.opts.fields if field.name in HEAVY_FIELDS]
        return rows.defer(*heavy) if heavy else rows

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.opts.fields if self._is_visible(field)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)

    def _is_visible(self, field: Field[Any, Any]) -> bool:
        is_excluded = field.name in (self.exclude or ())
        return not isinstance(field, EncryptedTextField) and not field.primary_key and not is_excluded
