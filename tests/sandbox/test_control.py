"""Switches, clock, reset, state."""

from __future__ import annotations

import pytest

from sandbox.server import Running
from tests.sandbox.quickbooks_client import QuickBooksCaller


def test_every_switch_says_what_it_does(quickbooks: QuickBooksCaller) -> None:
    switches = quickbooks.control("switches", method="GET")

    assert switches["unique_names"]["default"] == switches["unique_names"]["value"] == "fqn"
    assert all(len(switch["sentence"]) > 15 for switch in switches.values())


def test_a_turned_switch_shows_its_value(quickbooks: QuickBooksCaller) -> None:
    quickbooks.switch(cdc_timeactivity="fault")

    shown = quickbooks.control("switches", method="GET")["cdc_timeactivity"]
    assert (shown["default"], shown["value"]) == ("ignore", "fault")


@pytest.mark.parametrize(
    "wrong",
    [{"no_such": 1}, {"unique_names": "both"}, {"enforce_limits": "yes"}, {"token_grace": True}],
)
def test_a_switch_takes_only_what_it_knows(quickbooks: QuickBooksCaller, wrong: dict[str, object]) -> None:
    answer = quickbooks.session.post(f"{quickbooks.url}/control/switches", json=wrong)

    assert answer.status_code == 400 and answer.json()["error"]


def test_a_reset_clears_records_switches_faults_counters_and_clock(quickbooks: QuickBooksCaller) -> None:
    quickbooks.create("Customer", {"DisplayName": "Acme"})
    quickbooks.switch(rotate_every_refresh=True)
    quickbooks.control("faults", {"vendor": "quickbooks", "kind": "503", "times": 0})
    quickbooks.move_clock(hours=5)

    info = quickbooks.control("reset", {"dataset": "empty"})

    assert info["quickbooks"]["refresh_token"] == "sandbox-refresh-1"
    assert quickbooks.control("calls", method="GET")["quickbooks"]["total"] == 0
    assert quickbooks.control("faults", method="GET") == []
    assert quickbooks.control("clock", method="GET")["offset_seconds"] == 0
    assert quickbooks.control("switches", method="GET")["rotate_every_refresh"]["value"] is False
    state = quickbooks.control("state", method="GET")["quickbooks"]
    assert all(company["Customer"] == [] for company in state.values())


def test_an_unknown_dataset_is_refused(quickbooks: QuickBooksCaller) -> None:
    answer = quickbooks.session.post(f"{quickbooks.url}/control/reset", json={"dataset": "moon"})

    assert answer.status_code == 400


def test_the_state_shows_every_record(quickbooks: QuickBooksCaller) -> None:
    created = quickbooks.create("Customer", {"DisplayName": "Acme"})

    state = quickbooks.control("state", method="GET")["quickbooks"][quickbooks.realm]

    assert state["Customer"] == [created]
    assert state["CompanyInfo"][0]["Id"] == "1" and state["TimeActivity"] == []


def test_a_person_changes_records_without_api_rules(quickbooks: QuickBooksCaller) -> None:
    created = quickbooks.in_product("Customer", {"DisplayName": "A:b"})
    assert (created["Id"], created["SyncToken"]) == ("1", "0")

    changed = quickbooks.in_product("Customer", {"Id": "1", "DisplayName": "B"})
    assert (changed["SyncToken"], changed["FullyQualifiedName"]) == ("1", "B")

    quiet = quickbooks.in_product("Customer", {"Id": "1", "Balance": 5, "keep_token": True})
    assert quiet["SyncToken"] == "1" and quiet["MetaData"] == changed["MetaData"]


def test_a_person_may_choose_an_id_and_later_ids_follow_it(quickbooks: QuickBooksCaller) -> None:
    quickbooks.in_product("Employee", {"Id": "55", "DisplayName": "Emily"})

    assert quickbooks.create("Customer", {"DisplayName": "Acme"})["Id"] == "56"


def test_the_clock_moves_stamps(quickbooks: QuickBooksCaller) -> None:
    before = quickbooks.send("GET", "preferences").json()["time"]
    quickbooks.move_clock(hours=-48)
    quickbooks.token = quickbooks.refresh("sandbox-refresh-1").json()["access_token"]

    assert quickbooks.send("GET", "preferences").json()["time"][:10] < before[:10]


def test_an_unknown_address_is_404(sandbox: Running, quickbooks: QuickBooksCaller) -> None:
    assert quickbooks.session.get(f"{sandbox.url}/nowhere").status_code == 404
    assert quickbooks.session.post(f"{sandbox.url}/control/faults", data="{").status_code == 400
