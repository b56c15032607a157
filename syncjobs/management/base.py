"""The base of all commands: workspace, JSON on stdout, progress on stderr, one line per error, exit codes."""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandParser, OutputWrapper
from django.db import DatabaseError
from django.db.models import Q

from config import scrubber
from config.environment import is_loopback
from config.version import name_and_version
from integrations.errors import ApiError
from integrations.fields import SecretUnreadable
from integrations.models import Workspace
from mapping.errors import Refused
from syncjobs.management import error_log
from syncjobs.rules.codes import Code

log = logging.getLogger("hourbridge.command")

# What was typed, by the option's name, as Django hands it to a command.
Options = dict[str, Any]

USAGE, NOTHING_ATTEMPTED, CUT_SHORT = 2, 3, 4
# date.fromisoformat takes other forms as well (20260331, 2026-W13-2).
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

# Errors that mean: a name given on the command line does not exist.
UNKNOWN_NAME_CODES = {"UNKNOWN_WORKSPACE", "UNKNOWN_COMPANY"}


class Problem(Exception):
    """Raised to end a command: one line on stderr, its exit code, and for 3 and 4 an error object with --json."""

    def __init__(self, message: str, *, exit_code: int = USAGE, code: str = "", fix: str = "") -> None:
        super().__init__(message)
        self.exit_code, self.code, self.fix = exit_code, code, fix

    def as_json(self) -> dict[str, dict[str, str]]:
        return {"error": {"code": self.code, "message": str(self), "fix": self.fix}}


class _Output(OutputWrapper):
    """A command's output. Data stays as it is but for secrets that this process knows; errors are scrubbed before."""

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)

    def write(self, msg: str = "", *args: Any, **options: Any) -> Any:
        return super().write(scrubber.scrub_known(msg), *args, **options)


class Command(BaseCommand):
    """A command. Subclasses implement `work`, which returns an exit code (None is 0)."""

    takes_workspace = True
    takes_json = True
    requires_migrations_checks = False
    # Its stderr is a log, which gets the tracebacks.
    is_service = False
    # The exit code once the result is printed, should its reader be gone.
    printed_code = 0

    def get_version(self) -> str:
        """Return what `--version` prints: Hourbridge's version instead of Django's."""
        return name_and_version()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return Django's parser; wrong usage prints one line instead of a page of options."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        # Under `call_command` Django's parser must keep raising CommandError.
        if getattr(self, "_called_from_command_line", False):
            name = f"{prog_name} {subcommand}"
            parser.error = lambda message: parser.exit(  # type: ignore[method-assign]
                USAGE, f"{scrubber.scrub(one_line(message)).rstrip('.')}. See `{name} --help`.\n"
            )
        return parser

    def add_arguments(self, parser: CommandParser) -> None:
        """Add --workspace and --json, unless the command takes none."""
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

    def zeros(self, options: Options) -> Mapping[str, Any]:
        """Return what --json prints beside the error when nothing was attempted; commands with counters override it."""
        return {}

    def after_an_error(self, options: Options) -> tuple[int, Mapping[str, Any]]:
        """Return exit code and JSON, without the error, of a command that an unexpected error ended."""
        return NOTHING_ATTEMPTED, self.zeros(options)

    def run_from_argv(self, argv: list[str]) -> None:
        """Run the command as Django does; an error before or after `handle` ends it with one line, too."""
        try:
            super().run_from_argv(argv)
        except Exception as error:
            sys.stderr.write(f"{one_line(str(_from_unexpected(error)))}\n")
            sys.exit(NOTHING_ATTEMPTED)
        except KeyboardInterrupt:
            sys.stderr.write("Stopped by hand.\n")
            sys.exit(CUT_SHORT)

    def handle(self, *_: Any, **options: Any) -> None:
        """Run `work` and turn its errors into one line on stderr and an exit code."""
        # Python sets signal handlers in the main thread only.
        if threading.current_thread() is threading.main_thread():
            # SIGTERM acts like Ctrl-C: the current record is finished and the run's result saved.
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        self.stdout, self.stderr = _Output(self.stdout), _Output(self.stderr)
        with contextlib.nullcontext() if self.is_service else error_log.details_kept():
            code = self._work(options)
        if code:
            sys.exit(code)

    def _work(self, options: Options) -> int | None:
        """Run `work`; return the exit code, after its errors are said."""
        try:
            return self.work(**options)
        except Problem as problem:
            return self._report(problem, options)
        except Refused as refusal:
            return self._report(Problem(str(refusal)), options)
        except ApiError as error:
            return self._report(from_api_error(error), options)
        except SecretUnreadable as error:
            return self._report(Problem(str(error), exit_code=NOTHING_ATTEMPTED, code="SECRET_UNREADABLE"), options)
        except BrokenPipeError:
            # The reader (`| head`) closed the pipe; without this Python reports the error again at exit.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return self.printed_code
        except KeyboardInterrupt:
            return self._report(Problem("Stopped by hand.", exit_code=CUT_SHORT, code="CANCELLED"), options)
        except Exception as error:
            log.exception("%s ended on an error of ours.", type(self).__module__.rpartition(".")[2])
            found = _from_database_error(error) if isinstance(error, DatabaseError) else _from_unexpected(error)
            found.exit_code, shown = self.after_an_error(options)
            return self._report(found, options, shown)

    def _report(self, problem: Problem, options: Options, shown: Mapping[str, Any] | None = None) -> int:
        self.progress(f"{problem} {problem.fix}")
        if options.get("json") and problem.exit_code in {NOTHING_ATTEMPTED, CUT_SHORT}:
            self.print_json({**(self.zeros(options) if shown is None else shown), **problem.as_json()})
        return problem.exit_code

    def print_json(self, value: Any) -> None:
        self.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str))

    def progress(self, text: str) -> None:
        """Write one line to stderr. Nobody reading it any more (`2>&1 | head`) ends no run."""
        with contextlib.suppress(OSError):
            self.stderr.write(scrubber.scrub(one_line(text)))

    # --- which workspace -----------------------------------------------------------------------------------
    def workspace(self, options: Options) -> Workspace:
        """Return the workspace that --workspace names, or the only one. Raises Problem."""
        named = options.get("workspace")
        # Deferred, since decrypting fails after ENCRYPTION_KEYS is lost: names and policy must still show then, and
        # connecting again must work.
        secret_fields = "api_key", "company__access_token", "company__refresh_token"
        workspaces = Workspace.objects.select_related("company").defer(*secret_fields)
        if named:
            matches = list(workspaces.filter(clockify_id=named)) or list(workspaces.filter(name=named))
            if not matches:
                raise Problem(f"There is no workspace {named!r}. {_workspace_list(workspaces)}")
        else:
            matches = list(workspaces.filter(~Q(state=Workspace.State.DISCONNECTED))) or list(workspaces)
            if not matches:
                raise Problem(
                    "No Clockify workspace is connected.",
                    exit_code=NOTHING_ATTEMPTED,
                    code=Code.NOT_CONNECTED,
                    fix="Connect one with `connect_clockify --api-key -`.",
                )
        if len(matches) > 1:
            raise Problem(f"Several workspaces fit; name one with --workspace. {_workspace_list(workspaces)}")
        return matches[0]

    def connected_workspace(self, options: Options) -> Workspace:
        """Return the workspace if a QuickBooks company is connected to it. Raises Problem."""
        workspace = self.workspace(options)
        if workspace.company is None:
            raise Problem(
                f"No QuickBooks company is connected to {workspace}.",
                exit_code=NOTHING_ATTEMPTED,
                code=Code.NOT_CONNECTED,
                fix="Connect one with `connect_quickbooks --realm ID --refresh-token -`.",
            )
        return workspace


