"""The key's owner, workspaces and users, with their pages."""

from __future__ import annotations

import re

import pytest

from tests.sandbox.clockify_client import ClockifyCaller, refusal


def test_user_shows_zone_and_workspace_and_memberships_only_when_asked(clockify: ClockifyCaller) -> None:
    plain = clockify.send("GET", f"{clockify.api}/user").json()
    full = clockify.send("GET", f"{clockify.api}/user", params={"include-memberships": "true"}).json()

    assert re.fullmatch(r"[0-9a-f]{24}", plain["id"])
    assert plain["settings"]["timeZone"] == "America/New_York"
    assert plain["activeWorkspace"] == clockify.workspace_id
    assert plain["memberships"] == []
    assert [row["membershipStatus"] for row in full["memberships"]] == ["ACTIVE"]


def test_workspace_states_plan_features_settings_and_currencies(clockify: ClockifyCaller) -> None:
    workspace = clockify.get("").json()

    assert workspace["featureSubscriptionType"] == "STANDARD"
    assert {"APPROVAL", "QUICKBOOKS_INTEGRATION"} <= set(workspace["features"])
    assert workspace["workspaceSettings"]["round"] == {"round": "Round to nearest", "minutes": "15"}
    assert [(row["code"], row["isDefault"]) for row in workspace["currencies"]] == [("USD", True)]


def test_workspaces_have_no_pages(clockify: ClockifyCaller) -> None:
    answer = clockify.send("GET", f"{clockify.api}/workspaces", params={"page-size": 0})

    assert len(answer.json()) == 1 and "Last-Page" not in answer.headers


def test_users_are_found_by_membership_status(clockify: ClockifyCaller) -> None:
    clockify.put("users", name="Cleo", email="cleo@example.test", status="INACTIVE")
    clockify.put("users", name=None, email="dov@example.test", status="PENDING", accountStatus="NOT_REGISTERED")

    emails = {
        status: [row["email"] for row in clockify.rows("/users", status=status)] for status in ("INACTIVE", "PENDING")
    }

    assert emails == {"INACTIVE": ["cleo@example.test"], "PENDING": ["dov@example.test"]}
    assert len(clockify.rows("/users", status="ALL")) == 3
    assert len(clockify.rows("/users")) == 3


def test_users_without_status_may_mean_active_ones(clockify: ClockifyCaller) -> None:
    clockify.put("users", name="Cleo", email="cleo@example.test", status="INACTIVE")
    clockify.switch(users_without_status="ACTIVE")

    assert [row["name"] for row in clockify.rows("/users")] == ["Sandbox Owner"]


def test_a_deactivated_member_shows_his_account_status_or_his_membership(clockify: ClockifyCaller) -> None:
    clockify.put("users", name="Cleo", email="cleo@example.test", status="INACTIVE")
    assert clockify.rows("/users", status="INACTIVE")[0]["status"] == "ACTIVE"

    clockify.switch(user_status="membership")
    assert clockify.rows("/users", status="INACTIVE")[0]["status"] == "INACTIVE"


def test_memberships_tell_the_membership_status(clockify: ClockifyCaller) -> None:
    clockify.put("users", name="Cleo", email="cleo@example.test", status="INACTIVE", hourlyRate=9000)
    plain = clockify.rows("/users", name="cleo")[0]
    full = clockify.rows("/users", name="cleo", memberships="WORKSPACE")[0]

    assert plain["memberships"] == []
    assert full["memberships"][0]["membershipStatus"] == "INACTIVE"
    assert full["memberships"][0]["hourlyRate"] == {"amount": 9000, "currency": "USD"}


def test_roles_come_when_asked_for(clockify: ClockifyCaller) -> None:
    clockify.member()
    plain = clockify.rows("/users")
    with_roles = {
        row["name"]: [role["role"] for role in row["roles"]] for row in clockify.rows("/users", include_roles="true")
    }

    assert "roles" not in plain[0]
    assert with_roles == {"Sandbox Owner": ["WORKSPACE_ADMIN", "WORKSPACE_OWN"], "Ben Berg": []}


def test_a_user_may_have_neither_name_nor_settings(clockify: ClockifyCaller) -> None:
    clockify.put("users", name=None, email="dov@example.test", settings=None, accountStatus="NOT_REGISTERED")
    row = clockify.rows("/users", email="dov")[0]

    assert row["name"] is None and row["settings"] is None


def test_kiosk_and_deleted_accounts_are_not_listed(clockify: ClockifyCaller) -> None:
    clockify.put("users", name="Kiosk", email="kiosk@example.test", accountStatus="LIMITED")
    clockify.put("users", name="Gone", email="gone@example.test", accountStatus="DELETED")

    assert [row["name"] for row in clockify.rows("/users", status="ALL")] == ["Sandbox Owner"]
    named = clockify.get("/users", account_statuses="DELETED").json()
    assert [row["name"] for row in named] == ["Gone"]


def test_two_users_may_have_the_same_name(clockify: ClockifyCaller) -> None:
    for email in ("one@example.test", "two@example.test"):
        clockify.put("users", name="Chris Taylor", email=email)

    assert len(clockify.rows("/users", name="Chris Taylor")) == 2


def test_pages_begin_at_one_and_last_page_is_told(clockify: ClockifyCaller) -> None:
    for number in range(4):
        clockify.put("users", name=f"Ada {number}", email=f"ada{number}@example.test")

    pages = [clockify.get("/users", page=page, page_size=2) for page in (1, 2, 3, 4)]

    assert [len(page.json()) for page in pages] == [2, 2, 1, 0]
    assert [page.headers["Last-Page"] for page in pages] == ["false", "false", "true", "true"]
    assert len({row["id"] for page in pages for row in page.json()}) == 5


def test_a_full_last_page_says_that_it_is_the_last(clockify: ClockifyCaller) -> None:
    clockify.member()

    assert clockify.get("/users", page_size=2).headers["Last-Page"] == "true"


def test_fifty_rows_by_default(clockify: ClockifyCaller) -> None:
    for number in range(51):
        clockify.put("clients", name=f"Client {number:02}")

    first = clockify.get("/clients")

    assert (len(first.json()), first.headers["Last-Page"]) == (50, "false")


def test_the_last_page_header_may_be_missing(clockify: ClockifyCaller) -> None:
    clockify.switch(last_page_header=False)

    assert "Last-Page" not in clockify.get("/users").headers


@pytest.mark.parametrize("query", [{"page": 0}, {"page-size": 0}, {"page-size": -1}, {"page": "x"}, {"status": "SOME"}])
def test_nonsense_parameters_are_400_3000(clockify: ClockifyCaller, query: dict[str, object]) -> None:
    assert refusal(clockify.get("/users", **query)) == (400, 3000)


def test_large_pages_are_cut_silently(clockify: ClockifyCaller) -> None:
    clockify.member()
    clockify.switch(max_page_size=1)

    assert len(clockify.rows("/users", page_size=200)) == 1
