"""The supervisor with real processes: small scripts replace the task cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from syncjobs.worker.process_record import ProcessRecord, kill_orphans
from syncjobs.worker.supervisor import Pace, Supervisor

PATIENCE = 30
FAST_PACE = Pace(grace=20, first_pause=0.01, longest_pause=0.05, steady=60, sweep_every=0.05)

# Every start writes its process id to a file. The first argument is the behavior of the main process.
CLUSTER = """
import os, signal, subprocess, sys, time
how, folder = sys.argv[1], sys.argv[2]
signal.signal(signal.SIGTERM, signal.SIG_IGN if how == "deaf" else lambda *_: sys.exit(0))
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", "qcluster child"])
open(os.path.join(folder, f"child-{child.pid}"), "w").close()
open(os.path.join(folder, f"main-{os.getpid()}"), "w").close()
if how == "ends":
    sys.exit(0)
time.sleep(600)
"""


class Stage:
    """A supervisor in a thread of its own, with its messages and the processes it started."""

    def __init__(self, folder: Path, how: str, *, sweep: Callable[[], int] = lambda: 0, pace: Pace = FAST_PACE):
        self.folder = folder
        self.messages: list[str] = []
        self.supervisor = Supervisor(
            [sys.executable, "-c", CLUSTER, how, str(folder), "qcluster"],
            records=folder / "records",
            sweep=sweep,
            say=self.messages.append,
            pace=pace,
        )
        self.thread = threading.Thread(target=self.supervisor.run)

    def started(self, kind: str = "main") -> list[int]:
        return [int(path.name.partition("-")[2]) for path in self.folder.glob(f"{kind}-*")]

    def end(self) -> None:
        self.supervisor.stop()
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive()


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[Callable[..., Stage]]:
    stages: list[Stage] = []

    def stage(how: str, **more: object) -> Stage:
        stages.append(Stage(tmp_path, how, **more))  # type: ignore[arg-type]
        stages[-1].thread.start()
        return stages[-1]

    yield stage
    for started in stages:
        started.supervisor.stop()
        started.supervisor.stop()
        started.thread.join(PATIENCE)


def test_a_cluster_that_ends_is_started_again_whatever_its_exit_code(staged: Callable[..., Stage]) -> None:
    stage = staged("ends")

    until(lambda: len(stage.started()) >= 3)
    stage.end()

    assert "Task cluster ended (exit code 0)." in stage.messages


def test_a_killed_cluster_is_started_again_and_its_children_are_ended(staged: Callable[..., Stage]) -> None:
    stage = staged("stays")
    until(lambda: len(stage.started()) == 1)
    first, child = stage.started()[0], stage.started("child")[0]

    os.kill(first, signal.SIGKILL)

    until(lambda: len(stage.started()) == 2)
    assert not lives(child)
    assert "Task cluster ended (killed by SIGKILL)." in stage.messages


def test_a_stop_ends_main_gently_and_leaves_no_process_and_no_note(staged: Callable[..., Stage]) -> None:
    stage = staged("stays")
    until(lambda: len(stage.started()) == 1)

    stage.end()

    assert stage.messages[-1] == "Stopped."
    assert not any(lives(pid) for pid in stage.started() + stage.started("child"))
    assert list((stage.folder / "records").iterdir()) == []


def test_a_cluster_that_does_not_stop_in_time_is_killed(staged: Callable[..., Stage]) -> None:
    stage = staged("deaf", pace=Pace(grace=0.5))
    until(lambda: len(stage.started()) == 1)

    stage.end()

    assert "cut short" in stage.messages[-1]
    assert not any(lives(pid) for pid in stage.started() + stage.started("child"))


def test_a_second_stop_does_not_wait_for_running_tasks(staged: Callable[..., Stage]) -> None:
    stage = staged("deaf", pace=Pace(grace=10_000))
    until(lambda: len(stage.started()) == 1)

    stage.supervisor.stop()
    until(lambda: any("have 10000 seconds" in line for line in stage.messages))
    stage.end()

    assert not any(lives(pid) for pid in stage.started())


def test_a_stop_during_the_pause_before_a_restart_ends_at_once(staged: Callable[..., Stage]) -> None:
    stage = staged("ends", pace=Pace(first_pause=10_000, longest_pause=10_000))
    until(lambda: any("again in 10000 s" in line for line in stage.messages))

    stage.end()

    assert len(stage.started()) == 1


@pytest.mark.slow
def test_pauses_between_restarts_grow(staged: Callable[..., Stage]) -> None:
    stage = staged("ends")
    until(lambda: len(stage.started()) >= 5)
    stage.end()

    pauses = [line for line in stage.messages if line.startswith("Starting it again")]
    assert pauses[:4] == [f"Starting it again in {pause:g} s." for pause in (0.01, 0.02, 0.04, 0.05)]


def test_sweeping_goes_on_while_the_cluster_is_down_and_an_error_is_reported_once(
    staged: Callable[..., Stage],
) -> None:
    sweeps: list[int] = []

    def sweep() -> int:
        sweeps.append(1)
        raise ConnectionError("the database is away")

    stage = staged("ends", sweep=sweep, pace=Pace(first_pause=10_000, longest_pause=10_000, sweep_every=0.02))
    until(lambda: len(sweeps) >= 5)
    stage.end()

    assert [line for line in stage.messages if "database is away" in line] == [
        "Could not look for runs to take up again: the database is away"
    ]


def test_the_number_of_runs_that_a_sweep_requeued_is_reported(staged: Callable[..., Stage]) -> None:
    counts = iter([2])
    stage = staged("stays", sweep=lambda: next(counts, 0))

    until(lambda: "Due, and taken up: 2." in stage.messages)


def test_a_stop_waits_for_the_sweep_at_work(staged: Callable[..., Stage]) -> None:
    begun, ended = threading.Event(), threading.Event()

    def sweep() -> int:
        begun.set()
        time.sleep(1)
        ended.set()
        return 0

    stage = staged("stays", sweep=sweep)
    assert begun.wait(PATIENCE)
    stage.end()

    assert ended.is_set()


def group_with_note(folder: Path, *, word: str = "qcluster") -> subprocess.Popen[bytes]:
    """Start a process group as a killed worker leaves it: alive and recorded, its supervisor gone."""
    script = (
        "import subprocess, sys; from pathlib import Path; from syncjobs.worker.process_record import ProcessRecord;"
        f"left = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)', {word!r}],"
        " start_new_session=True, stdout=subprocess.DEVNULL); print(left.pid, flush=True);"
        "ProcessRecord.write(Path(sys.argv[1]), leader=left.pid)"
    )
    return subprocess.Popen([sys.executable, "-c", script, str(folder)], stdout=subprocess.PIPE)


def test_orphans_of_a_killed_worker_are_ended_at_the_next_start(tmp_path: Path) -> None:
    worker = group_with_note(tmp_path)
    output, _ = worker.communicate(timeout=PATIENCE)
    orphan = int(output)

    assert kill_orphans(tmp_path) == [orphan]

    until(lambda: not lives(orphan))
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_merely_has_the_noted_id_is_left_alone(tmp_path: Path) -> None:
    unrelated = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    supervisor = '{"pid": 1, "began": 5.0}'
    leader = f'{{"pid": {unrelated.pid}, "began": 5.0}}'
    (tmp_path / "1-2.json").write_text(f'{{"supervisor": {supervisor}, "leader": {leader}}}')

    assert kill_orphans(tmp_path) == []

    assert lives(unrelated.pid)
    unrelated.kill()
    unrelated.wait()


def test_the_cluster_of_a_live_worker_is_left_alone(tmp_path: Path) -> None:
    cluster = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)", "qcluster"], start_new_session=True
    )
    record = ProcessRecord.write(tmp_path, leader=cluster.pid)

    assert kill_orphans(tmp_path) == []

    assert lives(cluster.pid) and record.path.exists()
    cluster.kill()
    cluster.wait()
