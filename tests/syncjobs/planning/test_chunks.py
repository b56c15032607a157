"""A plan made in chunks is the plan of the whole window, and nothing remains of a plan that was discarded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.models import Company
from syncjobs.models import Run, RunItem
from syncjobs.planning import window
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene

COUNT = 20


@pytest.fixture
def month(scene: Scene, ada: str, site: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Create more entries than fit into a chunk, and two that are held back."""
    monkeypatch.setattr(window, "CHUNK", 3)
    scene.entry(ada, site, "2026-03-02 20:00", billable=False)
    scene.entry(ada, site, "2026-03-30 20:00", billable=False)
    return scene.entries(ada, site, COUNT)


def test_every_entry_is_planned_once_and_the_figures_add_up(scene: Scene, month: list[str]) -> None:
    run = scene.sync()

    assert (run["seen"], run.counts) == (COUNT + 2, {"sent": COUNT, "blocked": 2})
    assert RunItem.objects.filter(run_id=run["run"]).count() == COUNT + 2
    assert_books_agree(scene)
    assert scene.sync().counts == {"unchanged": COUNT, "blocked": 2}


def test_edits_moves_and_deletions_in_different_chunks_are_all_followed(scene: Scene, month: list[str]) -> None:
    scene.sync()
    scene.stretch(month[0], 90)
    scene.edit_entry(month[7], start="2026-03-29 09:00")
    scene.edit_entry(month[12], billable=False)
    scene.delete_entry(month[19])

    run = scene.sync()

    assert run.counts == {"updated": 2, "deleted": 2, "unchanged": COUNT - 4, "blocked": 2}
    assert run["seen"] == COUNT + 1
    assert_books_agree(scene)


def test_the_oldest_day_is_sent_first_across_chunks(scene: Scene, month: list[str]) -> None:
    run = scene.sync(dry_run=True)

    days = list(RunItem.objects.filter(run_id=run["run"], verb="create").order_by("pk").values_list("txn_date"))
    assert days == sorted(days)


def test_nothing_stays_of_a_plan_that_the_subscription_forbids(scene: Scene, month: list[str]) -> None:
    scene.check()
    company = scene.company
    assert company.plan_read_at is not None
    Company.objects.update(plan_read_at=company.plan_read_at - timedelta(hours=2))
    scene.configure(PayrollFeature="true")

    run = scene.sync()

    assert (run.code, run.counts) == (3, {})
    assert not Run.objects.get(pk=run["run"]).items.exists()
    assert scene.activities() == []
