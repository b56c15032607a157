"""Several processes at once on one company: one writes, one refreshes; the others report it or wait."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connections
from django.utils import timezone

from integrations.models import ApiCall, Company, Workspace
from integrations.quickbooks.client import QuickBooksApiClient
from sandbox.clockify.records import Member, User
from sandbox.data.datasets import REALM
from syncjobs.models import Run, WriterLease
from syncjobs.runs import lifecycle as runs
from syncjobs.runs import queue
from tests.crash.processes import Command, Worker
from tests.crash.stage import Stage
from tests.support.oracle import actual, assert_books_agree, expected
from tests.support.scene import FIRST, LAST, Scene, run_command
from tests.worker.conftest import until

COUNT = 24
REFRESH = """
import sys, time
from pathlib import Path
import django
django.setup()
from integrations.models import Company
from integrations.quickbooks import tokens
company = Company.objects.get()
Path(sys.argv[1]).touch()
while not Path(sys.argv[2]).exists():
    time.sleep(0.005)
print(tokens.access_token(company))
"""


@pytest.fixture
def busy(stage: Callable[..., Stage]) -> Stage:
    """Return a company with time to send, whose QuickBooks holds every write after the fourth until `let_go`."""
    busy_stage = stage(patience={"GIVE_UP_SECONDS": "27", "BATCHES_FROM": "0"}, requestid_memory_seconds=0)
    scene = busy_stage.scene.connect()
    scene.entries(scene.user("Ada"), scene.project("Site", client=scene.client("Acme"), hourlyRate=8000), COUNT)
    type(scene.workspace).objects.update(start_date=FIRST)
    busy_stage.interceptor.hold_writes(after=4)
    connections.close_all()
    return busy_stage


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """Return a function that starts `sync_time`, for one workspace where there are several."""
    started: list[Command] = []

    def run(stage: Stage, workspace: str = "") -> Command:
        connections.close_all()
        log = tmp_path / f"command-{len(started)}.log"
        options = ["--workspace", workspace] if workspace else []
        started.append(Command(first=FIRST, last=LAST, options=options, environment=stage.environment(), log=log))
        return started[-1]

    yield run
    for command in started:
        command.clear_away()


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[Callable[[Stage], Worker]]:
    started: list[Worker] = []

    def start(stage: Stage) -> Worker:
        connections.close_all()
        # Each with notes of its own, as on two machines.
        notes = tmp_path / f"worker-{len(started)}"
        notes.mkdir()
        environment = stage.environment() | {"CRASH_FOLDER": str(notes)}
        started.append(Worker(environment=environment, log=tmp_path / f"worker-{len(started)}.log"))
        return started[-1]

    yield start
    for worker in started:
        worker.stop()


def submit_sync() -> Run:
    run = runs.create_run(Run.Kind.SYNC, Workspace.objects.get(), trigger="button", now=timezone.now())
    queue.enqueue(run)
    return run


def assert_one_wrote_at_a_time() -> None:
    """Assert that no run wrote between the first and the last write of another run."""
    spans: dict[int, list[float]] = {}
    for call in ApiCall.objects.filter(method="POST", path__contains="/timeactivity").exclude(run_id=None):
        assert call.run_id is not None
        end = call.at.timestamp()
        spans.setdefault(call.run_id, []).extend([end - call.milliseconds / 1000, end])
    ordered = sorted((min(span), max(span)) for span in spans.values())
    assert ordered
    for (_, end), (begin, _) in pairwise(ordered):
        assert end <= begin + 0.01


def assert_says_who_and_since_when(message: str) -> None:
    assert re.search(r"Time sync \d+, started by a (command|button), is at work .* since \d\d:\d\d:\d\d UTC", message)


# --- one refresh -------------------------------------------------------------------------------------------
def test_four_processes_that_need_a_token_at_once_refresh_once(stage: Callable[..., Stage], tmp_path: Path) -> None:
    contended = stage(rotate_every_refresh=True, family_revoked_on_reuse=True)
    scene = contended.scene.connect()
    Company.objects.update(access_expires_at=timezone.now() + timedelta(minutes=1))
    scene.fault("hang_after_commit", "oauth2/token", seconds=0.5)
    connections.close_all()
    scene.zero_calls()
    gate = tmp_path / "gate"
    processes = [_asker(contended, tmp_path / f"ready-{number}", gate) for number in range(4)]
    until(lambda: len(list(tmp_path.glob("ready-*"))) == 4)

    gate.touch()

    tokens = {process.communicate()[0].strip() for process in processes}
    assert tokens == {scene.company.access_token}
    assert sum(count for route, count in scene.calls().items() if "token" in route) == 1
    # What was saved is what Intuit gave last.
    QuickBooksApiClient(scene.company).company_info()


def _asker(stage: Stage, ready: Path, gate: Path) -> subprocess.Popen[str]:
    environment = stage.environment() | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-c", REFRESH, str(ready), str(gate)]
    return subprocess.Popen(command, env=environment, cwd=django_settings.BASE_DIR, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_a_process_killed_during_a_refresh_does_not_block_others_for_long(
    busy: Stage, start: Callable[..., Command]
) -> None:
    Company.objects.update(access_expires_at=timezone.now() + timedelta(minutes=1))
    busy.interceptor.let_go()
    first = start(busy)
    busy.interceptor.prepare("refresh lost", skip=0, strike=lambda: first.kill("task"))
    until(busy.interceptor.struck.is_set)

    second = start(busy).result()

    assert (second["code"], second["sent"]) == (0, COUNT)
    assert_books_agree(busy.scene)


# --- one writer --------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_two_workers_two_commands_and_a_button_send_each_entry_once(
    busy: Stage, start: Callable[..., Command], start_worker: Callable[[Stage], Worker]
) -> None:
    for _ in range(2):
        start_worker(busy)
    commands = [start(busy), start(busy)]
    submitted = [submit_sync(), submit_sync()]
    until(lambda: len(busy.scene.activities()) >= 4)
    until(lambda: Run.objects.filter(error_code="ANOTHER_RUN").count() >= 2)
    busy.interceptor.let_go()

    results = [command.result() for command in commands]

    for result in results:
        assert result["code"] in {0, 3}
        if result["code"] == 3:
            assert_says_who_and_since_when(result["error"]["message"])
    until(lambda: not any(Run.objects.get(pk=run.pk).is_open for run in submitted))
    assert {Run.objects.get(pk=run.pk).status for run in submitted} == {Run.Status.SUCCEEDED}
    assert_one_wrote_at_a_time()
    assert_books_agree(busy.scene)


@pytest.mark.slow
def test_a_run_submitted_meanwhile_waits_and_continues_after_a_command_that_dies(
    busy: Stage, start: Callable[..., Command], start_worker: Callable[[Stage], Worker]
) -> None:
    command = start(busy)
    until(lambda: len(busy.scene.activities()) >= 4)
    run = submit_sync()
    start_worker(busy)
    until(lambda: Run.objects.get(pk=run.pk).error_code == "ANOTHER_RUN")
    assert_says_who_and_since_when(Run.objects.get(pk=run.pk).error_message)
    os.kill(command.process.pid, signal.SIGKILL)
    busy.interceptor.let_go()

    until(lambda: not Run.objects.get(pk=run.pk).is_open)

    assert Run.objects.get(pk=run.pk).status == Run.Status.SUCCEEDED
    assert_one_wrote_at_a_time()
    assert_books_agree(busy.scene)


@pytest.mark.slow
def test_of_two_workspaces_of_one_company_one_writes_at_a_time(busy: Stage, start: Callable[..., Command]) -> None:
    other = _other_workspace(busy.scene)
    first = start(busy, "Sandbox Workspace")
    until(lambda: len(busy.scene.activities()) >= 4)
    holder = WriterLease.objects.get()

    second = start(busy, "Other Workspace").result()

    assert (second["code"], second["error"]["code"], second["sent"]) == (3, "ANOTHER_RUN", 0)
    assert f"Time sync {holder.run_id}," in second["error"]["message"]
    assert_says_who_and_since_when(second["error"]["message"])
    busy.interceptor.let_go()
    assert (first.result()["code"], first.result()["sent"]) == (0, COUNT)
    assert start(busy, "Other Workspace").result()["sent"] == 8
    assert_one_wrote_at_a_time()
    assert actual(busy.scene) == expected(busy.scene) + expected(other)


def _other_workspace(scene: Scene) -> Scene:
    """Make a second workspace of the company, with eight more entries of Ada's for the same Site."""
    place = scene.clockify.add_workspace("Other Workspace")
    owner = User(scene.clockify.new_id(), "other@example.test", "Other Owner", active_workspace=place.id)
    scene.clockify.put_user(owner)
    place.put_member(Member(owner.id, roles=("OWNER",)))
    scene.clockify.put_key("other-key", owner.id)
    other = Scene(scene.running)
    other.place, other.product = place, type(scene.product)(scene.clockify, place)
    person = other.user("Ada", partner=None)
    client = other.client("Acme", customer=False)
    project = other.project("Site", client=client, customer=False, hourlyRate=8000)
    other.people[person] = next(iter(scene.people.values()))
    other.customers[project] = next(key for name, key in scene.customers.items() if name in scene.place.projects)
    other.entries(person, project, 8, day=20)
    token = scene.world.quickbooks.issue_refresh_token(REALM)
    assert run_command("connect_clockify", "--api-key", "other-key").code == 0
    options = ("--workspace", "Other Workspace", "--realm", REALM, "--refresh-token", token)
    assert run_command("connect_quickbooks", *options).code == 0
    return other
