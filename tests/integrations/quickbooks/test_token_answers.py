"""Odd answers of the token service: never an internal error, never the place of a good token."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from integrations.errors import ApiError, NoAnswer, NotConfigured, ReconnectNeeded, Rejected, TryLater, Unexpected
from integrations.http.calls import Account
from integrations.limits import retry
from integrations.models import ApiCall, Company
from integrations.quickbooks import oauth, tokens
from tests.support.oracle import assert_books_agree
from tests.support.raw_server import RawServer, Script, dripping, flooding, head, plain, serving
from tests.support.scene import Scene

# What a vendor answers, whatever the database.
pytestmark = pytest.mark.any_database

INTUIT = Account("quickbooks", "9341000000000001")
GOOD: dict[str, Any] = {
    "token_type": "bearer",
    "access_token": "new-access",
    "expires_in": 3600,
    "refresh_token": "new-refresh",
    "x_refresh_token_expires_in": 8726400,
}


@pytest.fixture(autouse=True)
def app(transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.QUICKBOOKS_CLIENT_ID, settings.QUICKBOOKS_CLIENT_SECRET = "app", "app-secret"
    settings.GIVE_UP_SECONDS = 5
    monkeypatch.setattr(retry, "TOKEN_PAUSES", (0.01, 0.01))


def refresh(settings: Any, script: Script) -> tuple[oauth.Tokens, RawServer]:
    with serving(script) as server:
        settings.QUICKBOOKS_TOKEN_URL = f"{server.url}/oauth2/token"
        return oauth.refresh("old-refresh", account=INTUIT), server


def answered(**changes: Any) -> Script:
    return plain(json.dumps({**GOOD, **changes}).encode())


def test_a_refresh_is_one_form_with_the_apps_keys_in_the_header(settings: Any) -> None:
    new_tokens, server = refresh(settings, answered())

    assert (new_tokens.access_token, new_tokens.refresh_token) == ("new-access", "new-refresh")
    request_head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert request_head.startswith(b"POST /oauth2/token HTTP/1.1\r\n")
    assert b"Authorization: Basic YXBwOmFwcC1zZWNyZXQ=" in request_head
    assert b"Content-Type: application/x-www-form-urlencoded" in request_head
    assert sorted(body.split(b"&")) == [b"grant_type=refresh_token", b"refresh_token=old-refresh"]


@pytest.mark.parametrize("value", [None, "", " ", [], ["x"], {}, {"a": 1}, 7, True, "line\nbreak", "é"])
def test_what_is_no_refresh_token_leaves_the_old_one(value: Any, settings: Any) -> None:
    new_tokens, _ = refresh(settings, answered(refresh_token=value))

    assert (new_tokens.access_token, new_tokens.refresh_token) == ("new-access", "old-refresh")


def test_a_refresh_token_that_was_left_out_leaves_the_old_one(settings: Any) -> None:
    body = {name: value for name, value in GOOD.items() if name != "refresh_token"}

    assert refresh(settings, plain(json.dumps(body).encode()))[0].refresh_token == "old-refresh"


@pytest.mark.parametrize("value", [None, "", [], {}, 7, True, "a\r\nX: y"])
def test_without_an_access_token_the_answer_is_worth_nothing(value: Any, settings: Any) -> None:
    with pytest.raises(Unexpected, match="without an access token"):
        refresh(settings, answered(access_token=value))


NO_TOKENS = [
    *(
        b"",
        b"null",
        b"[]",
        b"7",
        b'"x"',
        b"{}",
        b"<html>Sign in</html>",
        b"access_token=a&refresh_token=b",
        b"\xff\xfe",
    ),
    *(b"[" * 100_000, b'{"access_token":' + b"[" * 100_000, b'{"error": "invalid_grant"}', b'{"error": ["x"]}'),
]


@pytest.mark.parametrize("body", NO_TOKENS)
def test_an_answer_that_is_no_token_answer_is_unexpected(body: bytes, settings: Any) -> None:
    with pytest.raises(Unexpected, match="without an access token"):
        refresh(settings, plain(body))


@pytest.mark.parametrize(
    "value", [10**40, -1, 0, "", "soon", "-5", "1e3", None, [], {}, True, "9" * 5000, 1e300, 86401]
)
def test_a_lifetime_that_can_not_be_is_an_hour(value: Any, settings: Any) -> None:
    new_tokens, _ = refresh(settings, answered(expires_in=value, x_refresh_token_expires_in=value))

    assert timedelta(minutes=59) < new_tokens.access_expires_at - timezone.now() <= timedelta(hours=1)
    if value != 86401:
        assert new_tokens.refresh_expires_at is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "1" + "0" * 400])
def test_a_lifetime_that_is_no_finite_number_is_an_hour(number: str, settings: Any) -> None:
    body = json.dumps(GOOD).replace("3600", number)

    new_tokens, _ = refresh(settings, plain(body.encode()))

    assert new_tokens.access_expires_at - timezone.now() <= timedelta(hours=1)


@pytest.mark.parametrize("value", [1800, 1800.5, "1800"])
def test_a_lifetime_is_believed_in_any_form_of_a_number(value: Any, settings: Any) -> None:
    new_tokens, _ = refresh(settings, answered(expires_in=value))

    assert timedelta(minutes=29) < new_tokens.access_expires_at - timezone.now() <= timedelta(minutes=30)


@pytest.mark.parametrize("extra", [{"scope": None}, {"scope": 7}, {"scope": ["x"]}, {"expires_at": []}, {"mac_key": 1}])
def test_other_fields_do_not_matter(extra: dict[str, Any], settings: Any) -> None:
    assert refresh(settings, answered(**extra))[0].access_token == "new-access"


# --- errors ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        ("400 Bad", b'{"error": "invalid_grant"}', ReconnectNeeded),
        ("401 No", b'{"error": "invalid_grant"}', ReconnectNeeded),
        ("400 Bad", b'{"error": "invalid_client"}', NotConfigured),
        ("401 No", b'{"error": "invalid_client"}', NotConfigured),
        ("400 Bad", b'{"error": "new_code"}', NoAnswer),
        ("400 Bad", b"<html>no</html>", NoAnswer),
        ("400 Bad", b'{"error": ["invalid_grant"]}', NoAnswer),
        ("400 Bad", b"[" * 100_000, NoAnswer),
        ("403 No", b'{"error": "invalid_grant"}', NoAnswer),
        ("404 None", b'{"error": "invalid_grant"}', NoAnswer),
        ("429 Wait", b"", TryLater),
        ("500 Sorry", b'{"error": "invalid_grant"}', NoAnswer),
        ("503 Busy", b"", NoAnswer),
    ],
)
def test_only_its_own_word_ends_a_connection(status: str, body: bytes, error: type[ApiError], settings: Any) -> None:
    with pytest.raises(ApiError) as caught:
        refresh(settings, plain(body, status))

    assert type(caught.value) is error


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_never_carries_the_refresh_token_away(status: int, settings: Any) -> None:
    with serving(answered()) as elsewhere:
        with pytest.raises(Unexpected, match="another address"):
            refresh(settings, plain(b"", f"{status} Moved", Location=f"{elsewhere.url}/oauth2/token"))

        settings.QUICKBOOKS_REVOKE_URL = settings.QUICKBOOKS_TOKEN_URL
        with serving(plain(b"", f"{status} Moved", Location=f"{elsewhere.url}/revoke")) as revoking:
            settings.QUICKBOOKS_REVOKE_URL = f"{revoking.url}/revoke"
            with pytest.raises(Unexpected):
                oauth.revoke("old-refresh", account=INTUIT)

    assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (dripping(head(Content_Length="1000")), NoAnswer),
        (dripping(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), NoAnswer),
        (flooding(head(), b" " * 1024 * 1024, 50), Unexpected),
        (plain(b" " * 2 * 1024 * 1024, "400 Bad"), Unexpected),
    ],
    ids=["dripping body", "dripping headers", "flood", "flood in an error"],
)
def test_an_answer_without_an_end_is_left(script: Script, error: type[ApiError], settings: Any) -> None:
    settings.GIVE_UP_SECONDS = 1.2

    with pytest.raises(ApiError) as caught:
        refresh(settings, script)

    assert type(caught.value) is error
    assert ApiCall.objects.count() == 1, "after silence the refresh token is not used again"


def test_neither_tokens_nor_the_services_words_reach_the_journal(settings: Any, caplog: Any) -> None:
    caplog.set_level("DEBUG", logger="hourbridge")
    with pytest.raises(NoAnswer) as caught:
        refresh(settings, plain(b'{"error": "bad\\nline ' + b"x" * 5000 + b'"}', "400 Bad"))

    call = ApiCall.objects.get()
    assert len(caught.value.message) < 200 and "\n" not in caught.value.message + call.problem
    assert "old-refresh" not in caplog.text + call.problem + call.path


# --- the first tokens --------------------------------------------------------------------------------------
def exchange(settings: Any, script: Script, code: str = "code") -> oauth.Tokens:
    with serving(script) as server:
        settings.QUICKBOOKS_TOKEN_URL = f"{server.url}/oauth2/token"
        return oauth.exchange(code, account=INTUIT)


def test_a_consent_without_a_refresh_token_connects_nothing(settings: Any) -> None:
    assert exchange(settings, answered()).refresh_token == "new-refresh"
    with pytest.raises(Unexpected, match="without a refresh token"):
        exchange(settings, answered(refresh_token=None))


def test_a_code_that_is_refused_or_missing_says_so(settings: Any) -> None:
    with pytest.raises(Rejected, match="code of this consent"):
        exchange(settings, plain(b'{"error": "invalid_grant"}', "400 Bad"))
    with pytest.raises(Rejected, match="no code"):
        exchange(settings, answered(), code="")


# --- in a run ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "body", [None, [], {}, {**GOOD, "access_token": None}, {**GOOD, "access_token": ["x"]}, "<html>"], ids=repr
)
def test_a_run_survives_an_odd_answer_with_its_good_tokens(
    scene: Scene, ada: str, site: str, body: Any, settings: Any
) -> None:
    settings.QUICKBOOKS_CLIENT_ID, settings.QUICKBOOKS_CLIENT_SECRET = "sandbox-client", "sandbox-secret"
    scene.check()
    scene.entry(ada, site)
    before = scene.company.refresh_token
    Company.objects.update(access_expires_at=timezone.now())
    scene.fault("status_before", "oauth2/token", status=200, body=body)

    run = scene.sync()

    assert (run.code, run["error"]["code"]) == (3, "UNEXPECTED")
    assert "without an access token" in run["error"]["message"] and "Traceback" not in run.stderr
    assert (scene.company.state, scene.company.refresh_token) == ("connected", before)
    assert scene.sync().counts == {"sent": 1}
    assert_books_agree(scene)


def test_a_refusal_says_nothing_once_the_lease_or_the_tokens_are_others(
    scene: Scene, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.QUICKBOOKS_CLIENT_ID, settings.QUICKBOOKS_CLIENT_SECRET = "sandbox-client", "sandbox-secret"
    newer = oauth.Tokens("newer", "newer refresh", timezone.now() + timedelta(hours=1), None)
    with serving(_after(lambda: tokens.save(scene.company, newer, instead_of=scene.company.access_expires_at))) as late:
        settings.QUICKBOOKS_TOKEN_URL = f"{late.url}/token"
        Company.objects.update(access_expires_at=timezone.now())

        assert tokens.access_token(scene.company) == "newer"
    assert scene.company.state == "connected"

    with serving(_after(lambda: Company.objects.update(token_owner="another"))) as late:
        settings.QUICKBOOKS_TOKEN_URL = f"{late.url}/token"
        Company.objects.update(access_expires_at=timezone.now())

        with pytest.raises(NoAnswer, match="Another process"):
            tokens.access_token(scene.company)
    assert (scene.company.state, scene.company.refresh_token) == ("connected", "newer refresh")


def _after(happens: Any) -> Script:
    """Return a script that refuses the refresh token, after something else happened."""

    def script(connection: Any, request: bytes) -> None:
        try:
            happens()
        finally:
            connections.close_all()
        plain(b'{"error": "invalid_grant"}', "400 Bad")(connection, request)

    return script
