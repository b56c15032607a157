"""Tests against mutants, in one session of pytest: all tests once, then for each mutant those that run its lines.

Each mutant lives in a fork of the session: nothing is loaded twice, no file is ever changed, and what a mutant leaves
behind ends with it. Several are tried at a time, since most tests wait more than they work. Processes that a test
starts run the code as it is.
"""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from time import monotonic, process_time

import coverage
import pytest
from _pytest.runner import runtestprotocol

from tests.mutate.injection import inject
from tests.mutate.mutants import Mutant

# For each test, of the processor: other work on the machine must not turn a survivor into a timeout.
LEAST_SECONDS = 10
# Time on the clock, far more: only for a mutant that waits instead of working.
MOST_PATIENT_SECONDS = 120


class Verdict(StrEnum):
    KILLED = "killed"
    SURVIVED = "survived"
    TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class _Trial:
    """A mutant that is being tried, in a process of its own, which writes the number of the test that failed."""

    module: str
    mutant: Mutant
    chosen: list[pytest.Item]
    process_id: int
    noticed_by: int  # file descriptor


class Trials:
    """A plugin that runs mutants instead of tests. `planned`: each with its module and the folders of its tests."""

    def __init__(self, home: Path, planned: list[tuple[str, Mutant, list[str]]], *, jobs: int = 1) -> None:
        self.home = home
        self.planned = planned
        self.jobs = jobs
        self.counts: dict[str, Counter[Verdict]] = {module: Counter() for module, _, _ in planned}
        self.failed: list[str] = []  # tests that fail without any mutant
        self._lines: dict[str, dict[int, list[str]]] = {}
        self._seconds: dict[str, float] = {}  # on the clock
        self._work: dict[str, float] = {}  # seconds of the processor
        self._kills: Counter[tuple[str, str]] = Counter()  # how many mutants of a module a test noticed
        files = [str(home / module) for module in self.counts]
        self._coverage = coverage.Coverage(data_file=None, config_file=False, include=files, messages=False)

    @pytest.hookimpl(tryfirst=True)
    def pytest_load_initial_conftests(self) -> None:
        # Early, to see the lines that run while modules are imported.
        self._coverage.start()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if session.testsfailed:
            self.failed.append("collection")
            return True
        self._measure(session.items)
        items = {item.nodeid: item for item in session.items}
        for module in self.counts:
            self._check_fork(module, items)
        if not self.failed:
            self._try_all(items)
        return True

    def _try_all(self, items: Mapping[str, pytest.Item]) -> None:
        running: dict[int, _Trial] = {}
        for number, (module, mutant, folders) in enumerate(self.planned, start=1):
            names = self.tests_of(module, mutant.lines)
            chosen = [items[name] for name in names if name.startswith(tuple(folders))]
            trial = self._begin(module, mutant, chosen)
            running[trial.process_id] = trial
            if len(running) == self.jobs:
                self._end_one(running)
            if number % 50 == 0:
                print(f"{number} of {len(self.planned)}", file=sys.stderr, flush=True)
        while running:
            self._end_one(running)

    def _end_one(self, running: dict[int, _Trial]) -> None:
        """Wait for one of the trials, and count what became of it."""
        try:
            process_id, status = os.waitpid(-1, 0)
        except BaseException:
            for process_id in running:
                with suppress(ProcessLookupError):
                    os.killpg(process_id, signal.SIGKILL)
            raise
        trial = running.pop(process_id, None)
        if trial is None:  # a process that a test had started
            return
        verdict = self._verdict(trial, status)
        self.counts[trial.module][verdict] += 1
        if verdict is not Verdict.KILLED:
            print(f"{verdict.upper()} {trial.module}:{trial.mutant.line}  {trial.mutant.name}", flush=True)

    def _measure(self, items: list[pytest.Item]) -> None:
        """Run all tests once, and learn which of them run which line and how long each takes."""
        # What lasts for the session, such as the database, has to outlive the last test.
        for item, next_item in zip(items, [*items[1:], items[0]], strict=True):
            self._coverage.switch_context(item.nodeid)
            began, work_before = monotonic(), process_time()
            reports = runtestprotocol(item, log=False, nextitem=next_item)
            self._seconds[item.nodeid] = monotonic() - began
            self._work[item.nodeid] = process_time() - work_before
            self.failed += [report.nodeid for report in reports if report.failed]
        self._coverage.stop()
        data = self._coverage.get_data()
        for module in self.counts:
            self._lines[module] = data.contexts_by_lineno(str(self.home / module))

    def _check_fork(self, module: str, items: Mapping[str, pytest.Item]) -> None:
        """See that tests pass in a fork without a mistake, one of each file: else all mutants would seem noticed."""
        source = (self.home / module).read_text()
        names = self.tests_of(module, self._lines[module])
        one_of_each = {name.partition("::")[0]: items[name] for name in reversed(names)}
        unchanged = Mutant(1, range(0), "", "nothing", source)
        trial = self._begin(module, unchanged, [*one_of_each.values()])
        if self._verdict(trial, os.waitpid(trial.process_id, 0)[1]) is not Verdict.SURVIVED:
            self.failed.append(f"{module}, in a fork")

    def tests_of(self, module: str, lines: Iterable[int]) -> list[str]:
        """Return the tests that run any of the lines: those that noticed most mutants of it, then the fastest first.

        Of lines that run while the module is imported, such as constants and fields, all tests of the files in which
        some run the module: what a test makes of them need not run a line here.
        """
        measured = self._lines[module]
        names = {name for line in lines for name in measured.get(line, ())}
        if names == {""}:
            files = {name.partition("::")[0] for found in measured.values() for name in found}
            names = {name for name in self._seconds if name.partition("::")[0] in files}
        return sorted(names - {""}, key=lambda name: (-self._kills[module, name], self._seconds[name], name))

    def _begin(self, module: str, mutant: Mutant, chosen: list[pytest.Item]) -> _Trial:
        limits = [LEAST_SECONDS + round(5 * self._work[item.nodeid]) for item in chosen]
        patience = [MOST_PATIENT_SECONDS + round(10 * self._seconds[item.nodeid]) for item in chosen]
        noticed_by, write = os.pipe()
        sys.stdout.flush()
        process_id = os.fork()
        if not process_id:
            _be_mutant(module, mutant, list(zip(chosen, limits, patience, strict=True)), write)
        os.close(write)
        return _Trial(module, mutant, chosen, process_id, noticed_by)

    def _verdict(self, trial: _Trial, status: int) -> Verdict:
        """Return what became of a trial whose process has ended."""
        # What its tests started.
        with suppress(ProcessLookupError):
            os.killpg(trial.process_id, signal.SIGKILL)
        with open(trial.noticed_by) as stream:
            number = stream.read()
        if number:
            self._kills[trial.module, trial.chosen[int(number)].nodeid] += 1
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGALRM):
            return Verdict.TIMEOUT
        return Verdict.KILLED if status else Verdict.SURVIVED


