"""The laboratory's command line options."""

from __future__ import annotations

import argparse
from typing import Any

from tests.crash.database import POSTGRESQL, SQLITE

CONDITIONS: dict[str, dict[str, Any]] = {
    "ids remembered": {},
    "ids forgotten at once": {"requestid_memory_seconds": 0},
    "600 on every replay": {"requestid_replay_answers_600": True},
    "billing moves SyncToken": {"billing_moves_sync_token": True},
    "two machines, clocks apart": {"clocks_apart": True},
}


def parser() -> argparse.ArgumentParser:
    options_parser = argparse.ArgumentParser(
        prog="python -m tests.crash", description="Kills Hourbridge again and again."
    )
    options_parser.add_argument("--seed", type=int, default=1)
    options_parser.add_argument("--kills", type=int, default=160, help="per database, shared by the conditions")
    options_parser.add_argument("--entries", type=int, default=200, help="time entries to begin with, per condition")
    options_parser.add_argument(
        "--memory", type=int, metavar="SECONDS", help="one condition: request ids are known so long"
    )
    options_parser.add_argument(
        "--replay-600", action="store_true", help="one condition: a repeated request id answers 600"
    )
    options_parser.add_argument(
        "--billing-moves-token", action="store_true", help="one condition: billing moves SyncToken"
    )
    options_parser.add_argument(
        "--clocks-apart", action="store_true", help="one condition: processes run on two machines, clocks minutes apart"
    )
    options_parser.add_argument("--database", choices=[SQLITE, POSTGRESQL, "both"], default="both")
    options_parser.add_argument(
        "--jobs", type=int, default=4, help="experiments at the same time (default: %(default)s)"
    )
    options_parser.add_argument("--verbose", action="store_true", help="say what each round does")
    return options_parser


def conditions(options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Return sandbox switches by condition: the one named on the command line, or all standard ones.

    `clocks_apart` is no switch of the sandbox but the experiment's own.
    """
    switches: dict[str, Any] = {}
    if options.memory is not None:
        switches["requestid_memory_seconds"] = options.memory
    if options.replay_600:
        switches["requestid_replay_answers_600"] = True
    if options.billing_moves_token:
        switches["billing_moves_sync_token"] = True
    if options.clocks_apart:
        switches["clocks_apart"] = True
    return {"as asked": switches} if switches else CONDITIONS
