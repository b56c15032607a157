"""A connection counts as lost when its own address says so, and heals by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from integrations import lost_connections
from integrations.clockify import connection as clockify_connection
from integrations.database import database_now
from integrations.errors import ReconnectNeeded, Unexpected
from integrations.models import Company, ConnectionEvent, Workspace
from integrations.quickbooks import tokens
from integrations.quickbooks.client import QuickBooksApiClient
from sandbox.clockify.state import ADMIN_KEY
from syncjobs.runs import lost_connections as asking
from syncjobs.worker import schedules
from tests.support.scene import Scene

PAGE = "<html><h1>Forbidden</h1></html>"
NO_ACCESS = {"fault": {"error": [{"message": "no", "code": "3100"}], "type": "SERVICE"}}
BAD_TOKEN = {"fault": {"error": [{"message": "no", "code": "3200"}], "type": "AUTHENTICATION"}}
USER_GONE = {"Fault": {"Error": [{"Message": "You do not have access", "code": "120"}], "type": "AuthorizationFault"}}

ADA, BEN = (f'{{"GivenName": "{name}", "DisplayName": "{name}"}}' for name in ("Ada", "Ben"))
STATES = {"quickbooks": Company, "clockify": Workspace}


def refuse(scene: Scene, path: str, status: int, body: Any, *, vendor: str = "quickbooks", times: int = 0) -> None:
    headers = {"Content-Type": "text/html"} if isinstance(body, str) else {}
    scene.fault("status_before", path, vendor=vendor, method="", status=status, body=body, headers=headers, times=times)


def state(vendor: str = "quickbooks") -> str:
    return str(STATES[vendor].objects.get().state)


def event_kinds() -> list[str]:
    kinds = ConnectionEvent.objects.order_by("pk").values_list("kind", flat=True)
    return [kind for kind in kinds if kind.endswith(("_lost", "_healed"))]


# --- QuickBooks --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("status", "body"), [(403, NO_ACCESS), (401, BAD_TOKEN), (401, USER_GONE)])
def test_company_info_refusing_a_new_token_ends_the_connection(scene: Scene, status: int, body: Any) -> None:
    refuse(scene, "/v3/company", status, body)
    scene.zero_calls()

    with pytest.raises(ReconnectNeeded) as lost:
        list(QuickBooksApiClient(scene.company).query("Customer"))

    assert lost.value.fix.startswith("Connect QuickBooks again")
    assert (state(), event_kinds()) == ("reconnect", ["quickbooks_lost"])
    assert scene.calls()["POST token"] >= 1, "only a new token counts"


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("body", [PAGE, "", NO_ACCESS, BAD_TOKEN])
def test_a_query_that_is_refused_alone_is_not_understood(scene: Scene, status: int, body: Any) -> None:
    refuse(scene, "/query", status, body)

    with pytest.raises(Unexpected) as error:
        list(QuickBooksApiClient(scene.company).query("Customer"))

    assert type(error.value) is Unexpected
    assert error.value.status == status
    assert (state(), event_kinds()) == ("connected", [])


@pytest.mark.parametrize(
    ("status", "body"), [(403, PAGE), (401, PAGE), (403, ""), (500, NO_ACCESS), (503, USER_GONE), (404, NO_ACCESS)]
)
def test_a_gateways_page_at_company_info_itself_proves_nothing(
    scene: Scene, settings: Any, status: int, body: Any
) -> None:
    settings.GIVE_UP_SECONDS = 0.5
    refuse(scene, "companyinfo", status, body)
    refuse(scene, "/query", 403, NO_ACCESS)

    with pytest.raises(Unexpected):
        list(QuickBooksApiClient(scene.company).query("Customer"))

    assert state() == "connected"


def test_twenty_refusals_ask_once(scene: Scene) -> None:
    refuse(scene, "/query", 403, PAGE)
    refuse(scene, "/preferences", 401, BAD_TOKEN)
    client = QuickBooksApiClient(scene.company)
    scene.zero_calls()

    for _ in range(10):
        with pytest.raises(Unexpected):
            client.preferences()
        with pytest.raises(Unexpected):
            list(client.query("Customer"))

    assert scene.calls()["GET companyinfo/{id}"] == 1
    assert scene.calls().get("POST token", 0) <= 1


def test_a_write_is_sent_again_after_quickbooks_own_401_but_not_after_a_page(scene: Scene) -> None:
    client, body = QuickBooksApiClient(scene.company), ADA
    refuse(scene, "/employee", 401, BAD_TOKEN, times=1)

    assert client.write("Employee", body, request_id="one").record["DisplayName"] == "Ada"

    refuse(scene, "/employee", 401, PAGE, times=1)
    with pytest.raises(Unexpected):
        client.write("Employee", BEN, request_id="two")
    assert state() == "connected"


def test_a_page_before_a_write_leaves_its_outcome_unknown_even_where_the_connection_is_lost(scene: Scene) -> None:
    client = QuickBooksApiClient(scene.company)
    refuse(scene, "/employee", 403, PAGE)
    refuse(scene, "companyinfo", 403, NO_ACCESS)

    with pytest.raises(Unexpected) as error:
        client.write("Employee", ADA, request_id="one")

    assert not error.value.outcome_known
    assert state() == "reconnect"
    with pytest.raises(ReconnectNeeded):
        client.write("Employee", ADA, request_id="two")


@pytest.mark.parametrize("record", [{}, {"Id": 7, "SyncToken": "0"}, {"Id": "7"}, None])
def test_a_write_whose_answer_does_not_prove_itself_has_an_unknown_outcome(scene: Scene, record: Any) -> None:
    scene.fault("status_before", "/employee", status=200, body={"Employee": record})

    with pytest.raises(Unexpected) as error:
        QuickBooksApiClient(scene.company).write("Employee", ADA, request_id="one")

    assert not error.value.outcome_known


# --- Clockify ----------------------------------------------------------------------------------------------
def clockify_client(scene: Scene) -> Any:
    return clockify_connection.client_for(scene.workspace)


def test_a_revoked_key_ends_the_connection(scene: Scene) -> None:
    scene.clockify.revoke_key(ADMIN_KEY)

    with pytest.raises(ReconnectNeeded):
        list(clockify_client(scene).users(scene.workspace.clockify_id))

    assert (state("clockify"), event_kinds()) == ("refused", ["clockify_lost"])


@pytest.mark.parametrize(("status", "body"), [(403, {"code": 501}), (401, {"code": 4003}), (404, None)])
def test_a_workspace_that_is_refused_ends_the_connection(scene: Scene, status: int, body: Any) -> None:
    refuse(scene, f"/workspaces/{scene.workspace.clockify_id}", status, body, vendor="clockify")

    with pytest.raises(ReconnectNeeded):
        list(clockify_client(scene).users(scene.workspace.clockify_id))

    assert state("clockify") == "refused"


@pytest.mark.parametrize(("status", "body"), [(401, {"code": 4003}), (403, {"code": 501}), (403, PAGE), (404, None)])
def test_a_list_that_is_refused_alone_is_not_understood(scene: Scene, status: int, body: Any) -> None:
    refuse(scene, "/users", status, body, vendor="clockify")
    scene.zero_calls()
    client = clockify_client(scene)

    for _ in range(5):
        with pytest.raises(Unexpected):
            list(client.users(scene.workspace.clockify_id))

    assert state("clockify") == "connected"
    assert scene.calls("clockify")["GET user"] == 1


@pytest.mark.parametrize(("status", "body"), [(401, PAGE), (403, PAGE), (404, None), (404, {"code": 501}), (405, None)])
def test_a_gateways_page_at_the_keys_own_address_proves_nothing(scene: Scene, status: int, body: Any) -> None:
    refuse(scene, "/api/v1/user$", status, body, vendor="clockify")
    refuse(scene, "/users", 403, PAGE, vendor="clockify")

    with pytest.raises(Unexpected):
        list(clockify_client(scene).users(scene.workspace.clockify_id))

    assert state("clockify") == "connected"


@pytest.mark.parametrize("body", [None, "text", [], {}, {"id": ""}, {"id": 7}])
def test_a_write_to_clockify_is_believed_only_with_an_id(scene: Scene, body: Any) -> None:
    refuse(scene, "/clients", 201, body, vendor="clockify")

    with pytest.raises(Unexpected) as error:
        clockify_client(scene).create(scene.workspace.clockify_id, "clients", '{"name": "Acme"}')

    assert not error.value.outcome_known


# --- healing -----------------------------------------------------------------------------------------------
@pytest.fixture(params=["quickbooks", "clockify"])
def lost(scene: Scene, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Yield a connection that its own address refused at noon, and refuses still."""
    row: Any = scene.company if request.param == "quickbooks" else scene.workspace
    refuse(scene, "companyinfo" if request.param == "quickbooks" else "/user", 403, NO_ACCESS, vendor=request.param)
    because = lost_connections.LostBecause.REFUSED
    lost_connections.mark_lost(row, "It refused.", because=because, now=noon())
    return row


