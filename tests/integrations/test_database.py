"""The database's clock, which all processes share."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from integrations.database import EPOCH_SECONDS_SQL, DatabaseNow, database_now
from integrations.models import Company
from tests.support.factories import CompanyFactory

TOLERANCE = timedelta(seconds=2)


@pytest.fixture
def company(transactional_db: None) -> Iterator[Company]:
    yield CompanyFactory()


def test_it_is_the_time_in_utc_with_fractions_of_a_second(company: Company) -> None:
    moments = [database_now() for _ in range(3) if time.sleep(0.0017) is None]

    assert abs(moments[0] - datetime.now(UTC)) < TOLERANCE
    assert moments == sorted(moments) and len(set(moments)) > 1
    assert any(moment.microsecond for moment in moments)


def test_it_moves_on_within_a_transaction(company: Company) -> None:
    with transaction.atomic():
        first = database_now()
        Company.objects.update(token_until=DatabaseNow())
        time.sleep(0.05)
        second = database_now()
        assert Company.objects.filter(token_until__lt=DatabaseNow()).exists()

    assert second - first >= timedelta(seconds=0.04)


@pytest.mark.parametrize("seconds", [-60, -0.5, 0.5, 60])
def test_stored_times_compare_with_it_as_times(company: Company, seconds: float) -> None:
    """On SQLite times are text: one stored by Python and one computed by the database must have the same form."""
    offset = timedelta(seconds=seconds)
    for moment in (database_now() + offset, DatabaseNow() + offset, (database_now() + offset).replace(microsecond=0)):
        Company.objects.update(token_until=moment)
        earlier = Company.objects.filter(token_until__lt=DatabaseNow())
        later = Company.objects.filter(token_until__gt=DatabaseNow() - timedelta(milliseconds=1))
        if abs(seconds) > 1 or not isinstance(moment, datetime) or moment.microsecond:
            assert (earlier.exists(), later.exists()) == (seconds < 0, seconds > 0)
        assert not Company.objects.filter(token_until__lt=DatabaseNow() - timedelta(seconds=62)).exists()

    company.refresh_from_db()
    assert company.token_until is not None
    assert abs(company.token_until - database_now()) < timedelta(seconds=62)


def test_its_text_has_the_form_of_stored_times(company: Company) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite stores times as text")
    form = r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}\.\d{6}"
    for value in (datetime(2026, 3, 4, 9, tzinfo=UTC, microsecond=120_000), DatabaseNow()):
        Company.objects.update(token_until=value)
        assert re.fullmatch(form, _first("SELECT CAST(token_until AS TEXT) FROM integrations_company"))


def test_seconds_since_1970_are_the_same_time(company: Company) -> None:
    seconds = float(_first(f"SELECT {EPOCH_SECONDS_SQL[connection.vendor]}"))

    assert abs(datetime.fromtimestamp(seconds, UTC) - database_now()) < TOLERANCE


def _first(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def test_it_can_be_read_as_a_column(company: Company) -> None:
    row = Company.objects.annotate(at=DatabaseNow(), until=DatabaseNow() + timedelta(hours=1)).get()

    assert timedelta(minutes=59) < row.until - row.at < timedelta(minutes=61)
    assert row.at.tzinfo is not None
