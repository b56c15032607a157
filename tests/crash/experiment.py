"""One experiment: a company under attack until so many kills are counted, then peace, then the comparison."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random

from django.conf import settings
from django.db import DatabaseError, connections
from django.utils import timezone

from integrations.models import Company
from syncjobs import queue
from syncjobs import run as runs
from syncjobs.models import Run, WriterLease
from tests.crash import points
from tests.crash.adversary import Adversary, Attack
from tests.crash.bullets import Bullets
from tests.crash.database import Database
from tests.crash.life import Life
from tests.crash.points import COMMAND, WORKER
from tests.crash.processes import LONGEST, Command, Process, Worker, wait_until_dead
from tests.crash.stage import Stage
from tests.crash.verdict import Verdict, judge
from tests.syncjobs.cast import FIRST, LAST, run_command

# How often an attack whose point was not met is tried again before it is given up.
TRIES = 4
MOST_ROUNDS_TO_QUIET = 25


@dataclass
class Outcome:
    """What an experiment did and what came of it."""

    kills: Counter[tuple[str, str, str]] = field(default_factory=Counter)  # point, by, victim
    troubles: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    rounds: int = 0
    rounds_to_quiet: int | None = None
    tracebacks: int = 0
    doubled_at: list[str] = field(default_factory=list)
    verdict: Verdict | None = None

    @property
    def killed(self) -> int:
        return sum(self.kills.values())

    @property
    def problems(self) -> list[str]:
        quiet = [] if self.rounds_to_quiet is not None else ["it did not come to rest"]
        return quiet + self.doubled_at + (self.verdict.differences if self.verdict else ["it did not end"])


class Experiment:
    def __init__(
        self,
        stage: Stage,
        database: Database,
        *,
        seed: int,
        entries: int = 200,
        busy: int = 30,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.random = Random(seed)
        self.stage, self.database, self._say = stage, database, say
        forgets = stage.scene.world.switches["requestid_memory_seconds"] == 0
        self.adversary = Adversary(self.random, forgets=forgets)
        self.bullets = Bullets(stage.folder)
        self.outcome = Outcome()
        self._busy = busy
        stage.scene.connect()
        self.life = Life(stage.scene, self.random, entries=entries)
        self._set_start_date()
        self.worker: Worker | None = None
        self._commands: list[Command] = []

    def _set_start_date(self) -> None:
        workspace = self.stage.scene.workspace
        type(workspace).objects.filter(pk=workspace.pk).update(start_date=FIRST)

    # --- attack --------------------------------------------------------------------------------------------
    def perform(self, *, kills: int) -> Outcome:
        """Half of the kills hit commands, half workers; then peace and the comparison."""
        for by, count in ((COMMAND, kills // 2), (WORKER, kills - kills // 2)):
            waiting = [(attack, 1) for attack in self.adversary.plan(count, by)]
            while waiting:
                attack, tries = waiting.pop(0)
                if self._round(attack):
                    continue
                self.outcome.missed[attack.point.name] += 1
                if tries < TRIES:
                    waiting.append((attack, tries + 1))
        self.end_attack()
        self.make_peace()
        return self.outcome

    def _round(self, attack: Attack) -> bool:
        """One attack; whether it hit."""
        outcome = self.outcome
        outcome.rounds += 1
        self.life.go_on(busy=self._busy)
        self._lay_faults()
        trouble = self.adversary.other(self.database.troubles)
        if self._needs_a_refresh(attack):
            self._make_access_token_old()
        self._say(
            f"round {outcome.rounds}: {attack.by}, {attack.point.name}, {attack.victim}, +{attack.skip} {trouble}"
        )
        process = self._start(attack.by)
        hit = self._lay(attack, process)
        began = time.monotonic()
        make_trouble_at = began + self.random.uniform(0.3, 1.5)
        while not hit() and not self._is_over(process, began):
            if trouble and time.monotonic() > make_trouble_at:
                self._make_trouble(trouble)
                trouble = ""
            time.sleep(0.01)
        self._lift()
        struck = hit()
        if struck:
            outcome.kills[attack.point.name, attack.by, attack.victim] += 1
            self._after_kill(attack, process)
        self._heal()
        for name in self.life.doubled():
            outcome.doubled_at.append(f"doubled after round {outcome.rounds} ({attack.point.name}): {name}")
        return struck

    def _lay_faults(self) -> None:
        self.stage.count_faults()
        for wishes in self.adversary.faults():
            self.stage.scene.fault(wishes.pop("kind"), wishes.pop("path"), **wishes)

    def _needs_a_refresh(self, attack: Attack) -> bool:
        return attack.point.seen_from in {points.REFRESH_LOST, points.REFRESH_ANSWERED}

    def _make_access_token_old(self) -> None:
        connections.close_all()
        Company.objects.update(access_expires_at=timezone.now() + timedelta(minutes=1))
        self.outcome.troubles["tokens about to run out"] += 1

    def _start(self, by: str) -> Process:
        connections.close_all()
        if by == COMMAND:
            return self.start_command()
        if self.worker is None or not self.worker.alive:
            self.start_worker()
        self.press()
        assert self.worker is not None
        return self.worker

    def start_command(self) -> Command:
        log = self.stage.folder / f"command-{len(self._commands)}.log"
        self._commands.append(Command(first=FIRST, last=LAST, environment=self.stage.environment(), log=log))
        return self._commands[-1]

    def start_worker(self) -> None:
        if self.worker is not None:
            self.worker.clear_away()
        self.worker = Worker(environment=self.stage.environment(), log=self.stage.folder / "worker.log")

    def press(self) -> None:
        """The button, unless a run of the worker's is still open."""
        now = timezone.now()
        if Run.objects.filter(status__in=runs.OPEN).exclude(trigger="command").exists():
            return
        run = runs.ask_for(Run.Kind.SYNC, self.stage.scene.workspace, trigger="button", now=now)
        queue.enqueue(run)

    def _lay(self, attack: Attack, process: Process) -> Callable[[], bool]:
        """Bring the attack into position; gives the question whether it has struck."""
        if attack.point.seen_from == points.BULLET:
            self.bullets.lay(attack.point.bullet, place=attack.place, skip=attack.skip, victim=attack.victim)
            return lambda: self.bullets.fired
        if attack.point.seen_from == points.ANY_MOMENT:
            at = time.monotonic() + self.adversary.moment()
            return lambda: time.monotonic() > at and self._strike_now(attack, process)
        ambush = self.stage.ambush
        ambush.lay(attack.point.seen_from, skip=attack.skip, strike=lambda: self._strike(attack, process))
        return ambush.struck.is_set

    def _strike_now(self, attack: Attack, process: Process) -> bool:
        if not self.stage.ambush.struck.is_set():
            if not process.alive:
                return False
            self._strike(attack, process)
            self.stage.ambush.struck.set()
        return True

    def _strike(self, attack: Attack, process: Process) -> None:
        """Kill, and wait until it is dead. Called from a thread of the sandbox."""
        if isinstance(process, Worker):
            task = self._at_work()
            process.kill(attack.victim, task=task)
            if task is not None and attack.victim != "supervisor":
                wait_until_dead(task)
        else:
            process.kill(attack.victim)
            process.process.wait()

    def _at_work(self) -> int | None:
        """Process id of who holds the writer lease."""
        try:
            owner = WriterLease.objects.values_list("owner", flat=True).first() or ""
        except DatabaseError:
            return None
        finally:
            connections.close_all()
        number = owner.rpartition(":")[0].rpartition(":")[2]
        return int(number) if number.isdigit() else None

    def _is_over(self, process: Process, began: float) -> bool:
        """The chance is gone: the command has ended, or the worker has nothing left to do."""
        late = time.monotonic() - began > LONGEST / 3
        if late or not isinstance(process, Worker):
            return late or not process.alive
        if time.monotonic() - began < 1:
            return False
        time.sleep(0.1)
        try:
            connections.close_all()
            return not Run.objects.filter(status__in=runs.OPEN).exclude(trigger="command").exists()
        except DatabaseError:
            return False

    def _lift(self) -> None:
        self.bullets.lift()
        self.stage.ambush.lift()
        time.sleep(0.02)

    def _after_kill(self, attack: Attack, process: Process) -> None:
        self.stage.ambush.struck.clear()
        if isinstance(process, Command) or attack.victim in {"worker", "supervisor"}:
            process.process.wait(LONGEST)

    # --- other trouble -------------------------------------------------------------------------------------
    def _make_trouble(self, kind: str) -> None:
        scene = self.stage.scene
        if kind == "tokens expired":
            scene.tokens(expire_access=True)
        elif kind == "tokens refused":
            scene.tokens(expire_access=True, refuse_refresh=True)
        elif kind == "sandbox restarted":
            self.stage.restart_sandbox()
            self.life.scene = self.stage.scene
        else:
            connections.close_all()
            self.database.trouble(kind)
        self.outcome.troubles[kind] += 1

    def _heal(self) -> None:
        """Disks work again, and somebody connects QuickBooks where it has to be."""
        self.database.heal()
        connections.close_all()
        if self.stage.scene.company.state != Company.State.CONNECTED:
            self.stage.count_faults()
            done = self.stage.connect_again()
            assert done.code == 0, done.stderr

    # --- peace ---------------------------------------------------------------------------------------------
    def end_attack(self) -> None:
        self.stage.count_faults()
        self.outcome.troubles += self.stage.struck
        self._heal()

    def make_peace(self) -> None:
        """Nobody attacks any more: the worker ends what is open, then commands run until there is nothing to do."""
        self._let_worker_finish()
        settings.SETTLE_SECONDS = 2
        for number in range(1, MOST_ROUNDS_TO_QUIET + 1):
            self._heal()
            result = run_command("sync_time", "--from", FIRST, "--to", LAST)
            done = result.json or {}
            self._say(f"peace {number}: exit code {result.code}, {result.counts if done else result.stderr}")
            if result.code == 0 and not any(done[name] for name in ("sent", "updated", "deleted", "failed", "unknown")):
                self.outcome.rounds_to_quiet = number
                break
            time.sleep(0.5)
        self._read_logs()
        self.outcome.verdict = judge(self.life)

    def _let_worker_finish(self) -> None:
        if self.worker is None:
            return
        if not self.worker.alive:
            self.start_worker()
        deadline = time.monotonic() + LONGEST
        while Run.objects.filter(status__in=runs.OPEN).exists() and time.monotonic() < deadline:
            connections.close_all()
            time.sleep(0.2)
        self.worker.stop()

    def _read_logs(self) -> None:
        logs = [*self.stage.folder.glob("command-*.log"), *self.stage.folder.glob("worker.log")]
        self.outcome.tracebacks = sum(log.read_text().count("Traceback (most recent") for log in logs)

    def clear_away(self) -> None:
        """End every process that is left."""
        for process in [*self._commands, *([self.worker] if self.worker else [])]:
            process.clear_away()
