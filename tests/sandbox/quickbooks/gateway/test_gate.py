"""Envelopes, tokens on calls, formats, request ids, limits."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.server import Running
from tests.sandbox.quickbooks_client import QuickBooksCaller, code


def test_a_call_without_a_token_gets_the_gateways_lower_case_envelope(quickbooks: QuickBooksCaller) -> None:
    answer = quickbooks.send("GET", "preferences", headers={"Authorization": ""})

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'
    fault = answer.json()["fault"]
    assert fault["type"] == "AUTHENTICATION" and fault["error"][0]["code"] == "3200"
    assert isinstance(answer.json()["time"], int)


def test_a_token_of_another_company_is_403_with_3100(sandbox: Running, quickbooks: QuickBooksCaller) -> None:
    sandbox.world.quickbooks.add_company(realm="4620816365000001", name="Other")
    quickbooks.realm = "4620816365000001"

    answer = quickbooks.send("GET", "preferences")

    assert answer.status_code == 403 and answer.json()["fault"]["error"][0]["code"] == "3100"


def test_every_answer_carries_an_intuit_tid(quickbooks: QuickBooksCaller) -> None:
    good = quickbooks.send("GET", "preferences")
    bad = quickbooks.send("GET", "customer/77")
    outside = quickbooks.send("GET", "preferences", headers={"Authorization": "Bearer x"})

    tids = {answer.headers["intuit_tid"] for answer in (good, bad, outside)}
    assert len(tids) == 3


def test_without_accept_json_the_answer_is_xml(quickbooks: QuickBooksCaller) -> None:
    answer = quickbooks.send("GET", "preferences", headers={"Accept": "*/*"})

    assert answer.headers["Content-Type"].startswith("application/xml")
    assert answer.text.startswith("<?xml") and "<IntuitResponse" in answer.text


@pytest.mark.parametrize("version", ["1", "65", "75", "900"])
def test_minorversion_changes_nothing(quickbooks: QuickBooksCaller, version: str) -> None:
    answer = quickbooks.send("GET", "preferences", params={"minorversion": version})

    assert answer.status_code == 200


def test_an_unknown_address_is_400_with_500(quickbooks: QuickBooksCaller) -> None:
    answer = quickbooks.send("GET", "timeactivities")

    assert code(answer) == "500" and "Could not find resource" in answer.text


def test_the_bare_collection_is_no_list_call(quickbooks: QuickBooksCaller) -> None:
    assert code(quickbooks.send("GET", "timeactivity")) == "500"


def test_bad_utf8_is_500_and_bad_json_2010(quickbooks: QuickBooksCaller) -> None:
    kind = {"Content-Type": "application/json"}

    assert code(quickbooks.send("POST", "customer", data=b'{"DisplayName":"\xff"}', headers=kind)) == "500"
    assert code(quickbooks.send("POST", "customer", data=b'{"DisplayName":', headers=kind)) == "2010"


def test_times_carry_the_pacific_offset(quickbooks: QuickBooksCaller) -> None:
    body = quickbooks.send("GET", "preferences").json()

    assert body["time"][-6:] in ("-08:00", "-07:00")


def test_a_repeated_requestid_replays_and_creates_nothing(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    first = quickbooks.create("TimeActivity", work, requestid="one")
    second = quickbooks.create("TimeActivity", work | {"Hours": 7}, requestid="one")

    assert second == first
    assert len(quickbooks.rows("select * from TimeActivity")) == 1


def test_updates_and_deletes_are_replayed_too(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    created = quickbooks.create("TimeActivity", work)
    change = work | {"Id": created["Id"], "SyncToken": "0", "Hours": 5}
    assert quickbooks.create("TimeActivity", change, requestid="up")["SyncToken"] == "1"
    assert quickbooks.create("TimeActivity", change, requestid="up")["SyncToken"] == "1"

    deletion = {"Id": created["Id"], "SyncToken": "1"}
    first = quickbooks.create("TimeActivity", deletion, operation="delete", requestid="del")
    assert quickbooks.create("TimeActivity", deletion, operation="delete", requestid="del") == first


def test_request_ids_belong_to_their_company(sandbox: Running, quickbooks: QuickBooksCaller) -> None:
    other = sandbox.world.quickbooks.add_company(realm="4620816365000001", name="Other")
    quickbooks.create("Customer", {"DisplayName": "Acme"}, requestid="one")
    other_caller = QuickBooksCaller(quickbooks.url, other.realm)
    refresh_token = sandbox.world.quickbooks.issue_refresh_token(other.realm)
    other_caller.token = other_caller.refresh(refresh_token).json()["access_token"]

    other_caller.create("Customer", {"DisplayName": "Beta"}, requestid="one")

    assert [row["DisplayName"] for row in other_caller.rows("select * from Customer")] == ["Beta"]
    other_caller.session.close()


def test_a_requestid_over_50_characters_is_2130(quickbooks: QuickBooksCaller) -> None:
    body = {"DisplayName": "Acme"}

    assert quickbooks.fault("Customer", body, requestid="x" * 51) == "2130"
    assert quickbooks.create("Customer", body, requestid="x" * 50)


def test_a_requestid_is_forgotten_after_its_time(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    quickbooks.switch(requestid_memory_seconds=60)
    first = quickbooks.create("TimeActivity", work, requestid="one")
    quickbooks.move_clock(hours=0.02)

    assert quickbooks.create("TimeActivity", work, requestid="one")["Id"] != first["Id"]


def test_request_ids_can_be_ignored_altogether(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    quickbooks.switch(requestid_memory_seconds=0)
    first = quickbooks.create("TimeActivity", work, requestid="one")

    assert quickbooks.create("TimeActivity", work, requestid="one")["Id"] != first["Id"]


def test_a_repeat_can_answer_600(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    quickbooks.switch(requestid_replay_answers_600=True)
    quickbooks.create("TimeActivity", work, requestid="one")

    assert quickbooks.fault("TimeActivity", work, requestid="one") == "600"
    assert len(quickbooks.rows("select * from TimeActivity")) == 1


def test_reuse_for_another_body_can_answer_600(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    quickbooks.switch(requestid_reuse="600")
    first = quickbooks.create("TimeActivity", work, requestid="one")

    assert quickbooks.create("TimeActivity", work, requestid="one") == first
    assert quickbooks.fault("TimeActivity", work | {"Hours": 3}, requestid="one") == "600"


def test_refusals_are_not_remembered_unless_switched(quickbooks: QuickBooksCaller) -> None:
    assert quickbooks.fault("Customer", {}, requestid="one") == "6080"
    assert quickbooks.create("Customer", {"DisplayName": "Acme"}, requestid="one")

    quickbooks.switch(errors_remembered=True)
    assert quickbooks.fault("Customer", {}, requestid="two") == "6080"
    assert quickbooks.fault("Customer", {"DisplayName": "Beta"}, requestid="two") == "6080"


def test_limits_are_counted_and_not_enforced(quickbooks: QuickBooksCaller) -> None:
    answers = [quickbooks.send("GET", "preferences").status_code for _ in range(40)]

    limits = quickbooks.control("calls", method="GET")["quickbooks"]["limits"][quickbooks.realm]
    assert set(answers) == {200}
    assert limits["peaks"]["per_minute"] == 40 and limits["violations"]["per_minute"] == 0


def test_enforced_limits_answer_429_and_say_when_to_return(quickbooks: QuickBooksCaller) -> None:
    quickbooks.switch(enforce_limits=True, retry_after_on_429=True)
    items = {"BatchItemRequest": [{"bId": "1", "Query": "select * from Item"}]}

    while (answer := quickbooks.send("POST", "batch", json=items)).status_code == 200:
        pass

    assert answer.status_code == 429 and answer.headers["Retry-After"] == "60"
    assert answer.json()["Fault"]["Error"][0]["code"] == "3001"


def test_calls_are_counted_in_intuits_classes(quickbooks: QuickBooksCaller) -> None:
    quickbooks.control("calls", method="DELETE")
    quickbooks.create("Customer", {"DisplayName": "Acme"})
    quickbooks.fault("Customer", {"DisplayName": "Acme"})
    quickbooks.rows("select * from Customer")
    quickbooks.send("POST", "query", data="select * from Item", headers={"Content-Type": "application/text"})
    quickbooks.batch({"bId": "1", "Query": "select * from Item"})
    quickbooks.refresh("sandbox-refresh-1")

    calls = quickbooks.control("calls", method="GET")["quickbooks"]

    assert {name: calls[name] for name in ("total", "core", "coreplus", "batch", "oauth")} == {
        "total": 6,
        "core": 1,
        "coreplus": 3,
        "batch": 1,
        "oauth": 1,
    }
    assert calls["by_status"] == {"200": 5, "400": 1}
    assert calls["by_route"]["POST customer"] == 2


def test_a_second_company_has_records_and_tokens_of_its_own(quickbooks: QuickBooksCaller, ids: dict[str, str]) -> None:
    body = {"realm": "9341000000000001", "name": "Real Company", "sku": "QuickBooks Online Essentials"}
    control = f"{quickbooks.url}/control/quickbooks"

    added = quickbooks.session.post(control, json=body)

    assert added.status_code == 200
    second = QuickBooksCaller(quickbooks.url, "9341000000000001")
    assert added.json()["refresh_token"] in {company["refresh_token"] for company in second.info["companies"]}
    assert second.info["realm"] == quickbooks.realm
    assert second.rows("select * from Customer") == [] != quickbooks.rows("select * from Customer")
    second.token = quickbooks.token
    assert second.query("select * from Customer").status_code == 403
    second.session.close()
    for wrong in (body, {"realm": "Real", "name": "Real"}, {"realm": "1"}):
        assert quickbooks.session.post(control, json=wrong).status_code == 400
