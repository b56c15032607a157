"""A stage for measurements: a sandbox, a database, and our commands as processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sandbox.clockify.state import ADMIN_KEY
from sandbox.data.datasets import REALM

ROOT = Path(__file__).resolve().parents[2]
# Entries end yesterday, as they would in real life: a check reads up to today.
TODAY = date.today()
LAST = TODAY - timedelta(days=1)
LIMITS = {
    "QUICKBOOKS_MAX_PER_SECOND": 10,
    "QUICKBOOKS_MAX_PER_MINUTE": 500,
    "QUICKBOOKS_MAX_BATCHES_PER_MINUTE": 40,
}


@dataclass(frozen=True)
class Measured:
    """A finished process: its answer, processor seconds (user and system), elapsed seconds and peak memory in MB."""

    code: int
    json: Any
    cpu: float
    seconds: float
    peak_mb: float


def measure(command: list[str], env: Mapping[str, str], folder: Path) -> Measured:
    """Run a command to its end and measure it by the operating system. Raises RuntimeError when it fails."""
    with (folder / "stdout").open("w+b") as out, (folder / "stderr").open("w+b") as err:
        began = time.monotonic()
        process = subprocess.Popen(command, stdout=out, stderr=err, env=dict(env), cwd=ROOT)
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        text, errors = out.read().decode().strip(), err.read().decode()
    if process.returncode not in (0, 4) or "Traceback" in errors:
        raise RuntimeError(f"{' '.join(command[-4:])} ended with {process.returncode}:\n{errors[-2000:]}{text[-2000:]}")
    answer = json.loads(text) if text.startswith(("{", "[")) else text
    return Measured(process.returncode, answer, used.ru_utime + used.ru_stime, seconds, used.ru_maxrss / 1024)


class Stage:
    """Connected accounts and an empty mirror: `with Stage(entries=1000) as stage:`."""

    _templates: dict[str, Path] = {}

    def __init__(
        self,
        *,
        entries: int,
        people: int = 25,
        clients: int = 20,
        days: int = 27,
        speed: float = 0,
        database: str = "",
    ) -> None:
        """Prepare `entries` of `people` on about `days` days before today.

        `speed` 0: no limits of ours. Else our limits are Intuit's times `speed`.
        """
        self.first = TODAY - timedelta(days=days)
        self.folder = Path(tempfile.mkdtemp(prefix="hourbridge-bench-"))
        self._world = [f"--entries={entries}", f"--people={people}", f"--clients={clients}", f"--days={days}"]
        self.env = _plain_environment() | {name: str(rate * speed) for name, rate in LIMITS.items()}
        self.env |= {"CLOCKIFY_MAX_PER_SECOND": "0", "DATABASE_URL": database or self._fresh_sqlite()}
        if database:
            self.manage("migrate")
        self._server: subprocess.Popen[bytes] | None = None
        self.url = ""

    def __enter__(self) -> Stage:
        try:
            self._serve()
            self.connect()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.wait()
            assert self._server.stdout is not None
            self._server.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _serve(self) -> None:
        command = [sys.executable, "-m", "tests.bench.served", *self._world]
        self._server = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
        assert self._server.stdout is not None
        self.url = json.loads(self._server.stdout.readline())["url"]
        self.env |= {
            "CLOCKIFY_API_URL": f"{self.url}/api/v1",
            "CLOCKIFY_REPORTS_URL": f"{self.url}/report/v1",
            "QUICKBOOKS_API_URL": self.url,
            "QUICKBOOKS_TOKEN_URL": f"{self.url}/oauth2/token",
            "QUICKBOOKS_REVOKE_URL": f"{self.url}/oauth2/revoke",
            "QUICKBOOKS_AUTHORIZE_URL": f"{self.url}/oauth2/authorize",
        }

    def connect(self) -> None:
        self.manage("connect_clockify", "--api-key", ADMIN_KEY)
        self.manage("connect_quickbooks", "--realm", REALM, "--refresh-token", self.refresh_token())
        self.manage("policy", f"start_date={self.first}")

    def refresh_token(self) -> str:
        token: str = self.control("info")["quickbooks"]["refresh_token"]
        return token

    def manage(self, *args: str, **env: str) -> Measured:
        """Run one of our commands with --json, as a person would start it."""
        command = [sys.executable, "manage.py", *args, "--json"]
        if args[0] in ("migrate", "shell"):
            command.pop()
        return measure(command, self.env | env, self.folder)

    def script(self, module: str, *args: str) -> Measured:
        return measure([sys.executable, "-m", module, *args], self.env, self.folder)

    def sync(self, *args: str, first: date | None = None, last: date = LAST) -> Measured:
        return self.manage("sync_time", "--from", str(first or self.first), "--to", str(last), *args)

    # --- the sandbox ---------------------------------------------------------------------------------------
    def control(self, path: str, body: Any = None, method: str = "") -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/control/{path}", data=data, method=method or None)
        with urllib.request.urlopen(request, timeout=600) as answer:
            return json.load(answer)

    def switch(self, **values: object) -> None:
        self.control("switches", values)

    def zero_calls(self) -> None:
        self.control("calls", method="DELETE")

    def calls(self) -> Any:
        return self.control("calls")

    # --- the database --------------------------------------------------------------------------------------
    def _fresh_sqlite(self) -> str:
        """Return the URL of a migrated database. Migrating takes seconds, so it is done once and copied."""
        template = self._templates.get("sqlite")
        if template is None:
            template = Path(tempfile.mkdtemp(prefix="hourbridge-bench-")) / "template.sqlite3"
            self._templates["sqlite"] = template
            self.env["DATABASE_URL"] = f"sqlite:///{template}"
            self.manage("migrate")
        path = self.folder / "bench.sqlite3"
        shutil.copy(template, path)
        return f"sqlite:///{path}"

    @classmethod
    def forget_templates(cls) -> None:
        for template in cls._templates.values():
            shutil.rmtree(template.parent, ignore_errors=True)
        cls._templates.clear()


def _plain_environment() -> dict[str, str]:
    """Return an environment as in production: DEBUG would keep every SQL statement in memory. Drops our variables."""
    prefixes = (
        "CLOCKIFY_",
        "QUICKBOOKS_",
        "REDIS_URL",
        "SENTRY_DSN",
        "DATABASE_URL",
        "LEASE_SECONDS",
        "BATCHES_FROM",
        "TEST_DATABASE_URL",
    )
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    return inherited | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "ENV_FILE": os.devnull,
        "DEBUG": "0",
        "SECRET_KEY": "bench-bench-bench-bench-bench-bench-bench-bench-bench",
        "ENCRYPTION_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "QUICKBOOKS_CLIENT_ID": "sandbox-client",
        "QUICKBOOKS_CLIENT_SECRET": "sandbox-secret",
        "PUBLIC_URL": "http://localhost:8000",
    }
