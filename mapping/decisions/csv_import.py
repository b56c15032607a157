"""Decisions from a CSV file: the change each line would make, or its error in a sentence. Writes nothing."""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from integrations.models import Workspace
from mapping.decisions import notes
from mapping.decisions.batch import Choice
from mapping.decisions.partner_search import KINDS
from mapping.errors import Refused
from mapping.matching.names import strip_deleted
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
    """Result of reading a file. `same` counts lines that change nothing, `skipped` lines without a decision."""

    changes: list[Change] = field(default_factory=list)
    errors: list[tuple[int, str]] = field(default_factory=list)
    same: int = 0
    skipped: int = 0


def read(workspace: Workspace, text: str) -> CsvUpload:
    """Check every line, in a fixed number of queries. Raises Refused for a file that cannot be read."""
    lines = list(lines_of(text))
    known = _KnownRecords(workspace, [values for _, values in lines])
    upload, seen = CsvUpload(), dict[tuple[str, str], int]()
    for number, values in lines:
        try:
            change = _change(known, number, values)
            if change is not None and change.before != change.after:
                key = (change.choice.kind, change.choice.clockify_id)
                # Two lines about one record contradict each other, or one of them is a mistake.
                if key in seen:
                    raise Refused(f"Line {seen[key]} already decides about {change.name}.")
                seen[key] = number
        except Refused as refusal:
            upload.errors.append((number, str(refusal)))
            continue
        if change is None:
            upload.skipped += 1
        elif change.before == change.after:
            upload.same += 1
        else:
            upload.changes.append(change)
    return upload


def lines_of(
    text: str, *, needed: Iterable[str] = NEEDED, max_lines: int = MAX_LINES
) -> Iterable[tuple[int, dict[str, str]]]:
    """Yield the number and values of each line. Raises Refused for a file that cannot be read."""
    if len(text) > MAX_BYTES:
        raise Refused(f"The file is larger than {MAX_BYTES // 1000:,} kB. Cut it into several.")
    # Excel saves UTF-8 with a byte order mark, and in some countries with semicolons.
    text = text.removeprefix("\ufeff")
    header = text.partition("\n")[0]
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=";" if header.count(";") > header.count(",") else ","
    )
    try:
        headers = [(name or "").strip().lower() for name in reader.fieldnames or []]
        missing = [name for name in needed if name not in headers]
        if missing:
            raise Refused(f"The first line has no column {', '.join(missing)}.")
        reader.fieldnames = headers
        for row in reader:
            # One more, because the header is a line too.
            if reader.line_num > max_lines + 1:
                raise Refused(f"The file has more than {max_lines:,} lines. Cut it into several.")
            yield reader.line_num, {name: _plain(value) for name, value in row.items() if name}
    except csv.Error as error:
        raise Refused(f"Line {reader.line_num} can't be read as CSV: {error}.") from None


def _plain(value: Any) -> str:
    text = " ".join(value) if isinstance(value, list) else value or ""
    # A downloaded list has a quote before text that a spreadsheet would take for a formula; any other is its own.
    return re.sub(r"^'(?=[=+@\t\r-])", "", text.strip())


class _KnownRecords:
    """The records that the lines name: their names, links and overrides, read in a few queries."""

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
        for kind, requested_ids in ids.items():
            records = CLOCKIFY_MODELS[kind]._default_manager.filter(workspace=workspace, clockify_id__in=requested_ids)
            self.names |= {(kind, key): name for key, name in records.values_list("clockify_id", "name")}
        self.partners: dict[tuple[str, str], Any] = {}
        for kind, requested_ids in partners.items():
            partner_rows = QUICKBOOKS_MODELS[kind]._default_manager.filter(
                company=company_of(workspace), quickbooks_id__in=requested_ids
            )
            self.partners |= {(kind, row.quickbooks_id): row for row in partner_rows.defer("raw")}
        clockify_ids = {key for requested_ids in ids.values() for key in requested_ids}
        self.links: dict[tuple[str, str], Link] = {
            (record.kind, record.clockify_id): record
            for record in links_of(workspace).filter(clockify_id__in=clockify_ids)
        }
        self.overrides: dict[tuple[str, str], str] = {
            (record.kind, record.clockify_id): record.choice
            for record in mapping_overrides_of(workspace).filter(clockify_id__in=clockify_ids)
        }

    def status(self, key: tuple[str, str]) -> str:
        """Return a record's present decision in words, comparable with those of `_link` and `_after`."""
        if self.overrides.get(key) == MappingOverride.Choice.IGNORED:
            return "ignored"
        link = self.links.get(key)
        if link is None:
            return "not linked"
        suspended = ", suspended" if link.suspended else ""
        return f"linked to {link.quickbooks_name} ({link.quickbooks_kind} {link.quickbooks_id}){suspended}"


