"""A number for each owner's mirrored lists that grows with every change of a row, whoever makes it.

Matching keeps an index of names (`mapping.name_index`) and trusts it only while the numbers are those it was made at.
Changes are counted before they are written: whoever held a row first and waited for the number would be waited for by
whoever holds the number and wants that row, and PostgreSQL would end one of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, TypeVar

from django.db import models, transaction
from django.db.models import F

Row = TypeVar("Row", bound=models.Model)
# Columns that no match depends on; writing these alone, which every reading does, is no change.
NOT_MATCHED = {"last_seen_at", "inactive_since", "raw", "time_zone", "currency", "billable", "is_project"}


class ListVersion(models.Model):
    """The number of changes in the mirrored lists of one workspace or company."""

    owner = models.CharField(max_length=40, unique=True, help_text="workspace or company, with its primary key.")
    number = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.owner}: {self.number}"


def version(owner: models.Model) -> int:
    """Return the number of a workspace or company; 0 before the first change."""
    numbers = ListVersion.objects.filter(owner=_name(owner._meta.model_name or "", owner.pk))
    return numbers.values_list("number", flat=True).first() or 0


class VersionedQuerySet(models.QuerySet[Row]):
    """A queryset of a mirrored list, whose changes count."""

    def update(self, **values: Any) -> int:
        if values.keys() <= NOT_MATCHED:
            return super().update(**values)
        with transaction.atomic(using=self.db):
            owners = set(self.order_by().values_list(_owner_column(self.model), flat=True).distinct())
            _count(self.model, owners)
            changed = super().update(**values)
        return changed

    update.alters_data = True  # type: ignore[attr-defined]

    def bulk_create(self, objs: Iterable[Row], *args: Any, **options: Any) -> list[Row]:
        rows = list(objs)
        with transaction.atomic(using=self.db):
            _count(self.model, {getattr(row, _owner_column(self.model)) for row in rows})
            created = super().bulk_create(rows, *args, **options)
        return created

    def update_or_create(self, *args: Any, **facts: Any) -> tuple[Row, bool]:
        owner = facts.get(_owner_column(self.model).removesuffix("_id"))
        with transaction.atomic(using=self.db):
            # It holds the row before it saves it.
            _count(self.model, {owner.pk} if owner is not None else ())
            return super().update_or_create(*args, **facts)

    def delete(self) -> tuple[int, dict[str, int]]:
        with transaction.atomic(using=self.db):
            owners = set(self.order_by().values_list(_owner_column(self.model), flat=True).distinct())
            _count(self.model, owners)
            deleted = super().delete()
        return deleted

    delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]


class Versioned(models.Model):
    """A row of a mirrored list."""

    objects = VersionedQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        with transaction.atomic():
            _count(type(self), {getattr(self, _owner_column(type(self)))})
            super().save(*args, **options)

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            _count(type(self), {getattr(self, _owner_column(type(self)))})
            deleted = super().delete(*args, **options)
        return deleted


def _count(model: type[models.Model], owners: Collection[int]) -> None:
    for owner_id in sorted(owners):
        name = _name(_owner_column(model).removesuffix("_id"), owner_id)
        if not ListVersion.objects.filter(owner=name).update(number=F("number") + 1):
            ListVersion.objects.bulk_create([ListVersion(owner=name)], ignore_conflicts=True)
            ListVersion.objects.filter(owner=name).update(number=F("number") + 1)


def _owner_column(model: type[models.Model]) -> str:
    return "workspace_id" if any(field.name == "workspace" for field in model._meta.fields) else "company_id"


def _name(kind: str, pk: int) -> str:
    return f"{kind} {pk}"
