"""python -m sandbox: a local Clockify and a local QuickBooks."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from datetime import date
from pathlib import Path

from sandbox.bundle import file
from sandbox.data.datasets import NAMES
from sandbox.server import start


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--data", metavar="FILE", help="keep everything in this file; loaded when it exists")
    parser.add_argument("--bundle", metavar="FILE.zip", type=Path, help="serve the world of a support bundle")
    parser.add_argument("--dataset", choices=NAMES, default="agency")
    parser.add_argument("--entries", type=int, default=400, help="time entries of the generated data set")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--today", type=date.fromisoformat, metavar="YYYY-MM-DD")
    return parser.parse_args()


def main() -> None:
    """Serve until SIGTERM or SIGINT, then save and exit."""
    options = arguments()
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    try:
        bundle = file.read(options.bundle) if options.bundle else None
    except file.NotABundle as problem:
        print(problem, file=sys.stderr)
        sys.exit(2)
    running = start(
        options.dataset,
        bundle=bundle,
        host=options.host,
        port=options.port,
        data=options.data,
        today=options.today,
        entries=options.entries,
        seed=options.seed,
    )
    print(json.dumps({"url": running.url}), flush=True)
    stopped.wait()
    running.stop()


if __name__ == "__main__":
    main()
