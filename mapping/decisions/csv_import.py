"""Decisions from a CSV file: what each line would change, and what is wrong with it, in a sentence. Writes nothing."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.models import Workspace
from mapping.decisions.batch import Choice
from mapping.decisions.partner_search import KINDS
from mapping.errors import Refused
from mapping.models import Link, MappingOverride
from mapping.queries import CLOCKIFY_MODELS, QUICKBOOKS_MODELS, company_of, links_of, mapping_overrides_of

NEEDED = ("kind", "clockify_id", "quickbooks_id")
DECISIONS = ("link", "unlink", "ignore", "stop ignoring")
MAX_LINES = 5000
MAX_BYTES = 1_000_000


@dataclass(frozen=True)
class Change:
    """One line that would change something."""

    line: int
    choice: Choice
    name: str
    before: str
    after: str
    note: str = ""


@dataclass
class CsvUpload:
    """What a file would do. `same` lines stand as they say already; `skipped` ones say nothing."""

    changes: list[Change] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)
    same: int = 0
    skipped: int = 0


def read(workspace: Workspace, text: str) -> CsvUpload:
    """Every line looked at, in few queries however many there are. Raises Refused for a file that can't be read."""
    lines = list(_lines(text))
    around = _Around(workspace, [values for _, values in lines])
    reading, seen = CsvUpload(), dict[tuple[str, str], int]()
    for number, values in lines:
        try:
            change = _change(around, number, values)
            if change is not None and change.before != change.after:
                key = (change.choice.kind, change.choice.clockify_id)
                if key in seen:
                    raise Refused(f"Line {seen[key]} decides about {change.name} already.")
                seen[key] = number
        except Refused as refusal:
            reading.errors.append((number, str(refusal)))
            continue
        if change is None:
            reading.skipped += 1
        elif change.before == change.after:
            reading.same += 1
        else:
            reading.changes.append(change)
    return reading


def _lines(text: str) -> Iterable[tuple[int, dict[str, str]]]:
    if len(text) > MAX_BYTES:
        raise Refused(f"The file is larger than {MAX_BYTES // 1000:,} kB. Cut it into several.")
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=";" if first.count(";") > first.count(",") else ","
    )
    try:
        headers = [(name or "").strip().lower() for name in reader.fieldnames or []]
        missing = [name for name in NEEDED if name not in headers]
        if missing:
            raise Refused(f"The first line has no column {', '.join(missing)}.")
        reader.fieldnames = headers
        for row in reader:
            if reader.line_num > MAX_LINES + 1:
                raise Refused(f"The file has more than {MAX_LINES:,} lines. Cut it into several.")
            yield reader.line_num, {name: _plain(value) for name, value in row.items() if name}
    except csv.Error as problem:
        raise Refused(f"Line {reader.line_num} can't be read as CSV: {problem}.") from None


def _plain(value: Any) -> str:
    text = " ".join(value) if isinstance(value, list) else value or ""
    # A quote in front is how spreadsheets keep text from being a formula.
    return text.strip().removeprefix("'")


