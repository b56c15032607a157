"""The OAuth server: consent, codes, rotation, refusals, revocation."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.sandbox.quickbooks_client import REALM, QuickBooksCaller

REDIRECT = "http://localhost:9/callback"
ASKED = {
    "client_id": "sandbox-client",
    "response_type": "code",
    "scope": "com.intuit.quickbooks.accounting openid",
    "redirect_uri": REDIRECT,
    "state": "s&1",
}


def decide(quickbooks: QuickBooksCaller, choice: str) -> dict[str, list[str]]:
    answer = quickbooks.session.post(
        quickbooks.info["authorize_url"],
        params=ASKED,
        data={"realm": REALM, "choice": choice},
        allow_redirects=False,
    )
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(REDIRECT)
    return parse_qs(urlsplit(answer.headers["Location"]).query)


def exchange(quickbooks: QuickBooksCaller, code: str, redirect: str = REDIRECT) -> requests.Response:
    return quickbooks.oauth({"grant_type": "authorization_code", "code": code, "redirect_uri": redirect})


def test_the_consent_page_offers_companies_connect_and_decline(quickbooks: QuickBooksCaller) -> None:
    page = quickbooks.session.get(quickbooks.info["authorize_url"], params=ASKED).text

    assert all(word in page for word in ("Sandbox Company", REALM, "Connect", "Decline"))


@pytest.mark.parametrize(
    "wrong", [{"client_id": "x"}, {"response_type": "token"}, {"scope": "openid"}, {"redirect_uri": "x"}]
)
def test_a_wrong_authorize_request_is_told_on_the_page(quickbooks: QuickBooksCaller, wrong: dict[str, str]) -> None:
    answer = quickbooks.session.get(quickbooks.info["authorize_url"], params=ASKED | wrong)

    assert answer.status_code == 400


def test_connecting_gives_code_state_and_realm(quickbooks: QuickBooksCaller) -> None:
    query = decide(quickbooks, "connect")

    assert query["state"] == ["s&1"] and query["realmId"] == [REALM]
    tokens = exchange(quickbooks, query["code"][0]).json()
    assert tokens["token_type"] == "bearer" and tokens["expires_in"] == 3600
    quickbooks.token = tokens["access_token"]
    assert quickbooks.send("GET", "preferences").status_code == 200


def test_declining_gives_access_denied_and_no_code(quickbooks: QuickBooksCaller) -> None:
    assert decide(quickbooks, "decline") == {"error": ["access_denied"], "state": ["s&1"]}


def test_a_code_works_once(quickbooks: QuickBooksCaller) -> None:
    code = decide(quickbooks, "connect")["code"][0]
    exchange(quickbooks, code)

    second = exchange(quickbooks, code)

    assert second.status_code == 400 and second.json()["error"] == "invalid_grant"


def test_a_code_belongs_to_its_redirect_address_and_ages(quickbooks: QuickBooksCaller) -> None:
    code = decide(quickbooks, "connect")["code"][0]
    assert exchange(quickbooks, code, "http://localhost:9/other").json()["error"] == "invalid_grant"

    old = decide(quickbooks, "connect")["code"][0]
    quickbooks.move_clock(hours=1)
    assert exchange(quickbooks, old).json()["error"] == "invalid_grant"


def test_a_new_consent_displaces_the_earlier_connection(quickbooks: QuickBooksCaller) -> None:
    exchange(quickbooks, decide(quickbooks, "connect")["code"][0])

    assert quickbooks.refresh(quickbooks.info["refresh_token"]).json()["error"] == "invalid_grant"
    assert quickbooks.send("GET", "preferences").status_code == 401


def test_the_client_may_name_itself_in_the_form(quickbooks: QuickBooksCaller) -> None:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": "sandbox-refresh-1",
        "client_id": "sandbox-client",
        "client_secret": "sandbox-secret",
    }

    assert requests.post(quickbooks.info["token_url"], data=form, timeout=10).status_code == 200


def test_wrong_client_credentials_are_invalid_client(quickbooks: QuickBooksCaller) -> None:
    quickbooks.info["client_secret"] = "wrong"
    answer = quickbooks.refresh("sandbox-refresh-1")
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})

    quickbooks.switch(invalid_client_status=400)
    assert quickbooks.refresh("sandbox-refresh-1").status_code == 400


def test_an_unknown_refresh_token_is_invalid_grant(quickbooks: QuickBooksCaller) -> None:
    answer = quickbooks.refresh("no-such-token")

    assert answer.status_code == 400 and answer.headers["intuit_tid"]
    assert answer.json() == {"error": "invalid_grant", "error_description": "Token invalid"}


def test_the_refresh_token_stays_the_same_for_a_day_then_rotates(quickbooks: QuickBooksCaller) -> None:
    first = quickbooks.info["refresh_token"]
    quickbooks.move_clock(hours=23)
    assert quickbooks.refresh(first).json()["refresh_token"] == first

    quickbooks.move_clock(hours=25)
    second = quickbooks.refresh(first).json()["refresh_token"]

    assert second != first
    assert quickbooks.refresh(first).json()["error"] == "invalid_grant"
    assert quickbooks.refresh(second).status_code == 200


def test_with_grace_the_retired_refresh_token_still_works(quickbooks: QuickBooksCaller) -> None:
    quickbooks.switch(rotate_every_refresh=True, token_grace=60)
    first = quickbooks.info["refresh_token"]
    second = quickbooks.refresh(first).json()["refresh_token"]

    assert quickbooks.refresh(first).json()["refresh_token"] == second != first


def test_rotation_at_every_refresh_is_a_switch(quickbooks: QuickBooksCaller) -> None:
    quickbooks.switch(rotate_every_refresh=True)
    first = quickbooks.info["refresh_token"]
    second = quickbooks.refresh(first).json()["refresh_token"]

    assert second != first and quickbooks.refresh(first).status_code == 400


def test_reuse_of_a_retired_token_can_end_the_whole_connection(quickbooks: QuickBooksCaller) -> None:
    quickbooks.switch(rotate_every_refresh=True, family_revoked_on_reuse=True)
    first = quickbooks.info["refresh_token"]
    newest = quickbooks.refresh(first).json()
    quickbooks.refresh(first)

    assert quickbooks.refresh(newest["refresh_token"]).json()["error"] == "invalid_grant"
    quickbooks.token = newest["access_token"]
    assert quickbooks.send("GET", "preferences").status_code == 401


def test_a_refresh_token_dies_after_a_hundred_idle_days(quickbooks: QuickBooksCaller) -> None:
    quickbooks.move_clock(hours=24 * 102)

    assert quickbooks.refresh("sandbox-refresh-1").json()["error"] == "invalid_grant"


def test_the_hard_expiry_is_told_when_asked_for(quickbooks: QuickBooksCaller) -> None:
    plain = quickbooks.refresh("sandbox-refresh-1").json()
    asked = quickbooks.refresh("sandbox-refresh-1", **{"x-include-refresh-token-hard-expires-in": "true"}).json()

    assert "x_refresh_token_hard_expires_in" not in plain
    assert 0 < asked["x_refresh_token_hard_expires_in"] <= 157_680_000


def test_an_access_token_lasts_an_hour(quickbooks: QuickBooksCaller) -> None:
    quickbooks.move_clock(hours=0.98)
    assert quickbooks.send("GET", "preferences").status_code == 200

    quickbooks.move_clock(hours=1.02)
    assert quickbooks.send("GET", "preferences").status_code == 401


@pytest.mark.parametrize("which", ["access", "refresh"])
def test_revoking_either_token_ends_the_connection(quickbooks: QuickBooksCaller, which: str) -> None:
    token = quickbooks.token if which == "access" else quickbooks.info["refresh_token"]
    client = (quickbooks.info["client_id"], quickbooks.info["client_secret"])

    answer = quickbooks.session.post(quickbooks.info["revoke_url"], json={"token": token}, auth=client)

    assert answer.status_code == 200
    assert quickbooks.send("GET", "preferences").status_code == 401
    assert quickbooks.refresh("sandbox-refresh-1").status_code == 400


def test_revoking_an_unknown_token_is_refused(quickbooks: QuickBooksCaller) -> None:
    client = (quickbooks.info["client_id"], quickbooks.info["client_secret"])

    answer = quickbooks.session.post(quickbooks.info["revoke_url"], json={"token": "x"}, auth=client)

    assert answer.status_code == 400


def test_discovery_names_the_endpoints(quickbooks: QuickBooksCaller) -> None:
    document = quickbooks.session.get(f"{quickbooks.url}/.well-known/openid_configuration").json()

    assert document["token_endpoint"] == quickbooks.info["token_url"]
    assert document["revocation_endpoint"] == quickbooks.info["revoke_url"]


def test_control_expires_access_and_refuses_refresh(quickbooks: QuickBooksCaller) -> None:
    quickbooks.in_product("tokens", {"expire_access": True})
    assert quickbooks.send("GET", "preferences").status_code == 401
    quickbooks.token = quickbooks.refresh("sandbox-refresh-1").json()["access_token"]

    quickbooks.in_product("tokens", {"refuse_refresh": True})
    assert quickbooks.refresh("sandbox-refresh-1").status_code == 400
    assert quickbooks.send("GET", "preferences").status_code == 200


def test_control_info_always_gives_a_working_refresh_token(quickbooks: QuickBooksCaller) -> None:
    quickbooks.in_product("tokens", {"revoke": True})

    fresh = quickbooks.control("info", method="GET")["quickbooks"]["refresh_token"]

    assert quickbooks.refresh(fresh).status_code == 200
