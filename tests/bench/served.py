"""A sandbox with a generated world, in a process of its own: python -m tests.bench.served --entries 1000."""

from __future__ import annotations

import argparse
import json
import signal
import threading
from datetime import date

from sandbox.data import generated
from sandbox.server import start


def main() -> None:
    """Serve until SIGTERM. Everything matches, so that all billable work can be sent."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.served")
    parser.add_argument("--entries", type=int, default=1000)
    parser.add_argument("--people", type=int, default=25)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--days", type=int, default=27)
    details = parser.parse_args()
    stopped = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    running = start()
    running.world.empty()
    generated.build(
        running.world,
        today=date.today(),
        days=details.days,
        entries=details.entries,
        people=details.people,
        clients=details.clients,
        mismatch_share=0,
    )
    running.world.switches.set("clockify_rate_limit", "off")
    print(json.dumps({"url": running.url}), flush=True)
    stopped.wait()
    running.stop()


if __name__ == "__main__":
    main()
