"""Storing what a vendor listed: what is new, what changed, what is gone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.models import ConnectionEvent, Employee, ShrunkList
from integrations.quickbooks.models import Company
from integrations.reading import mirror, shrunk_lists
from tests.support.factories import CompanyFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def company() -> Company:
    made: Company = CompanyFactory()
    return made


def employee(name: str, **columns: Any) -> dict[str, Any]:
    return {"name": name, "active": True, "email": "", "raw": {}} | columns


def store(company: Company, rows: dict[str, dict[str, Any]], *, now: datetime | None = None) -> dict[str, int]:
    kept = mirror.MirroredList(Employee, {"company": company}, "quickbooks_id", ("name", "active", "email"))
    return mirror.store(kept, rows, now=now or timezone.now()).as_json()


def test_what_is_new_changed_and_gone_is_counted(company: Company) -> None:
    store(company, {"1": employee("Ada"), "2": employee("Ben"), "3": employee("Cleo")})

    counts = store(company, {"1": employee("Ada"), "2": employee("Benno"), "4": employee("Dov")})

    assert counts == {"seen": 3, "new": 1, "changed": 1, "gone": 1}
    assert Employee.objects.get(quickbooks_id="3").gone_at is not None
    assert Employee.objects.get(quickbooks_id="2").name == "Benno"


def test_what_is_gone_is_counted_before_any_row_is_held(company: Company) -> None:
    # Else a reading and a save of one of its rows could wait for each other on PostgreSQL.
    store(company, {"1": employee("Ada"), "2": employee("Ben")})

    with CaptureQueriesContext(connection) as queries:
        store(company, {"1": employee("Ada")})

    held = [query["sql"] for query in queries if query["sql"].startswith("UPDATE")]
    assert "listversion" in held[0]


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


def people(count: int, *, without: Iterable[int] = ()) -> dict[str, dict[str, Any]]:
    """Return that many employees by id, without those numbers."""
    return {str(number): employee(f"Person {number}") for number in range(count) if number not in set(without)}


def gone_ids() -> set[str]:
    return set(Employee.objects.exclude(gone_at=None).values_list("quickbooks_id", flat=True))


def minutes_pass(minutes: float) -> None:
    """Let time pass for the lists that are held back; the database's clock cannot be set."""
    for row in ShrunkList.objects.all():
        ShrunkList.objects.filter(pk=row.pk).update(first_at=row.first_at - timedelta(minutes=minutes))


def test_a_long_list_that_comes_back_empty_is_not_believed(company: Company) -> None:
    store(company, people(21))

    assert store(company, {})["gone"] == 0

    assert gone_ids() == set()
    assert ShrunkList.objects.get().company == company


@pytest.mark.parametrize(
    ("known", "lost", "is_held"),
    [(21, 21, True), (20, 20, False), (100, 20, False), (100, 21, True), (300, 30, False), (300, 31, True)],
)
def test_a_list_that_lost_more_than_twenty_and_a_tenth_is_held_back(
    company: Company, known: int, lost: int, is_held: bool
) -> None:
    store(company, people(known))

    counts = store(company, people(known, without=range(lost)))

    assert counts["gone"] == len(gone_ids()) == (0 if is_held else lost)
    assert ShrunkList.objects.count() == is_held


def test_what_it_does_have_is_stored_all_the_same(company: Company) -> None:
    store(company, people(100))

    rows = people(100, without=range(50)) | {"99": employee("Renamed"), "new": employee("New")}

    assert store(company, rows) == {"seen": 51, "new": 1, "changed": 1, "gone": 0}


def test_the_same_reading_ten_minutes_later_is_believed(company: Company) -> None:
    store(company, people(100))
    cut = people(100, without=range(40))
    store(company, cut)

    assert store(company, cut)["gone"] == 0
    minutes_pass(9.9)
    assert store(company, cut)["gone"] == 0
    minutes_pass(0.2)
    assert store(company, cut)["gone"] == 40
    assert not ShrunkList.objects.exists()
    kinds = [event.kind for event in ConnectionEvent.objects.order_by("pk")]
    assert kinds == ["list_shrank", "list_believed"]


def test_single_records_that_went_meanwhile_do_not_start_it_again(company: Company) -> None:
    store(company, people(100))
    store(company, people(100, without=range(40)))
    minutes_pass(11)

    assert store(company, people(100, without=range(42)))["gone"] == 42


def test_another_cut_starts_it_again(company: Company) -> None:
    store(company, people(100))
    store(company, people(100, without=range(40)))
    minutes_pass(11)

    assert store(company, people(100, without=range(30, 70)))["gone"] == 0
    assert store(company, people(100, without=range(30, 70)))["gone"] == 0
    minutes_pass(11)
    assert store(company, people(100, without=range(30, 70)))["gone"] == 40


def test_a_whole_list_ends_it(company: Company) -> None:
    store(company, people(100))
    store(company, people(100, without=range(40)))

    store(company, people(100))

    assert not ShrunkList.objects.exists()
    assert gone_ids() == set()


def test_a_person_may_say_that_it_is_right(company: Company) -> None:
    store(company, people(100))
    store(company, people(100, without=range(40)))
    person = UserFactory()

    assert shrunk_lists.accept(ShrunkList.objects.get(), person=person) == 40

    assert gone_ids() == {str(number) for number in range(40)}
    event = ConnectionEvent.objects.get(kind="list_believed")
    assert (event.company, event.by) == (company, person)
    assert "The list of QuickBooks employees is missing 40 of 100 known records." in event.message
    # What was gone is no loss of the next reading.
    assert store(company, people(100, without=range(40)))["gone"] == 0
    assert not ShrunkList.objects.exists()


def test_a_short_list_may_become_empty(company: Company) -> None:
    store(company, {"1": employee("Ada")})

    assert store(company, {})["gone"] == 1