def noon(**later: float) -> datetime:
    return timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(**later)


def test_it_is_asked_after_a_quarter_of_an_hour_an_hour_and_every_six_hours(scene: Scene, lost: Any) -> None:
    asked = []
    for minutes in range(0, 24 * 60, 5):
        if lost_connections.due(type(lost), now=noon(minutes=minutes)):
            assert asking.ask_due(now=noon(minutes=minutes)) == 0
            asked.append(minutes)

    assert asked == [15, 15 + 60, 15 + 60 + 360, 15 + 60 + 720, 15 + 60 + 1080]
    lost.refresh_from_db()
    assert (lost.state, lost.asked_again) == (lost.LOST, 5)


def test_it_heals_once_it_lets_us_in(scene: Scene, lost: Any) -> None:
    assert asking.ask_due(now=noon(minutes=16)) == 0
    scene.clear_faults()

    assert asking.ask_due(now=noon(minutes=30)) == 0, "it is not asked too often"
    assert asking.ask_due(now=noon(minutes=80)) == 1

    lost.refresh_from_db()
    assert (lost.state, lost.state_reason, lost.ask_again_at) == ("connected", "", None)
    assert [kind.partition("_")[2] for kind in event_kinds()] == ["lost", "healed"]
    assert scene.check()["status"] == "succeeded"


