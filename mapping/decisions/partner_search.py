"""Search for the QuickBooks record a person means: picked from a list, or typed as an id or a name."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Case, IntegerField, Q, Value, When

from integrations.models import Workspace
from mapping.desk.options import Option, option
from mapping.desk.sections import contains
from mapping.errors import Refused
from mapping.matching.names import identical
from mapping.queries import QUICKBOOKS_MODELS, company_of

# Options shown while a person types.
MAX_OFFERED = 20
KINDS = {"user": ("employee", "vendor"), "client": ("customer",), "project": ("customer",)}
# A line of the offered list, "Acme:Website · customer 58", or a radio button's value, "customer:58".
PICKED_OPTION = re.compile(r"(?:.*· )?(employee|vendor|customer)[ :](\S+)")


def kinds_for(workspace: Workspace, kind: str) -> tuple[str, ...]:
    """Return the kinds of QuickBooks records that a Clockify kind may be linked to in this workspace."""
    kinds = KINDS.get(kind, ())
    return kinds if workspace.people_to_vendors else tuple(partner for partner in kinds if partner != "vendor")


def search(workspace: Workspace, kind: str, text: str) -> list[Option]:
    """Return active records this kind may be linked to, by name, parent, e-mail or id.

    At most MAX_OFFERED + 1, so that the caller knows when there are more than it shows.
    """
    text = text.strip()
    options: list[Option] = []
    if not text:
        return options
    for quickbooks_kind in kinds_for(workspace, kind):
        columns = ["full_name", "name"] if quickbooks_kind == "customer" else ["name", "email"]
        rank = Case(
            When(quickbooks_id=text, then=Value(0)),
            When(name__istartswith=text, then=Value(1)),
            default=Value(2),
            output_field=IntegerField(),
        )
        rows = _active(workspace, quickbooks_kind).filter(contains(columns, text) | Q(quickbooks_id=text))
        rows = rows.order_by(rank, columns[0], "pk")[: MAX_OFFERED + 1]
        options += [option(quickbooks_kind, row) for row in rows]
    return options[: MAX_OFFERED + 1]


def meant(workspace: Workspace, kind: str, text: str) -> tuple[str, str]:
    """Return kind and id of the record that the text names. Raises Refused where none or more than one matches."""
    text = text.strip()
    if not text:
        raise Refused("Choose a record first: pick one, or type its id or name.")
    picked = PICKED_OPTION.fullmatch(text)
    if picked and picked[1] in KINDS[kind]:
        return picked[1], picked[2]
    matches = [
        (quickbooks_kind, row)
        for quickbooks_kind in kinds_for(workspace, kind)
        for row in _named(workspace, quickbooks_kind, text)
    ]
    if len(matches) == 1:
        return matches[0][0], matches[0][1].quickbooks_id
    kinds = " or ".join(kinds_for(workspace, kind))
    if not matches:
        raise Refused(f"{company_of(workspace)} has no active {kinds} with the id or name “{text}”.")
    raise Refused(f"“{text}” names {len(matches)} records; write the id of the one you mean.")


def _named(workspace: Workspace, quickbooks_kind: str, text: str) -> list[Any]:
    names = Q(quickbooks_id=text) | Q(name__iexact=text)
    if quickbooks_kind == "customer":
        names |= Q(full_name__iexact=text)
    rows = list(_active(workspace, quickbooks_kind).filter(names)[:20])
    # The most certain match wins: an id, then the identical name; ignoring case may give several.
    by_id = [row for row in rows if row.quickbooks_id == text]
    exact = [row for row in rows if identical(getattr(row, "full_name", row.name), text)]
    return by_id or exact or rows


def _active(workspace: Workspace, quickbooks_kind: str) -> Any:
    rows = QUICKBOOKS_MODELS[quickbooks_kind]._default_manager.filter(company=company_of(workspace))
    return rows.filter(active=True, gone_at=None).defer("raw")
