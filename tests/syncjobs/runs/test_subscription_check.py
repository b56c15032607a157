"""Companies whose subscription may receive time, and those whose may not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import Company
from tests.support.oracle import assert_books_agree
from tests.support.scene import COUNTS, Result, Scene, run_command

UNSUPPORTED: list[tuple[str, dict[str, Any]]] = [
    ("PLAN_NOT_SUPPORTED", {"OfferingSku": "QuickBooks Online Simple Start"}),
    ("PLAN_NOT_SUPPORTED", {"OfferingSku": "QuickBooks Online Advanced"}),
    ("PLAN_NOT_SUPPORTED", {"OfferingSku": "QuickBooks Online Something New"}),
    ("PLAN_NOT_SUPPORTED", {"OfferingSku": None}),
    ("PLAN_NOT_SUPPORTED", {"PayrollFeature": None}),
    ("PLAN_NOT_SUPPORTED", {"SubscriptionStatus": "SUSPENDED"}),
    ("PLAN_NOT_SUPPORTED", {"SubscriptionStatus": "EXPIRED"}),
    ("PLAN_NOT_SUPPORTED", {"SubscriptionStatus": "CANCELLED"}),
    ("PLAN_NOT_SUPPORTED", {"TimeTrackingFeatureEnabled": False}),
    ("PAYROLL_ENABLED", {"PayrollFeature": "true"}),
    ("PAYROLL_ENABLED", {"PayrollFeature": "true", "OfferingSku": "QuickBooks Online Simple Start"}),
]


def assert_nothing_attempted(run: Result, code: str) -> None:
    """Check for exit code 3 with zeros and one clear error."""
    assert run.code == 3
    assert [run[name] for name in (*COUNTS, "seen", "minutes_sent")] == [0] * 9
    assert (run["blocked_reasons"], run["warnings"]) == ({}, {})
    error = run["error"]
    assert error["code"] == code
    assert error["message"] and error["fix"]
    assert error["message"] in run.stderr


@pytest.mark.parametrize(("code", "stated"), UNSUPPORTED, ids=[str(stated) for _, stated in UNSUPPORTED])
def test_an_unsupported_subscription_sends_nothing_and_checks_all_the_same(
    scene: Scene, ada: str, site: str, code: str, stated: dict[str, Any]
) -> None:
    scene.entry(ada, site)
    scene.configure(**stated)

    check, dry_run, run = scene.check(), scene.sync(dry_run=True), scene.sync()

    assert (check.code, check["status"]) == (0, "succeeded")
    assert (check["plan"]["supported"], check["plan"]["reason"]) == (False, code)
    assert check["clockify"]["users"]["new"] == 2
    assert check["mapping"]["projects"] == {"mapped": 1, "unmapped": 0}
    assert_nothing_attempted(dry_run, code)
    assert_nothing_attempted(run, code)
    assert (dry_run["dry_run"], run["dry_run"]) == (True, False)
    assert scene.activities() == []


@pytest.mark.parametrize(
    "stated",
    [
        {"OfferingSku": "QuickBooks Online Essentials"},
        {"OfferingSku": "quickbooks online plus "},
        {"SubscriptionStatus": "TRIAL"},
        {"SubscriptionStatus": "TRIALOPTIN"},
        {"SubscriptionStatus": "PAID"},
        {"SubscriptionStatus": "RESTRICTED"},
        {"TimeTrackingFeatureEnabled": None},
    ],
    ids=str,
)
def test_a_supported_subscription_sends(scene: Scene, ada: str, site: str, stated: dict[str, Any]) -> None:
    scene.entry(ada, site)
    scene.configure(**stated)
    scene.check()

    assert scene.sync().counts == {"sent": 1}


@pytest.mark.parametrize(("code", "stated"), [UNSUPPORTED[0], UNSUPPORTED[4], UNSUPPORTED[9]], ids=str)
def test_an_unsupported_subscription_is_connected_with_a_warning(
    scene: Scene, code: str, stated: dict[str, Any]
) -> None:
    scene.configure(**stated)
    token = scene.world.quickbooks.issue_refresh_token(scene.books.realm)

    done = run_command("connect_quickbooks", "--realm", scene.books.realm, "--refresh-token", token)

    assert done.code == 0
    assert done["plan"]["reason"] == code
    assert done["plan"]["message"] in done.stderr


def test_every_entry_is_explained_by_the_subscription(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site, billable=False)
    scene.configure(PayrollFeature="true")
    scene.check()

    explained = scene.explain(entry)

    assert (explained["state"], explained.codes) == ("blocked", {"NOT_BILLABLE", "PAYROLL_ENABLED"})


def test_time_already_sent_stays_sent_on_any_subscription(scene: Scene, ada: str, site: str) -> None:
    same, edited = scene.entry(ada, site), scene.entry(ada, site, "2026-03-05 09:00")
    scene.sync()
    scene.stretch(edited, 90)
    scene.configure(OfferingSku="QuickBooks Online Simple Start")
    scene.check()

    assert scene.sync().code == 3
    assert len(scene.activities()) == 2
    assert scene.explain(same)["state"] == "sent"
    explained = scene.explain(edited)
    assert (explained["state"], explained.codes) == ("changed", {"PLAN_NOT_SUPPORTED"})


def test_a_subscription_that_is_supported_again_sends_without_another_check(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.configure(PayrollFeature="true")
    scene.check()
    assert scene.sync().code == 3
    scene.configure(PayrollFeature="false")

    assert scene.sync().counts == {"sent": 1}


def test_an_administrator_may_allow_a_subscription(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.configure(OfferingSku="QuickBooks Online Advanced")
    scene.check()
    assert scene.sync().code == 3

    scene.policy(allow_sku="quickbooks online advanced")

    assert scene.sync().counts == {"sent": 1}
    scene.policy(allow_sku="none")
    assert scene.sync().code == 3


def test_an_allowance_is_for_that_subscription_only(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.configure(OfferingSku="QuickBooks Online Advanced")
    scene.policy(allow_sku="QuickBooks Online Mac")
    scene.check()

    assert_nothing_attempted(scene.sync(), "PLAN_NOT_SUPPORTED")


def test_an_administrator_may_allow_payroll_that_is_not_stated(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.configure(PayrollFeature=None)
    scene.check()
    assert scene.sync().code == 3

    scene.policy(allow_unstated_payroll="true")

    assert scene.sync().counts == {"sent": 1}
    scene.configure(PayrollFeature="true")
    scene.check()
    assert_nothing_attempted(scene.sync(), "PAYROLL_ENABLED")


def test_a_restricted_subscription_is_warned_of(scene: Scene) -> None:
    scene.configure(SubscriptionStatus="RESTRICTED")

    run = scene.check()

    assert run["plan"]["supported"] is True
    assert "restrict" in run["plan"]["message"].lower()


def make_subscription_check_old() -> None:
    Company.objects.update(plan_read_at=timezone.now() - timedelta(minutes=61))


def test_an_old_reading_of_the_subscription_is_renewed_before_sending(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    scene.entry(ada, site)
    make_subscription_check_old()
    scene.configure(PayrollFeature="true")

    assert_nothing_attempted(scene.sync(), "PAYROLL_ENABLED")
    assert scene.activities() == []


def test_an_old_reading_of_the_subscription_is_renewed_in_a_dry_run_too(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    scene.entry(ada, site)
    make_subscription_check_old()
    scene.configure(PayrollFeature="true")

    assert_nothing_attempted(scene.sync(dry_run=True), "PAYROLL_ENABLED")


def test_an_old_reading_is_no_reason_to_ask_when_there_is_nothing_to_send(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.sync()
    make_subscription_check_old()
    scene.zero_calls()

    assert scene.sync().counts == {"unchanged": 1}
    assert scene.calls() == {}


def test_books_closed_since_are_noticed_with_the_subscription(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    scene.entry(ada, site)
    make_subscription_check_old()
    scene.configure(BookCloseDate="2026-03-31")

    assert scene.sync()["blocked_reasons"] == {"BOOKS_CLOSED": 1}


def test_a_lapsed_subscription_met_while_sending_stops_the_run(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    scene.entries(ada, site, 40)
    scene.configure(SubscriptionStatus="EXPIRED")

    run = scene.sync()

    assert (run.code, run["failed"], run["seen"]) == (4, 40, 40)
    assert run["error"]["message"]
    assert scene.calls()["POST timeactivity"] <= 24
    scene.configure(SubscriptionStatus="SUBSCRIBED")
    assert scene.sync().counts == {"sent": 40}
    assert_books_agree(scene)
