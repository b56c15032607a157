"""Error reports have no arguments, environment, requests' contents or secrets: real sentry_sdk, sent to this machine.

In processes of their own, since the SDK patches Django, logging and the interpreter.
"""

from __future__ import annotations

import gzip
import itertools
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

CANARIES = {
    "SECRET_KEY": "canary-secret-key-0123456789",
    "ENCRYPTION_KEYS": "Y2FuYXJ5LWVuY3J5cHRpb24ta2V5LTAxMjM0NTY3ODk=",
    "QUICKBOOKS_CLIENT_SECRET": "canary-client-secret-0123",
    "QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN": "canary-verifier-0123",
}
SCRIPT = Path(__file__).with_name("failing_request.py")


@pytest.fixture
def collector() -> Iterator[tuple[str, list[str]]]:
    """Run a server that takes what sentry_sdk sends; return its DSN and the bodies, as text."""
    bodies: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append((gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body).decode())
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://public@127.0.0.1:{server.server_address[1]}/1", bodies
    server.shutdown()
    thread.join()
    server.server_close()


def run(arguments: list[str], dsn: str, tmp_path: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "DEBUG": "1",
        "SENTRY_DSN": dsn,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'not_migrated.sqlite3'}",
        "CLOCKIFY_API_URL": "http://127.0.0.1:9/api/v1",
        "REDIS_URL": "",
        "CANARY_OF_THE_ENVIRONMENT": "canary-environment-0123",
        "PYTHONPATH": str(django_settings.BASE_DIR),
        **CANARIES,
        **more,
    }
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=django_settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def events(bodies: list[str]) -> list[Any]:
    """Return the events in the envelopes: lines of JSON, an item's header before each item."""
    lines = [json.loads(line) for body in bodies for line in body.splitlines() if line.strip()]
    return [after for before, after in itertools.pairwise(lines) if before.get("type") == "event"]


def test_a_failed_command_is_reported_without_its_arguments(collector: Any, tmp_path: Path) -> None:
    dsn, bodies = collector

    process = run(["manage.py", "connect_clockify", "--api-key", "canary-api-key-0123456789"], dsn, tmp_path)

    [event] = events(bodies)
    assert process.returncode == 3 and event["exception"]["values"][-1]["type"] == "OperationalError"
    assert "canary" not in "".join(bodies) + process.stdout + process.stderr
    assert "extra" not in event and "sys.argv" not in "".join(bodies)


def test_a_setting_that_can_not_be_read_is_quoted_without_its_password(collector: Any, tmp_path: Path) -> None:
    process = run(["manage.py", "check"], collector[0], tmp_path, QUICKBOOKS_API_URL="ftp://me:canary-9@host/path")

    assert process.returncode == 2 and "QUICKBOOKS_API_URL is 'ftp://me:[secret]@host/path'" in process.stderr


def test_a_failed_page_is_reported_without_what_was_sent_to_it(collector: Any, tmp_path: Path) -> None:
    dsn, bodies = collector

    process = run([str(SCRIPT)], dsn, tmp_path)

    [event] = events(bodies)
    assert process.returncode == 0, process.stderr
    assert event["request"] == {"method": "POST", "url": "http://testserver/failing/"}
    assert event["exception"]["values"][-1]["value"] == "Clockify said: Bearer [secret] is [secret]"
    assert not [frame for frame in event["exception"]["values"][-1]["stacktrace"]["frames"] if "vars" in frame]
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]][-1] == "Before: [secret]"
    assert not {"user", "extra"} & event.keys()
    # Source lines around the error are the program's text, where the script has its canaries.
    assert "canary" not in json.dumps({**event, "exception": None, "threads": None})
