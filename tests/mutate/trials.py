"""Tests against mutants, in one session of pytest: all tests once, then for each mutant those that run its lines.

Each mutant lives in a fork of the session: nothing is loaded twice, no file is ever changed, and what a mutant leaves
behind ends with it. Processes that a test starts run the code as it is.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from time import process_time

import coverage
import pytest
from _pytest.runner import runtestprotocol

from tests.mutate.injection import inject
from tests.mutate.mutants import Mutant

# Of the processor, since other work on the machine must not turn a survivor into a timeout.
LEAST_SECONDS = 10
# Time on the clock, as a multiple: only for a mutant that waits instead of working.
PATIENCE = 20


class Verdict(StrEnum):
    KILLED = "killed"
    SURVIVED = "survived"
    TIMEOUT = "timeout"


class Trials:
    """A plugin that runs mutants instead of tests. `planned`: each with its module and the folders of its tests."""

    def __init__(self, home: Path, planned: list[tuple[str, Mutant, list[str]]]) -> None:
        self.home = home
        self.planned = planned
        self.counts: dict[str, Counter[Verdict]] = {module: Counter() for module, _, _ in planned}
        self.failed: list[str] = []  # tests that fail without any mutant
        self._lines: dict[str, dict[int, list[str]]] = {}
        self._seconds: dict[str, float] = {}
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
            for number, (module, mutant, folders) in enumerate(self.planned, start=1):
                names = self.tests_of(module, mutant.lines)
                chosen = [items[name] for name in names if name.startswith(tuple(folders))]
                verdict = self._try_out(module, mutant, chosen)
                self.counts[module][verdict] += 1
                if verdict is not Verdict.KILLED:
                    print(f"{verdict.upper()} {module}:{mutant.line}  {mutant.name}", flush=True)
                if number % 50 == 0:
                    print(f"{number} of {len(self.planned)}", file=sys.stderr, flush=True)
        return True

    def _measure(self, items: list[pytest.Item]) -> None:
        """Run all tests once, and learn which of them run which line and how long each takes."""
        # What lasts for the session, such as the database, has to outlive the last test.
        for item, next_item in zip(items, [*items[1:], items[0]], strict=True):
            self._coverage.switch_context(item.nodeid)
            began = process_time()
            reports = runtestprotocol(item, log=False, nextitem=next_item)
            self._seconds[item.nodeid] = process_time() - began
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
        if self._try_out(module, unchanged, [*one_of_each.values()]) is not Verdict.SURVIVED:
            self.failed.append(f"{module}, in a fork")

    def tests_of(self, module: str, lines: Iterable[int]) -> list[str]:
        """Return the tests that run any of the lines, fastest first.

        Of lines that run while the module is imported, such as constants and fields, all tests of the files in which
        some run the module: what a test makes of them need not run a line here.
        """
        measured = self._lines[module]
        names = {name for line in lines for name in measured.get(line, ())}
        if names == {""}:
            files = {name.partition("::")[0] for found in measured.values() for name in found}
            names = {name for name in self._seconds if name.partition("::")[0] in files}
        return sorted(names - {""}, key=lambda name: (self._seconds[name], name))

    def _try_out(self, module: str, mutant: Mutant, chosen: list[pytest.Item]) -> Verdict:
        """Return what the chosen tests make of a mutant."""
        if not chosen:
            return Verdict.SURVIVED
        limit = LEAST_SECONDS + round(5 * sum(self._seconds[item.nodeid] for item in chosen))
        sys.stdout.flush()
        process_id = os.fork()
        if not process_id:
            _be_mutant(module, mutant, chosen, limit)
        try:
            _, status = os.waitpid(process_id, 0)
        finally:
            # What its tests started, and itself where this process was interrupted.
            with suppress(ProcessLookupError):
                os.killpg(process_id, signal.SIGKILL)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) in (signal.SIGXCPU, signal.SIGALRM):
            return Verdict.TIMEOUT
        return Verdict.KILLED if status else Verdict.SURVIVED


def _be_mutant(module: str, mutant: Mutant, chosen: list[pytest.Item], limit: int) -> None:
    """Become the mutant, run the tests until one fails, and end this process with what that means."""
    status = 1
    try:
        os.setpgid(0, 0)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 5))
        signal.alarm(PATIENCE * limit)
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        _use_own_database()
        inject(sys.modules[module.removesuffix(".py").replace("/", ".")], mutant.source)
        # Values that test modules made of the code while they were imported.
        for test_module in {item.module for item in chosen if isinstance(item, pytest.Function)}:
            test_module.__spec__.loader.exec_module(test_module)
        chosen[0].session._setupstate.teardown_exact(chosen[0])
        for item, next_item in zip(chosen, [*chosen[1:], None], strict=True):
            if any(report.failed for report in runtestprotocol(item, log=False, nextitem=next_item or item)):
                break
        else:
            status = 0
    finally:
        os._exit(status)


def _use_own_database() -> None:
    """Work on a copy of the test database: a mutant that is ended would leave its rows in it."""
    if "django" not in sys.modules:
        return
    from django.db import connections

    for connection in connections.all(initialized_only=True):
        path = Path(str(connection.settings_dict["NAME"]))
        connection.close()
        if connection.vendor == "sqlite" and path.exists():
            own = path.with_name("mutant.sqlite3")
            shutil.copyfile(path, own)
            connection.settings_dict["NAME"] = str(own)
