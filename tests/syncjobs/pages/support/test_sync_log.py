"""The sync log: causes in words, who fixes them, what settled, the latest events, and all of it as CSV."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations import roles
from integrations.models import ApiCall, Customer
from syncjobs.display import formatting
from syncjobs.models import EntryStatus, Receipt, Run
from syncjobs.pages.support import sync_log
from syncjobs.rules.codes import Code
from tests.support import people
from tests.support.page_text import main_text
from tests.support.scene import FIRST, Scene, run_command

MARCH = {"from": "2026-03-01", "to": timezone.now().date().isoformat()}


@pytest.fixture
def support(client: Client, db: None) -> Client:
    client.force_login(people.person(role=roles.SUPPORT))
    return client


def log(client: Client, scene: Scene, **filters: str) -> str:
    return main_text(client.get(address(scene), {**MARCH, **filters}))


def address(scene: Scene) -> str:
    return reverse("hourbridge:sync-log", args=[scene.workspace.pk])


def rows_of_csv(client: Client, scene: Scene, **filters: str) -> list[dict[str, str]]:
    answer: Any = client.get(address(scene), {**MARCH, "format": "csv", **filters})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def refuse(scene: Scene, code: str, words: str, *, times: int = 1) -> None:
    body = {"Fault": {"Error": [{"Message": words, "Detail": words, "code": code}], "type": "ValidationFault"}}
    scene.fault("status_before", status=400, body=body, times=times)


@pytest.fixture
def trouble(scene: Scene, ada: str, site: str) -> dict[str, str]:
    """Return entries that are refused, held for a name, held for a project, and left out."""
    ben = scene.user("Ben", partner=None)
    ids = {
        "refused": scene.entry(ada, site, "2026-03-02 09:00", minutes=90),
        "no name": scene.entry(ben, site, "2026-03-03 09:00"),
        "also no name": scene.entry(ben, site, "2026-03-04 09:00"),
        "no project": scene.entry(ada, "", "2026-03-05 09:00"),
        "left out": scene.entry(ada, site, "2026-03-06 09:00", billable=False),
    }
    refuse(scene, "610", f"Object Not Found: Customer Id {scene.partner_of(site)} has been made inactive")
    scene.sync()
    return ids


def test_causes_are_told_in_words_with_their_time_and_who_fixes_them(
    support: Client, scene: Scene, trouble: dict[str, str]
) -> None:
    text = log(support, scene)

    assert (
        "The person, customer, service item, class or location is missing or inactive Ada, Site 610 1 entry 1.50 h"
        in text
    )
    assert "QuickBooks: Reactivate it in QuickBooks" in text
    assert (
        "User not linked Ben USER_NOT_MAPPED 2 entries 2.00 h" in text
        and "Here: Link the user on the review desk" in text
    )
    assert "No project" in text and "Clockify: Choose a project for it in Clockify." in text
    assert "Not billable" not in text.partition("Latest events")[0].partition("Errors by cause")[2]
    assert "3 open" in text


def test_ids_in_quickbooks_words_are_names_with_links(support: Client, scene: Scene, trouble: dict[str, str]) -> None:
    page = support.get(address(scene), {**MARCH, "cause": "610"})
    customer = Customer.objects.get(name="Site")

    assert f"Customer Id Acme:Site ({customer.quickbooks_id}) has been made inactive" in main_text(page)
    assert f'href="/admin/integrations/customer/{customer.pk}/change/"' in page.content.decode()
    assert "intuit_tid" in main_text(page)


def test_the_bundle_is_one_press_away(support: Client, scene: Scene, trouble: dict[str, str]) -> None:
    page = support.get(address(scene))

    link = reverse("hourbridge:support-bundle", args=[scene.workspace.pk])
    assert f'action="{link}"' in page.content.decode()
    assert "Download bundle" in main_text(page) and "About " in main_text(page)
    bundle = support.post(link, {"replace_names": "yes"})
    assert bundle["Content-Type"] == "application/zip" and b"".join(bundle.streaming_content)[:2] == b"PK"
    bundle.close()


def test_it_is_narrowed_by_state_by_who_fixes_it_and_by_run(
    support: Client, scene: Scene, trouble: dict[str, str]
) -> None:
    run = Run.objects.get()

    assert "1 open" in log(support, scene, state="refused") and "1 open" in log(support, scene, who="here")
    assert "User not linked" not in log(support, scene, who="clockify")
    assert "3 open" in log(support, scene, run=str(run.pk)) and "0 open" in log(support, scene, run="999999")
    assert "0 open" in log(support, scene, to="2026-03-01") and "3 open" in log(support, scene, state="odd", run="²")


def test_a_cause_opens_on_its_first_entries_and_counts_the_others(
    support: Client, scene: Scene, trouble: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_log, "MAX_SHOWN", 1)

    text = log(support, scene, cause="USER_NOT_MAPPED")
    later = log(support, scene, cause="USER_NOT_MAPPED", **{"from": "2026-03-04"})

    third, fourth = (f"{formatting.day(date(2026, 3, day))}, Ben, Site 1.00 h" for day in (3, 4))
    assert "2 entries 2.00 h" in text and third in text and fourth not in text
    assert "and 1 more, all in the CSV" in text
    assert "1 entry 1.00 h" in later and fourth in later and "more, all" not in later


@pytest.mark.parametrize("filters", [{}, {"state": "held"}, {"who": "clockify"}, {"run": "1"}])
def test_the_causes_add_up_to_the_entries_of_the_csv(
    support: Client, scene: Scene, site: str, trouble: dict[str, str], filters: dict[str, str]
) -> None:
    if "run" in filters:
        run = Run.objects.get()
        ben = next(key for key, name in scene.names.items() if name == "Ben")
        scene.entry(ben, site, "2026-03-07 09:00")
        scene.sync()
        filters = {"run": str(run.pk)}

    page: Any = support.get(address(scene), {**MARCH, **filters})

    lines = [row for row in rows_of_csv(support, scene, **filters) if row["open"] == "yes"]
    causes = {line.cause.title: (line.cause.entries, line.cause.minutes) for line in page.context["causes"]}
    assert causes == {
        title: (len(rows), sum(int(row["minutes"]) for row in rows))
        for title in {row["cause"] for row in lines}
        if (rows := [row for row in lines if row["cause"] == title])
    }
    assert causes


def test_since_is_when_it_began_not_when_it_was_looked_at_last(
    support: Client, scene: Scene, trouble: dict[str, str]
) -> None:
    long_ago = timezone.now() - timedelta(days=9)
    EntryStatus.objects.filter(cause__startswith="user:").update(since=long_ago)

    scene.sync()

    (row, _) = [row for row in rows_of_csv(support, scene) if row["code"] == "USER_NOT_MAPPED"]
    assert row["since"] == long_ago.isoformat(timespec="seconds")


def test_what_went_through_since_is_settled(support: Client, scene: Scene, trouble: dict[str, str]) -> None:
    scene.sync()

    text = log(support, scene)

    assert (
        "2 open, " in text
        and "The person, customer, service item, class or location is missing or inactive 610 1 1.50" in text
    )
    assert "resolved; last seen" in text
    (row,) = [row for row in rows_of_csv(support, scene) if row["open"] == "no"]
    assert (row["code"], row["entry"], row["project"]) == ("610", trouble["refused"], "Site")
    assert "Customer Id Acme:Site" in row["quickbooks_words"] and row["intuit_tid"] and row["run"]


def test_calls_that_were_asked_again_are_named(support: Client, scene: Scene) -> None:
    moment = timezone.now()
    for status in (429, 429, 503, None, 200, 400):
        ApiCall.objects.create(
            vendor="quickbooks",
            account=scene.company.realm_id,
            at=moment,
            method="GET",
            path="/",
            status=status,
            milliseconds=1,
        )

    text = log(support, scene)

    assert "QuickBooks was busy 429 2 calls" in text and "QuickBooks had an internal error 503 1 call" in text
    assert "QuickBooks did not answer 1 call" in text


def test_time_changed_by_hand_is_there_until_a_person_leaves_it(
    support: Client, scene: Scene, ada: str, site: str
) -> None:
    entry_id = scene.entry(ada, site, "2026-03-02 09:00")
    scene.sync()
    scene.put("TimeActivity", {"Id": scene.receipt(entry_id).quickbooks_id, "Minutes": 45})
    scene.stretch(entry_id, 120)
    scene.sync()

    text = log(support, scene, state="locked")
    run_command("resolve", entry_id, "keep_quickbooks")

    assert "Changed by hand in QuickBooks" in text and "1 open" in text
    assert "0 open" in log(support, scene)


def test_time_changed_by_hand_alone_is_listed_below_its_cause(
    support: Client, scene: Scene, ada: str, site: str
) -> None:
    scene.entry(ada, site, "2026-03-02 09:00")
    scene.sync()
    Receipt.objects.update(conflict=Code.CHANGED_IN_QUICKBOOKS)

    text = log(support, scene, cause="CHANGED_IN_QUICKBOOKS")

    assert "1 open" in text and f"{formatting.day(date(2026, 3, 2))}, Ada, Site 1.00 h" in text
    assert "more, all in the CSV" not in text


def test_the_latest_events_say_who_did_what(support: Client, scene: Scene, trouble: dict[str, str]) -> None:
    ben = next(key for key, name in scene.names.items() if name == "Ben")
    scene.decide("ignore", "user", ben)
    run_command("policy", "approved_only=yes")
    run = Run.objects.latest("pk")
    Run.objects.update(waits=1, wait_message="QuickBooks' request limit is reached.", takeovers=1)

    text = log(support, scene).partition("Latest events")[2]

    assert "a command ignored the user Ben" in text
    assert "“Approved time only” changed from no to yes." in text
    assert f"Time sync {run.pk}: 0 sent" in text and "by a command" in text
    assert "Waited 1 time for a request limit" in text and "Its process ended" in text
    assert "5 entries, 1 run" in text


def test_the_csv_has_each_entry_with_its_remedy(support: Client, scene: Scene, trouble: dict[str, str]) -> None:
    rows = {row["entry"]: row for row in rows_of_csv(support, scene)}

    assert set(rows) == {trouble[name] for name in ("refused", "no name", "also no name", "no project")}
    row = rows[trouble["no name"]]
    assert (row["cause"], row["state"], row["fixed_in"], row["open"]) == ("User not linked", "Held", "Here", "yes")
    assert len(rows_of_csv(support, scene, state="refused")) == 1


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"from": "yesterday"}, "That is no date"),
        ({"from": "9999-12-31", "to": "9999-12-31"}, "That is no date"),
        ({"from": "2026-03-31", "to": FIRST}, "The first day was after the last"),
        ({"from": "2020-01-01", "to": "2026-03-31"}, "At most 366 days at once"),
    ],
)
def test_odd_periods_are_told(support: Client, scene: Scene, query: dict[str, str], sentence: str) -> None:
    assert sentence in main_text(support.get(address(scene), query))


def test_the_menu_leads_to_the_log_of_the_workspace_looked_at_last(support: Client, scene: Scene) -> None:
    answer = support.get("/admin/log/")

    assert answer["Location"] == address(scene)
    assert "Nothing is open in this period." in main_text(support.get(answer["Location"]))
    assert 'href="/admin/log/"' in support.get("/admin/").content.decode()
