"""Hourbridge's own processes, on the test's database."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings as django_settings
from django.db import connection

PATIENCE = 60


def environment_of_processes() -> dict[str, str]:
    """Return an environment in which a process of ours uses the test's database."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return os.environ | {"DATABASE_URL": f"sqlite:///{name}"}
    parts = urlsplit(os.environ["TEST_DATABASE_URL"])
    return os.environ | {"DATABASE_URL": urlunsplit(parts._replace(path=f"/{name}"))}


def until(happened: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not happened():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


class WorkerProcess:
    """`manage.py worker` in a process of its own; its output is in `log`."""

    def __init__(self, log: Path, extra_settings: dict[str, str]) -> None:
        self.log = log
        command = [sys.executable, str(django_settings.BASE_DIR / "manage.py"), "worker", "--grace", "10"]
        with log.open("a") as output:
            self.process = subprocess.Popen(
                command, env=environment_of_processes() | extra_settings, stdout=output, stderr=output
            )

    def count_in_log(self, text: str) -> int:
        return self.log.read_text().count(text)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(PATIENCE)


@pytest.fixture
def start_worker(tmp_path: Path, transactional_db: None) -> Iterator[Callable[..., WorkerProcess]]:
    """Return a function that starts a worker with extra settings; stops running workers after the test."""
    workers: list[WorkerProcess] = []

    def start(**extra_settings: str) -> WorkerProcess:
        workers.append(WorkerProcess(tmp_path / "worker.log", extra_settings))
        return workers[-1]

    yield start
    for worker in workers:
        if worker.process.poll() is None:
            worker.stop()
