"""An admin for rows that are looked at, never edited, and whose secrets never leave the database."""

from __future__ import annotations

from typing import Any

from django.db.models import Field, Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from integrations.fields import EncryptedTextField

# Whole answers of a vendor: shown on a record's own page, not read for lists.
HEAVY = ("raw",)


def secrets_of(model: type[Model]) -> list[str]:
    return [field.name for field in model._meta.fields if isinstance(field, EncryptedTextField)]


def _leading_to_secrets(model: type[Model]) -> dict[str, list[str]]:
    """Relations to rows with secrets, which a page would read along with the row itself."""
    found = {}
    for field in model._meta.fields:
        other = field.related_model
        if isinstance(other, type) and secrets_of(other):
            found[field.name] = secrets_of(other)
    return found


def without_secrets(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The rows with secrets left sealed, also those of the rows they point to."""
    kept_back = secrets_of(rows.model)
    for relation, secrets in _leading_to_secrets(rows.model).items():
        rows = rows.select_related(relation)
        kept_back += [f"{relation}__{secret}" for secret in secrets]
    return rows.defer(*kept_back)


class ReadOnlyAdmin(ModelAdmin):
    """Look and search; nothing can be added, changed or deleted here."""

    list_per_page = 50
    show_full_result_count = False
    list_select_related: tuple[str, ...] = ()
    actions = None

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = without_secrets(super().get_queryset(request))
        # Django leaves its own list_select_related out where a queryset joins already.
        if self.list_select_related:
            rows = rows.select_related(*self.list_select_related)
        heavy = [field.name for field in self.opts.fields if field.name in HEAVY]
        return rows.defer(*heavy) if heavy else rows

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [field.name for field in self.opts.fields if self._may_be_shown(field)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return self.get_fields(request, obj)

    def _may_be_shown(self, field: Field[Any, Any]) -> bool:
        return not isinstance(field, EncryptedTextField) and not field.primary_key