def _change(known: _KnownRecords, line: int, values: Mapping[str, str]) -> Change | None:
    kind, clockify_id = values.get("kind", "").lower(), values.get("clockify_id", "")
    decision = values.get("decision", "").lower()
    # A downloaded list has a line for every record; those that no one filled in are skipped.
    if not clockify_id or (not decision and not values.get("quickbooks_id")):
        return None
    if kind not in KINDS:
        raise Refused(f"“{values.get('kind', '')}” is no kind; it is user, client or project.")
    if (kind, clockify_id) not in known.names:
        raise Refused(f"Clockify has no {kind} {clockify_id}, as far as was read.")
    decision = decision or "link"
    if decision not in DECISIONS:
        raise Refused(f"“{decision}” is no decision; it is {', '.join(DECISIONS[:-1])} or {DECISIONS[-1]}.")
    name = known.names[kind, clockify_id] or clockify_id
    before = known.status((kind, clockify_id))
    if decision == "link":
        choice, after = _link(known, kind, clockify_id, values)
    else:
        choice, after = (
            Choice(decision.replace(" ", "_"), kind, clockify_id),
            _after(known, kind, clockify_id, decision),
        )
    return Change(line, choice, name, before, after, notes.cleaned(values.get("note", "")))


def _link(known: _KnownRecords, kind: str, clockify_id: str, values: Mapping[str, str]) -> tuple[Choice, str]:
    quickbooks_id, requested_kind = values.get("quickbooks_id", ""), values.get("quickbooks_kind", "").lower()
    if not quickbooks_id:
        raise Refused("To link it, a quickbooks_id is needed.")
    if requested_kind and requested_kind not in KINDS[kind]:
        raise Refused(f"A {kind} can't be linked to a {requested_kind}; it is {' or '.join(KINDS[kind])}.")
    kinds = (requested_kind,) if requested_kind else KINDS[kind]
    partners = [
        (partner_kind, known.partners[partner_kind, quickbooks_id])
        for partner_kind in kinds
        if (partner_kind, quickbooks_id) in known.partners
    ]
    if not partners:
        raise Refused(f"QuickBooks has no {' or '.join(kinds)} {quickbooks_id}, as far as was read.")
    # An id is only unique within one kind.
    if len(partners) > 1:
        raise Refused(f"{quickbooks_id} is an employee and a vendor; say which in quickbooks_kind.")
    quickbooks_kind, row = partners[0]
    # Refused here already, with the line's number; `decide.link` would refuse it without one.
    if not row.active or row.gone_at is not None:
        name = strip_deleted(row.name)
        raise Refused(f"The {quickbooks_kind} {name} is inactive in QuickBooks. Reactivate it first.")
    choice = Choice("link", kind, clockify_id, quickbooks_id, quickbooks_kind == "vendor")
    return choice, f"linked to {row.name} ({quickbooks_kind} {quickbooks_id})"


def _after(known: _KnownRecords, kind: str, clockify_id: str, decision: str) -> str:
    key = (kind, clockify_id)
    if decision == "ignore":
        return "ignored"
    if decision == "unlink":
        if key not in known.links:
            raise Refused(f"{known.names[key]} is not linked.")
        return "not linked"
    if known.overrides.get(key) != MappingOverride.Choice.IGNORED:
        raise Refused(f"{known.names[key]} is not ignored.")
    return "linked as before" if key in known.links else "not linked"
