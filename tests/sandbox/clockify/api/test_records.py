"""Clients and projects: lists, filters, writes, and Clockify's uneven PUTs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.clockify_client import ClockifyCaller, refusal

NOBODY = "64b0000000000000000000ff"


@pytest.fixture
def acme(clockify: ClockifyCaller) -> dict[str, Any]:
    return clockify.write("POST", "/clients", {"name": "Acme"}).json()


@pytest.fixture
def website(clockify: ClockifyCaller, acme: dict[str, Any]) -> dict[str, Any]:
    body = {
        "name": "Website",
        "clientId": acme["id"],
        "billable": True,
        "isPublic": True,
        "color": "#8D6E63",
        "note": "phase 1",
        "hourlyRate": {"amount": 12500},
    }
    return clockify.write("POST", "/projects", body).json()


def names(rows: list[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def test_creating_a_client_honors_name_email_address_and_note_only(clockify: ClockifyCaller) -> None:
    body = {"name": "Acme", "email": "a@acme.example", "address": "1 Road", "note": "n", "ccEmails": ["b@acme.example"]}
    answer = clockify.write("POST", "/clients", {**body, "archived": True})

    client = answer.json()
    assert answer.status_code == 201
    assert (client["email"], client["address"], client["note"]) == ("a@acme.example", "1 Road", "n")
    assert (client["archived"], client["ccEmails"], client["currencyCode"]) == (False, [], "USD")


def test_putting_a_client_replaces_everything(clockify: ClockifyCaller) -> None:
    client = clockify.write("POST", "/clients", {"name": "Acme", "email": "a@acme.example", "note": "n"}).json()

    changed = clockify.write("PUT", f"/clients/{client['id']}", {"name": "Acme & Sons"}).json()

    assert (changed["name"], changed["email"], changed["note"]) == ("Acme & Sons", None, None)


def test_archived_left_out_lists_both(clockify: ClockifyCaller) -> None:
    clockify.put("clients", name="Old", archived=True)
    clockify.put("clients", name="New")

    assert names(clockify.rows("/clients")) == ["New", "Old"]
    assert names(clockify.rows("/clients", archived="false")) == ["New"]
    assert names(clockify.rows("/clients", archived="true")) == ["Old"]


def test_lists_sort_and_search_by_name(clockify: ClockifyCaller) -> None:
    for name in ("beta", "Alpha", "Gamma"):
        clockify.put("clients", name=name)

    assert names(clockify.rows("/clients", sort_order="DESCENDING")) == ["Gamma", "beta", "Alpha"]
    assert names(clockify.rows("/clients", name="AMM")) == ["Gamma"]


def test_a_client_name_is_taken_until_it_is_deleted(clockify: ClockifyCaller, acme: dict[str, Any]) -> None:
    body = {"name": "Acme"}
    assert refusal(clockify.write("POST", "/clients", body)) == (400, 501)
    clockify.write("PUT", f"/clients/{acme['id']}", {"name": "Acme", "archived": True})
    assert refusal(clockify.write("POST", "/clients", body)) == (400, 501)

    clockify.write("DELETE", f"/clients/{acme['id']}")

    assert clockify.write("POST", "/clients", body).status_code == 201


def test_an_active_client_cannot_be_deleted(clockify: ClockifyCaller, acme: dict[str, Any]) -> None:
    assert refusal(clockify.write("DELETE", f"/clients/{acme['id']}")) == (400, 501)

    clockify.put("clients", id=acme["id"], archived=True)
    answer = clockify.write("DELETE", f"/clients/{acme['id']}")

    assert (answer.status_code, answer.json()["id"]) == (200, acme["id"])
    assert refusal(clockify.get(f"/clients/{acme['id']}")) == (400, 501)


def test_archiving_a_client_may_archive_its_projects(clockify: ClockifyCaller, website: dict[str, Any]) -> None:
    body = {"name": "Acme", "archived": True}
    clockify.write("PUT", f"/clients/{website['clientId']}", body, archive_projects="true")

    assert clockify.get(f"/projects/{website['id']}").json()["archived"] is True


def test_a_project_without_a_client_has_empty_client_texts(clockify: ClockifyCaller) -> None:
    project = clockify.write("POST", "/projects", {"name": "Clinic"}).json()

    assert (project["clientId"], project["clientName"], project["hourlyRate"]) == ("", "", None)


def test_a_project_answers_public_for_is_public(clockify: ClockifyCaller, website: dict[str, Any]) -> None:
    assert website["public"] is True and "isPublic" not in website
    assert website["clientName"] == "Acme"
    assert website["hourlyRate"] == {"amount": 12500, "currency": "USD"}


def test_putting_a_project_keeps_what_is_left_out_but_resets_public_and_billable(
    clockify: ClockifyCaller, website: dict[str, Any]
) -> None:
    clockify.put("projects", id=website["id"], archived=True)

    changed = clockify.write("PUT", f"/projects/{website['id']}", {"name": "Website 2"}).json()

    kept = ("color", "note", "clientId", "hourlyRate")
    assert {key: changed[key] for key in kept} == {key: website[key] for key in kept}
    assert changed["archived"] is True
    assert (changed["public"], changed["billable"]) == (False, False)


def test_a_project_name_is_unique_within_its_client_or_in_the_workspace(
    clockify: ClockifyCaller, website: dict[str, Any]
) -> None:
    same = {"name": "Website", "clientId": website["clientId"]}
    assert refusal(clockify.write("POST", "/projects", same)) == (400, 501)
    assert clockify.write("POST", "/projects", {"name": "Website"}).status_code == 201

    clockify.switch(project_names="workspace")
    other = clockify.put("clients", name="Bolt")["id"]
    assert refusal(clockify.write("POST", "/projects", {"name": "Website", "clientId": other})) == (400, 501)


def test_an_active_project_cannot_be_deleted(clockify: ClockifyCaller, website: dict[str, Any]) -> None:
    assert refusal(clockify.write("DELETE", f"/projects/{website['id']}")) == (400, 501)

    clockify.put("projects", id=website["id"], archived=True)

    assert clockify.write("DELETE", f"/projects/{website['id']}").status_code == 200
    assert refusal(clockify.get(f"/projects/{website['id']}")) == (400, 501)


def test_time_of_a_deleted_project_stays_without_a_project(clockify: ClockifyCaller, website: dict[str, Any]) -> None:
    entry = clockify.entry(projectId=website["id"])
    clockify.put("projects", id=website["id"], archived=True)
    clockify.write("DELETE", f"/projects/{website['id']}")

    assert clockify.get(f"/time-entries/{entry}").json()["projectId"] is None


@pytest.mark.parametrize(
    "body",
    [{"name": "A"}, {"name": "x" * 251}, {"name": "a <b>"}, {"name": "Fine", "clientId": NOBODY}],
    ids=["short", "long", "angle brackets", "unknown client"],
)
def test_what_a_project_may_not_be_is_400_501(clockify: ClockifyCaller, body: dict[str, str]) -> None:
    assert refusal(clockify.write("POST", "/projects", body)) == (400, 501)


def test_projects_are_filtered(clockify: ClockifyCaller, website: dict[str, Any]) -> None:
    clockify.put("projects", name="Website care", archived=True)
    clockify.put("projects", name="Pro bono", billable=False, public=False)

    matching = {
        "name": names(clockify.rows("/projects", name="website")),
        "strict": names(clockify.rows("/projects", name="Website", strict_name_search="true")),
        "archived": names(clockify.rows("/projects", archived="true")),
        "billable": names(clockify.rows("/projects", billable="false")),
        "clients": names(clockify.rows("/projects", clients=website["clientId"])),
        "not clients": names(clockify.rows("/projects", clients=website["clientId"], contains_client="false")),
        "access": names(clockify.rows("/projects", access="PRIVATE")),
    }

    assert matching == {
        "name": ["Website", "Website care"],
        "strict": ["Website"],
        "archived": ["Website care"],
        "billable": ["Pro bono"],
        "clients": ["Website"],
        "not clients": ["Pro bono", "Website care"],
        "access": ["Pro bono"],
    }


def test_hydrated_projects_carry_client_and_currency(clockify: ClockifyCaller, website: dict[str, Any]) -> None:
    clockify.put("clients", id=website["clientId"], currencyCode="EUR")
    plain, hydrated = clockify.rows("/projects")[0], clockify.rows("/projects", hydrated="true")[0]

    assert "client" not in plain
    assert hydrated["client"]["name"] == "Acme"
    assert hydrated["currency"]["code"] == "EUR"


def test_a_projects_duration_is_its_tracked_time(clockify: ClockifyCaller, website: dict[str, Any]) -> None:
    clockify.entry(projectId=website["id"])
    clockify.entry("2026-03-03T00:00:00Z", "2026-03-04T10:00:00Z", projectId=website["id"])

    assert clockify.rows("/projects")[0]["duration"] == "PT35H30M"
