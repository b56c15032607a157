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
    planned = jobs(options, home)
    print(f"Crash laboratory, seed {options.seed}: {len(planned)} experiments, {options.jobs} at a time.", flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        results = list(pool.map(lambda job: _perform(job, options), planned))
    failed = _print_all(planned, results)
    lasted = timedelta(seconds=round(monotonic() - began))
    print(f"Crash laboratory: {'DIFFERENCES' if failed else 'all is as it should be'}, {lasted} on the clock.")
    if failed:
        print(f"What the processes said lies in {home}.")
    else:
        shutil.rmtree(home, ignore_errors=True)
    return int(failed)


def jobs(options: argparse.Namespace, home: Path) -> list[Job]:
    """Return a job for each selected condition on each selected database, with its share of the kills."""
    databases = [SQLITE, POSTGRESQL] if options.database == "both" else [options.database]
    by_name = list(conditions(options).items())
    planned = []
    for number, (name, switches) in enumerate(by_name):
        kills = options.kills * (number + 1) // len(by_name) - options.kills * number // len(by_name)
        planned += [Job(database, name, switches, kills, home / f"{database}-{number}") for database in databases]
    return planned


def _perform(job: Job, options: argparse.Namespace) -> Outcome | str:
    """Run an experiment. Return its outcome, or the reason as text why there is none."""
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
            environment = {"DATABASE_URL": database.url, "CRASH_ORDER": json.dumps(order)}
            command = [sys.executable, "-m", "tests.crash.laboratory"]
            env = os.environ | PLAIN | environment
            process = subprocess.run(command, cwd=HOME, env=env, stdout=subprocess.PIPE, text=True, check=False)
    except NoPostgres as reason:
        return f"there is no PostgreSQL: {reason}"
    if process.returncode:
        return f"the laboratory itself failed (exit code {process.returncode})"
    result = outcome.from_json(json.loads(process.stdout))
    print(f"  {job.database}, {job.name}: {report.comparison(result)}", flush=True)
    return result


def _print_all(planned: list[Job], results: list[Outcome | str]) -> bool:
    """Print the table and the problems of each database. Return whether there is any problem."""
    is_required = os.environ.get("REQUIRE_POSTGRES", "0") not in {"", "0"}
    failed = False
    for database in dict.fromkeys(job.database for job in planned):
        results_here = [(job, result) for job, result in zip(planned, results, strict=True) if job.database == database]
        outcomes = [result for _, result in results_here if isinstance(result, Outcome)]
        print(f"\n{database}")
        for job, result in results_here:
            problems = [result] if isinstance(result, str) else result.problems
            skipped = isinstance(result, str) and result.startswith("there is no PostgreSQL") and not is_required
            failed = failed or (bool(problems) and not skipped)
            for problem in problems[:20]:
                print(f"  {'SKIPPED' if skipped else 'WRONG'}, {job.name}: {problem}")
        if outcomes:
            never_hit = report.never_hit(outcomes)
            failed = failed or bool(never_hit)
            print("\n".join([*report.table(outcomes), *(f"  NEVER HIT: {name}" for name in never_hit)]))
    return failed


if __name__ == "__main__":
    sys.exit(main())
