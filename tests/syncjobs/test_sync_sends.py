from __future__ import annotations

from tests.syncjobs.cast import Scene
from tests.syncjobs.oracle import assert_books_agree


def test_a_piece_of_work_arrives_once_with_all_its_facts(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site, "2026-03-04 09:00", minutes=135, description="Review")

    run = scene.sync()

    assert (run.code, run["status"], run.counts) == (0, "succeeded", {"sent": 1})
    (activity,) = scene.activities()
    assert activity["NameOf"] == "Employee"
    assert scene.explain(entry)["state"] == "sent"
    assert_books_agree(scene)
