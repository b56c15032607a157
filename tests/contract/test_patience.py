"""Retry-After is obeyed, as seconds and as a date, by both vendors and by the token service."""

from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime

import pytest
import requests
from django.utils import timezone

from integrations.http import retry_after
from integrations.models import ApiCall, Company
from tests.support.scene import Scene


def answer(value: str) -> requests.Response:
    response = requests.Response()
    response.headers["Retry-After"] = value
    return response


def test_a_date_says_how_long_to_wait() -> None:
    moment = timezone.now() + timedelta(seconds=90)

    waiting = retry_after(answer(format_datetime(moment, usegmt=False)))

    assert waiting is not None
    assert 80 < waiting <= 90


@pytest.mark.parametrize(("value", "seconds"), [("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("soon", None), ("", None)])
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