def test_the_workers_tick_asks_what_is_due(scene: Scene, lost: Any) -> None:
    scene.clear_faults()
    type(lost).objects.filter(pk=lost.pk).update(ask_again_at=database_now() + timedelta(minutes=1))
    assert schedules.tick() == 0
    type(lost).objects.filter(pk=lost.pk).update(ask_again_at=database_now() - timedelta(seconds=1))

    assert schedules.tick() == 1


def test_of_several_processes_one_asks(scene: Scene, lost: Any) -> None:
    rows = [type(lost).objects.get(pk=lost.pk) for _ in range(4)]
    taken: list[bool] = []
    barrier = threading.Barrier(len(rows))

    def claim(row: Any) -> None:
        barrier.wait()
        taken.append(lost_connections.claim(row, now=noon(minutes=15)))
        connections.close_all()

    threads = [threading.Thread(target=claim, args=(row,)) for row in rows]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(taken) == [False, False, False, True]


def test_a_command_asks_at_once_and_goes_on(scene: Scene, lost: Any, ada: str, site: str) -> None:
    scene.entry(ada, site)

    refused = scene.sync()
    assert (refused.code, refused["error"]["code"]) == (3, "NOT_CONNECTED")
    lost.refresh_from_db()
    assert (lost.asked_again, lost.ask_again_at) == (0, noon(minutes=15)), "the worker's own times stay"

    scene.clear_faults()
    assert scene.sync().counts == {"sent": 1}


def test_what_a_person_disconnected_is_not_asked(scene: Scene, lost: Any) -> None:
    type(lost).objects.update(state="disconnected")
    scene.clear_faults()

    assert asking.ask_due(now=noon(days=1)) == 0
    assert not lost_connections.heal(lost, now=noon())


def test_a_connection_lost_before_an_upgrade_is_asked_too(scene: Scene, lost: Any) -> None:
    type(lost).objects.update(**lost_connections.NOT_LOST)
    scene.clear_faults()

    assert asking.ask_due(now=noon()) == 1


def test_a_secret_that_cannot_be_read_keeps_no_other_connection_from_healing(
    scene: Scene, lost: Any, settings: Any
) -> None:
    settings.ENCRYPTION_KEYS = ["x8Lb0iFJ2ajzJJcCTIXCVuWXzHYzHfNXXU2tOZlxfC4="]

    assert asking.ask_due(now=noon(minutes=20)) == 0


# --- a refused refresh token -------------------------------------------------------------------------------
def lose_by_token(scene: Scene) -> None:
    scene.tokens(expire_access=True, refuse_refresh=True)
    with pytest.raises(ReconnectNeeded):
        QuickBooksApiClient(scene.company).company_info()
    assert scene.company.lost_because == "invalid_grant"


def test_the_same_refused_token_is_asked_about_only_once_more(scene: Scene) -> None:
    lose_by_token(scene)
    scene.zero_calls()

    for hours in (1, 2, 10, 20, 40):
        assert asking.ask_due(now=timezone.now() + timedelta(hours=hours)) == 0

    assert scene.calls() == {"POST token": 1}


def test_a_command_may_be_the_one_that_asks(scene: Scene) -> None:
    lose_by_token(scene)
    scene.zero_calls()

    assert [scene.sync().code for _ in range(3)] == [3, 3, 3]
    assert asking.ask_due(now=timezone.now() + timedelta(hours=40)) == 0

    assert scene.calls() == {"POST token": 1}


def test_a_question_that_got_no_answer_does_not_count(scene: Scene, settings: Any) -> None:
    lose_by_token(scene)
    scene.fault("cut_before", "oauth2/token", times=1)

    asking.ask_due(now=timezone.now() + timedelta(hours=1))

    assert scene.company.may_be_asked_again
    scene.zero_calls()
    asking.ask_due(now=timezone.now() + timedelta(hours=2))
    assert scene.calls() == {"POST token": 1}
    assert not scene.company.may_be_asked_again


def test_a_token_that_works_after_all_heals(scene: Scene) -> None:
    company = scene.company
    tokens.mark_refused(company, "No.", because=Company.LostBecause.INVALID_GRANT)

    assert asking.ask_due(now=timezone.now() + timedelta(hours=1)) == 1
    assert state() == "connected"


def test_connecting_again_forgets_the_loss(scene: Scene) -> None:
    lose_by_token(scene)

    scene.connect()

    company = scene.company
    assert (company.state, company.lost_because, company.ask_again_at) == ("connected", "", None)