def _workspace_list(workspaces: Any) -> str:
    names = ", ".join(f"{workspace.name} ({workspace.clockify_id})" for workspace in workspaces)
    return f"There are: {names}." if names else "None is connected yet."


def from_api_error(error: ApiError) -> Problem:
    exit_code = USAGE if error.code in UNKNOWN_NAME_CODES else NOTHING_ATTEMPTED
    return Problem(error.message, exit_code=exit_code, code=error.name, fix=error.fix)


def _from_database_error(error: DatabaseError) -> Problem:
    message = scrubber.scrub(one_line(str(error)))
    if "no such table" in message or "no such column" in message or "does not exist" in message:
        fix = "Run `python manage.py migrate` first."
        return Problem("The database is not set up.", exit_code=NOTHING_ATTEMPTED, code="NOT_MIGRATED", fix=fix)
    return Problem(f"The database refused: {message}", exit_code=NOTHING_ATTEMPTED, code="DATABASE")


def _from_unexpected(error: Exception) -> Problem:
    text = scrubber.scrub(one_line(f"{type(error).__name__}: {error}"))[:300]
    fix = f"{error_log.where()} Please report it."
    return Problem(f"An error of ours, {text}.", exit_code=NOTHING_ATTEMPTED, code="INTERNAL_ERROR", fix=fix)


def one_line(text: str) -> str:
    return " ".join(text.split())


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """Return the values of KEY=VALUE arguments by key. Raises Problem for another form, or a key that comes twice."""
    values: dict[str, str] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        name = name.strip()
        if not separator:
            raise Problem(f"{text!r} is no KEY=VALUE.")
        if name in values:
            raise Problem(f"{name!r} is given twice.")
        values[name] = value
    return values


def day(text: str) -> date:
    """Parse a DATE argument, YYYY-MM-DD only. Raises ArgumentTypeError."""
    try:
        if not DATE.fullmatch(text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date; write it as 2026-03-31.") from None


def secret(value: str, name: str) -> str:
    """Return the secret, or the first line of standard input for `-`. Raises Problem if it is empty.

    Arguments are visible to other users of the machine and stay in the shell's history; standard input is not.
    """
    text = sys.stdin.readline() if value == "-" else value
    text = text.strip()
    if not text:
        raise Problem(f"{name} is empty.")
    scrubber.learn(text)
    return text


def check_address(url: str, name: str) -> None:
    """Check that a URL is https, plain http to this machine, or empty; raises Problem."""
    if not url:
        return
    try:
        parts = urlsplit(url)
        is_local_http = parts.scheme == "http" and is_loopback(parts.hostname or "")
        usable = bool(parts.hostname) and (parts.scheme == "https" or is_local_http) and parts.port != 0
    except ValueError:
        # Such as half of an IPv6 address, or a port that is none.
        usable = False
    if not usable:
        option = f"--{name.replace('_', '-')}"
        raise Problem(f"{option} {url!r} can't be used; write an https address (plain http to this machine only).")
