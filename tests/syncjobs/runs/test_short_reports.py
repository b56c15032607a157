"""A report that lists fewer entries than it counts itself: nothing is taken for deleted from it, and it is said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from integrations.models import TimeEntry
from syncjobs.models import Run
from tests.support.factories import UserFactory
from tests.support.page_text import main_text
from tests.support.scene import FIRST, Scene, run_command

LOOK = ("integrations.view_workspace", "integrations.view_timeentry", "syncjobs.view_run")


@pytest.fixture
def sent(scene: Scene, ada: str, site: str) -> list[str]:
    """Send four entries; then one is deleted in Clockify, and the report counts three more than it lists."""
    scene.policy(start_date=FIRST)
    entries = scene.entries(ada, site, 4)
    scene.check()
    assert scene.sync()["sent"] == 4
    scene.delete_entry(entries[0])
    count_more(scene, 6)
    return entries


def count_more(scene: Scene, count: int) -> None:
    scene.clear_faults()
    change = {"totals.0.entriesCount": count}
    scene.fault("answer_after_commit", "/reports/", vendor="clockify", change=change, times=1000)


def minutes_pass(minutes: float) -> None:
    for run in Run.objects.exclude(finished_at=None):
        Run.objects.filter(pk=run.pk).update(finished_at=run.finished_at - timedelta(minutes=minutes))


def test_nothing_is_deleted_and_the_run_says_so(scene: Scene, sent: list[str], client: Client) -> None:
    new = scene.entry(scene.mirrored(sent[1]).user_id, scene.mirrored(sent[1]).project_id, "2026-03-20 09:00")

    result = scene.sync()

    assert (result.code, result["status"], result.counts) == (4, "partial", {"sent": 1, "unchanged": 4})
    assert result["warnings"] == {"REPORT_SHORT": 2}
    assert "counts 2 more time entries than it lists" in result["error"]["message"]
    assert len(scene.activities()) == 5 and scene.receipt(new)
    client.force_login(UserFactory.allowed(*LOOK))
    assert "2 time entries more than it lists" in main_text(client.get(f"/admin/syncjobs/run/{result['run']}/change/"))


def test_a_check_marks_nothing_as_deleted_either(scene: Scene, sent: list[str], client: Client) -> None:
    result = scene.check()

    assert (result.code, result["warnings"]["REPORT_SHORT"]) == (0, 3)
    assert not TimeEntry.objects.exclude(deleted_at=None).exists()
    client.force_login(UserFactory.allowed(*LOOK))
    assert "REPORT_SHORT" in main_text(client.get(f"/admin/syncjobs/run/{result['run']}/change/"))


def test_the_same_ten_minutes_later_is_believed(scene: Scene, sent: list[str]) -> None:
    assert scene.sync().code == scene.sync().code == 4
    minutes_pass(10)

    result = scene.sync()

    assert (result.code, result.counts, result["warnings"]) == (0, {"deleted": 1, "unchanged": 3}, {"REPORT_SHORT": 3})


def test_another_difference_is_not_the_same(scene: Scene, sent: list[str]) -> None:
    scene.sync()
    minutes_pass(10)
    count_more(scene, 7)

    assert (scene.sync().code, len(scene.activities())) == (4, 4)


def test_a_person_who_believes_the_deletions_is_not_asked_again(scene: Scene, sent: list[str]) -> None:
    scene.sync()

    result = run_command("sync_time", "--from", FIRST, "--believe-deletions")

    assert (result.code, result["deleted"]) == (0, 1)


def test_a_whole_report_says_nothing(scene: Scene, sent: list[str]) -> None:
    scene.sync()
    scene.clear_faults()

    result = scene.sync()

    assert (result.code, result.counts, result["warnings"]) == (0, {"deleted": 1, "unchanged": 3}, {})
