"""New tokens are proven in memory: connecting again never costs what works, and leaves nothing behind that does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.errors import ApiError, Rejected
from integrations.models import Company, Workspace
from integrations.quickbooks import oauth, tokens
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.connecting import connection
from sandbox.data.datasets import REALM
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene, run_command

# What a vendor answers, whatever the database.
pytestmark = pytest.mark.any_database

OTHER_REALM = "9341000000000000"


def grants(scene: Scene, realm: str = REALM) -> list[bool]:
    """Return for each consent of the company whether it is alive, in the order of asking."""
    kept = scene.world.quickbooks.tokens.to_json()["grants"]
    return [grant["alive"] for grant in kept if grant["realm"] == realm]


def consent(scene: Scene, realm: str = REALM) -> oauth.Tokens:
    """Return the tokens of a new consent, as after Intuit's page."""
    code = scene.world.quickbooks.tokens.new_code(realm, oauth.redirect_uri())
    return oauth.exchange(code, account=tokens.account(Company(realm_id=realm)))


def connect_by_consent(scene: Scene, realm: str = REALM) -> Company:
    new_tokens = consent(scene)
    return connection.connect_with(scene.workspace, realm=realm, new_tokens=new_tokens, now=timezone.now())


def stored(scene: Scene) -> tuple[str, str, str]:
    company = scene.company
    return company.state, company.access_token, company.refresh_token


HICCUPS: list[dict[str, Any]] = [
    {"kind": "500_html"},
    {"kind": "cut_before"},
    {"kind": "status_before", "status": 403, "body": "<html>blocked</html>"},
    {"kind": "status_before", "status": 401, "body": "<html>sign in</html>"},
    {"kind": "status_before", "status": 200, "body": None},
    {"kind": "status_before", "status": 302, "body": "", "headers": {"Location": "/elsewhere"}},
]


@pytest.mark.sample(8)
@pytest.mark.parametrize("fault", HICCUPS, ids=lambda fault: f"{fault['kind']} {fault.get('status', '')}")
@pytest.mark.parametrize("path", ["companyinfo", "preferences"])
@pytest.mark.parametrize("displaces", [False, True], ids=["old consent lives on", "old consent ends"])
def test_a_hiccup_while_a_healthy_company_is_connected_again_leaves_it_healthy(
    scene: Scene, ada: str, site: str, fault: dict[str, Any], path: str, displaces: bool, settings: Any
) -> None:
    settings.GIVE_UP_SECONDS = 1
    scene.switch(connect_displaces=displaces)
    state, _, refresh_token = stored(scene)
    scene.fault(**fault, path=path, method="", times=0)

    with pytest.raises(ApiError):
        connect_by_consent(scene)

    assert scene.company.state == state
    assert (scene.company.refresh_token == refresh_token) is not displaces
    # Not revoked: that could end the company's old consent as well.
    assert grants(scene) == [not displaces, True]
    scene.clear_faults()
    scene.entry(ada, site)
    assert scene.sync().counts == {"sent": 1}
    assert_books_agree(scene)


@pytest.mark.parametrize("rotating", [True, False])
def test_a_hiccup_after_the_stored_token_was_given_again_leaves_the_company_healthy(
    scene: Scene, ada: str, site: str, rotating: bool, settings: Any
) -> None:
    settings.GIVE_UP_SECONDS = 1
    scene.switch(rotate_every_refresh=rotating, family_revoked_on_reuse=True)
    given = scene.company.refresh_token
    scene.fault("500_html", "companyinfo", method="", times=0)

    result = run_command("connect_quickbooks", "--realm", REALM, "--refresh-token", given)

    assert result.code == 3
    assert (scene.company.state, grants(scene)) == ("connected", [True])
    assert (scene.company.refresh_token == given) is not rotating
    scene.clear_faults()
    Company.objects.update(access_expires_at=timezone.now())
    scene.entry(ada, site)
    assert scene.sync().counts == {"sent": 1}


def test_the_stored_token_given_again_connects_again(scene: Scene) -> None:
    scene.switch(rotate_every_refresh=True, family_revoked_on_reuse=True)
    given = scene.company.refresh_token

    assert run_command("connect_quickbooks", "--realm", REALM, "--refresh-token", given).code == 0

    QuickBooksApiClient(scene.company).company_info()
    assert grants(scene) == [True]


