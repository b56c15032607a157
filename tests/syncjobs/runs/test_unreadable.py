"""One record that can't be read is set aside by itself; everybody else's time arrives."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from integrations.models import ClockifyUser, UnreadableRecord
from tests.support.oracle import assert_books_agree
from tests.support.page_text import main_text
from tests.support.scene import Scene

# What a column can't hold differs between the databases.
pytestmark = pytest.mark.each_case

NAN, HALF_PAIR = float("nan"), "x\ud800y"


def some(changes: list[dict[str, Any]], *, always: int) -> list[Any]:
    """Return all changes as parameters, of which only the first ones are played in each `make test`."""
    return [*changes[:always], *(pytest.param(change, marks=pytest.mark.slow) for change in changes[always:])]


@pytest.fixture
def others(scene: Scene, ada: str, site: str) -> str:
    """Create an entry of somebody else, who must not be held up. Return its id."""
    ben, hall = scene.user("Ben"), scene.project("Hall")
    scene.policy(start_date="2026-03-01")
    scene.check()
    return scene.entry(ben, hall, "2026-03-20 09:00")


def spoil(scene: Scene, record: str, change: dict[str, Any], *, vendor: str = "clockify") -> None:
    """Spoil a record in every answer that has it, from now on."""
    scene.fault("answer_after_commit", "", vendor=vendor, method="", record=record, change=change, times=0)


ROWS: list[dict[str, Any]] = [
    {"rate": NAN},
    {"timeInterval.start": "9999-12-31T23:59:59-12:00"},
    {"description": HALF_PAIR},
    {"billable": "xyz"},
    {"_id": None},
    {"": None},
    {"timeInterval": None},
    {"timeInterval": "today"},
    {"timeInterval.start": "soon"},
    {"timeInterval.start": "0001-01-01T00:00:00Z"},
    {"userId": None},
    {"userId": 7},
    {"rate": 10**40},
    {"rate": 999999999999.9999},
    {"invoicingInfo": NAN},
    {"invoicingInfo": [HALF_PAIR]},
    {"rate": "much"},
    {"rate": True},
    {"type": 5},
    {"": "text"},
    {"_id": "x" * 65},
]


@pytest.mark.parametrize("change", some(ROWS, always=6), ids=str)
def test_one_bad_row_of_the_report_stops_nobody(
    scene: Scene, ada: str, site: str, others: str, change: dict[str, Any]
) -> None:
    bad = scene.entry(ada, site)
    spoil(scene, bad, change)

    check, run = scene.check(), scene.sync()

    assert (check.code, check["warnings"]["UNREADABLE"]) == (0, 1), check.json
    assert (run.code, run["status"], run.counts) == (0, "succeeded", {"sent": 1, "blocked": 1}), run.json
    assert run["blocked_reasons"] == {"UNREADABLE": 1} and run["warnings"]["UNREADABLE"] == 1
    assert scene.receipt(others)
    row = UnreadableRecord.objects.get()
    assert row.kind == "entry" and row.reason
    assert "Traceback" not in check.stderr + run.stderr
    scene.clear_faults()
    assert scene.sync().counts == {"sent": 1, "unchanged": 1}
    assert_books_agree(scene)
    assert not UnreadableRecord.objects.exists()


def test_sent_time_whose_row_cannot_be_read_stays_untouched(scene: Scene, ada: str, site: str, others: str) -> None:
    entry = scene.entry(ada, site)
    scene.sync()
    scene.stretch(entry, 90)
    spoil(scene, entry, {"rate": "much"})

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"unchanged": 1, "blocked": 1})
    assert run["blocked_reasons"] == {"UNREADABLE": 1}
    explained = scene.explain(entry)
    assert (explained["state"], explained.codes) == ("sent", {"UNREADABLE"})
    scene.clear_faults()
    assert scene.sync().counts == {"updated": 1, "unchanged": 1}
    assert_books_agree(scene)


@pytest.mark.parametrize("change", [{"tags": NAN}, {"customFields": HALF_PAIR}, {"user": 5}, {"projectName": "x\0y"}])
def test_a_field_that_is_not_needed_never_matters(
    scene: Scene, ada: str, site: str, others: str, change: dict[str, Any]
) -> None:
    spoil(scene, scene.entry(ada, site), change)

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"sent": 2})
    assert_books_agree(scene)


RECORDS = [{"name": 7}, {"name": "x" * 501}, {"name": HALF_PAIR}, {"": None}, {"": []}, {"id": None}]


@pytest.mark.parametrize("change", some(RECORDS, always=2), ids=str)
@pytest.mark.parametrize("kind", ["user", "project", "client"])
def test_one_bad_record_of_a_list_holds_only_what_hangs_on_it(
    scene: Scene, ada: str, site: str, others: str, kind: str, change: dict[str, Any]
) -> None:
    bad = scene.entry(ada, site)
    scene.check()
    spoiled = {"user": ada, "project": site, "client": scene.place.projects[site].client_id}[kind]
    spoil(scene, spoiled, change)

    check, run = scene.check(), scene.sync()

    assert check.code == 0 and check["warnings"]["UNREADABLE"] >= 1, check.json
    assert run.code == 0, run.json
    assert scene.receipt(others)
    if "" not in change and "id" not in change:
        assert run["blocked_reasons"].get("UNREADABLE") == 1
        assert "UNREADABLE" in scene.explain(bad).codes
    assert not ClockifyUser.objects.exclude(gone_at=None).exists()
    scene.clear_faults()
    scene.check()
    scene.sync()
    assert_books_agree(scene)
    assert not UnreadableRecord.objects.exists()


@pytest.mark.parametrize(
    "change",
    some([{"DisplayName": None, "Active": {}}, {"": None}, {"DisplayName": 5}, {"Active": "perhaps"}], always=2),
    ids=str,
)
@pytest.mark.parametrize("entity", ["Employee", "Customer"])
def test_one_bad_partner_holds_only_its_own_time(
    scene: Scene, others: str, entity: str, change: dict[str, Any]
) -> None:
    cleo, lot = scene.user("Cleo"), scene.project("Lot")
    scene.entry(cleo, lot)
    scene.check()
    spoil(scene, scene.partner_of(cleo if entity == "Employee" else lot), change, vendor="quickbooks")

    check, run = scene.check(), scene.sync()

    assert check.code == 0 and check["warnings"]["UNREADABLE"] >= 1, check.json
    assert run.code == 0, run.json
    assert scene.receipt(others)
    if "" not in change:
        assert run["blocked_reasons"] == {"UNREADABLE": 1}
    scene.clear_faults()
    scene.check()
    scene.sync()
    assert_books_agree(scene)
    assert not UnreadableRecord.objects.exists()


@pytest.mark.parametrize("hours", [NAN, "many", 10**40, None, "NaN", "1e999999"])
def test_a_strangers_activity_that_cannot_be_read_holds_nobody(
    scene: Scene, ada: str, site: str, others: str, hours: Any
) -> None:
    stranger = scene.put("TimeActivity", {"TxnDate": "2026-03-04", "Hours": 1, "NameOf": "Employee"})
    spoil(scene, stranger["Id"], {"Hours": hours, "TxnDate": hours}, vendor="quickbooks")
    scene.entry(ada, site)

    assert scene.sync().counts == {"sent": 2}


def test_when_half_of_a_kind_cannot_be_read_the_run_says_so_first(scene: Scene, ada: str, site: str) -> None:
    entries = scene.entries(ada, site, 12)
    scene.sync()
    for entry in entries[:6]:
        spoil(scene, entry, {"userId": 7})
        scene.stretch(entry, 59)
    # One fault at a time spoils an answer, so a field that all have is spoiled for all.
    scene.clear_faults()
    scene.fault(
        "answer_after_commit",
        "detailed",
        vendor="clockify",
        method="",
        times=0,
        change={f"timeentries.{number}.userId": 7 for number in range(6)},
    )

    run = scene.sync()

    assert (run.code, run["status"], run["error"]["code"]) == (4, "partial", "UNREADABLE")
    assert "6 of 12 time entries" in run["error"]["message"]
    assert run["deleted"] == 0 and len(scene.activities()) == 12


def test_time_waits_for_a_service_item_that_cannot_be_read(scene: Scene, ada: str, site: str) -> None:
    item = scene.put("Item", {"Name": "Design", "Type": "Service"})["Id"]
    scene.check()
    scene.policy(service_item=item)
    entry = scene.entry(ada, site)
    spoil(scene, item, {"Name": 5}, vendor="quickbooks")
    scene.check()

    assert scene.sync()["blocked_reasons"] == {"UNREADABLE": 1}
    [reason] = scene.explain(entry)["reasons"]
    assert "The service item" in reason["message"] and reason["fix_in"] == "quickbooks"
    scene.clear_faults()
    scene.check()
    assert scene.sync().counts == {"sent": 1}


def test_nothing_is_gone_while_the_id_of_a_row_cannot_be_read(scene: Scene, ada: str, site: str) -> None:
    first, second = scene.entry(ada, site), scene.entry(ada, site, "2026-03-05 09:00")
    scene.sync()
    scene.delete_entry(first)
    spoil(scene, second, {"_id": 7, "id": 7})

    run = scene.sync()

    assert (run.code, run["deleted"], run["warnings"]["UNREADABLE"]) == (0, 0, 1), run.json
    assert len(scene.activities()) == 2
    scene.clear_faults()
    assert scene.sync()["deleted"] == 1
    assert_books_agree(scene)


def test_unreadable_records_are_listed_with_what_is_wrong(
    scene: Scene, ada: str, site: str, client: Client, admin_user: User
) -> None:
    bad = scene.entry(ada, site)
    scene.policy(start_date="2026-03-01")
    spoil(scene, bad, {"rate": "<b>much</b>"})
    scene.check()
    client.force_login(admin_user)

    listed = main_text(client.get(reverse("admin:integrations_unreadablerecord_changelist")))

    assert bad in listed and "rate is a text instead of a number" in listed
    for run in (scene.check(), scene.sync()):
        shown = main_text(client.get(f"/admin/syncjobs/run/{run['run']}/change/"))
        assert "1 record could not be read" in shown and "ee what is wrong" in shown


def test_the_page_of_an_entry_that_cannot_be_read_says_so_among_its_checks(
    scene: Scene, ada: str, site: str, client: Client, admin_user: User
) -> None:
    entry = scene.entry(ada, site)
    scene.policy(start_date="2026-03-01")
    scene.check()
    spoil(scene, entry, {"rate": "much"})
    scene.check()
    client.force_login(admin_user)

    page = main_text(client.get(f"/admin/integrations/timeentry/{scene.mirrored(entry).pk}/change/"))

    assert "Can be read shown as last read successfully" in page and "checks were run, 1 failed." in page


@pytest.mark.parametrize(("client_currency", "sent"), [("EUR", 0), (None, 1)])
def test_a_row_without_a_currency_has_that_of_its_client_else_of_the_workspace(
    scene: Scene, ada: str, client_currency: str | None, sent: int
) -> None:
    acme = scene.client("Acme GmbH", **({"currencyCode": client_currency} if client_currency else {}))
    site = scene.project("Hauptbahnhof", client=acme, hourlyRate=8000)
    scene.policy(start_date="2026-03-01")
    scene.check()
    entry = scene.entry(ada, site)
    scene.fault("answer_after_commit", "", vendor="clockify", method="", record=entry, drop=["currency"], times=0)

    run = scene.sync()

    assert run["sent"] == sent, run.json
    assert run["blocked_reasons"] == ({} if sent else {"CURRENCY_DIFFERS": 1})
    assert scene.workspace.currency == "USD"


@pytest.mark.parametrize(("seconds", "state"), [(40, "blocked"), (20, "ready")])
def test_seconds_entered_by_hand_count(scene: Scene, ada: str, site: str, seconds: int, state: str) -> None:
    """1:29:40 in QuickBooks is the same time as our 1:30."""
    scene.check()
    entry = scene.entry(ada, site, minutes=90)
    scene.put(
        "TimeActivity",
        {
            "NameOf": "Employee",
            "EmployeeRef": {"value": scene.partner_of(ada)},
            "CustomerRef": {"value": scene.partner_of(site)},
            "TxnDate": "2026-03-04",
            "Hours": 1,
            "Minutes": 29,
            "Seconds": seconds,
        },
    )

    dry = scene.sync(dry_run=True)

    assert dry["blocked_reasons"] == ({"ALREADY_IN_QUICKBOOKS": 1} if state == "blocked" else {})
    assert scene.explain(entry)["state"] == state


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("CompanyInfo.", "x"),
        ("CompanyInfo.", None),
        ("CompanyInfo.NameValue", "none"),
        ("CompanyInfo.NameValue", [{"Name": "OfferingSku", "Value": {}}]),
        ("CompanyInfo.NameValue", [{"Name": "PayrollFeature", "Value": "perhaps"}]),
        ("Preferences.AccountingInfoPrefs", {"BookCloseDate": "soon"}),
        ("Preferences.OtherPrefs", 5),
    ],
)
def test_a_plan_that_cannot_be_read_sends_nothing_and_says_so(
    scene: Scene, ada: str, site: str, path: str, value: Any
) -> None:
    scene.entry(ada, site)
    entity, _, rest = path.partition(".")
    record = {"CompanyInfo": "1", "Preferences": "1"}[entity]
    scene.fault("answer_after_commit", "", vendor="quickbooks", method="", record=record, change={rest: value}, times=0)

    check, run = scene.check(), scene.sync()

    assert (check.code, check["plan"]["supported"]) == (0, False), check.json
    # A record that is none at all fails the reading before a sync.
    code, words = ("PLAN_NOT_SUPPORTED", "can't be read") if rest else ("UNEXPECTED", "without CompanyInfo")
    assert (run.code, run["error"]["code"]) == (3, code), run.json
    assert words in run["error"]["message"]
    scene.clear_faults()
    scene.check()
    assert scene.sync().counts == {"sent": 1}


def test_a_row_that_two_parts_of_the_report_list_counts_once(scene: Scene, ada: str, site: str, others: str) -> None:
    """A report of more than 31 days is read in parts; one entry that spans two of them may be in both."""
    scene.switch(clockify_report_range_by="overlap")
    # From 23:30 to 0:30 UTC; the second part begins on March 31.
    spoil(scene, scene.entry(ada, site, "2026-03-30 19:30"), {"rate": "much"})

    run = scene.sync()

    assert (run.code, run["seen"], run.counts) == (0, 2, {"sent": 1, "blocked": 1})
    assert (run["blocked_reasons"], run["warnings"]["UNREADABLE"]) == ({"UNREADABLE": 1}, 1)
