from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from syncjobs.management import base
from syncjobs.runs import queue
from syncjobs.support.bundle import make


class Command(base.Command):
    help = "Write what support needs of a workspace into one zip, without keys and tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--output", required=True, type=Path, metavar="FILE.zip", help="the zip; it may not exist yet"
        )
        parser.add_argument(
            "--pseudonymize",
            action="store_true",
            help="replace names, e-mail addresses and descriptions; ids stay",
        )

    def work(self, **options: Any) -> int | None:
        path: Path = options["output"]
        _check(path)
        workspace = self.workspace(options)
        try:
            made = make.make(
                workspace,
                path,
                replace_names=options["pseudonymize"],
                heartbeat=queue.last_heartbeat,
                now=timezone.now(),
                on_stage=self.progress,
            )
        except OSError as error:
            message = f"{path} could not be written: {error.strerror or error}. Nothing was left behind."
            raise base.Problem(message, exit_code=base.CUT_SHORT, code="NOT_WRITTEN") from None
        for line in made.left_out:
            self.progress(f"Left out: {line}")
        if options["json"]:
            replaced = options["pseudonymize"]
            self.print_json(
                {"file": str(path), "bytes": made.size, "names_replaced": replaced, "left_out": made.left_out}
            )
        else:
            self.stdout.write(f"{path} has {made.size:,} bytes.")
        return None


def _check(path: Path) -> None:
    """Check that the file can be written there. Raises Problem."""
    if path.exists():
        raise base.Problem(f"{path} exists already; name another file, or delete it first.")
    if not path.parent.is_dir():
        raise base.Problem(f"There is no folder {path.parent}; create it first.")
