"""The demo step by step: sandbox, settings, database, connections, worker, web site, check and time sync."""

from __future__ import annotations

import fcntl
import json
import os
import sys
import urllib.request
from datetime import date, timedelta
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from sandbox.demo import summary
from sandbox.demo.children import Children, DemoFailed
from sandbox.demo.ports import HOST, free_port

GUNICORN = ("--workers", "2", "--threads", "4", "--no-control-socket", "config.wsgi")
WEB_PORT, SANDBOX_PORT = 8000, 8900
LOGIN = "demo"
STARTING_SECONDS = 60
# Settings of the user's own shell would override the demo's file, so none of these reaches the demo.
NOT_INHERITED: tuple[str, ...] = (
    "CLOCKIFY_",
    "QUICKBOOKS_",
    "DATABASE_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "DEBUG",
)
NOT_INHERITED += (
    "SECRET_KEY",
    "ENCRYPTION_KEYS",
    "SENTRY_DSN",
    "PUBLIC_URL",
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED",
)


class Demo:
    """Everything the demo sets up, in the order it is needed."""

    def __init__(self, home: Path, folder: Path, *, entries: int) -> None:
        self.home = home
        self.folder = folder
        self.entries = entries
        folder.mkdir(parents=True, exist_ok=True)
        self.settings_file = folder / "demo.env"
        inherited = {key: value for key, value in os.environ.items() if not key.startswith(NOT_INHERITED)}
        self.children = Children(inherited | {"ENV_FILE": str(self.settings_file)}, logs=folder)
        self.web = self.sandbox = ""
        self._lock: IO[str] | None = None

    def set_up(self) -> None:
        """Set up sandbox, database, connections, worker and web site."""
        self.lock_folder()
        self.web = f"http://localhost:{free_port(WEB_PORT, what='the web site')}"
        self.start_sandbox()
        info = self.ask("/control/info")
        self.write_settings(info)
        print("Preparing the database …", flush=True)
        self.manage("migrate", "--verbosity", "0")
        self.connect(info)
        options = ("--chdir", str(self.home), "--bind", f"{HOST}:{self.web.rpartition(':')[2]}")
        self.children.serve("web", [sys.executable, "-m", "gunicorn", *options, *GUNICORN])
        self.children.serve("worker", [*self.manage_py(), "worker", "--grace", "5"])
        self.children.wait_until(self.web_answers, seconds=STARTING_SECONDS, what="The web site")

    def lock_folder(self) -> None:
        """Lock the folder, since two demos on the same data would collide."""
        self._lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DemoFailed("it is running already, in another terminal.") from None

    def start_sandbox(self) -> None:
        port = free_port(SANDBOX_PORT, what="the sandbox")
        command = [sys.executable, "-m", "sandbox", "--port", str(port), "--dataset", "agency"]
        command += ["--entries", str(self.entries), "--data", str(self.folder / "sandbox.json")]
        log = self.folder / "sandbox.log"
        self.children.serve("sandbox", command)
        self.children.wait_until(lambda: log.read_text().endswith("}\n"), seconds=STARTING_SECONDS, what="The sandbox")
        self.sandbox = json.loads(log.read_text())["url"]
        print(f"Sandbox (a local Clockify and a local QuickBooks): {self.sandbox}", flush=True)

    def ask(self, path: str) -> Any:
        with urllib.request.urlopen(self.sandbox + path, timeout=STARTING_SECONDS) as answer:
            return json.load(answer)

    def write_settings(self, info: dict[str, Any]) -> None:
        """Write the file that ENV_FILE names, for the demo's processes and for commands run beside them."""
        clockify, quickbooks = info["clockify"], info["quickbooks"]
        settings = {
            "DEBUG": "1",
            "DATABASE_URL": f"sqlite:///{quote(str(self.folder / 'hourbridge.sqlite3'))}",
            "PUBLIC_URL": self.web,
            "CLOCKIFY_API_URL": clockify["api_url"],
            "CLOCKIFY_REPORTS_URL": clockify["reports_url"],
            "QUICKBOOKS_CLIENT_ID": quickbooks["client_id"],
            "QUICKBOOKS_CLIENT_SECRET": quickbooks["client_secret"],
            "QUICKBOOKS_API_URL": quickbooks["api_url"],
            "QUICKBOOKS_AUTHORIZE_URL": quickbooks["authorize_url"],
            "QUICKBOOKS_TOKEN_URL": quickbooks["token_url"],
            "QUICKBOOKS_REVOKE_URL": quickbooks["revoke_url"],
        }
        self.settings_file.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))

    def connect(self, info: dict[str, Any]) -> None:
        """Create the log-in on the first start, and the connections whenever the sandbox's address changed."""
        marker = self.folder / "connected.json"
        before = json.loads(marker.read_text()) if marker.exists() else {}
        if before.get("sandbox") == self.sandbox:
            return
        if not before:
            self.create_login()
        clockify, quickbooks = info["clockify"], info["quickbooks"]
        workspace = clockify["workspace_id"]
        print("Connecting Clockify and QuickBooks …", flush=True)
        self.manage("connect_clockify", "--api-key", "-", "--workspace", workspace, secret=clockify["api_key"])
        refresh = ("--refresh-token", "-")
        realm = ("--workspace", workspace, "--realm", quickbooks["realm"])
        self.manage("connect_quickbooks", *realm, *refresh, secret=quickbooks["refresh_token"])
        if not before:
            self.manage("policy", "--workspace", workspace, f"start_date={self.first_day(workspace)}")
        marker.write_text(json.dumps({"sandbox": self.sandbox}))

    def create_login(self) -> None:
        self.children.environment["DJANGO_SUPERUSER_PASSWORD"] = LOGIN
        names = ("--username", LOGIN, "--email", "demo@example.test")
        self.manage("createsuperuser", "--noinput", *names, accept=(0, 1))
        del self.children.environment["DJANGO_SUPERUSER_PASSWORD"]

    def first_day(self, workspace: str) -> date:
        """Return the day before the first entry in UTC: west of Greenwich, work begins a date earlier."""
        entries = self.ask("/control/state")["clockify"][workspace]["entries"]
        return date.fromisoformat(min(entry["timeInterval"]["start"] for entry in entries)[:10]) - timedelta(1)

    def web_answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.web}/admin/login/", timeout=STARTING_SECONDS) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def run(self) -> bool:
        """Run check and time sync, print the summary, and return whether both did their work."""
        print("Checking for new users and customers …", flush=True)
        check = json.loads(self.manage("check_for_new", "--json"))
        mismatches = json.loads(self.manage("mismatches", "--json"))
        print("Sending time …", flush=True)
        sync = json.loads(self.manage("sync_time", "--json", accept=(0, 4)))
        self.children.check()
        print("\n".join(["", *summary.lines(check, mismatches, sync)]), flush=True)
        return summary.did_its_work(check, sync)

    def invitation(self) -> str:
        file, python = self.from_home(self.settings_file), self.from_home(Path(sys.executable))
        return (
            f"\nOpen {self.web}/ and log in as {LOGIN} with the password {LOGIN}.\n"
            f"Try commands beside it, such as: ENV_FILE={file} {python} manage.py mismatches\n"
            "Ctrl-C ends it; `make demo` goes on from here, `make clean` forgets it."
        )

    def from_home(self, path: Path) -> Path:
        return path.relative_to(self.home) if path.is_relative_to(self.home) else path

    def manage_py(self) -> list[str]:
        return [sys.executable, str(self.home / "manage.py")]

    def manage(self, *arguments: str, secret: str = "", accept: tuple[int, ...] = (0,)) -> str:
        """Return the output of one of Hourbridge's commands; raise DemoFailed for an unexpected exit code."""
        code, output = self.children.run([*self.manage_py(), *arguments], secret=secret)
        if code not in accept:
            raise DemoFailed(f"`manage.py {arguments[0]}` ended with exit code {code}.")
        return output
