"""Tokens: refreshed once however many callers need them, saved before use, and lost only where Intuit says so."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from integrations.errors import ReconnectNeeded
from integrations.limits import retry
from integrations.models import ApiCall, Company, ConnectionEvent
from integrations.quickbooks import oauth, tokens
from integrations.quickbooks.client import QuickBooksApiClient
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene


def refreshes(scene: Scene) -> int:
    return sum(count for route, count in scene.calls().items() if "token" in route)


def run_in_threads(count: int, work: Any) -> list[Any]:
    """Run `work` in `count` threads that begin at once; return their results or errors."""
    results: list[Any] = [None] * count
    start = threading.Barrier(count)

    def run_work(number: int) -> None:
        start.wait()
        try:
            results[number] = work()
        except Exception as error:
            results[number] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run_work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def make_access_token_old() -> None:
    Company.objects.update(access_expires_at=timezone.now() + timedelta(minutes=1))


@pytest.fixture
def rotating(scene: Scene) -> Scene:
    """Make Intuit strictest: a new refresh token each time, and a used one ends the whole connection."""
    scene.switch(rotate_every_refresh=True, family_revoked_on_reuse=True)
    return scene


def test_a_run_uses_the_access_token_it_has(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    scene.entry(ada, site)
    scene.zero_calls()

    scene.sync()

    assert refreshes(scene) == 0


def test_a_token_about_to_run_out_is_refreshed_before_its_use(rotating: Scene, ada: str, site: str) -> None:
    rotating.entries(ada, site, 12)
    before = rotating.company.refresh_token
    make_access_token_old()
    rotating.zero_calls()

    assert rotating.sync().counts == {"sent": 12}

    assert refreshes(rotating) == 1
    assert rotating.company.refresh_token != before


def test_a_token_that_quickbooks_refuses_is_replaced_by_one_refresh(rotating: Scene, ada: str, site: str) -> None:
    rotating.check()
    rotating.entries(ada, site, 20)
    rotating.tokens(expire_access=True)
    rotating.zero_calls()

    run = rotating.sync()

    assert (run.code, run.counts) == (0, {"sent": 20})
    assert refreshes(rotating) == 1
    assert_books_agree(rotating)


def test_a_token_refused_in_mid_run_costs_one_refresh_and_nothing_else(rotating: Scene, ada: str, site: str) -> None:
    rotating.check()
    rotating.entries(ada, site, 40)
    rotating.at_the_next_write(lambda: rotating.tokens(expire_access=True))
    rotating.zero_calls()

    run = rotating.sync()

    assert (run.code, run.counts) == (0, {"sent": 40})
    assert refreshes(rotating) == 1
    assert_books_agree(rotating)


def test_a_refresh_that_slept_through_its_lease_does_not_overwrite_newer_tokens(rotating: Scene) -> None:
    company = rotating.company
    before = company.access_expires_at
    newer = oauth.Tokens("newer", "newer refresh", timezone.now() + timedelta(hours=1), None)
    assert tokens.save(rotating.company, newer, instead_of=before)

    older = oauth.Tokens("older", "older refresh", timezone.now() + timedelta(minutes=50), None)
    assert not tokens.save(company, older, instead_of=before)

    assert rotating.company.access_token == "newer"


@pytest.fixture
def rapid_thread_switching() -> Iterator[None]:
    """Make threads switch all the time, so that unprotected shared state breaks."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.parametrize("shared", [True, False], ids=["one company object", "an object each"])
def test_many_threads_that_need_a_token_refresh_once(
    rotating: Scene, shared: bool, rapid_thread_switching: None
) -> None:
    company = rotating.company
    for _ in range(5):
        make_access_token_old()
        company.stored_tokens = None
        rotating.zero_calls()

        access_tokens = run_in_threads(8, lambda: tokens.access_token(company if shared else rotating.company))

        assert refreshes(rotating) == 1
        assert set(access_tokens) == {rotating.company.access_token}
    # The saved token is the one Intuit issued last.
    QuickBooksApiClient(rotating.company).company_info()
    make_access_token_old()
    QuickBooksApiClient(rotating.company).company_info()


def test_many_threads_with_a_refused_token_refresh_once(rotating: Scene, rapid_thread_switching: None) -> None:
    company = rotating.company
    client = QuickBooksApiClient(company)
    for _ in range(5):
        rotating.tokens(expire_access=True)
        rotating.zero_calls()

        infos = run_in_threads(8, client.company_info)

        assert {type(answer) for answer in infos} == {dict}
        assert refreshes(rotating) == 1


