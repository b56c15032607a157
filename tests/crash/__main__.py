"""The crash laboratory: `python -m tests.crash --help`, or `make crash` (docs/crash-laboratory.md).

This part opens the databases and hands each to an experiment in a process of its own, a few at a time.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

from tests.crash import outcome, report
from tests.crash.database import POSTGRESQL, SQLITE, opened
from tests.crash.options import conditions, parser
from tests.crash.outcome import Outcome
from tests.support.postgres import NoPostgres

HOME = Path(__file__).resolve().parent.parent.parent
PLAIN = {"DEBUG": "1", "ENV_FILE": os.devnull, "DJANGO_SETTINGS_MODULE": "config.settings"}


@dataclass(frozen=True)
class Job:
    """One experiment: a database and the sandbox's switches."""

    database: str
    name: str
    switches: dict[str, Any]
    kills: int
    folder: Path


def main() -> int:
    options = parser().parse_args()
    began = monotonic()
    home = Path(tempfile.mkdtemp(prefix="hourbridge-crash-"))
    wanted = jobs(options, home)
    print(f"Crash laboratory, seed {options.seed}: {len(wanted)} experiments, {options.jobs} at a time.", flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda job: _perform(job, options), wanted))
    failed = _print_all(wanted, results)
    lasted = timedelta(seconds=round(monotonic() - began))
    print(f"Crash laboratory: {'DIFFERENCES' if failed else 'all is as it should be'}, {lasted} on the clock.")
    if failed:
        print(f"What the processes said lies in {home}.")
    else:
        shutil.rmtree(home, ignore_errors=True)
    return int(failed)


def jobs(options: argparse.Namespace, home: Path) -> list[Job]:
    """Every wished condition on every wished database, with its share of the kills."""
    names = [SQLITE, POSTGRESQL] if options.database == "both" else [options.database]
    ones = list(conditions(options).items())
    made = []
    for number, (name, switches) in enumerate(ones):
        kills = options.kills * (number + 1) // len(ones) - options.kills * number // len(ones)
        made += [Job(one, name, switches, kills, home / f"{one}-{number}") for one in names]
    return made


def _perform(job: Job, options: argparse.Namespace) -> Outcome | str:
    """What came of it, or in words why there is nothing."""
    job.folder.mkdir()
    try:
        with opened(job.database, job.folder) as database:
            order = {
                "name": job.name,
                "database": job.database,
                "folder": str(job.folder),
                "server": str(database.server or ""),
                "switches": job.switches,
                "seed": options.seed,
                "kills": job.kills,
                "entries": options.entries,
                "verbose": options.verbose,
            }
            ours = {"DATABASE_URL": database.url, "CRASH_ORDER": json.dumps(order)}
            words = [sys.executable, "-m", "tests.crash.laboratory"]
            env = os.environ | PLAIN | ours
            done = subprocess.run(words, cwd=HOME, env=env, stdout=subprocess.PIPE, text=True, check=False)
    except NoPostgres as reason:
        return f"there is no PostgreSQL: {reason}"
    if done.returncode:
        return f"the laboratory itself failed (exit code {done.returncode})"
    found = outcome.from_json(json.loads(done.stdout))
    print(f"  {job.database}, {job.name}: {report.comparison(found)}", flush=True)
    return found


def _print_all(wanted: list[Job], results: list[Outcome | str]) -> bool:
    """Per database the table and what is wrong; whether anything is."""
    must = os.environ.get("REQUIRE_POSTGRES", "0") not in {"", "0"}
    failed = False
    for database in dict.fromkeys(job.database for job in wanted):
        mine = [(job, one) for job, one in zip(wanted, results, strict=True) if job.database == database]
        ones = [one for _, one in mine if isinstance(one, Outcome)]
        print(f"\n{database}")
        for job, one in mine:
            problems = [one] if isinstance(one, str) else one.problems
            skipped = isinstance(one, str) and one.startswith("there is no PostgreSQL") and not must
            failed = failed or (bool(problems) and not skipped)
            for problem in problems[:20]:
                print(f"  {'SKIPPED' if skipped else 'WRONG'}, {job.name}: {problem}")
        if ones:
            never = report.never_hit(ones)
            failed = failed or bool(never)
            print("\n".join([*report.table(ones), *(f"  NEVER HIT: {name}" for name in never)]))
    return failed


if __name__ == "__main__":
    sys.exit(main())