def test_a_company_that_was_never_connected_leaves_nothing_behind(scene: Scene, settings: Any) -> None:
    settings.GIVE_UP_SECONDS = 1
    scene.switch(connect_displaces=False)
    Workspace.objects.update(company=None)
    Company.objects.all().delete()
    scene.fault("500_html", "companyinfo", method="", times=0)

    with pytest.raises(ApiError):
        connect_by_consent(scene)

    assert not Company.objects.exists()
    assert grants(scene) == [True, False], "the consent that nobody has the tokens of is revoked"


def test_a_token_that_a_person_gave_can_be_given_again_after_a_hiccup(scene: Scene, settings: Any) -> None:
    settings.GIVE_UP_SECONDS = 1
    given = scene.company.refresh_token
    Workspace.objects.update(company=None)
    Company.objects.all().delete()
    scene.fault("500_html", "companyinfo", method="", times=0)
    assert run_command("connect_quickbooks", "--realm", REALM, "--refresh-token", given).code == 3
    scene.clear_faults()

    assert run_command("connect_quickbooks", "--realm", REALM, "--refresh-token", given).code == 0


@pytest.mark.parametrize("by_consent", [True, False])
def test_the_tokens_of_a_wrong_company_are_neither_kept_nor_left_alive(scene: Scene, by_consent: bool) -> None:
    scene.switch(connect_displaces=False)
    given = scene.company.refresh_token
    Workspace.objects.update(company=None)
    Company.objects.all().delete()

    if by_consent:
        with pytest.raises(ApiError) as caught:
            connect_by_consent(scene, realm=OTHER_REALM)
        assert caught.value.name == "NOT_CONNECTED"
        assert grants(scene) == [True, False]
    else:
        result = run_command("connect_quickbooks", "--realm", OTHER_REALM, "--refresh-token", given)
        assert (result.code, result["error"]["code"]) == (3, "NOT_CONNECTED")
        assert grants(scene) == [False]
    assert not Company.objects.exists()


def test_the_token_of_a_company_in_use_is_not_tried_on_another(scene: Scene) -> None:
    given = scene.company.refresh_token
    other = Workspace.objects.create(clockify_id="other", name="Other", start_date="2026-03-01")
    scene.zero_calls()

    with pytest.raises(Rejected) as caught:
        connection.connect(other, realm=OTHER_REALM, refresh_token=given, now=timezone.now())

    assert caught.value.code == "WRONG_COMPANY"
    assert scene.calls() == {}


def test_a_revocation_that_fails_does_not_hide_why_nothing_was_connected(scene: Scene, settings: Any) -> None:
    settings.QUICKBOOKS_REVOKE_URL = "http://127.0.0.1:9/revoke"
    Workspace.objects.update(company=None)
    Company.objects.all().delete()

    with pytest.raises(ApiError, match="does not give this app access to the company"):
        connect_by_consent(scene, realm=OTHER_REALM)


def test_connecting_again_replaces_the_tokens_of_a_lost_company(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.tokens(expire_access=True, refuse_refresh=True)
    assert scene.sync().code == 3
    assert scene.company.state == Company.State.RECONNECT

    company = connect_by_consent(scene)

    assert (company.state, company.state_reason, company.lost_because) == ("connected", "", "")
    assert scene.sync().counts == {"sent": 1}


def test_disconnecting_leaves_what_others_wrote_meanwhile(scene: Scene) -> None:
    company = scene.company
    Company.objects.update(allow_sku="QuickBooks Online Advanced", sku="Newer", token_owner="refreshing")

    connection.disconnect(company, now=timezone.now())

    now_stored = scene.company
    assert (now_stored.allow_sku, now_stored.sku, now_stored.token_owner) == (
        "QuickBooks Online Advanced",
        "Newer",
        "refreshing",
    )
    assert (now_stored.state, now_stored.access_token, now_stored.refresh_token) == ("disconnected", "", "")
    assert now_stored.access_expires_at is None and company.state == "disconnected"


def test_a_refresh_that_ends_after_a_disconnect_does_not_bring_tokens_back(scene: Scene) -> None:
    company = scene.company
    before = company.access_expires_at
    connection.disconnect(scene.company, now=timezone.now())

    late = oauth.Tokens("late", "late refresh", timezone.now() + timedelta(hours=1), None)
    assert not tokens.save(company, late, instead_of=before)

    assert scene.company.refresh_token == ""


def test_while_nothing_answers_the_stored_tokens_stay(scene: Scene, settings: Any) -> None:
    settings.GIVE_UP_SECONDS = 1
    new_tokens, before = consent(scene), stored(scene)
    scene.fault("500_html", "oauth2|companyinfo", method="", times=0)

    with pytest.raises(ApiError):
        connection.connect_with(scene.workspace, realm=REALM, new_tokens=new_tokens, now=timezone.now())

    assert stored(scene) == before
