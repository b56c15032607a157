"""The page of a workspace's line rules: what time gets by which rule, and a test with one entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from django.http import HttpRequest, HttpResponse

from integrations.database import database_now
from integrations.models import TimeEntry, Workspace
from syncjobs import line_rules
from syncjobs.line_rules import LABELS, FieldLine
from syncjobs.pages import access
from syncjobs.planning import inputs, lines
from syncjobs.rules.drafts.eligibility import Broken
from syncjobs.rules.drafts.line_rules import FIELDS, REFERENCES, LineRules, why_before
from syncjobs.support import search

MAX_HITS = 10


@dataclass
class RuleLine:
    """One rule, or the defaults, with names in place of ids; `before`: why it wins over the next rule."""

    results: list[tuple[str, str]]
    entries: int
    problems: list[str]
    id: int | None = None
    label: str = ""
    # Where its task or project is, since many may have one name.
    place: str = ""
    before: str = ""


@dataclass
class Tested:
    """What one entry gets, or the entries to choose from; `problem`: why there is neither."""

    text: str = ""
    entry: TimeEntry | None = None
    fields: list[FieldLine] = field(default_factory=list)
    hits: list[TimeEntry] = field(default_factory=list)
    problem: str = ""


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the rules by their precedence; `?entry=` tests one of the workspace's entries."""
    workspace = access.workspace_at(pk)
    rules, defaults = _lines(workspace)
    context = {
        "workspace": workspace,
        "others": access.workspaces().exclude(pk=workspace.pk),
        "rules": rules,
        "defaults": defaults,
        "tested": _tested(workspace, " ".join(request.GET.get("entry", "").split())),
        "zone": workspace.time_zone,
    }
    return access.show(request, "lines/page.html", context, title=f"Line rules, {workspace.name}")


def _lines(workspace: Workspace) -> tuple[list[RuleLine], RuleLine]:
    """Return the rules, the most specific first, and the defaults."""
    rules, counts = lines.load(workspace), line_rules.entries_by_rule(workspace)
    broken, known = lines.broken(workspace, rules), _names(workspace, rules)
    ordered = rules.in_order
    places = lines.places_of(workspace, rules)
    shown = [
        RuleLine(
            _results(rule.results, known),
            counts[rule.id],
            _problems(rule.results, broken),
            rule.id,
            rule.label,
            places.get(rule.id, ""),
        )
        for rule in ordered
    ]
    for line, (rule, following) in zip(shown, pairwise(ordered), strict=False):
        line.before = f"More specific than rule {following.id}: {why_before(rule, following)}"
    return shown, RuleLine(_results(rules.defaults, known), counts[None], _problems(rules.defaults, broken))


def _names(workspace: Workspace, rules: LineRules) -> dict[tuple[str, str], str]:
    """Return the names of what rules and defaults give, by field and id."""
    if workspace.company is None:
        return {}
    return {
        (name, key): text
        for name, ids in lines.given(rules).items()
        for key, text in lines.names_of(workspace.company, name, ids).items()
    }


def _results(values: Mapping[str, str], known: Mapping[tuple[str, str], str]) -> list[tuple[str, str]]:
    return [(LABELS[name], known.get((name, values[name])) or values[name]) for name in FIELDS if values.get(name)]


def _problems(values: Mapping[str, str], broken: Mapping[tuple[str, str], Broken]) -> list[str]:
    """Return a sentence for each item, class and location of these that nothing can be booked on."""
    found = [(name, broken.get((kind, values.get(name, "")))) for name, kind in REFERENCES.items()]
    return [f"{LABELS[name]} {record.name} {record.how}." for name, record in found if record is not None]


def _tested(workspace: Workspace, text: str) -> Tested:
    if not text:
        return Tested()
    found = search.find(text, now=database_now()).entries
    hits = [entry for entry in found if entry.workspace_id == workspace.pk]
    if not hits:
        return Tested(text, problem=f"No time entry of {workspace.name} that was read fits “{text}”.")
    if len(hits) > 1:
        return Tested(text, hits=hits[:MAX_HITS])
    values = inputs.entry_of(hits[0], zones=inputs.zones_of(workspace))
    return Tested(text, hits[0], line_rules.explained(workspace, lines.load(workspace), values))