def test_new_tokens_are_saved_although_others_read_the_company_meanwhile(
    rotating: Scene, rapid_thread_switching: None
) -> None:
    company, done = rotating.company, threading.Event()

    def read() -> None:
        while not done.is_set():
            company.refresh_from_db()
        connections.close_all()

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(25):
            make_access_token_old()
            tokens.access_token(company)
    finally:
        done.set()
        for reader in readers:
            reader.join()
    QuickBooksApiClient(rotating.company).company_info()


def test_a_refused_refresh_token_ends_the_run_and_says_reconnect(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    scene.entry(ada, site)
    scene.tokens(expire_access=True, refuse_refresh=True)

    run = scene.sync()

    assert (run.code, run["error"]["code"], run["sent"]) == (3, "NOT_CONNECTED", 0)
    assert run["error"]["fix"]
    assert scene.company.state == Company.State.RECONNECT
    assert scene.activities() == []
    scene.zero_calls()
    assert scene.sync().code == 3
    assert scene.check().code == 3
    assert scene.calls() == {"POST token": 1}, "a refused token is tried only once more"


def test_a_token_refused_in_mid_run_for_good_cuts_the_run_short(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    scene.entries(ada, site, 30)

    scene.fault("hang_before", skip=10, seconds=0.3)
    ended = threading.Thread(target=_end_tokens_at_first_hit, args=(scene,), daemon=True)
    ended.start()
    run = scene.sync()

    ended.join()
    assert (run.code, run["error"]["code"]) == (4, "NOT_CONNECTED")
    assert run["sent"] + run["failed"] == 30
    assert run["unknown"] == 0
    scene.connect()
    assert scene.sync().code == 0
    assert_books_agree(scene)


def _end_tokens_at_first_hit(scene: Scene) -> None:
    while not scene.hits():
        threading.Event().wait(0.01)
    scene.tokens(expire_access=True, refuse_refresh=True)


@pytest.mark.parametrize("kind", ["500_html", "503", "cut_before"])
def test_a_token_service_in_trouble_is_no_reason_to_reconnect(
    rotating: Scene, ada: str, site: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "TOKEN_PAUSES", (0.1, 0.1))
    rotating.check()
    rotating.entry(ada, site)
    make_access_token_old()
    rotating.fault(kind, "oauth2/token", times=0)

    run = rotating.sync()

    assert run.code == 3
    assert rotating.company.state == Company.State.CONNECTED
    rotating.clear_faults()
    assert rotating.sync().counts == {"sent": 1}


def test_wrong_keys_of_our_app_are_no_reason_to_reconnect(scene: Scene, ada: str, site: str, settings: Any) -> None:
    scene.check()
    scene.entry(ada, site)
    make_access_token_old()
    settings.QUICKBOOKS_CLIENT_SECRET = "wrong"

    run = scene.sync()

    assert (run.code, run["sent"]) == (3, 0)
    assert scene.company.state == Company.State.CONNECTED
    settings.QUICKBOOKS_CLIENT_SECRET = "sandbox-secret"
    assert scene.sync().counts == {"sent": 1}


def test_tokens_are_nowhere_in_the_clear(rotating: Scene, ada: str, site: str) -> None:
    rotating.entry(ada, site)
    rotating.tokens(expire_access=True)
    rotating.sync()
    company = rotating.company
    secrets = [company.access_token, company.refresh_token, rotating.workspace.api_key]

    journal = " ".join(f"{call.path} {call.problem}" for call in ApiCall.objects.all())
    events = " ".join(ConnectionEvent.objects.values_list("message", flat=True))
    stored = _stored(company.pk)

    assert all(secret and secret not in journal + events + stored for secret in secrets)


def _stored(company_id: int) -> str:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT * FROM integrations_company WHERE id = %s", [company_id])
        rows = cursor.fetchall()
        cursor.execute("SELECT * FROM integrations_workspace")
        return repr([*rows, *cursor.fetchall()])


def test_a_process_that_died_while_refreshing_holds_up_nobody_for_long(scene: Scene) -> None:
    make_access_token_old()
    Company.objects.update(token_owner="dead", token_until=timezone.now() + timedelta(seconds=1))

    QuickBooksApiClient(scene.company).company_info()

    assert scene.company.token_owner == ""


def test_a_company_that_is_disconnected_refuses_without_asking(scene: Scene) -> None:
    Company.objects.update(state=Company.State.DISCONNECTED)
    scene.zero_calls()

    with pytest.raises(ReconnectNeeded):
        QuickBooksApiClient(scene.company).company_info()

    assert scene.calls() == {}
