"""What can be asked of the laboratory on its command line."""

from __future__ import annotations

import argparse
from typing import Any

from tests.crash.database import POSTGRESQL, SQLITE

CONDITIONS: dict[str, dict[str, Any]] = {
    "ids remembered": {},
    "ids forgotten at once": {"requestid_memory_seconds": 0},
    "600 on every replay": {"requestid_replay_answers_600": True},
    "billing leaves SyncToken": {"billing_moves_sync_token": False},
}


def parser() -> argparse.ArgumentParser:
    asked = argparse.ArgumentParser(prog="python -m tests.crash", description="Kills Hourbridge again and again.")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--kills", type=int, default=160, help="per database, shared by the conditions")
    asked.add_argument("--entries", type=int, default=200, help="time entries to begin with, per condition")
    asked.add_argument("--memory", type=int, metavar="SECONDS", help="one condition: request ids are known so long")
    asked.add_argument("--replay-600", action="store_true", help="one condition: a repeated request id answers 600")
    asked.add_argument("--billing-keeps-token", action="store_true", help="one condition: billing leaves SyncToken")
    asked.add_argument("--database", choices=[SQLITE, POSTGRESQL, "both"], default="both")
    asked.add_argument("--jobs", type=int, default=4, help="experiments at the same time (default: %(default)s)")
    asked.add_argument("--verbose", action="store_true", help="say what each round does")
    return asked


def conditions(details: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """The one named on the command line, or all standard ones: switches of the sandbox by name."""
    switches: dict[str, Any] = {}
    if details.memory is not None:
        switches["requestid_memory_seconds"] = details.memory
    if details.replay_600:
        switches["requestid_replay_answers_600"] = True
    if details.billing_keeps_token:
        switches["billing_moves_sync_token"] = False
    return {"as asked": switches} if switches else CONDITIONS
