"""*Proof*: a stored comparison on a page and as CSV; only *Compare* has the vendors asked, by a worker."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from syncjobs.display import formatting
from syncjobs.models import Run
from syncjobs.pages.proof import shown
from syncjobs.rules.proof.proof_table import Sums
from tests.support.page_text import main_text
from tests.support.scene import FIRST, LAST, Scene

PERIOD = {"from": FIRST, "to": LAST}


def address(scene: Scene, name: str = "proof") -> str:
    return reverse(f"hourbridge:{name}", args=[scene.workspace.pk])


def test_nothing_is_read_by_looking_at_the_page(admin_client: Client, scene: Scene, ada: str, site: str) -> None:
    scene.zero_calls()

    page = main_text(admin_client.get(address(scene), PERIOD))

    assert sum(scene.calls().values()) + sum(scene.calls("clockify").values()) == 0
    assert "These days have not been compared yet." in page
    assert f'href="{address(scene)}"' in admin_client.get("/admin/").content.decode()


def test_compare_asks_a_worker_and_the_page_says_how_far_it_is(admin_client: Client, scene: Scene) -> None:
    answer = admin_client.post(address(scene, "proof-compare"), PERIOD, follow=True)

    run = Run.objects.get(kind="reconcile")
    assert (run.status, str(run.from_date), str(run.to_date), run.person is not None) == ("queued", FIRST, LAST, True)
    assert str(run) in main_text(answer)
    assert b'data-live="2"' in answer.content


def test_a_comparison_that_ends_while_its_page_is_read_is_shown_by_the_next_look(
    admin_client: Client, scene: Scene, ada: str, site: str
) -> None:
    scene.entry(ada, site)
    run = scene.compare()
    Run.objects.filter(pk=run.pk).update(status="running")
    reading: list[str] = []

    def end_after_first(execute: Any, sql: str, *args: Any) -> Any:
        answer = execute(sql, *args)
        if not reading and ('FROM "syncjobs_run"' in sql or 'FROM "syncjobs_reconciliation"' in sql):
            reading.append(sql)
            Run.objects.filter(pk=run.pk).update(status="succeeded")
        return answer

    with connection.execute_wrapper(end_after_first):
        page = admin_client.get(address(scene), PERIOD).content

    assert reading
    assert b'data-live="2"' in page
    assert b"data-live=" not in admin_client.get(address(scene), PERIOD).content


def test_compare_while_another_run_is_open_names_that_one(admin_client: Client, scene: Scene) -> None:
    open_run = Run.objects.create(
        kind="sync", workspace=scene.workspace, company=scene.company, trigger="button", created_at=scene.world.now()
    )

    answer = admin_client.post(address(scene, "proof-compare"), PERIOD, follow=True)

    assert f"Time sync {open_run.pk}, started by a button, is waiting for a worker" in answer.content.decode()
    assert not Run.objects.filter(kind="reconcile").exists()


def test_people_customers_and_days_add_up_with_their_causes(
    admin_client: Client, scene: Scene, ada: str, site: str
) -> None:
    scene.entry(ada, site, minutes=60)
    scene.sync()
    scene.entry(ada, site, "2026-03-05 09:00", minutes=90, billable=False)
    scene.compare()

    people = main_text(admin_client.get(address(scene), {**PERIOD, "open": "Ada"}))
    days = main_text(admin_client.get(address(scene), {**PERIOD, "by": "days"}))

    assert "Clockify 2.50 h − QuickBooks 1.00 h = Difference 1.50 h" in people
    assert "$80.00 − $80.00 = $0.00" in people
    assert "Acme:Site" in people
    assert "Not billable 1.50" in people
    assert "1.50 explained" in people
    assert "Not explained" not in people
    assert "Wed Mar 4" in days


def test_time_entered_by_hand_is_flagged_and_named(admin_client: Client, scene: Scene, ada: str, site: str) -> None:
    scene.check()
    activity = scene.by_hand(ada, site)
    scene.compare()

    page = main_text(admin_client.get(address(scene), PERIOD))

    assert f"Not explained: activity {activity}, Ada, Acme:Site, Tue Mar 17, 0:45, was not sent from here" in page
    assert "not explained −0.75" in page
    assert "0.00 explained, −0.75 not" in page


def test_a_comparison_s_run_leads_to_it(admin_client: Client, scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    run = scene.compare()

    page = admin_client.get(reverse("admin:syncjobs_run_change", args=[run.pk]))
    listed = main_text(admin_client.get(reverse("admin:syncjobs_run_changelist")))

    assert f'href="{address(scene)}?from={FIRST}&amp;to={LAST}"' in page.content.decode()
    assert "difference 1 h, 0 h not explained" in listed


def test_billed_time_names_its_invoice(admin_client: Client, scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site)
    scene.sync()
    scene.bill(scene.receipt(entry).quickbooks_id, DocNumber="1043", TxnDate="2026-03-31")
    scene.compare()

    page = main_text(admin_client.get(address(scene), {**PERIOD, "open": "all"}))

    assert "Billed on invoice 1043 of March 31, 2026" in page


def test_rows_are_downloaded(admin_client: Client, scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site, minutes=60.5)
    scene.sync()
    scene.entry(ada, site, "2026-03-05 09:00", billable=False)
    scene.compare()

    answer = admin_client.get(address(scene), {**PERIOD, "format": "csv"})
    lines = b"".join(answer).decode("utf-8-sig").splitlines()  # type: ignore[arg-type]

    assert lines[1:] == [
        "2026-03-04,Ada,Acme:Site,60.5,61,Rounding −0.50 min,0,USD,80.67,81.33,",
        "2026-03-05,Ada,Acme:Site,60,0,Not billable +60.00 min,0,,,,",
    ]


def test_part_of_a_compared_period_is_shown_from_it(admin_client: Client, scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site)
    scene.entry(ada, site, "2026-03-20 09:00", minutes=30)
    scene.compare()

    page = main_text(admin_client.get(address(scene), {"from": FIRST, "to": "2026-03-10"}))

    assert "Clockify 1.00 h" in page


@pytest.mark.parametrize(
    ("period", "words"),
    [
        ({"from": "soon", "to": LAST}, "That is no date."),
        ({"from": "0001-01-01", "to": "0001-01-01"}, "That is no date."),
        ({"from": LAST, "to": FIRST}, "The first day is after the last."),
        ({"from": "2024-01-01", "to": LAST}, "At most 366 days at once"),
    ],
)
def test_a_period_that_cannot_be_compared_says_why(
    admin_client: Client, scene: Scene, period: dict[str, str], words: str
) -> None:
    assert words in main_text(admin_client.get(address(scene), period))
    assert words in admin_client.post(address(scene, "proof-compare"), period, follow=True).content.decode()


def test_a_side_that_refuses_is_said_beside_the_earlier_comparison(
    admin_client: Client, scene: Scene, ada: str, site: str
) -> None:
    scene.entry(ada, site)
    scene.compare()
    with scene.world.lock:
        scene.clockify.revoke_key("sandbox-clockify-key")
    failed = scene.compare()

    page = main_text(admin_client.get(address(scene), PERIOD))

    assert failed.error_message in page
    assert "Clockify 1.00 h" in page


def test_who_compared_and_when_it_is_compared_next_are_said(admin_client: Client, scene: Scene) -> None:
    scene.compare(trigger="schedule")
    off = main_text(admin_client.get(address(scene), PERIOD))
    scene.policy(compare_schedule="daily at 02:00")
    on = main_text(admin_client.get(address(scene), PERIOD))

    assert "today by schedule, with" in off
    assert "Compare every night" in off
    assert re.search(r"Compared next \w+ \w+ \d+, 02:00, by schedule", on)


def test_a_scheduled_comparison_that_failed_is_told_where_its_days_are_others(
    admin_client: Client, scene: Scene
) -> None:
    scene.compare(trigger="schedule")
    with scene.world.lock:
        scene.clockify.revoke_key("sandbox-clockify-key")
    failed = scene.compare(FIRST, "2026-03-30", trigger="schedule")

    page = main_text(admin_client.get(address(scene), PERIOD))

    assert failed.status == "failed"
    assert failed.error_message in page


def test_a_difference_is_what_the_figures_beside_it_give(
    admin_client: Client, scene: Scene, ada: str, site: str
) -> None:
    scene.entry(ada, site, minutes=100 + 1 / 3)
    scene.sync()
    scene.compare()

    page = main_text(admin_client.get(address(scene), PERIOD))

    # 20 seconds apart, and 1.67 h on both sides.
    assert "Clockify 1.67 h − QuickBooks 1.67 h = Difference 0.00 h" in page
    assert "rounding 0.00" in page and "0.00 explained" in page


@pytest.mark.parametrize(
    ("clockify", "causes", "shown_causes"),
    [
        # 0.006 + 0.006 + 0.006 h = 0.02 h.
        (65, {"Not billable": 21, "No project": 22, "User not linked": 22}, [0, 36, 36]),
        (65, {"Not billable": 3600 - 3535, "Rounding": 0}, [72, 0]),
        (3620, {"Rounding": 20, "Not billable": 3600}, [36, 3600]),
        (3600, {"Not billable": 3600}, [3600]),
        (0, {}, []),
    ],
)
def test_causes_add_up_to_the_difference_that_is_shown(
    clockify: int, causes: dict[str, int], shown_causes: list[int]
) -> None:
    found = shown.total_causes(Sums(clockify=clockify, quickbooks=0, causes=causes))

    assert sum(cause.seconds for cause in found) == formatting.as_shown(clockify)
    assert sorted(cause.seconds for cause in found) == sorted(shown_causes)
