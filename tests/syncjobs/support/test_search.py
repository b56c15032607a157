"""The one search: by id, name, code, run, and person, day and project."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.db.models.signals import post_init
from django.test.utils import CaptureQueriesContext

from integrations.models import ApiCall, ClockifyUser, Customer, Employee, TimeEntry
from syncjobs.models import Action, Run
from syncjobs.support import ask_for_id, search
from tests.support.scene import Scene

# A Friday.
NOW = datetime(2026, 3, 27, 15, 0, tzinfo=UTC)


@pytest.fixture
def month(scene: Scene) -> dict[str, str]:
    """Return the ids of a few entries of two people on two projects, sent but for one."""
    zoe, ada = scene.user("Zoë Krüger"), scene.user("Ada")
    acme = scene.client("Acme & Sons")
    rebrand, site = scene.project("Rebrand phase 2", client=acme), scene.project("Site")
    ids = {
        "zoe rebrand 24": scene.entry(zoe, rebrand, "2026-03-24 09:00"),
        "zoe site 24": scene.entry(zoe, site, "2026-03-24 13:00"),
        "zoe rebrand 17": scene.entry(zoe, rebrand, "2026-03-17 09:00"),
        "ada rebrand 24": scene.entry(ada, rebrand, "2026-03-24 10:00"),
        "ada site 2": scene.entry(ada, site, "2026-03-02 10:00"),
    }
    scene.check()
    scene.sync()
    return ids


def entries(text: str, ids: dict[str, str]) -> list[str]:
    names = {entry_id: name for name, entry_id in ids.items()}
    return [names[entry.clockify_id] for entry in search.find(text, now=NOW).entries]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zoë tuesday rebrand", ["zoe rebrand 24"]),
        ("ZOE Tue Rebrand", ["zoe rebrand 24"]),
        ("rebrand last Tuesday krüger", ["zoe rebrand 24", "zoe rebrand 17"]),
        ("zoe 2026-03-17", ["zoe rebrand 17"]),
        ("Mar 17", ["zoe rebrand 17"]),
        ("Mar 17 site", []),
        ("zoë acme tuesday", ["zoe rebrand 24"]),
        ("ada rebrand", ["ada rebrand 24"]),
        ("zoe", ["zoe site 24", "zoe rebrand 24", "zoe rebrand 17"]),
        ("acme sons", ["ada rebrand 24", "zoe rebrand 24", "zoe rebrand 17"]),
        ("nobody", []),
        ("zoe nobody", []),
        ("2026-03-02", ["ada site 2"]),
    ],
)
def test_person_day_and_project_are_one_search(month: dict[str, str], text: str, expected: list[str]) -> None:
    assert entries(text, month) == expected


def test_a_partner_s_name_counts_as_the_record_s_own(scene: Scene, month: dict[str, str]) -> None:
    Employee.objects.filter(name="Ada").update(name="Lovelace, Augusta")
    Customer.objects.filter(name="Site").update(name="Relaunch")

    assert entries("lovelace relaunch", month) == ["ada site 2"]
    assert [str(row) for row in search.find("lovelace", now=NOW).records] == [
        str(Employee.objects.get(name__startswith="Love"))
    ]


def test_every_id_leads_to_the_entry(scene: Scene, month: dict[str, str]) -> None:
    entry_id = month["zoe site 24"]
    receipt, action = scene.receipt(entry_id), Action.objects.get(entry_id=entry_id)

    for text in (entry_id, receipt.quickbooks_id, action.intuit_tid, str(action.request_id)):
        found = search.find(f" {text} ", now=NOW)
        assert found.is_exact and month["zoe site 24"] in [entry.clockify_id for entry in found.entries]
    assert action.intuit_tid in {call.intuit_tid for call in search.find(action.intuit_tid, now=NOW).calls}


def test_records_are_found_by_id_and_by_name_on_both_sides(scene: Scene, month: dict[str, str]) -> None:
    user = ClockifyUser.objects.get(name="Zoë Krüger")
    employee = Employee.objects.get(name="Zoë Krüger")

    assert search.find(user.clockify_id, now=NOW).records == [user]
    assert employee in search.find(employee.quickbooks_id, now=NOW).records
    assert search.find("krug", now=NOW).records == [user, employee]


def test_runs_and_codes_are_found(scene: Scene, month: dict[str, str]) -> None:
    sync = Run.objects.get(kind="sync")

    for text in (str(sync.pk), f"run {sync.pk}", f"Sync #{sync.pk}"):
        assert sync in search.find(text, now=NOW).runs
    assert search.find("6210", now=NOW).codes == [("6210", "the books are closed for that day.")]
    assert search.find("books_closed", now=NOW).codes == [("BOOKS_CLOSED", "Books closed")]
    assert search.find("No project", now=NOW).codes[0][0] == "NO_PROJECT"


@pytest.mark.parametrize("text", ["", "   ", "%", "'", "zoe" * 200, "0" * 30, "\x00", "😀", "run 99999999999999999999"])
def test_odd_texts_find_nothing_and_break_nothing(month: dict[str, str], text: str) -> None:
    assert search.find(text, now=NOW).nothing


def _plans(happens: Callable[[], Any]) -> list[tuple[str, str]]:
    """Return statement and plan of each query, as if its tables were large."""
    with CaptureQueriesContext(
        connection,
    ) as queries:
        happens()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET enable_seqscan = off")
        plans = []
        for query in queries.captured_queries:
            if not query["sql"].startswith("SELECT"):
                continue
            cursor.execute(f"{'EXPLAIN QUERY PLAN' if connection.vendor == 'sqlite' else 'EXPLAIN'} {query['sql']}")
            plans.append((query["sql"], "\n".join(str(row[-1]) for row in cursor.fetchall())))
        if connection.vendor == "postgresql":
            cursor.execute("RESET enable_seqscan")
    return plans


LARGE = (TimeEntry, Action, ApiCall)


@pytest.mark.parametrize("text", ["zoe rebrand tuesday", "zoe", "rebrand", "zoe acme", "Mar 17", "64c777dd", "412"])
def test_no_large_table_is_read_whole(scene: Scene, month: dict[str, str], text: str) -> None:
    plans = _plans(lambda: search.find(text, now=NOW))

    tables = [model._meta.db_table for model in LARGE] + ["syncjobs_receipt", "syncjobs_entryverdict"]
    whole = [
        (sql, line)
        for sql, plan in plans
        for line in plan.splitlines()
        for table in tables
        if line.strip().startswith((f"SCAN {table}", f"->  Seq Scan on {table}", f"Seq Scan on {table}"))
        and " USING INDEX" not in line
    ]
    assert plans and whole == []


# --- ids that were never read ------------------------------------------------------------------------------
def test_an_entry_that_was_never_read_is_asked_for_and_kept(scene: Scene, month: dict[str, str]) -> None:
    entry_id = scene.entry(scene.user("Ben"), scene.project("Shop"), "2026-03-25 09:00")
    assert search.find(entry_id, now=NOW).nothing and ask_for_id.vendor_of(entry_id) == "Clockify"

    answer = ask_for_id.ask(entry_id, now=NOW)

    assert answer.entry is not None and answer.entry.clockify_id == entry_id and answer.sentences == []
    assert [entry.clockify_id for entry in search.find(entry_id, now=NOW).entries] == [entry_id]


def test_what_the_vendors_do_not_have_is_said(scene: Scene, month: dict[str, str]) -> None:
    unknown = ask_for_id.ask("f" * 24, now=NOW)
    assert unknown.entry is None and f"Clockify has no time entry {'f' * 24}" in unknown.sentences[0]

    assert "has no time activity 99999" in ask_for_id.ask("99999", now=NOW).sentences[0]
    assert ask_for_id.ask("no id", now=NOW).sentences == []


def test_an_activity_that_is_not_ours_is_told(scene: Scene, month: dict[str, str]) -> None:
    ours = scene.activity(month["ada site 2"])
    fields = {name: ours[name] for name in ("NameOf", "EmployeeRef", "CustomerRef", "TxnDate", "Hours", "Minutes")}
    made = scene.put("TimeActivity", fields)

    (sentence,) = ask_for_id.ask(made["Id"], now=NOW).sentences

    assert "Ada for Site, Mon Mar 2, 1:00. It was not sent from here." in sentence


def test_a_vendor_that_does_not_answer_is_a_sentence(scene: Scene, month: dict[str, str]) -> None:
    scene.fault("status_before", path="time-entries", status=403, vendor="clockify", body={"message": "no"})

    answer = ask_for_id.ask("f" * 24, now=NOW)

    assert answer.entry is None and len(answer.sentences) == 1


def test_a_name_of_many_people_loads_no_more_entries_than_are_shown(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "MAX_ENTRIES", 3)
    site = scene.project("Site")
    for number in range(4):
        scene.entries(scene.user(f"Maria {number}"), site, 4)
    scene.policy(start_date="2026-03-01")
    scene.check()
    loaded: list[TimeEntry] = []

    def note(instance: TimeEntry, **_: Any) -> None:
        loaded.append(instance)

    post_init.connect(note, sender=TimeEntry)
    try:
        found = search.find("maria", now=NOW)
    finally:
        post_init.disconnect(note, sender=TimeEntry)

    assert (len(found.entries), found.has_more, len(loaded)) == (3, True, 4)
