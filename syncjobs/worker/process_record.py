"""Records on disk of the process groups that workers started: the next worker kills what is left of them.

A killed worker can't end its task cluster, and the system does not either. Process ids are reused after a
while, so a record has the start time of each process, and nothing else is killed.
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

# Seconds by which two readings of one process's start time may differ.
TOLERANCE = 2.0
# Killed processes are gone at once unless the disk holds them up.
KILL_WAIT_SECONDS = 5
CLUSTER_COMMAND = "qcluster"


@dataclass(frozen=True)
class ProcessRecord:
    """The file of one process group, with the identity of its supervisor and its leader."""

    path: Path

    @classmethod
    def write(cls, folder: Path, *, leader: int) -> ProcessRecord:
        """Save the group that `leader` leads, supervised by this process."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{os.getpid()}-{leader}.json"
        path.write_text(json.dumps({"supervisor": identity(os.getpid()), "leader": identity(leader)}))
        return cls(path)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def identity(pid: int) -> dict[str, float]:
    """Return a process's id and start time (a Unix timestamp; 0 if it does not exist)."""
    try:
        return {"pid": pid, "began": psutil.Process(pid).create_time()}
    except psutil.NoSuchProcess:
        return {"pid": pid, "began": 0.0}


def kill_orphans(folder: Path) -> list[int]:
    """Kill the groups whose supervisor is gone; return the ids of those that still had processes."""
    killed = []
    for path in sorted(folder.glob("*.json")):
        try:
            record = json.loads(path.read_text())
            supervisor, leader = record["supervisor"], record["leader"]
        except (OSError, ValueError, KeyError):
            # Without readable identities nothing may be killed; the record is only removed.
            supervisor, leader = None, None
        if supervisor and is_running(supervisor):
            continue
        if leader and has_cluster_members(leader):
            kill_group(int(leader["pid"]))
            killed.append(int(leader["pid"]))
        path.unlink(missing_ok=True)
    return killed


def is_running(process: dict[str, float]) -> bool:
    """Return True if exactly this process is alive, not just another one with its id."""
    try:
        running = psutil.Process(int(process["pid"]))
        same_process = abs(running.create_time() - process["began"]) < TOLERANCE
        # A zombie is dead but keeps its id until its parent collects it.
        return same_process and running.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def has_cluster_members(leader: dict[str, float]) -> bool:
    """Return True if the leader's group has live cluster processes; its id may be another group's by now."""
    group = int(leader["pid"])
    alive = list(members(group))
    # The leader's id was reused: the group belongs to another program.
    if any(process.pid == group for process in alive) and not is_running(leader):
        return False
    return any(is_task_cluster(process) for process in alive)


def is_task_cluster(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return CLUSTER_COMMAND in " ".join(process.cmdline())
    return False


def members(group: int) -> Iterator[psutil.Process]:
    """Yield the live processes of a group."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                yield process


def kill_group(group: int) -> None:
    """Kill a process group and wait until it is gone, at most KILL_WAIT_SECONDS."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    psutil.wait_procs(list(members(group)), timeout=KILL_WAIT_SECONDS)
