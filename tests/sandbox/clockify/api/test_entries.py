"""Single time entries: reading, wall-clock windows, writing, closed time, deleting."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.clockify_client import ClockifyCaller, refusal

NOBODY = "64a0000000000000000000ff"
START, END = "2026-03-02T14:00:00Z", "2026-03-02T15:30:00Z"


def create(clockify: ClockifyCaller, **body: Any) -> Any:
    return clockify.write("POST", "/time-entries", {"start": START, "end": END, **body})


def test_an_entry_is_read_as_recorded(clockify: ClockifyCaller) -> None:
    project = clockify.put("projects", name="Website", hourlyRate=12500)["id"]
    key = clockify.entry(START, END, projectId=project, description="Design review")

    entry = clockify.get(f"/time-entries/{key}").json()

    assert len(entry) == 15
    assert entry["timeInterval"] == {"start": START, "end": END, "duration": "PT1H30M"}
    assert entry["hourlyRate"] == {"amount": 12500, "currency": "USD"}
    assert (entry["type"], entry["billable"], entry["tagIds"], entry["taskId"]) == ("REGULAR", True, None, None)


def test_a_deleted_entry_and_an_unknown_one_are_400_501(clockify: ClockifyCaller) -> None:
    key = clockify.entry()
    assert clockify.write("DELETE", f"/time-entries/{key}").status_code == 204

    assert refusal(clockify.get(f"/time-entries/{key}")) == (400, 501)
    assert refusal(clockify.write("DELETE", f"/time-entries/{key}")) == (400, 501)
    assert refusal(clockify.get(f"/time-entries/{NOBODY}")) == (400, 501)


def test_delete_may_answer_200_with_the_entry(clockify: ClockifyCaller) -> None:
    key = clockify.entry()
    clockify.switch(delete_answers_body=True)

    answer = clockify.write("DELETE", f"/time-entries/{key}")

    assert (answer.status_code, answer.json()["id"]) == (200, key)


def test_a_running_entry_has_neither_end_nor_duration(clockify: ClockifyCaller) -> None:
    key = clockify.entry(START, None)

    interval = clockify.get(f"/time-entries/{key}").json()["timeInterval"]

    assert interval == {"start": START, "end": None, "duration": None}
    assert [row["id"] for row in clockify.rows("/time-entries/status/in-progress")] == [key]


def test_creating_answers_201_without_rates(clockify: ClockifyCaller) -> None:
    answer = create(clockify, billable=True, description="x")

    assert answer.status_code == 201
    assert "hourlyRate" not in answer.json() and "costRate" not in answer.json()
    assert "hourlyRate" in clockify.get(f"/time-entries/{answer.json()['id']}").json()


def test_the_same_post_twice_makes_two(clockify: ClockifyCaller) -> None:
    headers = {"X-Api-Key": str(clockify.key), "Idempotency-Key": "same"}
    body = {"start": START, "end": END}
    ids = [
        clockify.send("POST", clockify.address("/time-entries"), json=body, headers=headers).json()["id"]
        for _ in range(2)
    ]

    assert len(set(ids)) == 2


def test_putting_replaces_everything(clockify: ClockifyCaller) -> None:
    project = clockify.put("projects", name="Website")["id"]
    key = create(clockify, billable=True, description="x", projectId=project).json()["id"]

    changed = clockify.write("PUT", f"/time-entries/{key}", {"start": START, "end": END}).json()

    assert (changed["description"], changed["projectId"], changed["billable"]) == ("", None, False)
    assert "hourlyRate" not in changed


def test_putting_needs_a_start(clockify: ClockifyCaller) -> None:
    assert refusal(clockify.write("PUT", f"/time-entries/{clockify.entry()}", {"end": END})) == (400, 501)


@pytest.mark.parametrize(
    "body",
    [
        {"start": None},
        {"description": "a <b>"},
        {"description": "x" * 3001},
        {"projectId": NOBODY},
        {"tagIds": [NOBODY]},
        {"end": "2026-03-02T13:00:00Z"},
    ],
    ids=["end only", "angle brackets", "long text", "unknown project", "unknown tag", "end before start"],
)
def test_what_an_entry_may_not_be_is_400_501(clockify: ClockifyCaller, body: dict[str, Any]) -> None:
    assert refusal(create(clockify, **body)) == (400, 501)


@pytest.mark.parametrize("body", [{"start": "yesterday"}, {"type": "PARTY"}, {"billable": "yes"}])
def test_what_cannot_be_parsed_is_400_3002(clockify: ClockifyCaller, body: dict[str, Any]) -> None:
    assert refusal(create(clockify, **body)) == (400, 3002)


def test_broken_json_is_400_3002(clockify: ClockifyCaller) -> None:
    answer = clockify.send("POST", clockify.address("/time-entries"), data=b"{")

    assert refusal(answer) == (400, 3002)


def test_texts_come_back_byte_for_byte(clockify: ClockifyCaller) -> None:
    text = "Zeile 1\n\tZeile 2 🚀 &lt;b&gt; “q” " + "x" * 2900
    key = create(clockify, description=text).json()["id"]

    assert clockify.get(f"/time-entries/{key}").json()["description"] == text


def test_entries_longer_than_a_day_and_overlaps_are_accepted(clockify: ClockifyCaller) -> None:
    long = create(clockify, end="2026-03-03T16:00:05.900Z").json()

    assert long["timeInterval"]["duration"] == "PT26H5S"
    assert create(clockify).status_code == 201


def test_a_user_id_in_the_body_is_ignored(clockify: ClockifyCaller) -> None:
    ben_id, _ = clockify.member()

    assert create(clockify, userId=ben_id).json()["userId"] == clockify.owner_id()


def test_time_for_others_needs_an_admin_and_a_paid_plan(clockify: ClockifyCaller) -> None:
    ben_id, ben = clockify.member()
    body = {"start": START, "end": END}

    assert clockify.write("POST", f"/user/{ben_id}/time-entries", body).json()["userId"] == ben_id
    assert refusal(ben.write("POST", f"/user/{clockify.owner_id()}/time-entries", body)) == (403, 501)
    clockify.settings(plan="FREE")
    assert refusal(clockify.write("POST", f"/user/{ben_id}/time-entries", body)) == (400, 4033)


def test_starting_a_timer_stops_the_one_before(clockify: ClockifyCaller) -> None:
    first = create(clockify, end=None).json()["id"]
    second = create(clockify, start="2026-03-02T16:00:00Z", end=None).json()["id"]

    assert clockify.get(f"/time-entries/{first}").json()["timeInterval"]["end"] == "2026-03-02T16:00:00Z"
    assert [row["id"] for row in clockify.rows("/time-entries/status/in-progress")] == [second]


def test_stopping_a_timer_that_does_not_run_is_404_404(clockify: ClockifyCaller) -> None:
    path = f"/user/{clockify.owner_id()}/time-entries"
    create(clockify, end=None)

    assert clockify.write("PATCH", path, {"end": END}).json()["timeInterval"]["end"] == END
    assert refusal(clockify.write("PATCH", path, {"end": END})) == (404, 404)


def test_approved_time_is_closed_to_everybody(clockify: ClockifyCaller) -> None:
    key = clockify.entry(approvalState="APPROVED")

    assert refusal(clockify.write("DELETE", f"/time-entries/{key}")) == (403, 4005)
    assert refusal(clockify.write("PUT", f"/time-entries/{key}", {"start": START, "end": END})) == (403, 4005)


def test_a_locked_period_is_closed_to_members_only(clockify: ClockifyCaller) -> None:
    ben_id, ben = clockify.member()
    key = clockify.entry(userId=ben_id)
    clockify.settings(settings={"lockTimeEntries": "2026-03-10T00:00:00Z"})

    assert refusal(ben.write("DELETE", f"/time-entries/{key}")) == (403, 1003)
    assert refusal(create(ben)) == (403, 1003)
    assert clockify.write("DELETE", f"/time-entries/{key}").status_code == 204


def test_stopwatch_only_refuses_finished_time(clockify: ClockifyCaller) -> None:
    clockify.settings(settings={"timeTrackingMode": "STOPWATCH_ONLY"})

    assert refusal(create(clockify)) == (403, 4030)
    assert create(clockify, end=None).status_code == 201


def test_a_forced_project_is_asked_of_finished_time_only(clockify: ClockifyCaller) -> None:
    clockify.settings(settings={"forceProjects": True})

    assert refusal(create(clockify)) == (400, 501)
    assert create(clockify, end=None).status_code == 201


def test_an_archived_project_is_accepted(clockify: ClockifyCaller) -> None:
    project = clockify.put("projects", name="Old", archived=True)["id"]

    assert create(clockify, projectId=project).status_code == 201


def test_a_members_billable_flag_is_overridden_when_only_admins_may_change_it(clockify: ClockifyCaller) -> None:
    project = clockify.put("projects", name="Website", billable=True)["id"]
    _, ben = clockify.member()
    clockify.settings(settings={"onlyAdminsCanChangeBillableStatus": True})

    assert create(ben, projectId=project, billable=False).json()["billable"] is True
    assert create(clockify, projectId=project, billable=False).json()["billable"] is False


def test_a_regular_member_sees_his_own_time_only(clockify: ClockifyCaller) -> None:
    ben_id, ben = clockify.member()
    others, own = clockify.entry(), clockify.entry(userId=ben_id)

    assert refusal(ben.get(f"/time-entries/{others}")) == (403, 501)
    assert ben.get(f"/time-entries/{own}").status_code == 200
    assert refusal(ben.get(f"/user/{clockify.owner_id()}/time-entries")) == (403, 501)
    assert [row["id"] for row in ben.rows(f"/user/{ben_id}/time-entries")] == [own]


def test_a_users_entries_come_newest_start_first(clockify: ClockifyCaller) -> None:
    for day in (3, 1, 2):
        clockify.entry(f"2026-03-0{day}T10:00:00Z", f"2026-03-0{day}T11:00:00Z")

    rows = clockify.rows(f"/user/{clockify.owner_id()}/time-entries")

    assert [row["timeInterval"]["start"][8:10] for row in rows] == ["03", "02", "01"]


def test_a_window_is_read_as_wall_clock_of_the_key_owners_zone(clockify: ClockifyCaller) -> None:
    late = clockify.entry("2026-03-03T03:00:00Z", "2026-03-03T04:00:00Z")  # 22:00 on 2 March in New York
    path = f"/user/{clockify.owner_id()}/time-entries"
    window = {"start": "2026-03-02T00:00:00Z", "end": "2026-03-02T23:59:59Z"}

    assert [row["id"] for row in clockify.rows(path, **window)] == [late]
    clockify.switch(window="literal")
    assert clockify.rows(path, **window) == []


def test_hydrated_entries_carry_project_and_on_lists_the_user(clockify: ClockifyCaller) -> None:
    client = clockify.put("clients", name="Acme")["id"]
    key = clockify.entry(projectId=clockify.put("projects", name="Website", clientId=client)["id"])

    single = clockify.get(f"/time-entries/{key}", hydrated="true").json()
    listed = clockify.rows(f"/user/{clockify.owner_id()}/time-entries", hydrated="true")[0]

    assert single["project"]["clientName"] == "Acme"
    assert single["user"] is None
    assert listed["user"]["name"] == "Sandbox Owner"


def test_entries_are_filtered(clockify: ClockifyCaller) -> None:
    project = clockify.put("projects", name="Website")["id"]
    a = clockify.entry(projectId=project, description="Design review")
    b = clockify.entry("2026-03-05T10:00:00Z", None)
    path = f"/user/{clockify.owner_id()}/time-entries"

    def matching(**query: str) -> list[str]:
        return [row["id"] for row in clockify.rows(path, **query)]

    assert matching(description="design") == [a]
    assert matching(project=project) == matching(project_required="true") == [a]
    assert matching(in_progress="true") == [b]


def test_marking_as_invoiced_needs_the_standard_plan(clockify: ClockifyCaller) -> None:
    key = clockify.entry()
    body = {"timeEntryIds": [key], "invoiced": True}

    answer = clockify.write("PATCH", "/time-entries/invoiced", body)

    assert (answer.status_code, answer.content) == (200, b"")
    assert clockify.reported()[0]["invoicingInfo"] == {"manuallyInvoiced": True}
    assert clockify.write("DELETE", f"/time-entries/{key}").status_code == 204
    clockify.settings(plan="FREE")
    assert refusal(clockify.write("PATCH", "/time-entries/invoiced", body)) == (403, 501)


def test_several_are_deleted_at_once(clockify: ClockifyCaller) -> None:
    keys = [clockify.entry(), clockify.entry()]
    path = f"/user/{clockify.owner_id()}/time-entries"

    answer = clockify.write("DELETE", path, time_entry_ids=keys)

    assert (answer.status_code, len(answer.json())) == (200, 2)
    assert clockify.rows(path) == []
    assert refusal(clockify.write("DELETE", path)) == (400, 3001)
