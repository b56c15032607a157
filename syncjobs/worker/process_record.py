"""Notes on disk about the process groups that workers started: the next worker ends what is left of them.

A worker that was killed can't end its task cluster, and the system does not either. Process ids are used
again after a while; so a note says when each process began, and nothing is killed that does not fit.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

# Seconds by which two readings of one process's begin may differ.
TOLERANCE = 2.0
# Killed processes are gone at once unless the disk holds them up.
GONE_SECONDS = 5
CLUSTER_WORD = "qcluster"


@dataclass(frozen=True)
class ProcessRecord:
    """The note of one group: who supervises it, who leads it."""

    path: Path

    @classmethod
    def write(cls, folder: Path, *, leader: int) -> ProcessRecord:
        """Note down the group that `leader` leads, supervised by this process."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{os.getpid()}-{leader}.json"
        path.write_text(json.dumps({"supervisor": identity(os.getpid()), "leader": identity(leader)}))
        return cls(path)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def identity(pid: int) -> dict[str, float]:
    try:
        return {"pid": pid, "began": psutil.Process(pid).create_time()}
    except psutil.NoSuchProcess:
        return {"pid": pid, "began": 0.0}


def kill_orphans(folder: Path) -> list[int]:
    """Kill the groups whose supervisor is gone; returns the ids of those that still had processes."""
    killed = []
    for path in sorted(folder.glob("*.json")):
        try:
            note = json.loads(path.read_text())
            supervisor, leader = note["supervisor"], note["leader"]
        except (OSError, ValueError, KeyError):
            supervisor, leader = None, None
        if supervisor and is_running(supervisor):
            continue
        if leader and is_ours(leader):
            kill_group(int(leader["pid"]))
            killed.append(int(leader["pid"]))
        path.unlink(missing_ok=True)
    return killed


def is_running(process: dict[str, float]) -> bool:
    """Whether this very process lives, not merely one with its id."""
    try:
        found = psutil.Process(int(process["pid"]))
        same = abs(found.create_time() - process["began"]) < TOLERANCE
        return same and found.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def is_ours(leader: dict[str, float]) -> bool:
    """Whether anything lives of the group that this leader began; its id may name somebody else's group now."""
    group = int(leader["pid"])
    alive = list(members(group))
    if any(process.pid == group for process in alive) and not is_running(leader):
        return False
    return any(is_task_cluster(process) for process in alive)


def is_task_cluster(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return CLUSTER_WORD in " ".join(process.cmdline())
    return False


def members(group: int) -> Iterator[psutil.Process]:
    """The living processes of a group."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                yield process


def kill_group(group: int) -> None:
    """End what is left of a process group at once, and wait until it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    psutil.wait_procs(list(members(group)), timeout=GONE_SECONDS)
