"""Faults put together from options: which calls they hit, what is answered, how it travels, and what was done."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import requests

from tests.sandbox.clockify_client import ClockifyCaller
from tests.sandbox.quickbooks_client import QuickBooksCaller

MOMENTS = {"answer_before": 0, "answer_after_commit": 1}


@pytest.fixture(params=MOMENTS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def plan(quickbooks: QuickBooksCaller, kind: str, path: str = "/timeactivity", **more: Any) -> None:
    fault = {"vendor": "quickbooks", "method": "POST", "path": path, "kind": kind, **more}
    quickbooks.control("faults", fault)


def kept(quickbooks: QuickBooksCaller) -> list[str]:
    """Return the texts of the activities there are."""
    return sorted(row["Description"] for row in quickbooks.rows("select * from TimeActivity"))


def items(work: dict[str, Any], *texts: str) -> list[dict[str, Any]]:
    return [
        {"bId": str(number), "operation": "create", "TimeActivity": work | {"Description": text}}
        for number, text in enumerate(texts)
    ]


# --- whole answers -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 413, 502])
def test_a_gateways_page_comes_with_any_status(
    quickbooks: QuickBooksCaller, work: dict[str, Any], kind: str, status: int
) -> None:
    plan(quickbooks, kind, preset="html", status=status)

    answer = quickbooks.write("TimeActivity", work)

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html")
    assert answer.text.startswith("<html>")
    assert len(kept(quickbooks)) == MOMENTS[kind]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_leads_to_another_host(
    quickbooks: QuickBooksCaller, work: dict[str, Any], kind: str, status: int
) -> None:
    plan(quickbooks, kind, preset="empty", status=status, headers={"Location": "http://127.0.0.1:9/elsewhere"})

    answer = quickbooks.send("POST", "timeactivity", json=work, allow_redirects=False)

    assert (answer.status_code, answer.content) == (status, b"")
    assert answer.headers["Location"] == "http://127.0.0.1:9/elsewhere"
    assert len(kept(quickbooks)) == MOMENTS[kind]


@pytest.mark.parametrize(
    ("preset", "text"),
    [("null", "null"), ("list", "[]"), ("text", '"text"'), ("number", "17"), ("object", "{}"), ("empty", "")],
)
def test_json_of_any_kind_is_answered(
    quickbooks: QuickBooksCaller, work: dict[str, Any], kind: str, preset: str, text: str
) -> None:
    plan(quickbooks, kind, preset=preset)

    assert quickbooks.write("TimeActivity", work).text == text
    assert len(kept(quickbooks)) == MOMENTS[kind]


def test_json_may_be_cut_nested_deep_or_not_a_number(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    for preset in ("truncated", "deep", "deep_fault", "nan"):
        plan(quickbooks, "answer_after_commit", preset=preset)
    cut, deep, deep_fault, nan = (quickbooks.write("TimeActivity", work).text for _ in range(4))

    assert cut.startswith('{"TimeActivity":{"') and not cut.endswith("}")
    assert deep.startswith("[" * 100_000) and deep_fault.startswith('{"Fault":{"Error":[[')
    assert "NaN" in nan


@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
def test_a_fault_of_any_code_comes_under_any_status_in_either_case(
    quickbooks: QuickBooksCaller, work: dict[str, Any], status: int
) -> None:
    plan(quickbooks, "answer_before", preset="fault", status=status, code="3100")
    plan(quickbooks, "answer_before", preset="fault_lower", status=status, code="120")
    upper, lower = (quickbooks.write("TimeActivity", work) for _ in range(2))

    assert (upper.status_code, upper.json()["Fault"]["Error"][0]["code"]) == (status, "3100")
    assert (lower.status_code, lower.json()["fault"]["error"][0]["code"]) == (status, "120")


@pytest.mark.parametrize("text", ["inf", "1e400", "-5", "99999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "soon"])
def test_retry_after_says_anything(quickbooks: QuickBooksCaller, work: dict[str, Any], text: str) -> None:
    plan(quickbooks, "answer_before", preset="fault", status=429, code="3001", headers={"Retry-After": text})

    answer = quickbooks.write("TimeActivity", work)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, text)


def test_a_content_type_may_be_wrong(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    plan(quickbooks, "answer_after_commit", headers={"Content-Type": "text/html"})

    answer = quickbooks.write("TimeActivity", work)

    assert answer.headers["Content-Type"] == "text/html" and answer.json()["TimeActivity"]["Id"]


# --- answers that fall short or lie ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "shown"),
    [
        ({"change": {"TimeActivity": {}}}, {}),
        ({"change": {"TimeActivity": None}}, None),
        ({"change": {"TimeActivity.Id": ""}, "drop": ["TimeActivity.SyncToken"]}, {"Id": ""}),
        ({"change": {"TimeActivity.Id": 17}}, {"Id": 17, "SyncToken": "0"}),
        ({"drop": ["TimeActivity.Id"]}, {"SyncToken": "0"}),
        ({"drop": ["TimeActivity"], "change": {"Employee": {"Id": "1"}}}, "gone"),
    ],
)
def test_a_writes_answer_falls_short(
    quickbooks: QuickBooksCaller, work: dict[str, Any], kind: str, options: dict[str, Any], shown: object
) -> None:
    plan(quickbooks, kind, **options)

    record = quickbooks.write("TimeActivity", work).json().get("TimeActivity", "gone")

    keys = ("Id", "SyncToken")
    assert shown == ({key: record[key] for key in keys if key in record} if isinstance(record, dict) else record)
    assert len(kept(quickbooks)) == MOMENTS[kind]


def test_any_field_of_an_answer_may_differ_from_what_is_kept(
    quickbooks: QuickBooksCaller, work: dict[str, Any]
) -> None:
    change = {"TimeActivity.EmployeeRef.value": "99", "TimeActivity.Minutes": 59, "TimeActivity.Nothing.there": 1}
    plan(quickbooks, "answer_after_commit", change=change)

    answer = quickbooks.create("TimeActivity", work)

    assert (answer["EmployeeRef"]["value"], answer["Minutes"]) == ("99", 59)
    (row,) = quickbooks.rows("select * from TimeActivity")
    assert (row["EmployeeRef"]["value"], row["Minutes"]) == (work["EmployeeRef"]["value"], 15)


def test_a_write_that_was_not_done_is_answered_as_if(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    created = quickbooks.create("TimeActivity", work)
    plan(quickbooks, "answer_before", times=3)
    body = {**created, "Description": "other"}

    new, changed, deleted = (
        quickbooks.create("TimeActivity", work),
        quickbooks.create("TimeActivity", body),
        quickbooks.create("TimeActivity", body, operation="delete"),
    )

    assert int(new["Id"]) > 1_000_000 and new["SyncToken"] == "0"
    assert (changed["Id"], changed["SyncToken"], deleted["status"]) == (created["Id"], "1", "Deleted")
    assert kept(quickbooks) == ["Review"]


# --- batches -----------------------------------------------------------------------------------------------
def test_a_change_hits_the_matching_items_of_a_batch_alone(
    quickbooks: QuickBooksCaller, work: dict[str, Any], kind: str
) -> None:
    plan(quickbooks, kind, "/batch", match="🎉", change={"TimeActivity": {}})

    answers = quickbooks.batch(*items(work, "a", "b 🎉", "c"))

    assert answers["1"]["TimeActivity"] == {}
    assert answers["0"]["TimeActivity"]["Id"] and answers["2"]["TimeActivity"]["Id"]
    assert kept(quickbooks) == (["a", "c"] if kind == "answer_before" else ["a", "b 🎉", "c"])


@pytest.mark.parametrize(
    ("item", "answered"),
    [("missing", ["0", "2"]), ("twice", ["0", "1", "1", "2"]), ("unknown_bid", ["0", "2", "nobody's"])],
)
def test_a_batch_misses_an_item_has_it_twice_or_names_it_wrongly(
    quickbooks: QuickBooksCaller, work: dict[str, Any], kind: str, item: str, answered: list[str]
) -> None:
    plan(quickbooks, kind, "/batch", match="b1", item=item)

    body = {"BatchItemRequest": items(work, "a", "b1", "c")}
    answers = quickbooks.send("POST", "batch", json=body).json()["BatchItemResponse"]

    assert sorted(answer["bId"] for answer in answers) == answered
    assert len(kept(quickbooks)) == 2 + MOMENTS[kind]


def test_an_item_of_a_batch_is_refused_with_any_code(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    plan(quickbooks, "answer_before", "/batch", match="b1", item="fault", code="10000")

    answers = quickbooks.batch(*items(work, "a", "b1"))

    assert answers["1"]["Fault"]["Error"][0]["code"] == "10000"
    assert kept(quickbooks) == ["a"]


def test_a_batch_may_be_answered_as_a_whole(quickbooks: QuickBooksCaller, work: dict[str, Any], kind: str) -> None:
    plan(quickbooks, kind, "/batch", match="b1", preset="html", status=502)

    answer = quickbooks.send("POST", "batch", json={"BatchItemRequest": items(work, "a", "b1")})

    assert (answer.status_code, answer.text[:6]) == (502, "<html>")
    assert len(kept(quickbooks)) == 2 * MOMENTS[kind]


# --- which calls -------------------------------------------------------------------------------------------
def test_one_record_fails_each_time_while_others_pass(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    plan(quickbooks, "answer_before", match="🎉", preset="html", status=500, times=0)

    texts = ("Party 🎉", "Work", "Party 🎉")
    # `json=` escapes the emoji as \u pairs.
    statuses = [quickbooks.write("TimeActivity", work | {"Description": text}).status_code for text in texts]

    assert statuses == [500, 200, 500]
    raw = json.dumps(work | {"Description": "🎉"}, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json"}
    assert quickbooks.send("POST", "timeactivity", data=raw, headers=headers).status_code == 500


def test_a_query_about_one_record_can_be_hit(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    plan(
        quickbooks, "answer_before", "/query", match=r"Id in \('7'\)", method="GET", preset="empty", status=404, times=0
    )

    assert quickbooks.query("select * from TimeActivity where Id in ('7')").status_code == 404
    assert quickbooks.query("select * from TimeActivity where Id in ('8')").status_code == 200


# --- the token service, lists and reports ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "body"),
    [
        ({"change": {"refresh_token": None}}, {"refresh_token": None}),
        ({"change": {"refresh_token": ["a"]}}, {"refresh_token": ["a"]}),
        ({"change": {"access_token": {}}}, {"access_token": {}}),
        ({"change": {"expires_in": 10**40}}, {"expires_in": 10**40}),
        ({"preset": "null"}, None),
        ({"preset": "list"}, []),
    ],
)
def test_the_token_service_answers_oddly(
    quickbooks: QuickBooksCaller, options: dict[str, Any], body: dict[str, Any] | list[Any] | None
) -> None:
    plan(quickbooks, "answer_after_commit", "^/oauth2/token", **options)
    token = quickbooks.info["refresh_token"]

    answer = quickbooks.refresh(token)

    shown = answer.json()
    assert (answer.status_code, {key: shown[key] for key in body} if isinstance(body, dict) else shown) == (200, body)


def test_a_query_gives_full_pages_for_ever(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    quickbooks.create("TimeActivity", work)
    far = "select * from TimeActivity startposition 5001 maxresults 3"
    pages = []
    for how in ("repeat", "invent"):
        plan(quickbooks, "answer_after_commit", "/query", method="GET", pages=how)
        pages.append([row["Id"] for row in quickbooks.rows(far)])

    assert pages == [["1", "1", "1"], ["9005000", "9005001", "9005002"]]
    assert quickbooks.rows(far) == []


def hit(clockify: ClockifyCaller, **fault: Any) -> None:
    fault = {"vendor": "clockify", "kind": "answer_after_commit", **fault}
    assert requests.post(f"{clockify.url}/control/faults", json=fault, timeout=10).status_code == 200


def test_clockifys_lists_and_reports_go_on_for_ever(clockify: ClockifyCaller) -> None:
    entry = clockify.entry()
    hit(clockify, path="/users", pages="invent", times=2)
    hit(clockify, path="/reports/", pages="repeat")
    far = {"detailedFilter": {"page": 9, "pageSize": 2}}

    users = [clockify.get("/users", page=page, page_size=2) for page in (7, 8)]

    assert len({row["id"] for answer in users for row in answer.json()}) == 4
    assert users[0].headers["Last-Page"] == "false"
    assert [row["_id"] for row in clockify.reported(**far)] == [entry, entry]
    assert clockify.reported(**far) == []


def test_a_reports_total_lies_and_a_refusal_has_clockifys_form(clockify: ClockifyCaller) -> None:
    clockify.entry()
    hit(clockify, path="/reports/", change={"totals.0.entriesCount": 999})
    hit(clockify, path="/users", kind="answer_before", preset="fault", status=403, code="501")

    options = {"detailedFilter": {"page": 1, "pageSize": 200, "options": {"totals": "CALCULATE"}}}
    assert clockify.report(**options).json()["totals"][0]["entriesCount"] == 999
    refused = clockify.get("/users")
    assert (refused.status_code, refused.json()["code"]) == (403, 501)


# --- how answers travel ------------------------------------------------------------------------------------
def test_a_body_drips(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    plan(quickbooks, "answer_before", preset="object", drip_ms=150)
    began = time.monotonic()

    assert quickbooks.write("TimeActivity", work).text == "{}"
    assert 0.3 <= time.monotonic() - began < 3


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzip"])
def test_a_body_is_huge_and_its_json_still_whole(
    quickbooks: QuickBooksCaller, work: dict[str, Any], zipped: bool
) -> None:
    plan(quickbooks, "answer_after_commit", megabytes=3, gzip=zipped)

    answer = quickbooks.write("TimeActivity", work)

    assert len(answer.content) > 3 * 2**20 and answer.json()["TimeActivity"]["Id"] == "1"
    assert (int(answer.headers["Content-Length"]) < 20_000) == zipped
    assert quickbooks.write("TimeActivity", work).status_code == 200


def test_a_content_length_may_be_wrong(quickbooks: QuickBooksCaller, work: dict[str, Any]) -> None:
    plan(quickbooks, "answer_after_commit", length_off=5)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        quickbooks.write("TimeActivity", work)
    plan(quickbooks, "answer_after_commit", length_off=-5)

    assert not quickbooks.write("TimeActivity", work).text.endswith("}")
    assert len(kept(quickbooks)) == 2


@pytest.mark.parametrize("wrong", [{"preset": "poem"}, {"item": "eaten"}, {"pages": "torn"}, {"match": "("}])
def test_an_unknown_option_is_refused(quickbooks: QuickBooksCaller, wrong: dict[str, str]) -> None:
    fault = {"vendor": "quickbooks", "kind": "answer_before", **wrong}

    assert quickbooks.session.post(f"{quickbooks.url}/control/faults", json=fault).status_code == 400