class _Around:
    """What the lines name, as it is mirrored and as it stands."""

    def __init__(self, workspace: Workspace, rows: list[dict[str, str]]) -> None:
        ids: dict[str, set[str]] = defaultdict(set)
        partners: dict[str, set[str]] = defaultdict(set)
        for values in rows:
            kind = values.get("kind", "").lower()
            if kind in KINDS:
                ids[kind].add(values.get("clockify_id", ""))
                for quickbooks_kind in KINDS[kind]:
                    partners[quickbooks_kind].add(values.get("quickbooks_id", ""))
        self.names: dict[tuple[str, str], str] = {}
        for kind, wanted in ids.items():
            found = CLOCKIFY_MODELS[kind]._default_manager.filter(workspace=workspace, clockify_id__in=wanted)
            self.names |= {(kind, key): name for key, name in found.values_list("clockify_id", "name")}
        self.partners: dict[tuple[str, str], Any] = {}
        for kind, wanted in partners.items():
            rows_there = QUICKBOOKS_MODELS[kind]._default_manager.filter(
                company=company_of(workspace), quickbooks_id__in=wanted
            )
            self.partners |= {(kind, row.quickbooks_id): row for row in rows_there.defer("raw")}
        every = {key for wanted in ids.values() for key in wanted}
        self.links: dict[tuple[str, str], Link] = {
            (one.kind, one.clockify_id): one for one in links_of(workspace).filter(clockify_id__in=every)
        }
        self.overrides: dict[tuple[str, str], str] = {
            (one.kind, one.clockify_id): one.choice
            for one in mapping_overrides_of(workspace).filter(clockify_id__in=every)
        }

    def stands(self, key: tuple[str, str]) -> str:
        if self.overrides.get(key) == MappingOverride.Choice.IGNORED:
            return "ignored"
        link = self.links.get(key)
        if link is None:
            return "not linked"
        suspended = ", suspended" if link.suspended else ""
        return f"linked to {link.quickbooks_name} ({link.quickbooks_kind} {link.quickbooks_id}){suspended}"


def _change(around: _Around, line: int, values: Mapping[str, str]) -> Change | None:
    kind, clockify_id = values.get("kind", "").lower(), values.get("clockify_id", "")
    decision = values.get("decision", "").lower()
    if not clockify_id or (not decision and not values.get("quickbooks_id")):
        return None
    if kind not in KINDS:
        raise Refused(f"“{values.get('kind', '')}” is no kind; it is user, client or project.")
    if (kind, clockify_id) not in around.names:
        raise Refused(f"Clockify has no {kind} {clockify_id}, as far as was read.")
    decision = decision or "link"
    if decision not in DECISIONS:
        raise Refused(f"“{decision}” is no decision; it is {', '.join(DECISIONS[:-1])} or {DECISIONS[-1]}.")
    name = around.names[kind, clockify_id] or clockify_id
    before = around.stands((kind, clockify_id))
    if decision == "link":
        choice, after = _link(around, kind, clockify_id, values)
    else:
        choice, after = (
            Choice(decision.replace(" ", "_"), kind, clockify_id),
            _after(around, kind, clockify_id, decision),
        )
    return Change(line, choice, name, before, after, values.get("note", "")[:500])


def _link(around: _Around, kind: str, clockify_id: str, values: Mapping[str, str]) -> tuple[Choice, str]:
    wanted, given = values.get("quickbooks_id", ""), values.get("quickbooks_kind", "").lower()
    if not wanted:
        raise Refused("To link it, a quickbooks_id is needed.")
    if given and given not in KINDS[kind]:
        raise Refused(f"A {kind} can't be linked to a {given}; it is {' or '.join(KINDS[kind])}.")
    kinds = (given,) if given else KINDS[kind]
    found = [(one, around.partners[one, wanted]) for one in kinds if (one, wanted) in around.partners]
    if not found:
        raise Refused(f"QuickBooks has no {' or '.join(kinds)} {wanted}, as far as was read.")
    if len(found) > 1:
        raise Refused(f"{wanted} is an employee and a vendor; say which in quickbooks_kind.")
    quickbooks_kind, row = found[0]
    if not row.active or row.gone_at is not None:
        raise Refused(f"The {quickbooks_kind} {row.name} is inactive in QuickBooks. Reactivate it first.")
    choice = Choice("link", kind, clockify_id, wanted, quickbooks_kind == "vendor")
    return choice, f"linked to {row.name} ({quickbooks_kind} {wanted})"


def _after(around: _Around, kind: str, clockify_id: str, decision: str) -> str:
    key = (kind, clockify_id)
    if decision == "ignore":
        return "ignored"
    if decision == "unlink":
        if key not in around.links:
            raise Refused(f"{around.names[key]} is not linked.")
        return "not linked"
    if around.overrides.get(key) != MappingOverride.Choice.IGNORED:
        raise Refused(f"{around.names[key]} is not ignored.")
    return "linked as before" if key in around.links else "not linked"
