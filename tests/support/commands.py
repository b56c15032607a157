"""Commands as processes of their own, on the test's database and sandbox."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from django.conf import settings as django_settings
from django.db import connection

from tests.support.scene import FIRST, LAST, Result, Scene
from tests.worker.conftest import PATIENCE, environment_of_processes

HOOKS = Path(__file__).parents[1] / "crash" / "hooks"
# The usual lease, since a machine at its limit may stand still for seconds; the short one for who is to be taken over.
SOONER = {"HEARTBEAT_SECONDS": "0.5", "SETTLE_SECONDS": "1"}
SHORT_LEASE = {"LEASE_SECONDS": "5"}
SYNC = ("sync_time", "--from", FIRST, "--to", LAST)


class Command:
    """`manage.py sync_time --json`, or another command, in a process of its own."""

    def __init__(self, scene: Scene, more: dict[str, str], arguments: Sequence[str] = SYNC) -> None:
        url = scene.running.url
        sandbox = {
            "CLOCKIFY_API_URL": f"{url}/api/v1",
            "CLOCKIFY_REPORTS_URL": f"{url}/report/v1",
            "QUICKBOOKS_CLIENT_ID": "sandbox-client",
            "QUICKBOOKS_CLIENT_SECRET": "sandbox-secret",
            "QUICKBOOKS_API_URL": url,
            "QUICKBOOKS_TOKEN_URL": f"{url}/oauth2/token",
            "QUICKBOOKS_MAX_PER_SECOND": "0",
            "QUICKBOOKS_MAX_PER_MINUTE": "0",
            "CLOCKIFY_MAX_PER_SECOND": "0",
        }
        command = [sys.executable, "manage.py", *arguments, "--json"]
        self.process = subprocess.Popen(
            command,
            cwd=django_settings.BASE_DIR,
            env=environment_of_processes() | sandbox | SOONER | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def signal(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def suspend(self) -> None:
        """Suspend the process as a closed laptop does, but not while it holds SQLite's one write lock for everybody."""
        self.signal(signal.SIGSTOP)
        while connection.vendor == "sqlite" and _is_locked():
            self.signal(signal.SIGCONT)
            time.sleep(0.01)
            self.signal(signal.SIGSTOP)

    def result(self) -> Result:
        out, err = self.process.communicate(timeout=PATIENCE)
        return Result(self.process.returncode, json.loads(out) if out else None, err)


def _is_locked() -> bool:
    probe = sqlite3.connect(str(connection.settings_dict["NAME"]), timeout=0.1, isolation_level=None)
    try:
        probe.execute("BEGIN IMMEDIATE")
        probe.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return True
    finally:
        probe.close()
    return False


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


# Seconds by which clocks of machines differ in tests.
CLOCKS_APART = (-180, -40, 40, 180)


def other_machine(*, clock_ahead: float) -> dict[str, str]:
    """Return the environment of a process on another machine, whose own clock is so many seconds ahead of this one's.

    See tests/crash/hooks: Python's clock and the host's name differ; a database server's clock is still its own.
    """
    path = os.pathsep.join([str(HOOKS), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    return {"PYTHONPATH": path, "TEST_CLOCK_AHEAD": str(clock_ahead), "TEST_HOST_NAME": "another-machine"}
