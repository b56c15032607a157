"""Line rules as a CSV file: the columns of `line_rule list`, and the changes that an uploaded file would make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from integrations.models import Workspace
from mapping.decisions import csv_import
from mapping.errors import Refused
from syncjobs import line_rules
from syncjobs.models import LineRule
from syncjobs.planning import lines

HEADERS = ("id", "user", "client", "project", "task", "tag", "item", "class", "location", "description", "entries")
# Each line may ask the database several times.
MAX_LINES = 1000


@dataclass(frozen=True)
class Change:
    """One line that would add a rule, or change the one it names; `given` has ids by name."""

    line: int
    rule: LineRule | None
    given: Mapping[str, str]

    @property
    def values(self) -> str:
        return ", ".join(f"{name} {value}" for name, value in self.given.items())


@dataclass
class RulesUpload:
    """Result of reading a file. `same`: lines that stand so already. Rules that it does not name stay."""

    changes: list[Change] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)
    same: int = 0


def read(workspace: Workspace, text: str, *, now: datetime) -> RulesUpload:
    """Check every line. Raises Refused for a file that can't be read, ApiError where Clockify can't be asked."""
    rows = list(csv_import.lines_of(text, needed=(), max_lines=MAX_LINES))
    if rows and not rows[0][1].keys() & set(line_rules.NAMES):
        raise Refused(f"The first line names no column of {', '.join(HEADERS[:-1])}.")
    upload, known = RulesUpload(), {str(row.pk): row for row in lines.rows_of(workspace)}
    line_rules.read_new(workspace, [values for _, values in rows], now=now)
    # What rules say, saved ones and those of the file: a line without an id adds nothing that is said already.
    seen, stated = dict[str, int](), [lines.values_of(row) for row in known.values()]
    for number, values in rows:
        try:
            change = _change(workspace, number, values, known, seen, now=now)
        except Refused as refusal:
            upload.errors.append((number, str(refusal)))
            continue
        if change is None:
            continue
        if change.given in ([lines.values_of(change.rule)] if change.rule else stated):
            upload.same += 1
            continue
        upload.changes.append(change)
        stated.append(dict(change.given))
    return upload


def _change(
    workspace: Workspace,
    number: int,
    values: Mapping[str, str],
    known: Mapping[str, LineRule],
    seen: dict[str, int],
    *,
    now: datetime,
) -> Change | None:
    """Return what a line would change; None for an empty one."""
    rule_id, given = values.get("id", ""), {name: values.get(name, "") for name in line_rules.NAMES}
    if not rule_id and not any(given.values()):
        return None
    if rule_id and rule_id not in known:
        raise Refused(f"There is no rule {rule_id!r}. Leave the id empty to add one.")
    if rule_id in seen:
        raise Refused(f"Line {seen[rule_id]} already has rule {rule_id}.")
    if rule_id:
        seen[rule_id] = number
    return Change(number, known.get(rule_id), line_rules.check(workspace, given, now=now, may_ask=False))
