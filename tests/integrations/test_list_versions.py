"""Whoever changes a mirrored row, the version of its owner's lists grows; reading the same again changes nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.list_versions import version
from integrations.models import ClockifyUser, Customer
from tests.support.factories import NOW, ClockifyUserFactory, CompanyFactory, CustomerFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db

HOLDS = re.compile("^(INSERT|UPDATE|DELETE)|FOR UPDATE")
CHANGES: dict[str, Callable[[Customer], Any]] = {
    "save": lambda row: row.save(),
    "update": lambda row: Customer.objects.filter(pk=row.pk).update(name="Other"),
    "bulk_update": lambda row: Customer.objects.bulk_update([row], ["name"]),
    "update_or_create": lambda row: Customer.objects.update_or_create(pk=row.pk, defaults={"gone_at": NOW}),
    "bulk_create": lambda row: Customer.objects.bulk_create(
        [Customer(company=row.company, quickbooks_id="new", name="New", first_seen_at=NOW, last_seen_at=NOW)]
    ),
    "delete": lambda row: row.delete(),
    "delete of many": lambda row: Customer.objects.filter(pk=row.pk).delete(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_way_to_change_a_row_counts(change: Callable[[Customer], Any]) -> None:
    row, other = CustomerFactory(company=CompanyFactory()), CustomerFactory(company=CompanyFactory())
    before, others = version(row.company), version(other.company)

    change(row)

    assert version(row.company) > before
    assert version(other.company) == others


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_counted_before_it_holds_a_row(change: Callable[[Customer], Any]) -> None:
    row = CustomerFactory(company=CompanyFactory())

    with CaptureQueriesContext(connection) as queries:
        change(row)

    held = [query["sql"] for query in queries if HOLDS.search(query["sql"])]
    assert "listversion" in held[0]


def test_a_row_seen_again_as_it_was_is_no_change() -> None:
    user = ClockifyUserFactory(workspace=WorkspaceFactory())
    before = version(user.workspace)

    ClockifyUser.objects.update(last_seen_at=NOW, raw={"id": "1"})

    assert version(user.workspace) == before
