"""Storing what a vendor listed: what is new, what changed, what is gone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from integrations import mirror
from integrations.errors import Unexpected
from integrations.models import Employee
from integrations.quickbooks.models import Company
from tests.support.factories import CompanyFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    made: Company = CompanyFactory()
    return made


def employee(name: str, **columns: Any) -> dict[str, Any]:
    return {"name": name, "active": True, "email": "", "raw": {}} | columns


def store(company: Company, rows: dict[str, dict[str, Any]], *, now: datetime | None = None) -> dict[str, int]:
    counts = mirror.store(
        Employee,
        owner={"company": company},
        key="quickbooks_id",
        rows=rows,
        watched=("name", "active", "email"),
        now=now or timezone.now(),
    )
    return counts.as_json()


def test_what_is_new_changed_and_gone_is_counted(company: Company) -> None:
    store(company, {"1": employee("Ada"), "2": employee("Ben"), "3": employee("Cleo")})

    counts = store(company, {"1": employee("Ada"), "2": employee("Benno"), "4": employee("Dov")})

    assert counts == {"seen": 3, "new": 1, "changed": 1, "gone": 1}
    assert Employee.objects.get(quickbooks_id="3").gone_at is not None
    assert Employee.objects.get(quickbooks_id="2").name == "Benno"


def test_what_is_not_watched_is_stored_and_is_no_change(company: Company) -> None:
    store(company, {"1": employee("Ada")})

    counts = store(company, {"1": employee("Ada", raw={"MetaData": "later"})})

    assert counts["changed"] == 0
    assert Employee.objects.get().raw == {"MetaData": "later"}


def test_what_comes_back_is_no_longer_gone(company: Company) -> None:
    store(company, {"1": employee("Ada"), "2": employee("Ben")})
    store(company, {"2": employee("Ben")})

    counts = store(company, {"1": employee("Ada"), "2": employee("Ben")})

    assert (counts["new"], counts["changed"]) == (0, 1)
    assert not Employee.objects.exclude(gone_at=None).exists()


def test_a_long_list_that_comes_back_empty_is_not_believed(company: Company) -> None:
    store(company, {str(number): employee(f"Person {number}") for number in range(mirror.EMPTY_LIST_THRESHOLD + 1)})

    with pytest.raises(Unexpected, match="came back empty"):
        store(company, {})

    assert not Employee.objects.exclude(gone_at=None).exists()


def test_a_short_list_may_become_empty(company: Company) -> None:
    store(company, {"1": employee("Ada")})

    assert store(company, {})["gone"] == 1
