"""One experiment on one database, in a process of its own: `python -m tests.crash` starts it and reads its JSON."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import django

# Settings are read when Django loads; the environment was made by __main__.
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402

from tests.crash.database import Database  # noqa: E402
from tests.crash.decisions import LABELS  # noqa: E402
from tests.crash.experiment import Experiment  # noqa: E402
from tests.crash.outcome import Outcome  # noqa: E402
from tests.crash.points import COMMAND, WORKER  # noqa: E402
from tests.crash.stage import Stage  # noqa: E402


def main() -> None:
    order = json.loads(os.environ["CRASH_ORDER"])
    call_command("migrate", verbosity=0)
    json.dump(perform(order).to_json(), sys.stdout)


def perform(order: dict[str, Any]) -> Outcome:
    """`order`: name, database, folder, server, switches, seed, kills, entries, verbose."""
    folder = Path(order["folder"])
    server = Path(order["server"]) if order["server"] else None
    database = Database(order["database"], os.environ["DATABASE_URL"], folder, server)
    switches = dict(order["switches"])
    clocks_apart = bool(switches.pop("clocks_apart", False))
    stage = Stage(folder, database_url=database.url, switches=switches)
    for name, value in stage.settings().items():
        setattr(settings, name, value)
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"

    def say(text: str) -> None:
        if order["verbose"]:
            print(f"    {order['database']}, {order['name']}: {text}", file=sys.stderr, flush=True)

    # Conditions differ in what happens, not only in how QuickBooks takes it.
    seed = f"{order['seed']} {json.dumps(order['switches'], sort_keys=True)}"
    entries = order["entries"]
    experiment = Experiment(
        stage, database, seed=seed, entries=entries, clocks_apart=clocks_apart, decisions=tuple(LABELS), say=say
    )
    try:
        half = order["kills"] // 2
        outcome = experiment.perform({COMMAND: half, WORKER: order["kills"] - half})
    finally:
        experiment.clear_away()
        stage.stop()
    outcome.name = order["name"]
    return outcome


if __name__ == "__main__":
    main()
