"""What all commands share: which workspace, JSON on stdout, progress on stderr, one line per error, exit codes."""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import threading
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError
from django.db.models import Q

from config.environment import is_loopback
from config.version import name_and_version
from integrations.errors import ApiError
from integrations.fields import SecretUnreadable
from integrations.models import Workspace
from mapping.errors import Refused

USAGE, NOTHING_ATTEMPTED, CUT_SHORT = 2, 3, 4
# date.fromisoformat takes other forms as well (20260331, 2026-W13-2).
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

# Refusals that say: what was named on the command line does not exist.
NAMED_WRONGLY = {"UNKNOWN_WORKSPACE", "UNKNOWN_COMPANY"}


class Problem(Exception):
    """Ends a command: one line on stderr, its exit code, and at 3 and 4 an error object with --json."""

    def __init__(self, message: str, *, exit_code: int = USAGE, code: str = "", fix: str = "") -> None:
        super().__init__(message)
        self.exit_code, self.code, self.fix = exit_code, code, fix

    def as_json(self) -> dict[str, Any]:
        return {"error": {"code": self.code, "message": str(self), "fix": self.fix}}


class Command(BaseCommand):
    """Subclasses fill `work`, which gives an exit code (None is 0)."""

    takes_workspace = True
    takes_json = True
    requires_migrations_checks = False

    def get_version(self) -> str:
        """Return what `--version` prints: Hourbridge's version instead of Django's."""
        return name_and_version()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Django's parser; wrong usage is one line as well, not a page of options."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        if getattr(self, "_called_from_command_line", False):
            name = f"{prog_name} {subcommand}"
            parser.error = lambda message: parser.exit(  # type: ignore[method-assign]
                USAGE, f"{one_line(message).rstrip('.')}. See `{name} --help`.\n"
            )
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        if self.takes_workspace:
            parser.add_argument(
                "--workspace",
                metavar="W",
                help="Clockify workspace, by id or name (needed when there are several)",
            )
        if self.takes_json:
            parser.add_argument("--json", action="store_true", help="print one JSON value and nothing else on stdout")

    def work(self, **options: Any) -> int | None:
        raise NotImplementedError

    def zeros(self, options: dict[str, Any]) -> dict[str, Any]:
        """What --json prints besides the error when nothing was attempted; commands with counters say more."""
        return {}

    def handle(self, *_: Any, **options: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            # A polite end is the same as Ctrl-C: the record at hand is finished and the run's result written.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            code = self.work(**options)
        except Problem as problem:
            code = self._say(problem, options)
        except Refused as refusal:
            code = self._say(Problem(str(refusal)), options)
        except ApiError as error:
            code = self._say(from_api_error(error), options)
        except SecretUnreadable as error:
            code = self._say(Problem(str(error), exit_code=NOTHING_ATTEMPTED, code="SECRET_UNREADABLE"), options)
        except DatabaseError as error:
            code = self._say(_from_database(error), options)
        except BrokenPipeError:
            # Whoever read the output (`| head`) has seen enough; Python must not complain about it at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = 0
        except KeyboardInterrupt:
            code = self._say(Problem("Stopped by hand.", exit_code=CUT_SHORT, code="CANCELLED"), options)
        if code:
            sys.exit(code)

    def _say(self, problem: Problem, options: dict[str, Any]) -> int:
        self.stderr.write(one_line(f"{problem} {problem.fix}"))
        if options.get("json") and problem.exit_code in {NOTHING_ATTEMPTED, CUT_SHORT}:
            self.print_json({**self.zeros(options), **problem.as_json()})
        return problem.exit_code

    def print_json(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str))

    def progress(self, text: str) -> None:
        self.stderr.write(one_line(text))

    # --- which workspace -----------------------------------------------------------------------------------
    def workspace(self, options: dict[str, Any]) -> Workspace:
        """The one that --workspace names, or the only one there is."""
        wanted = options.get("workspace")
        # Secrets are read where they are used: with a lost key names and policy still show, and one can connect again.
        secrets = "api_key", "company__access_token", "company__refresh_token"
        everyone = Workspace.objects.select_related("company").defer(*secrets)
        if wanted:
            found = list(everyone.filter(clockify_id=wanted)) or list(everyone.filter(name=wanted))
            if not found:
                raise Problem(f"There is no workspace {wanted!r}. {_list_of(everyone)}")
        else:
            found = list(everyone.filter(~Q(state=Workspace.State.DISCONNECTED))) or list(everyone)
            if not found:
                raise Problem(
                    "No Clockify workspace is connected.",
                    exit_code=NOTHING_ATTEMPTED,
                    code="NOT_CONNECTED",
                    fix="Connect one with `connect_clockify --api-key -`.",
                )
        if len(found) > 1:
            raise Problem(f"Several workspaces fit; name one with --workspace. {_list_of(everyone)}")
        return found[0]

    def connected_workspace(self, options: dict[str, Any]) -> Workspace:
        """The workspace, provided that a company belongs to it."""
        workspace = self.workspace(options)
        if workspace.company is None:
            raise Problem(
                f"No QuickBooks company is connected to {workspace}.",
                exit_code=NOTHING_ATTEMPTED,
                code="NOT_CONNECTED",
                fix="Connect one with `connect_quickbooks --realm ID --refresh-token -`.",
            )
        return workspace


def _list_of(everyone: Any) -> str:
    names = ", ".join(f"{one.name} ({one.clockify_id})" for one in everyone)
    return f"There are: {names}." if names else "None is connected yet."


def from_api_error(error: ApiError) -> Problem:
    exit_code = USAGE if error.code in NAMED_WRONGLY else NOTHING_ATTEMPTED
    return Problem(error.message, exit_code=exit_code, code=error.name, fix=error.fix)


def _from_database(error: DatabaseError) -> Problem:
    words = one_line(str(error))
    if "no such table" in words or "does not exist" in words:
        fix = "Run `python manage.py migrate` first."
        return Problem("The database is not set up.", exit_code=NOTHING_ATTEMPTED, code="NOT_MIGRATED", fix=fix)
    return Problem(f"The database refused: {words}", exit_code=NOTHING_ATTEMPTED, code="DATABASE")


def one_line(text: str) -> str:
    return " ".join(text.split())


def day(text: str) -> date:
    """DATE of the command line."""
    try:
        if not DATE.fullmatch(text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write it as 2026-03-31.") from None


def secret(value: str, name: str) -> str:
    """The secret itself, or, for `-`, the first line of standard input."""
    text = sys.stdin.readline() if value == "-" else value
    text = text.strip()
    if not text:
        raise Problem(f"{name} is empty.")
    return text


def check_address(url: str, name: str) -> None:
    """An address given on the command line: https, or plain http to this machine. Empty is fine."""
    if not url:
        return
    parts = urlsplit(url)
    plain = parts.scheme == "http" and is_loopback(parts.hostname or "")
    if not parts.hostname or not (parts.scheme == "https" or plain):
        option = f"--{name.replace('_', '-')}"
        raise Problem(f"{option} {url!r} can't be used; write an https address (plain http to this machine only).")
