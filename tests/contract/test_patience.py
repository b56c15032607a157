"""Retry-After is obeyed, as seconds and as a date, by both vendors and by the token service."""

from __future__ import annotations

import time
from datetime import timedelta
from email.utils import format_datetime

import pytest
import requests
from django.utils import timezone

from integrations.http.vendor_clock import retry_after
from integrations.limits import retry
from integrations.models import ApiCall, Company, RateBucket
from syncjobs.display import formatting
from syncjobs.models import Run
from tests.support.scene import Scene


def answer(value: str, *, date: str = "") -> requests.Response:
    response = requests.Response()
    response.headers["Retry-After"] = value
    if date:
        response.headers["Date"] = date
    return response


def test_a_date_says_how_long_to_wait() -> None:
    moment = timezone.now() + timedelta(seconds=90)

    waiting = retry_after(answer(format_datetime(moment, usegmt=False)))

    assert waiting is not None
    assert 80 < waiting <= 90


@pytest.mark.parametrize("hours_apart", [-5, 0, 5])
def test_a_date_is_compared_with_the_answers_own(hours_apart: int) -> None:
    vendors_now = timezone.now() + timedelta(hours=hours_apart)
    until, date = (format_datetime(vendors_now + timedelta(seconds=seconds), usegmt=False) for seconds in (90, 0))

    assert retry_after(answer(until, date=date)) == 90


@pytest.mark.parametrize("date", ["soon", "Fri, 31 Dec 99999 23:59:59 GMT", "Fri, 31 Dec 2100 23:59:59 -0000"])
def test_an_answer_whose_date_says_nothing_is_from_now(date: str) -> None:
    waiting = retry_after(answer(format_datetime(timezone.now() + timedelta(seconds=90)), date=date))

    assert waiting is not None and 80 < waiting <= 90


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("-3", 0.0),
        ("soon", None),
        ("", None),
        ("7200", 3600.0),
        # The time of day instead of seconds, in seconds and in milliseconds.
        ("1790000000", 3600.0),
        ("1790000000000", 3600.0),
        ("99999999999", 3600.0),
        ("inf", None),
        ("-inf", None),
        ("nan", None),
        ("1e400", None),
        ("9" * 5000, None),
        ("Fri, 31 Dec 2999 23:59:59 GMT", 3600.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
        ("Fri, 31 Dec 2999 23:59:59 -0000", None),
        ("Fri, 31 Dec 2999 23:59:59 +999999999999", None),
    ],
)
def test_a_number_says_it_and_nonsense_says_nothing(value: str, seconds: float | None) -> None:
    assert retry_after(answer(value)) == seconds


def test_many_short_waits_are_borne(scene: Scene) -> None:
    scene.fault("429_retry_after", "query", method="", times=8, seconds=0.1)

    assert scene.check().code == 0


def test_a_busy_clockify_says_when_to_come_back(scene: Scene) -> None:
    headers = {"Retry-After": "0.1"}
    scene.fault("status_before", "reports", vendor="clockify", status=503, body="busy", headers=headers, times=2)

    assert scene.check().code == 0


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_token_service_is_asked_again(scene: Scene, status: int) -> None:
    Company.objects.update(access_expires_at=timezone.now())
    scene.fault("status_before", "oauth2/token", status=status, body="busy", headers={"Retry-After": "0.1"}, times=2)

    assert scene.check().code == 0

    statuses = ApiCall.objects.filter(path="/oauth2/token").order_by("pk").values_list("status", flat=True)
    assert list(statuses)[-3:] == [status, status, 200]


def test_a_token_service_that_stays_away_does_not_cost_the_connection(scene: Scene) -> None:
    Company.objects.update(access_expires_at=timezone.now())
    scene.fault("status_before", "oauth2/token", status=503, body="busy", headers={"Retry-After": "0.1"}, times=0)
    assert scene.check().code == 3

    scene.clear_faults()

    assert scene.check().code == 0


@pytest.mark.parametrize("value", ["inf", "1e400", "1790000000", "99999999999", "Fri, 31 Dec 2999 23:59:59 GMT"])
@pytest.mark.parametrize("vendor", ["clockify", "quickbooks"])
def test_a_wait_without_reason_blocks_for_an_hour_at_most(
    scene: Scene, vendor: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "THROTTLED_PAUSES", (0.1,))
    path = "reports" if vendor == "clockify" else "batch"
    scene.fault("status_before", path, vendor=vendor, method="", status=429, headers={"Retry-After": value})
    before = timezone.now()

    check = scene.check()

    run = Run.objects.get()
    if value in {"inf", "1e400"}:
        assert (check.code, run.status) == (0, "succeeded")
        return
    assert (check.code, run.status, run.error_code) == (4, "waiting", "THROTTLED")
    assert before < run.not_before <= timezone.now() + timedelta(seconds=3600)
    assert all(bucket.blocked_until < time.time() + 3601 for bucket in RateBucket.objects.all())
    assert f"continues automatically from {formatting.moment(run.not_before, run.workspace.time_zone)}" in check.stderr
