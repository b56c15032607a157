"""Access to the local Clockify: keys, roles, limits, unknown workspaces and unknown addresses."""

from __future__ import annotations

import pytest
import requests

from sandbox.clockify.errors import ClockifyError
from sandbox.world import World
from tests.sandbox.clockify_client import ClockifyCaller, refusal


def test_both_mount_points_answer_on_one_host(clockify: ClockifyCaller) -> None:
    assert clockify.api.endswith("/api/v1") and clockify.reports.endswith("/report/v1")

    assert clockify.send("GET", f"{clockify.api}/user").status_code == 200
    assert clockify.report().status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Api-Key": "sandbox-clockify-key", "X-Addon-Token": "x.y.z"},
        {"Authorization": "Bearer sandbox-clockify-key"},
    ],
    ids=["none", "both", "only bearer"],
)
def test_none_or_both_tokens_are_401_1000(clockify: ClockifyCaller, headers: dict[str, str]) -> None:
    assert refusal(clockify.send("GET", f"{clockify.api}/user", headers=headers)) == (401, 1000)


def test_an_unknown_key_is_401_4003(clockify: ClockifyCaller) -> None:
    assert refusal(clockify.send("GET", f"{clockify.api}/user", headers={"X-Api-Key": "nonsense"})) == (401, 4003)


def test_a_revoked_key_is_401_4003(clockify: ClockifyCaller) -> None:
    address = f"{clockify.url}/control/clockify/{clockify.workspace_id}/keys/{clockify.key}"
    assert requests.delete(address, timeout=10).status_code == 200

    assert refusal(clockify.get("/users")) == (401, 4003)


def test_a_malformed_addon_token_is_401_4017(clockify: ClockifyCaller) -> None:
    assert refusal(clockify.send("GET", f"{clockify.api}/user", headers={"X-Addon-Token": "x"})) == (401, 4017)


@pytest.mark.parametrize("path", ["", "/users", "/projects", "/time-entries/64a000000000000000000001"])
def test_an_unknown_workspace_is_404_with_no_body(clockify: ClockifyCaller, path: str) -> None:
    answer = clockify.send("GET", f"{clockify.api}/workspaces/64e0000000000000000000ff{path}")

    assert (answer.status_code, answer.content) == (404, b"")


def test_a_report_on_an_unknown_workspace_is_404_with_no_body(clockify: ClockifyCaller) -> None:
    answer = clockify.report(workspace_id="64e0000000000000000000ff")

    assert (answer.status_code, answer.content) == (404, b"")


def test_a_deactivated_members_key_finds_no_workspace(clockify: ClockifyCaller) -> None:
    _, ben = clockify.member(status="INACTIVE")

    assert ben.get("").status_code == 404
    assert ben.send("GET", f"{ben.api}/workspaces").json() == []


def test_an_unknown_route_is_404_3000(clockify: ClockifyCaller) -> None:
    assert refusal(clockify.get("/nothing-here")) == (404, 3000)


def test_a_wrong_verb_is_405_3000_and_names_the_right_ones(clockify: ClockifyCaller) -> None:
    answer = clockify.write("PUT", "/users", {})

    assert refusal(answer) == (405, 3000)
    assert answer.headers["Allow"] == "GET"


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/users"), ("POST", "/clients"), ("POST", "/projects"), ("GET", "/webhooks")],
)
def test_a_regular_members_key_is_403_501_on_admin_routes(clockify: ClockifyCaller, method: str, path: str) -> None:
    _, ben = clockify.member()

    assert refusal(ben.write(method, path, {"name": "Acme"})) == (403, 501)


def test_a_regular_members_key_fails_the_roles_filter(clockify: ClockifyCaller) -> None:
    _, ben = clockify.member()
    roles = {"roles": ["WORKSPACE_ADMIN", "OWNER"]}

    assert [row["id"] for row in ben.send("GET", f"{ben.api}/workspaces").json()] == [clockify.workspace_id]
    assert ben.send("GET", f"{ben.api}/workspaces", params=roles).json() == []
    assert len(clockify.send("GET", f"{clockify.api}/workspaces", params=roles).json()) == 1


def test_a_member_may_see_the_team_when_the_switch_says_so(clockify: ClockifyCaller) -> None:
    _, ben = clockify.member()
    clockify.switch(members_see_team=True)

    assert len(ben.rows("/users")) == 2


def test_webhooks_answer_an_envelope(clockify: ClockifyCaller) -> None:
    assert clockify.get("/webhooks").json() == {"workspaceWebhookCount": 0, "webhooks": []}


def test_more_than_50_requests_in_a_second_are_429() -> None:
    budgets = World().clockify.budgets
    for _ in range(50):
        budgets.spend("some workspace", at=7.0)

    with pytest.raises(ClockifyError, match="Too many requests"):
        budgets.spend("some workspace", at=7.9)
    budgets.spend("another workspace", at=7.9)
    budgets.spend("some workspace", at=8.0)


def test_a_free_workspace_has_30_requests_an_hour(clockify: ClockifyCaller) -> None:
    clockify.switch(rate_limit="30_per_hour")
    answers = [clockify.get("/projects") for _ in range(31)]

    assert [answer.status_code for answer in answers] == [200] * 30 + [429]
    assert refusal(answers[-1]) == (429, 429)
    assert "Retry-After" not in answers[-1].headers

    requests.post(f"{clockify.url}/control/clock", json={"offset_seconds": 3601}, timeout=10)
    assert clockify.get("/projects").status_code == 200


def test_a_429_carries_retry_after_when_the_switch_says_so(clockify: ClockifyCaller) -> None:
    clockify.switch(rate_limit="30_per_hour", retry_after=True)
    last = [clockify.get("/projects") for _ in range(31)][-1]

    assert 0 < int(last.headers["Retry-After"]) <= 3600


def test_the_limit_can_be_off(clockify: ClockifyCaller) -> None:
    clockify.switch(rate_limit="off")

    assert {clockify.get("/projects").status_code for _ in range(60)} == {200}


def test_html_errors_and_throttling_can_be_injected(clockify: ClockifyCaller) -> None:
    for kind in ("500_html", "429_retry_after"):
        fault = {"vendor": "clockify", "kind": kind, "path": "/users"}
        requests.post(f"{clockify.url}/control/faults", json=fault, timeout=10)

    first, second, third = (clockify.get("/users") for _ in range(3))

    assert (first.status_code, first.headers["Content-Type"]) == (500, "text/html")
    assert refusal(second) == (429, 429) and "Retry-After" in second.headers
    assert third.status_code == 200


def test_calls_are_counted_by_route(clockify: ClockifyCaller) -> None:
    requests.delete(f"{clockify.url}/control/calls", timeout=10)
    clockify.get("/users")
    clockify.get("/time-entries/64a000000000000000000001")
    clockify.report()

    calls = requests.get(f"{clockify.url}/control/calls", timeout=10).json()["clockify"]

    assert calls["total"] == 3
    assert calls["by_route"] == {"GET users": 1, "GET time-entries/{id}": 1, "POST reports/detailed": 1}
