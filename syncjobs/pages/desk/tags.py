"""How the review desk writes money, and what a decision would do."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.models import Workspace
from mapping.desk.rows import Row
from syncjobs.display.formatting import in_hours, number
from syncjobs.pages.desk import create_partner
from syncjobs.pages.desk.vendor_links import in_own_product
from syncjobs.partner_writes.drafts import CREATE, QUICKBOOKS
from syncjobs.partner_writes.offers import offers
from syncjobs.planning.forecast import Forecast, Tally

register = template.Library()
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}
DONE = {
    "link": "linked",
    "unlink": "unlinked",
    "ignore": "ignored",
    "stop ignoring": "stopped ignoring",
    "undo": "took back the decision about",
}
KINDS = {"user": "person,people", "client": "client,clients", "project": "project,projects"}


@register.filter
def money(amounts: Mapping[str, Decimal]) -> str:
    """`$8,310.00`, one amount for each currency; nothing where no rate is known."""
    said = []
    for currency, amount in sorted(amounts.items()):
        figure = f"{amount:,.2f}"
        said.append(f"{SIGNS[currency]}{figure}" if currency in SIGNS else f"{figure} {currency}".strip())
    return " and ".join(said)


@register.filter
def tally(found: Tally) -> str:
    """`47 entries, 63.5 h, $8,310.00`."""
    figures = (number(found.entries, "entry,entries"), in_hours(found.minutes), money(found.money))
    return ", ".join(one for one in figures if one)


@register.filter
def links(counted: Mapping[str, int]) -> str:
    """`1 client and 2 projects`; nothing where there is none."""
    return " and ".join(number(counted[kind], KINDS[kind]) for kind in KINDS if counted.get(kind))


@register.filter
def sentence(found: Forecast) -> str:
    """The whole forecast as one line, for those who listen."""
    said = []
    begun, ended = links(found.links), links(found.unlinks)
    if begun:
        said.append(f"Links {begun}, frees {tally(found.unblocks)}." if found.unblocks.entries else f"Links {begun}.")
    elif found.unblocks.entries:
        said.append(f"Frees {tally(found.unblocks)}.")
    if ended:
        said.append(f"Ends the link of {ended}.")
    if found.blocks.entries:
        said.append(f"Holds back {tally(found.blocks)}.")
    return " ".join(said) or "Frees nothing by itself."


@register.simple_tag(takes_context=True)
def decision(context: Mapping[str, Any], row: Row, verb: str) -> SafeString:
    """The hidden fields of a form that takes this decision about a row. A tag, not a template: a page has hundreds."""
    return format_html(
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}"><input type="hidden" name="verb" value="{}">'
        '<input type="hidden" name="kind" value="{}"><input type="hidden" name="id" value="{}">',
        context["csrf_token"],
        verb,
        row.ref.kind,
        row.ref.clockify_id or row.ref.quickbooks_id,
    )


@register.filter
def done(verb: str) -> str:
    """A decision's verb as what somebody did."""
    return DONE.get(verb, verb)


@register.simple_tag
def write_options(row: Row, workspace_id: int, back: str) -> list[tuple[str, str, str]]:
    """What could be written to mend a row: its button's words, where that leads, and the words where room is short."""
    requests = offers(row.mismatch) if row.mismatch is not None else []
    found = []
    for write_request in requests:
        label = create_partner.label_of(write_request)
        short = "Create…" if write_request.verb == CREATE and write_request.side == QUICKBOOKS else label
        found.append((label, create_partner.address(workspace_id, write_request, back=back), short))
    return found


@register.simple_tag
def elsewhere(workspace: Workspace, kind: str, record_id: str) -> str:
    """Where the record is in its own product; nothing where that is not the real one."""
    return in_own_product(workspace, kind, record_id) if record_id else ""
