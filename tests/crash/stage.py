"""The stage of the laboratory: the tests' Scene on a sandbox that keeps its data in a file and can be restarted."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

from sandbox.data.datasets import REALM
from sandbox.server import Running, start
from tests.crash.interceptor import Interceptor
from tests.support.scene import Result, Scene, run_command

HOOKS = Path(__file__).parent / "hooks"
# Short enough that a dead process costs little, long enough for a busy machine.
PATIENCE = {
    "LEASE_SECONDS": "2",
    "HEARTBEAT_SECONDS": "0.25",
    "GIVE_UP_SECONDS": "2",
    # How late a write may arrive, as the laboratory has it.
    "SETTLE_SECONDS": "4",
    # From this many new entries on, a part of them is sent in batches.
    "BATCHES_FROM": "20",
}


class Stage:
    """A sandbox, a scene and the environment of our processes."""

    def __init__(
        self, folder: Path, *, database_url: str, switches: dict[str, Any], patience: dict[str, str] | None = None
    ) -> None:
        """Start a sandbox with these switches. `patience` replaces some values of PATIENCE."""
        self.folder, self.database_url = folder, database_url
        self.patience = PATIENCE | (patience or {})
        self.interceptor = Interceptor()
        self.struck: Counter[str] = Counter()
        self.running = self._start(0)
        self.port = int(self.running.url.rpartition(":")[2])
        self.scene = Scene(self.running)
        # While a status lags, nobody can tell that time was invoiced between a run's reading and its write.
        self.scene.switch(**{"billable_status_lags": False, **switches})

    def _start(self, port: int) -> Running:
        return start(port=port, data=self.folder / "sandbox.json", between=self.interceptor.between)

    def restart_sandbox(self) -> None:
        """Stop it as it is, and start it on its own data: every connection is cut, nothing it answered is lost."""
        self.count_faults()
        self.running.stop()
        self.running = self._start(self.port)
        before, self.scene = self.scene, Scene(self.running)
        self.scene.people, self.scene.customers, self.scene.names = before.people, before.customers, before.names

    def stop(self) -> None:
        self.running.stop()

    def count_faults(self) -> None:
        """Count the faults that struck and remove those still planned."""
        scene = self.scene
        with scene.world.lock:
            for fault in scene.world.faults.to_json():
                kind = f"{fault['vendor']} {fault['kind']}"
                self.struck[kind] += int(str(fault["hits"]))
            scene.world.faults.clear()

    def connect_again(self) -> Result:
        """Connect QuickBooks again, as an administrator does after it refused the tokens."""
        token = self.scene.world.quickbooks.issue_refresh_token(REALM)
        return run_command("connect_quickbooks", "--realm", REALM, "--refresh-token", token)

    def settings(self) -> dict[str, Any]:
        """Return the Django settings with which this process, too, uses the sandbox."""
        url = self.running.url
        return {
            "CLOCKIFY_API_URL": f"{url}/api/v1",
            "CLOCKIFY_REPORTS_URL": f"{url}/report/v1",
            "QUICKBOOKS_CLIENT_ID": "sandbox-client",
            "QUICKBOOKS_CLIENT_SECRET": "sandbox-secret",
            "QUICKBOOKS_API_URL": url,
            "QUICKBOOKS_AUTHORIZE_URL": f"{url}/oauth2/authorize",
            "QUICKBOOKS_TOKEN_URL": f"{url}/oauth2/token",
            "QUICKBOOKS_REVOKE_URL": f"{url}/oauth2/revoke",
            "QUICKBOOKS_MAX_PER_SECOND": 0,
            "QUICKBOOKS_MAX_PER_MINUTE": 0,
            "QUICKBOOKS_MAX_BATCHES_PER_MINUTE": 0,
            "CLOCKIFY_MAX_PER_SECOND": 0,
            "SETTLE_SECONDS": float(self.patience["SETTLE_SECONDS"]),
        }

    def environment(self) -> dict[str, str]:
        """Return the processes' environment: the same database and sandbox, a short lease, and the kill hooks."""
        settings = {name: str(value) for name, value in self.settings().items()}
        return {
            **os.environ,
            **settings,
            **self.patience,
            "DATABASE_URL": self.database_url,
            "CRASH_FOLDER": str(self.folder),
            "PYTHONPATH": os.pathsep.join([str(HOOKS), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
        }
