"""Hourbridge's processes under attack: a command, or a worker with its task cluster."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings

MANAGE = Path(settings.BASE_DIR) / "manage.py"
# No process is waited for longer than this.
MAX_SECONDS = 120


class Process:
    """One process of ours in a session of its own; what it says on stderr is kept."""

    def __init__(self, arguments: list[str], *, environment: dict[str, str], log: Path) -> None:
        self._out = log.with_suffix(".out")
        with log.open("a") as err, self._out.open("a") as out:
            self.process = subprocess.Popen(
                [sys.executable, str(MANAGE), *arguments],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self, victim: str) -> None:
        """Kill with SIGKILL. A command is a single process, so the victim does not matter."""
        self.process.kill()

    def clear_away(self) -> None:
        """End the process if it is still alive."""
        if self.alive:
            self.process.kill()
        self.process.wait()


class Command(Process):
    """`manage.py sync_time --json`."""

    def __init__(
        self, *, first: str, last: str, environment: dict[str, str], log: Path, options: Sequence[str] = ()
    ) -> None:
        arguments = ["sync_time", "--from", first, "--to", last, "--json", *options]
        super().__init__(arguments, environment=environment, log=log)

    def result(self) -> dict[str, Any]:
        """Return the command's JSON and its exit code as `code`; without JSON when it was killed."""
        self.process.wait(MAX_SECONDS)
        text = self._out.read_text().strip()
        shown: dict[str, Any] = json.loads(text) if text.endswith("}") else {}
        return {**shown, "code": self.process.returncode}


class Worker(Process):
    """`manage.py worker`: a supervisor, and a task cluster that is a group of its own."""

    def __init__(self, *, environment: dict[str, str], log: Path) -> None:
        super().__init__(["worker", "--grace", "5"], environment=environment, log=log)
        self._notes = Path(environment["CRASH_FOLDER"]) / "worker"
        self._groups: set[int] = set()

    def cluster(self) -> int | None:
        """Return the id of the task cluster's process group; None where there is no cluster."""
        with contextlib.suppress(psutil.Error):
            for child in psutil.Process(self.process.pid).children():
                self._groups.add(child.pid)
                return child.pid
        return None

    def kill(self, victim: str, *, task: int | None = None) -> None:
        """Kill the victim with SIGKILL. `task` is the process at work, where that is known."""
        group = self.cluster()
        if victim in {"worker", "supervisor"}:
            self.process.kill()
        if victim == "task" and task is not None and _group_of(task) == group:
            with contextlib.suppress(ProcessLookupError):
                os.kill(task, signal.SIGKILL)
        elif victim != "supervisor" and group is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)

    def stop(self) -> None:
        """Stop with SIGTERM, as at a deployment."""
        self.cluster()
        if self.alive:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
        self.clear_away()

    def clear_away(self) -> None:
        self.cluster()
        super().clear_away()
        # A supervisor that killed itself left no other trace of its cluster than its own note.
        noted = {json.loads(note.read_text())["leader"]["pid"] for note in self._notes.glob("*.json")}
        for group in self._groups | {int(pid) for pid in noted}:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return None


def wait_until_dead(pid: int, *, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return
        except psutil.NoSuchProcess:
            return
        time.sleep(0.005)
