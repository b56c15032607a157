"""Keeps one task cluster running: starts it again whenever it ends, leaves none of its processes behind.

django-q2 does not do that by itself. When its main process or its guard dies, the others live on unwatched,
and it may leave with exit code 0 although nobody asked it to. So the cluster gets a session of its own, and
whatever is left of that process group is killed before the next one starts.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from syncjobs.worker.process_record import ProcessRecord, kill_group, kill_orphans

LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Pace:
    """Seconds. `grace`: what running tasks get at a stop. `steady`: having lived so long resets the pause."""

    grace: float = 30
    first_pause: float = 1
    longest_pause: float = 60
    steady: float = 60
    sweep_every: float = 5


class Supervisor:
    """Runs `command` until `stop()`. Sweeps meanwhile, so that recovery does not need a healthy cluster."""

    def __init__(
        self,
        command: list[str],
        *,
        records: Path,
        sweep: Callable[[], int],
        say: Callable[[str], None],
        stuck: Callable[[], str] = lambda: "",
        stop_file_variable: str = "",
        pace: Pace | None = None,
    ) -> None:
        """`stuck` says in words why the cluster has to be replaced although it lives, or "".

        At a stop a file is made whose path the cluster finds in the variable `stop_file_variable`: tasks that look
        for it finish the record at hand and give their run back.
        """
        self.command = command
        self.records = records
        self.sweep = sweep
        self.say = say
        self.stuck = stuck
        self.stop_file_variable = stop_file_variable
        self.stop_file = records / f"stop-{os.getpid()}"
        self.pace = pace or Pace()
        # A plain number: a signal handler may touch it whatever this thread is doing.
        self._stops = 0
        self._sweeping_ends = threading.Event()
        self._trouble = ""
        self._clusters = 0

    def stop(self) -> None:
        """Ask for the end; asked again, running tasks get no more time. Safe in a signal handler."""
        self._stops += 1

    def run(self) -> None:
        """Supervise until `stop()`, then end the cluster."""
        for pid in kill_orphans(self.records):
            self.say(f"Ended what an earlier worker had left behind (process group {pid}).")
        sweeper = threading.Thread(target=self._sweep_on, name="sweeper", daemon=True)
        sweeper.start()
        pause = self.pace.first_pause
        try:
            while not self._stops:
                lived = self._run_cluster()
                pause = self.pace.first_pause if lived >= self.pace.steady else pause
                self._sleep_before_restart(pause)
                pause = min(pause * 2, self.pace.longest_pause)
        finally:
            self._sweeping_ends.set()
            # A sweep may just be renewing tokens, which must be stored before this process ends.
            sweeper.join(self.pace.grace)

    def _run_cluster(self) -> float:
        """One cluster from start to end; how many seconds it lived."""
        self.stop_file.unlink(missing_ok=True)
        told = {self.stop_file_variable: str(self.stop_file)} if self.stop_file_variable else {}
        cluster = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, start_new_session=True, env={**os.environ, **told}
        )
        self._clusters += 1
        born = time.monotonic()
        record = ProcessRecord.write(self.records, leader=cluster.pid)
        self.say(f"Task cluster started (process {cluster.pid}).")
        try:
            while cluster.poll() is None and not self._stops and not self._trouble:
                time.sleep(LOOK_SECONDS)
            if cluster.poll() is None and self._stops:
                self._stop_gracefully(cluster)
            elif cluster.poll() is None:
                self.say(f"Replacing the task cluster: {self._trouble}")
            else:
                self.say(f"Task cluster ended ({ending(cluster.returncode)}).")
        finally:
            kill_group(cluster.pid)
            cluster.wait()
            record.remove()
            self.stop_file.unlink(missing_ok=True)
            self._clusters += 1
            self._trouble = ""
        return time.monotonic() - born

    def _stop_gracefully(self, cluster: subprocess.Popen[bytes]) -> None:
        self.say(f"Stopping: running tasks have {self.pace.grace:g} seconds to finish.")
        self.stop_file.parent.mkdir(parents=True, exist_ok=True)
        self.stop_file.touch()
        # The main process only: workers that get the signal die in mid task, and main then waits for ever.
        os.kill(cluster.pid, signal.SIGTERM)
        deadline = time.monotonic() + self.pace.grace
        while cluster.poll() is None and time.monotonic() < deadline and self._stops < 2:
            time.sleep(LOOK_SECONDS)
        if cluster.poll() is None:
            self.say("Tasks were still running and were cut short; their runs go on when a worker is back.")
        else:
            self.say("Stopped.")

    def _sleep_before_restart(self, seconds: float) -> None:
        if self._stops:
            return
        self.say(f"Starting it again in {seconds:g} s.")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._stops:
            time.sleep(LOOK_SECONDS)

    def _sweep_on(self) -> None:
        """Sweep until the end. A trouble is said once, not every few seconds."""
        conflict = ""
        while not self._sweeping_ends.wait(self.pace.sweep_every):
            watched = self._clusters
            try:
                if found := self.sweep():
                    self.say(f"Due, and taken up: {found}.")
                reason = self.stuck()
                # What was seen of one cluster says nothing about the next.
                self._trouble = reason if watched == self._clusters else ""
                conflict = ""
            except Exception as error:
                if str(error) != conflict:
                    conflict = str(error)
                    self.say(f"Could not look for runs to take up again: {conflict}")


def ending(returncode: int) -> str:
    """How a process ended, in words."""
    if returncode >= 0:
        return f"exit code {returncode}"
    try:
        return f"killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"killed by signal {-returncode}"
