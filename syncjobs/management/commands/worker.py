"""The supervised task worker."""

from __future__ import annotations

import signal
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.db import close_old_connections
from django.utils import timezone

from config.scrubber import scrub
from syncjobs import tasks
from syncjobs.management import base
from syncjobs.runs import queue
from syncjobs.support.bundle import stored
from syncjobs.worker import schedules
from syncjobs.worker.supervisor import Pace, Supervisor


class Command(base.Command):
    takes_workspace = takes_json = False
    is_service = True
    help = "Runs the tasks that buttons and schedules ask for, until Ctrl-C or SIGTERM. Keep one running."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--grace",
            type=float,
            default=Pace.grace,
            metavar="SECONDS",
            help="how long running tasks may take to finish at a stop (default: %(default)g)",
        )

    def work(self, **options: Any) -> None:
        """Supervise the task cluster until SIGTERM, SIGINT or SIGHUP."""
        supervisor = Supervisor(
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"],
            records=settings.VAR_DIR / "worker",
            sweep=sweep,
            say=self.say,
            stuck=stuck,
            stop_file_variable=tasks.STOP_FILE,
            pace=Pace(grace=options["grace"]),
        )
        for signal_number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(signal_number, lambda *_: supervisor.stop())
        supervisor.run()

    def say(self, text: str) -> None:
        self.stdout.write(scrub(f"{timezone.now():%Y-%m-%d %H:%M:%S} worker: {base.one_line(text)}"))
        self.stdout.flush()


def sweep() -> int:
    # A connection that the database closed meanwhile is replaced instead of failing for good.
    close_old_connections()
    stored.tidy(now=timezone.now())
    return schedules.tick()


def stuck() -> str:
    close_old_connections()
    return queue.stuck()
