"""The demo's processes: started in sessions of their own, and never left behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

STOPPING_SECONDS = 30
PARENT_DEATH = 1  # PR_SET_PDEATHSIG of Linux' prctl
LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class DemoFailed(Exception):
    """A reason why the demo cannot continue, for its user."""


def end_with_parent() -> None:
    """End the child together with its parent, even a killed one; runs in the child before its program starts."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    if LIBC is not None:
        LIBC.prctl(PARENT_DEATH, signal.SIGTERM)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Hold signals back while a process starts, so that no process is left unknown."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@dataclass
class Children:
    """Everything the demo started; commands run in the foreground, services until `stop`."""

    environment: dict[str, str]
    logs: Path
    _services: dict[str, subprocess.Popen[str]] = field(default_factory=dict)
    _command: subprocess.Popen[str] | None = None

    def serve(self, name: str, command: list[str], *, stdout: int | None = None) -> subprocess.Popen[str]:
        """Start a service; its output goes into a log file."""
        with (self.logs / f"{name}.log").open("w") as log, undisturbed():
            self._services[name] = self._start(command, stdout=stdout or log, stderr=log)
        return self._services[name]

    def run(self, command: list[str], *, secret: str = "") -> tuple[int, str]:
        """Run a command and return its exit code and output; progress and errors show as they come."""
        with undisturbed():
            self._command = self._start(command, stdout=subprocess.PIPE, stderr=None, stdin=subprocess.PIPE)
        output, _ = self._command.communicate(secret)
        code, self._command = self._command.returncode, None
        return code, output

    def _start(
        self,
        command: list[str],
        *,
        stdout: int | IO[str] | None,
        stderr: IO[str] | None,
        stdin: int = subprocess.DEVNULL,
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            env=self.environment,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            text=True,
            # Ctrl-C in the terminal reaches the demo alone, which then stops the others in order.
            start_new_session=True,
            preexec_fn=end_with_parent,
        )

    def check(self) -> None:
        """Raise DemoFailed when a service has ended."""
        for name, service in self._services.items():
            if service.poll() is not None:
                raise DemoFailed(f"the {name} ended unexpectedly; {self.logs / name}.log says more.")

    def wait_until(self, ready: Callable[[], bool], *, seconds: float, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                raise DemoFailed(f"{what} did not come up within {seconds:g} seconds.")
            time.sleep(0.1)

    def stop(self) -> None:
        """End everything, the last started first, and kill what does not end in time."""
        if self._command is not None:
            # As Ctrl-C does: a command then gives back what it holds.
            end(self._command, signal.SIGINT)
        for service in reversed(self._services.values()):
            end(service)


def end(process: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> None:
    """Ask a process to end, wait, then kill what is left of its group."""
    if process.poll() is None:
        process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOPPING_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
