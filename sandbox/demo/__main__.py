"""python -m sandbox.demo: Hourbridge with the sandbox's agency, web site and worker included.

It keeps everything in var/demo, and a second start continues from there. It controls Hourbridge only through its
commands.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

from sandbox.demo.children import DemoFailed
from sandbox.demo.steps import Demo

HOME = Path(__file__).resolve().parent.parent.parent
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Ctrl-C, or asked to end; not an Exception, so that nothing swallows it on the way."""


def stopped(*_: object) -> NoReturn:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise Stopped


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description="Hourbridge on sample data.")
    parser.add_argument("--once", action="store_true", help="leave after the summary")
    parser.add_argument("--folder", type=Path, default=HOME / "var" / "demo", help="where it keeps its data")
    parser.add_argument("--entries", type=int, default=400, help="time entries at the first start")
    options = parser.parse_args()
    for number in SIGNALS:
        signal.signal(number, stopped)
    demo = Demo(HOME, options.folder.resolve(), entries=options.entries)
    try:
        demo.set_up()
        did_its_work = demo.run()
        if options.once:
            return 0 if did_its_work else 1
        print(demo.invitation(), flush=True)
        while True:
            demo.children.check()
            time.sleep(0.5)
    except DemoFailed as failure:
        print(f"The demo stopped: {failure}", file=sys.stderr)
        return 1
    except Stopped:
        print("\nStopping the demo; what it did is kept.", flush=True)
        return 130 if options.once else 0
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        demo.children.stop()


if __name__ == "__main__":
    sys.exit(main())
