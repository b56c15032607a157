"""The crash laboratory: `python -m tests.crash --help`, or `make crash` (docs/crash-laboratory.md).

This part opens the databases; each is handed to a process of its own, since Django's settings are read on import.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from datetime import timedelta
from pathlib import Path
from time import monotonic

from tests.crash.database import POSTGRESQL, SQLITE, opened
from tests.crash.wishes import parser
from tests.postgres import NoPostgres

HOME = Path(__file__).resolve().parent.parent.parent
PLAIN = {"DEBUG": "1", "ENV_FILE": os.devnull, "DJANGO_SETTINGS_MODULE": "config.settings"}
FAILED, SKIPPED = 1, 77


def main() -> int:
    wishes = parser().parse_args()
    names = [SQLITE, POSTGRESQL] if wishes.database == "both" else [wishes.database]
    began = monotonic()
    codes: dict[str, int] = {}
    said = threading.Lock()

    def attack(name: str) -> None:
        codes[name], text = _attack(name)
        with said:
            print(text, flush=True)

    threads = [threading.Thread(target=attack, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    bad = [name for name in names if codes.get(name, FAILED) not in {0, SKIPPED}]
    print(f"Crash laboratory: {'DIFFERENCES on ' + ', '.join(bad) if bad else 'all is as it should be'}, ", end="")
    print(f"{timedelta(seconds=round(monotonic() - began))} on the clock.")
    return FAILED if bad else 0


def _attack(name: str) -> tuple[int, str]:
    """The experiments on one database: exit code, and what they printed."""
    folder = Path(tempfile.mkdtemp(prefix="hourbridge-crash-"))
    try:
        with opened(name, folder) as database:
            ours = {"DATABASE_URL": database.url, "CRASH_DATABASE": name, "CRASH_HOME": str(folder)}
            ours["CRASH_SERVER"] = str(database.server or "")
            words = [sys.executable, "-m", "tests.crash.laboratory", *sys.argv[1:]]
            done = subprocess.run(
                words, cwd=HOME, env=os.environ | PLAIN | ours, stdout=subprocess.PIPE, text=True, check=False
            )
    except NoPostgres as reason:
        must = os.environ.get("REQUIRE_POSTGRES", "0") not in {"", "0"}
        return FAILED if must else SKIPPED, f"SKIPPED: the laboratory on PostgreSQL, since there is none: {reason}"
    if done.returncode:
        return done.returncode, f"{done.stdout}What the processes said lies in {folder}."
    shutil.rmtree(folder, ignore_errors=True)
    return 0, done.stdout


if __name__ == "__main__":
    sys.exit(main())
