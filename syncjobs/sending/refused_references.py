"""Items, classes and locations of a refused write: which of them nothing can be booked on now, and by which rule."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime

from integrations.errors import ApiError
from integrations.models import TimeEntry
from integrations.quickbooks import payloads, pull
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.connecting import connection
from integrations.quickbooks.faults import FEATURE_CODES
from syncjobs.models import Action
from syncjobs.planning import inputs, lines
from syncjobs.rules.drafts.eligibility import Broken, broken_reason
from syncjobs.rules.drafts.line_rules import NO_LINE, NOTHING, REFERENCES, Line
from syncjobs.rules.reasons import Reason

# By field: its property in a request, and the words of a refusal that names it (that property, or its kind of list).
PROPERTIES = {"item": "ItemRef", "class": "ClassRef", "location": "DepartmentRef"}
ENTITIES = {"item": "Item", "class": "Class", "location": "Department"}
NAMED = {name: re.compile(rf"\b{PROPERTIES[name]}\b|\b{ENTITIES[name]} elements?\b") for name in PROPERTIES}


def ids_in(action: Action) -> dict[str, str]:
    """Return the ids that a write referred to, by field: those of its rules, and those that it kept as read."""
    body = json.loads(action.body)
    return {name: key for name, ref_name in PROPERTIES.items() if (key := payloads.ref(body, ref_name))}


def find(
    client: QuickBooksApiClient, action: Action, error: ApiError, *, now: datetime
) -> dict[tuple[str, str], Reason]:
    """Read the references of a refused write again; return the reasons of those that can't be used, by kind and id.

    Where QuickBooks' words name one that looks well, that one is at fault. Raises ApiError.
    """
    company, ids = client.company, ids_in(action)
    if error.code in FEATURE_CODES:
        connection.keep_tracking(company, client.preferences())
    line = _line(action)
    found: dict[tuple[str, str], Reason] = {}
    for name, key in ids.items():
        model = lines.QUICKBOOKS_MODELS[name]
        pull.refresh_records(company, client, model, [key], now)
        row = model._default_manager.filter(company=company, quickbooks_id=key).defer("raw").first()
        choice = line.choices.get(name, NOTHING)
        # What the mirror has of what the rules give is found there again; the rest only this answer says.
        answered = choice.value != key
        problem = lines.problem_of(company, name, row)
        if not problem and NAMED[name].search(error.message):
            problem, answered = f"is refused by QuickBooks (“{error.message}”)", True
        if problem:
            given = choice if choice.value == key else NOTHING
            broken = Broken(lines.name_of(row) or key, problem)
            found[REFERENCES[name], key] = broken_reason(REFERENCES[name], broken, given, answered=answered)
    return found


def has_tracked(ids: Mapping[str, str]) -> bool:
    """Return whether a write had what a company may switch off as a whole."""
    return bool(ids.keys() & lines.SWITCHES.keys())


def _line(action: Action) -> Line:
    row = TimeEntry.objects.filter(workspace=action.workspace_id, clockify_id=action.entry_id).defer("raw").first()
    return lines.load(action.workspace).line(inputs.entry_of(row)) if row is not None else NO_LINE
