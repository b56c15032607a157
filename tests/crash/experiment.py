"""One experiment: a company under attack until enough kills are counted, then recovery, then the comparison."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from django.db import DatabaseError, connections
from django.utils import timezone

from syncjobs.models import Run, WriterLease
from syncjobs.runs import lifecycle as runs
from syncjobs.runs import queue
from tests.crash import points, recovery
from tests.crash.adversary import Adversary, Attack
from tests.crash.database import Database
from tests.crash.decisions import LABELS, DecisionCommand, Decisions
from tests.crash.faults import Faults
from tests.crash.life import Life
from tests.crash.outcome import Outcome
from tests.crash.points import COMMAND, WORKER
from tests.crash.processes import Command, Process, Worker, wait_until_dead
from tests.crash.stage import Stage
from tests.crash.troubles import Troubles
from tests.support.commands import CLOCKS_APART, other_machine
from tests.support.scene import FIRST, LAST

# How often an attack whose point was not met is tried again before another takes its place.
TRIES = 3
# Seconds after which a round without a hit is given up.
MAX_ROUND_SECONDS = 40
# Seconds that the last worker has to finish open runs.
MAX_END_SECONDS = 300
# With two machines: how often a command of the other one begins beside the process under attack, and the seconds that
# it has to end before the next round.
CONTENDERS, CONTENDER_SECONDS = 0.3, 20
# How long a disk stays full or read-only.
TROUBLE_SECONDS = 2


class Experiment:
    """A series of rounds, in each of which one process or group of processes is killed at one point."""

    def __init__(
        self,
        stage: Stage,
        database: Database,
        *,
        seed: int | str,
        entries: int = 200,
        busy: int = 30,
        odd_answers: bool = True,
        clocks_apart: bool = False,
        decisions: Sequence[str] = (),
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Connect and enter the first time. `clocks_apart`: processes run on two machines with clocks of their own."""
        self.random = Random(seed)
        # Apart, so that the plan of a seed is the same with one machine and with two.
        self._machines = Random(f"machines {seed}") if clocks_apart else None
        self.stage, self._say, self._busy = stage, say, busy
        self.adversary = Adversary(self.random, odd_answers=odd_answers, decisions=decisions)
        self.troubles = Troubles(stage, database, self.adversary)
        self._possible = database.troubles
        self.faults = Faults(stage.folder)
        self.outcome = Outcome()
        stage.scene.connect()
        self.life = Life(stage, self.random, entries=entries)
        self.decisions = Decisions(self.life)
        workspace = stage.scene.workspace
        type(workspace).objects.filter(pk=workspace.pk).update(start_date=FIRST)
        self.worker: Worker | None = None
        self._workers: list[Worker] = []
        self._commands: list[Process] = []

    def perform(self, kills: dict[str, int], *, only: Mapping[str, Sequence[points.Point]] | None = None) -> Outcome:
        """Attack, recover, compare. `kills` counts by command or worker; `only` restricts the points."""
        for by, count in kills.items():
            self._attack(by, count, (only or {}).get(by, points.POINTS))
        self.troubles.end()
        self.outcome.troubles = self.troubles.counts
        self._let_worker_finish()
        if self.life.decided:
            # What is in doubt is settled first; only then can a person decide again.
            recovery.rounds_until_quiet(self.stage, heal=self.troubles.heal, say=self._say)
            self.decisions.finish()
        self.outcome.rounds_to_quiet = recovery.rounds_until_quiet(self.stage, heal=self.troubles.heal, say=self._say)
        self.outcome.tracebacks = self._tracebacks()
        self.outcome.comparison = recovery.compare(self.life)
        return self.outcome

    def clear_away(self) -> None:
        """End every process that is left."""
        for process in [*self._commands, *self._workers]:
            process.clear_away()

    # --- attack --------------------------------------------------------------------------------------------
    def _attack(self, by: str, count: int, only: Sequence[points.Point]) -> None:
        waiting = [(attack, 1) for attack in self.adversary.plan(count, by, only)]
        self.outcome.planned += [attack.point.name for attack, _ in waiting]
        most = count * (TRIES + 2)
        while waiting and most:
            most -= 1
            attack, tries = waiting.pop(0)
            if self._round(attack):
                continue
            self.outcome.missed[attack.point.name] += 1
            if tries < TRIES:
                # Fewer may pass before the next try: perhaps there is not so much left to do.
                waiting.append((self.adversary.sooner(attack), tries + 1))
            else:
                waiting += [(replacement, 1) for replacement in self.adversary.plan(1, by, only)]

    def _round(self, attack: Attack) -> bool:
        """Carry out one attack. Return whether it hit."""
        outcome = self.outcome
        outcome.rounds += 1
        self.life.go_on(busy=self._busy)
        # Before the faults, which would keep its preview from being made.
        self.stage.count_faults()
        subject = self.decisions.occasion(attack.decision) if attack.decision else None
        is_queued = subject is not None and attack.by == WORKER and self.decisions.queue(subject, attack.decision)
        self.troubles.lay_faults()
        conflict = self.adversary.other(self._possible)
        if attack.point.seen_from in {points.REFRESH_LOST, points.REFRESH_ANSWERED}:
            self.troubles.make_access_token_old()
        process = self._start(attack, subject, is_queued=is_queued)
        contender = self.start_command() if self._machines and self._machines.random() < CONTENDERS else None
        hit = self._lay(attack, process)
        began = time.monotonic()
        trouble_at, conflict_made = began + self.random.uniform(0.3, 1.5), False
        while not hit() and not self._is_over(process, began):
            lasted = time.monotonic() - trouble_at
            if conflict and not conflict_made and lasted > 0:
                self.troubles.make(conflict)
                conflict_made = True
            elif lasted > TROUBLE_SECONDS:
                self.troubles.end_disk_trouble()
            time.sleep(0.01)
        struck = self._end_round(attack, process, hit)
        if struck and (is_queued or isinstance(process, DecisionCommand)):
            outcome.decisions[LABELS[attack.decision]] += 1
        if contender is not None:
            self.troubles.counts["a command of another machine meanwhile"] += 1
            with contextlib.suppress(subprocess.TimeoutExpired):
                contender.process.wait(CONTENDER_SECONDS)
        seconds = time.monotonic() - began
        self._say(f"round {outcome.rounds}: {'hit' if struck else 'missed'} after {seconds:.1f} s: {attack} {conflict}")
        if seconds > MAX_ROUND_SECONDS:
            for run in Run.objects.open():
                self._say(f"  {run} {run.status} until {run.not_before or run.lease_until}: {run.error_message}")
        return struck

    def _end_round(self, attack: Attack, process: Process, hit: Callable[[], bool]) -> bool:
        self.faults.withdraw()
        self.stage.interceptor.withdraw()
        time.sleep(0.02)  # a process that has just taken the file still dies of it
        struck = hit()
        if struck:
            self.outcome.count_kill(attack.point.name, "command" if attack.by == COMMAND else attack.victim)
            if not isinstance(process, Worker) or attack.victim in {"worker", "supervisor"}:
                # An orphan of an earlier worker may have been the one that died.
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.process.wait(5)
        self.stage.interceptor.struck.clear()
        self.troubles.heal()
        self.outcome.late_duplicates += len(self.life.duplicated())
        return struck

    def _start(self, attack: Attack, subject: str | None, *, is_queued: bool) -> Process:
        connections.close_all()
        if attack.by == COMMAND:
            return self.start_command(subject, attack.decision)
        if self.worker is None or not self.worker.alive:
            self.start_worker()
        assert self.worker is not None
        if not is_queued:
            self.submit()
        return self.worker

    def start_command(self, subject: str | None = None, decision: str = "") -> Process:
        """Start a sync, or the decision about an entry or a run, where there is one."""
        log, environment = self.stage.folder / f"command-{len(self._commands)}.log", self._environment()
        if subject is not None:
            self._commands.append(DecisionCommand(subject, decision, environment=environment, log=log))
        else:
            self._commands.append(Command(first=FIRST, last=LAST, environment=environment, log=log))
        return self._commands[-1]

    def _environment(self) -> dict[str, str]:
        """Return a process's environment; with two machines, half of them run on the one whose clock is wrong."""
        environment = self.stage.environment()
        if self._machines is None or self._machines.random() < 0.5:
            return environment
        return environment | other_machine(clock_ahead=self._machines.choice(CLOCKS_APART))

    def start_worker(self) -> None:
        # What a killed supervisor left behind lives on; the new one has to end it.
        self.worker = Worker(environment=self._environment(), log=self.stage.folder / "worker.log")
        self._workers.append(self.worker)

    def submit(self) -> None:
        """Queue a sync as the button does, unless a run of the worker's is still open."""
        if not self._has_open_run():
            now = timezone.now()
            queue.enqueue(runs.create_run(Run.Kind.SYNC, self.stage.scene.workspace, trigger="button", now=now))

    @staticmethod
    def _has_open_run() -> bool:
        return Run.objects.open().exclude(trigger="command").exists()

    def _lay(self, attack: Attack, process: Process) -> Callable[[], bool]:
        """Prepare the attack. Return a function that tells whether it has struck."""
        interceptor, point = self.stage.interceptor, attack.point
        if point.seen_from == points.FAULT:
            self.faults.prepare(point.fault, place=attack.place, skip=attack.skip, victim=attack.victim)
            return lambda: self.faults.fired
        if point.seen_from == points.ANY_MOMENT:
            at = time.monotonic() + self.adversary.moment()
            return lambda: time.monotonic() > at and self._strike_now(attack, process)
        strike = lambda: self._strike(attack, process)  # noqa: E731
        interceptor.prepare(point.seen_from, skip=attack.skip, late=attack.late, strike=strike)
        return interceptor.struck.is_set

    def _strike_now(self, attack: Attack, process: Process) -> bool:
        struck = self.stage.interceptor.struck
        if not struck.is_set() and process.alive:
            self._strike(attack, process)
            struck.set()
        return struck.is_set()

    def _strike(self, attack: Attack, process: Process) -> None:
        """Kill the victim and wait until it is dead. Called from a thread of the sandbox, too."""
        if isinstance(process, Worker):
            task = self._at_work()
            process.kill(attack.victim, task=task)
            if task is not None and attack.victim != "supervisor":
                wait_until_dead(task)
        else:
            process.kill(attack.victim)
            process.process.wait()

    @staticmethod
    def _at_work() -> int | None:
        """Return the process id in the writer lease; None where nobody holds it."""
        try:
            owner = WriterLease.objects.values_list("owner", flat=True).first() or ""
        except DatabaseError:
            return None
        finally:
            connections.close_all()
        number = owner.rpartition(":")[0].rpartition(":")[2]
        return int(number) if number.isdigit() else None

    def _is_over(self, process: Process, began: float) -> bool:
        """Return whether the round is over: the command has ended, or the worker has nothing left to do."""
        lasted = time.monotonic() - began
        if lasted > MAX_ROUND_SECONDS or not isinstance(process, Worker):
            return lasted > MAX_ROUND_SECONDS or not process.alive
        if lasted < 1:
            return False
        time.sleep(0.1)
        connections.close_all()
        with contextlib.suppress(DatabaseError):
            return not self._has_open_run()
        return False

    # --- recovery ---------------------------------------------------------------------------------------------
    def _let_worker_finish(self) -> None:
        if self.worker is None:
            return
        if not self.worker.alive:
            self.start_worker()
        deadline = time.monotonic() + MAX_END_SECONDS
        while Run.objects.open().exists() and time.monotonic() < deadline:
            time.sleep(0.2)
        self.worker.stop()

    def _tracebacks(self) -> int:
        logs: list[Any] = [*self.stage.folder.glob("command-*.log"), *self.stage.folder.glob("worker.log")]
        return sum(log.read_text().count("Traceback (most recent") for log in logs)
