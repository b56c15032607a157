"""Runs experiments under several conditions on one database and prints what came of them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

# Settings are read when Django loads; the environment was made by __main__.
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from tests.crash import report  # noqa: E402
from tests.crash.database import Database  # noqa: E402
from tests.crash.experiment import Experiment, Outcome  # noqa: E402
from tests.crash.stage import Stage  # noqa: E402
from tests.crash.wishes import conditions, parser  # noqa: E402


def main() -> int:
    """Exit code 0 when nothing differs and every point was hit."""
    wishes = parser().parse_args()
    home = Path(os.environ["CRASH_HOME"])
    server = os.environ["CRASH_SERVER"]
    database = Database(
        os.environ["CRASH_DATABASE"], os.environ["DATABASE_URL"], home, Path(server) if server else None
    )
    call_command("migrate", verbosity=0)
    print(f"== {database.name}, seed {wishes.seed}", flush=True)
    outcomes = [*_run_all(wishes, database, home)]
    print("\n".join(report.table(outcomes)))
    never = report.never_hit(outcomes)
    for name in never:
        print(f"  NEVER HIT: {name}")
    return int(bool(never) or any(one.problems for one in outcomes))


def _run_all(wishes: argparse.Namespace, database: Database, home: Path) -> list[Outcome]:
    wanted = conditions(wishes)
    outcomes = []
    for number, (name, switches) in enumerate(wanted.items()):
        kills = wishes.kills * (number + 1) // len(wanted) - wishes.kills * number // len(wanted)
        database.folder = home / name.replace(" ", "-")
        database.folder.mkdir()
        outcome = _run_one(wishes, database, switches, kills)
        print(f"  {name}: {report.comparison(outcome)}", flush=True)
        for problem in outcome.problems[:20]:
            print(f"    {problem}", flush=True)
        outcomes.append(outcome)
    return outcomes


def _teller(wishes: argparse.Namespace, name: str) -> Callable[[str], None]:
    if not wishes.verbose:
        return lambda text: None
    return lambda text: print(f"    {name} {text}", file=sys.stderr, flush=True)


def _run_one(wishes: argparse.Namespace, database: Database, switches: dict[str, Any], kills: int) -> Outcome:
    call_command("flush", interactive=False, verbosity=0)
    stage = Stage(database.folder, database_url=database.url, switches=switches)
    for name, value in stage.settings().items():
        setattr(settings, name, value)
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"
    say = _teller(wishes, database.name)
    experiment = Experiment(stage, database, seed=wishes.seed, entries=wishes.entries, say=say)
    try:
        return experiment.perform(kills=kills)
    finally:
        experiment.clear_away()
        stage.stop()


if __name__ == "__main__":
    sys.exit(main())