def _be_mutant(module: str, mutant: Mutant, chosen: list[tuple[pytest.Item, int, int]], noticed_by: int) -> None:
    """Become the mutant, run the tests until one fails, and end this process with what that means."""
    status, databases = 1, []
    try:
        os.setpgid(0, 0)
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        _limit(LEAST_SECONDS, MOST_PATIENT_SECONDS)
        if chosen:
            databases = _use_own_databases()
            inject(sys.modules[module.removesuffix(".py").replace("/", ".")], mutant.source)
            # Values that test modules made of the code while they were imported.
            for test_module in {item.module for item, _, _ in chosen if isinstance(item, pytest.Function)}:
                test_module.__spec__.loader.exec_module(test_module)
            first = chosen[0][0]
            first.session._setupstate.teardown_exact(first)
        for number, (item, limit, patience) in enumerate(chosen):
            next_item = chosen[number + 1][0] if number + 1 < len(chosen) else item
            # Twice: a test that fails now and then under load notices nothing.
            if all(_fails(item, next_item, limit, patience) for _ in range(2)):
                os.write(noticed_by, str(number).encode())
                break
        else:
            status = 0
    finally:
        for path in databases:
            path.unlink()
        os._exit(status)


def _fails(item: pytest.Item, next_item: pytest.Item, limit: int, patience: int) -> bool:
    _limit(limit, patience)
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=next_item))


def _limit(seconds: int, patience: int) -> None:
    """Let this process end after some more seconds of work, or many more on the clock."""
    resource.setrlimit(resource.RLIMIT_CPU, (round(process_time()) + seconds, resource.RLIM_INFINITY))
    signal.alarm(patience)


def _use_own_databases() -> list[Path]:
    """Work on a copy of the test database: a mutant that is ended would leave its rows in it. Return the copies."""
    copies: list[Path] = []
    if "django" not in sys.modules:
        return copies
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        path = Path(str(connection.settings_dict["NAME"]))
        connection.close()
        if connection.vendor == "sqlite" and path.exists():
            own = path.with_name(f"mutant-{os.getpid()}.sqlite3")
            # Not as a file: what was committed last may still be in the log beside it.
            with closing(sqlite3.connect(path)) as ours, closing(sqlite3.connect(own)) as copy:
                ours.backup(copy)
            connection.settings_dict["NAME"] = str(own)
            copies.append(own)
    return copies
