"""The database's clock, which all processes share."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import OperationalError, connection, transaction

from integrations import database
from integrations.database import EPOCH_SECONDS_SQL, DatabaseNow, database_now, with_reconnect
from integrations.models import Company
from tests.support.factories import CompanyFactory

pytestmark = pytest.mark.each_case

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


def test_a_query_is_tried_again_on_a_new_connection(company: Company) -> None:
    tries = []

    def work() -> int:
        tries.append(connection.connection)
        if len(tries) < 3:
            raise OperationalError("the connection is closed")
        return Company.objects.count()

    assert with_reconnect(work) == 1
    assert len(tries) == 3


def test_a_database_that_stays_away_or_refuses_is_given_up(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "REFUSED_SECONDS", 0.3)
    monkeypatch.setattr(database, "AWAY_SECONDS", 0.3)
    tries = []

    def refuse() -> None:
        tries.append(1)
        raise OperationalError("database or disk is full")

    with pytest.raises(OperationalError):
        with_reconnect(refuse)
    assert len(tries) > 1
    # Half a transaction can't be done again.
    with pytest.raises(OperationalError), transaction.atomic():
        tries.clear()
        with_reconnect(refuse)
    assert len(tries) == 1
    # Not the database's state but our query is wrong.
    with pytest.raises(FieldError):
        with_reconnect(lambda: Company.objects.filter(nonsense=1).count())


def test_a_server_that_ended_our_connection_is_asked_on_another(company: Company) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no server")
    assert Company.objects.count() == 1
    process_id = _first("SELECT pg_backend_pid()")
    killer = connection.copy()
    with killer.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [process_id])
    killer.close()

    assert with_reconnect(Company.objects.count) == 1
