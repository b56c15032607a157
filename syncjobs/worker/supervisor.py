"""The supervisor of one task cluster: restarts it whenever it ends, and leaves none of its processes behind.

django-q2 does not do that by itself. When its main process or its guard dies, the others live on unsupervised,
and it may exit with code 0 although nobody stopped it. So the cluster gets a session of its own, and
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

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Pace:
    """Seconds. `grace`: what running tasks get at a stop. `steady`: a cluster that lived this long resets the pause."""

    grace: float = 30
    first_pause: float = 1
    longest_pause: float = 60
    steady: float = 60
    sweep_every: float = 5


class Supervisor:
    """Supervises `command` until `stop()`. Sweeps meanwhile, so that recovery does not need a healthy cluster."""

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
        """Prepare the supervisor. `stuck` returns why a live cluster must be replaced, or "".

        At a stop a file is created whose path the cluster finds in the variable `stop_file_variable`: tasks that
        see it finish their current record and requeue their run.
        """
        self.command = command
        self.records = records
        self.sweep = sweep
        self.say = say
        self.stuck = stuck
        self.stop_file_variable = stop_file_variable
        self.stop_file = records / f"stop-{os.getpid()}"
        self.pace = pace or Pace()
        # A plain number, not an Event: a signal handler must not wait for a lock that this thread holds.
        self._stop_requests = 0
        self._sweeping_stopped = threading.Event()
        self._replace_reason = ""
        self._generation = 0

    def stop(self) -> None:
        """Request the end; a second request gives running tasks no more time. Safe in a signal handler."""
        self._stop_requests += 1

    def run(self) -> None:
        """Supervise until `stop()`, then end the cluster."""
        for pid in kill_orphans(self.records):
            self.say(f"Ended what an earlier worker had left behind (process group {pid}).")
        sweeper = threading.Thread(target=self._sweep_repeatedly, name="sweeper", daemon=True)
        sweeper.start()
        pause = self.pace.first_pause
        try:
            while not self._stop_requests:
                lifetime = self._run_cluster()
                pause = self.pace.first_pause if lifetime >= self.pace.steady else pause
                self._sleep_before_restart(pause)
                # Doubled, so that a cluster that can't start does not fill the log.
                pause = min(pause * 2, self.pace.longest_pause)
        finally:
            self._sweeping_stopped.set()
            # A sweep may be refreshing tokens, which must be saved before this process ends.
            sweeper.join(self.pace.grace)

    def _run_cluster(self) -> float:
        """Run one cluster from start to end; return its lifetime in seconds."""
        self.stop_file.unlink(missing_ok=True)
        stop_environment = {self.stop_file_variable: str(self.stop_file)} if self.stop_file_variable else {}
        cluster = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, start_new_session=True, env={**os.environ, **stop_environment}
        )
        self._generation += 1
        started_at = time.monotonic()
        record = ProcessRecord.write(self.records, leader=cluster.pid)
        self.say(f"Task cluster started (process {cluster.pid}).")
        try:
            while cluster.poll() is None and not self._stop_requests and not self._replace_reason:
                time.sleep(POLL_SECONDS)
            if cluster.poll() is None and self._stop_requests:
                self._stop_gracefully(cluster)
            elif cluster.poll() is None:
                self.say(f"Replacing the task cluster: {self._replace_reason}")
            else:
                self.say(f"Task cluster ended ({ending(cluster.returncode)}).")
        finally:
            kill_group(cluster.pid)
            cluster.wait()
            record.remove()
            self.stop_file.unlink(missing_ok=True)
            self._generation += 1
            self._replace_reason = ""
        return time.monotonic() - started_at

    def _stop_gracefully(self, cluster: subprocess.Popen[bytes]) -> None:
        self.say(f"Stopping: running tasks have {self.pace.grace:g} seconds to finish.")
        self.stop_file.parent.mkdir(parents=True, exist_ok=True)
        self.stop_file.touch()
        # The main process only: workers that get the signal die during a task, and main then waits forever.
        os.kill(cluster.pid, signal.SIGTERM)
        deadline = time.monotonic() + self.pace.grace
        while cluster.poll() is None and time.monotonic() < deadline and self._stop_requests < 2:
            time.sleep(POLL_SECONDS)
        if cluster.poll() is None:
            self.say("Tasks were still running and were cut short; their runs go on when a worker is back.")
        else:
            self.say("Stopped.")

    def _sleep_before_restart(self, seconds: float) -> None:
        if self._stop_requests:
            return
        self.say(f"Starting it again in {seconds:g} s.")
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self._stop_requests:
            time.sleep(POLL_SECONDS)

    def _sweep_repeatedly(self) -> None:
        """Sweep until the end. An error is logged once, not every few seconds."""
        last_error = ""
        while not self._sweeping_stopped.wait(self.pace.sweep_every):
            generation = self._generation
            try:
                if count := self.sweep():
                    self.say(f"Due, and taken up: {count}.")
                reason = self.stuck()
                # A stuck cluster that was replaced meanwhile says nothing about the new one.
                self._replace_reason = reason if generation == self._generation else ""
                last_error = ""
            # Recovery depends on this thread: it must outlive a database that is away for a while.
            except Exception as error:
                if str(error) != last_error:
                    last_error = str(error)
                    self.say(f"Could not look for runs to take up again: {last_error}")


def ending(returncode: int) -> str:
    """Return how a process ended, in words."""
    if returncode >= 0:
        return f"exit code {returncode}"
    try:
        return f"killed by {signal.Signals(-returncode).name}"
    except ValueError:
        return f"killed by signal {-returncode}"
