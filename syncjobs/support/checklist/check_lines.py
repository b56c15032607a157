"""One line of the checklist: its level, its evidence with the time it was read, and what fixes it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DatabaseError
from django.utils import timezone

from config.scrubber import scrub
from integrations.errors import ApiError
from integrations.fields import SecretUnreadable
from syncjobs.display import formatting

log = logging.getLogger("hourbridge.doctor")

OK, WARN, FAIL, SKIP = "ok", "warn", "fail", "skip"
# SQLite's words, then PostgreSQL's, which also says of a whole database that it does not exist.
MISSING_TABLE = re.compile(r"no such (table|column)|(relation|column) .* does not exist")


# Fixes that several lines have.
CONNECT = "Connect QuickBooks on the overview, or with `connect_quickbooks --realm ID --refresh-token -`."
CHECK = "Press *Check for new users and customers*, or run `check_for_new`."
# Records that a line names.
NAMED = 3


@dataclass(frozen=True)
class Line:
    """What was found; `name` is added by the list."""

    level: str
    message: str
    fix: str = ""
    name: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "level": self.level,
            "ok": self.level != FAIL,
            "message": self.message,
            "fix": self.fix,
        }


Check = Callable[[], Line]


def run_checks(checks: Sequence[tuple[str, Check]]) -> list[Line]:
    """Return each check's line under its name; one that fails is reported in its own line and stops no other."""
    lines = []
    for name, check in checks:
        line = _line_of(name, check)
        lines.append(Line(line.level, scrub(line.message), line.fix, name))
    return lines


def _line_of(name: str, check: Check) -> Line:
    try:
        return check()
    except SecretUnreadable as problem:
        return Line(FAIL, str(problem), "Add the key to ENCRYPTION_KEYS, or connect again.")
    except ApiError as problem:
        return Line(FAIL, problem.message, problem.fix or "Run `doctor` again later.")
    except DatabaseError as problem:
        words = " ".join(str(problem).split())[:300]
        if MISSING_TABLE.search(words):
            return Line(SKIP, "Not read, since the database is not set up.", "Run `python manage.py migrate`.")
        return Line(FAIL, f"The database refused: {words}", "Check DATABASE_URL, and that the database server runs.")
    except Exception as problem:
        log.info("The check %s ended on an error of ours.", name, exc_info=True)
        words = " ".join(f"{type(problem).__name__}: {problem}".split())[:300]
        return Line(FAIL, f"It could not be checked: {words}", "Please report it.")


def moment(value: datetime | None) -> str:
    """Return a time as lines quote it, in the current time zone: `Sat Nov 28, 22:10`, which commands call UTC."""
    zone = timezone.get_current_timezone_name()
    text = formatting.moment(value, zone)
    return f"{text} UTC" if value is not None and zone == "UTC" else text
