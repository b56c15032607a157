"""Faults on demand: the caller's view, and whether the work was done."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.quickbooks_client import QuickBooksCaller

KINDS_BEFORE = {"429": 429, "429_xml": 429, "429_retry_after": 429, "500_html": 500, "503": 503}


def plan(quickbooks: QuickBooksCaller, kind: str, **more: Any) -> None:
    fault = {"vendor": "quickbooks", "method": "POST", "path": "/timeactivity", "kind": kind, **more}
    quickbooks.control("faults", fault)


def kept(quickbooks: QuickBooksCaller) -> int:
    return len(quickbooks.rows("select * from TimeActivity"))


@pytest.mark.parametrize(("kind", "rows"), [("cut_before", 0), ("cut_after_commit", 1)])
def test_a_cut_connection_gives_no_answer(
    quickbooks: QuickBooksCaller, work: dict[str, Any], kind: str, rows: int
) -> None:
    plan(quickbooks, kind)

    with pytest.raises(requests.ConnectionError):
        quickbooks.write("TimeActivity", work)

    assert kept(quickbooks) == rows


@pytest.mark.parametrize(("kind", "rows"), [("hang_before", 0), ("hang_after_commit", 1)])
def test_a_hanging_call_is_done_before_or_after_the_wait_without_holding_up_others(
    quickbooks: QuickBooksCaller, work: dict[str, Any], kind: str, rows: int
) -> None:
    plan(quickbooks, kind, seconds=2)

    with pytest.raises(requests.ReadTimeout):
        requests.post(
            f"{quickbooks.url}/v3/company/{quickbooks.realm}/timeactivity",
            json=work,
            headers={"Authorization": f"Bearer {quickbooks.token}"},
            timeout=0.3,
        )

    assert kept(quickbooks) == rows


@pytest.mark.parametrize(("kind", "status"), KINDS_BEFORE.items())
def test_the_presets_answer_before_anything_is_done(
    quickbooks: QuickBooksCaller, work: dict[str, Any], kind: str, status: int
) -> None:
    plan(quickbooks, kind)

    assert quickbooks.write("TimeActivity", work).status_code == status
    assert kept(quickbooks) == 0


def test_a_server_error_may_come_after_the_work_is_done(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    plan(quickbooks, "500_html_after_commit")

    answer = quickbooks.write("TimeActivity", work)

    assert answer.status_code == 500 and answer.text.startswith("<html>")
    assert kept(quickbooks) == 1


@pytest.mark.parametrize(("kind", "rows"), [("status_before", 0), ("status_after_commit", 1)])
def test_any_status_and_body_can_be_asked_for(
    quickbooks: QuickBooksCaller, work: dict[str, Any], kind: str, rows: int
) -> None:
    plan(quickbooks, kind, status=504, body={"odd": True}, headers={"X-Odd": "1"})

    answer = quickbooks.write("TimeActivity", work)

    assert (answer.status_code, answer.json(), answer.headers["X-Odd"]) == (504, {"odd": True}, "1")
    assert kept(quickbooks) == rows


def test_throttling_uses_the_vendors_wording(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    for kind in ("429", "429_xml", "429_retry_after"):
        plan(quickbooks, kind, seconds=7)
    json, xml, patient = (quickbooks.write("TimeActivity", work) for _ in range(3))

    assert json.json()["Fault"]["type"] == "SERVICE" and "Retry-After" not in json.headers
    assert 'Error code="3001"' in xml.text
    assert patient.headers["Retry-After"] == "7"


def test_a_fault_strikes_as_often_as_asked_after_those_skipped(
    quickbooks: QuickBooksCaller, work: dict[str, Any]
) -> None:
    plan(quickbooks, "503", times=2, skip=1)

    assert [quickbooks.write("TimeActivity", work).status_code for _ in range(5)] == [200, 503, 503, 200, 200]
    assert quickbooks.control("faults", method="GET")[0]["hits"] == 2


def test_times_0_strikes_until_cleared(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    plan(quickbooks, "503", times=0)
    assert {quickbooks.write("TimeActivity", work).status_code for _ in range(3)} == {503}

    assert quickbooks.control("faults", method="DELETE") == []
    assert quickbooks.write("TimeActivity", work).status_code == 200


def test_a_fault_keeps_to_its_vendor_method_and_path(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    plan(quickbooks, "503", times=0, method="GET")
    quickbooks.control("faults", {"vendor": "clockify", "path": "timeactivity", "kind": "503", "times": 0})
    plan(quickbooks, "503", times=0, path="requestid=bad")

    assert quickbooks.write("TimeActivity", work, requestid="good").status_code == 200
    assert quickbooks.write("TimeActivity", work, requestid="bad").status_code == 503


def test_oauth_can_be_struck_too(quickbooks: QuickBooksCaller) -> None:
    quickbooks.control("faults", {"vendor": "quickbooks", "path": "^/oauth2/token", "kind": "503"})

    assert quickbooks.refresh("sandbox-refresh-1").status_code == 503


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "explode", "vendor": "quickbooks"},
        {"kind": "503", "vendor": "xero"},
        {"kind": "503", "vendor": "quickbooks", "colour": "red"},
        {"kind": "503", "vendor": "quickbooks", "path": "("},
    ],
)
def test_an_unknown_fault_is_refused(quickbooks: QuickBooksCaller, wrong: dict[str, str]) -> None:
    answer = quickbooks.session.post(f"{quickbooks.url}/control/faults", json=wrong)

    assert answer.status_code == 400 and answer.json()["error"]


def test_cut_and_struck_calls_are_counted_and_not_metered(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    quickbooks.control("calls", method="DELETE")
    plan(quickbooks, "cut_before")
    plan(quickbooks, "503")
    with pytest.raises(requests.ConnectionError):
        quickbooks.write("TimeActivity", work)
    quickbooks.write("TimeActivity", work)

    calls = quickbooks.control("calls", method="GET")["quickbooks"]
    assert (calls["total"], calls["core"]) == (2, 0)
    assert calls["by_status"] == {"cut": 1, "503": 1}
    assert calls["by_route"] == {"POST timeactivity": 2}
