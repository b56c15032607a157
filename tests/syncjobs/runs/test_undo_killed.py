"""An undo that is killed between its calls: the next undo, or the next sync, goes on; each activity goes once."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from syncjobs.models import Action, Receipt, Run
from tests.support.commands import HOOKS, SHORT_LEASE, Command, until
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene, run_command

COUNT = 8
Start = Callable[..., Command]
Kill = Callable[[Scene, str, Start, Path], None]


def _struck(scene: Scene, run: str, start: Start) -> None:
    """Kill the undo once a call of it was hit by the fault that is laid."""
    command = start("undo_run", run, **SHORT_LEASE)
    until(scene.hits)
    command.signal(signal.SIGKILL)
    command.process.wait()
    scene.clear_faults()


def while_planning(scene: Scene, run: str, start: Start, folder: Path) -> None:
    scene.fault("hang_before", "query.*Invoice", method="GET", seconds=3)
    _struck(scene, run, start)


def before_a_deletion_arrives(scene: Scene, run: str, start: Start, folder: Path) -> None:
    """It arrives when nobody waits for it any more."""
    scene.fault("hang_before", "operation=delete", skip=3, times=0, seconds=1)
    _struck(scene, run, start)


def after_a_deletion_arrived(scene: Scene, run: str, start: Start, folder: Path) -> None:
    scene.fault("hang_after_commit", "operation=delete", skip=3, times=0, seconds=2)
    _struck(scene, run, start)


def _dies_by_itself(scene: Scene, run: str, start: Start, folder: Path, point: str) -> None:
    """Let the process kill itself at a point that no outsider sees (tests/crash/hooks)."""
    (folder / point).write_text(json.dumps({"id": 1, "place": "", "skip": 2, "victim": "task"}))
    hooks = {"PYTHONPATH": str(HOOKS), "CRASH_FOLDER": str(folder)}
    assert start("undo_run", run, **SHORT_LEASE, **hooks).process.wait(60) == -signal.SIGKILL


def with_its_action_saved(scene: Scene, run: str, start: Start, folder: Path) -> None:
    _dies_by_itself(scene, run, start, folder, "before-call")


def with_an_answer_in_hand(scene: Scene, run: str, start: Start, folder: Path) -> None:
    _dies_by_itself(scene, run, start, folder, "before-receipt")


def within_a_receipt(scene: Scene, run: str, start: Start, folder: Path) -> None:
    _dies_by_itself(scene, run, start, folder, "in-receipt")


MOMENTS = [
    pytest.param(while_planning, marks=pytest.mark.slow),
    pytest.param(with_its_action_saved, marks=pytest.mark.slow),
    before_a_deletion_arrives,
    pytest.param(after_a_deletion_arrived, marks=pytest.mark.slow),
    with_an_answer_in_hand,
    pytest.param(within_a_receipt, marks=pytest.mark.slow),
]


@pytest.fixture
def other(scene: Scene, ada: str, site: str) -> list[str]:
    """Send entries by another run, which no undo touches."""
    entries = scene.entries(ada, site, 3, day=20)
    scene.sync()
    return entries


@pytest.fixture
def run(scene: Scene, ada: str, site: str, other: list[str]) -> str:
    scene.entries(ada, site, COUNT)
    return str(scene.sync()["run"])


def deletions() -> list[str]:
    """Return the activities that writes of undos deleted, each as often as one of them counts as done."""
    done = Action.objects.filter(verb="delete", state=Action.State.DONE)
    return sorted(done.values_list("quickbooks_id", flat=True), key=int)


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_next_undo_goes_on_where_a_killed_one_ended(
    scene: Scene, run: str, other: list[str], start: Start, tmp_path: Path, moment: Kill
) -> None:
    sent = sorted(Receipt.objects.filter(run_id=run).values_list("quickbooks_id", flat=True), key=int)
    moment(scene, run, start, tmp_path)

    done = run_command("undo_run", run)

    assert (done.code, done["status"]) == (0, "succeeded"), done.stderr
    assert (done["seen"], done["deleted"] + done["already_gone"]) == (COUNT, COUNT)
    assert deletions() == sent
    assert sorted(scene.receipt(entry).quickbooks_id for entry in other) == sorted(
        activity["Id"] for activity in scene.activities()
    )
    assert scene.open_actions() == 0
    killed = Run.objects.filter(kind="undo").earliest("pk")
    assert (killed.status, killed.error_code) == (Run.Status.FAILED, "PROCESS_GONE")
    again = run_command("undo_run", run)
    assert (again.code, again["deleted"], again["already_gone"]) == (0, 0, COUNT)
    assert scene.sync().counts == {"sent": COUNT, "unchanged": len(other)}
    assert_books_agree(scene)


@pytest.mark.parametrize("moment", MOMENTS)
def test_the_next_sync_sends_again_what_a_killed_undo_deleted(
    scene: Scene, run: str, other: list[str], start: Start, tmp_path: Path, moment: Kill
) -> None:
    moment(scene, run, start, tmp_path)

    synced = scene.sync()

    assert (synced.code, synced["status"]) == (0, "succeeded"), synced.stderr
    assert synced["sent"] + synced["unchanged"] == synced["seen"] == COUNT + len(other)
    assert synced["sent"] == len(deletions())
    assert_books_agree(scene)
    assert scene.open_actions() == 0
    # What it sent is that sync's now; the undo takes back what is left of the run.
    done = run_command("undo_run", run)
    assert (done.code, done["deleted"], done["already_gone"]) == (0, COUNT - synced["sent"], synced["sent"])


def test_entries_that_were_to_be_left_out_stay_out_when_the_undo_goes_on(
    scene: Scene, run: str, other: list[str], start: Start, tmp_path: Path
) -> None:
    scene.fault("hang_after_commit", "operation=delete", skip=3, times=0, seconds=2)
    command = start("undo_run", run, "--ignore", **SHORT_LEASE)
    until(scene.hits)
    command.signal(signal.SIGKILL)
    command.process.wait()
    scene.clear_faults()

    synced = scene.sync()

    # Nothing that was deleted comes back, and what was not reached is there until the undo goes on.
    gone = len(deletions())
    assert 0 < gone < COUNT
    assert (synced.code, synced["sent"], len(scene.activities())) == (0, 0, COUNT - gone + len(other))
    done = run_command("undo_run", run, "--ignore")
    assert (done.code, done["deleted"], done["already_gone"]) == (0, COUNT - gone, gone)
    assert scene.sync().counts == {"blocked": COUNT, "unchanged": len(other)}
