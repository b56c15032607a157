"""Template tags and filters of the review desk: money, forecasts, and the hidden fields of decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.models import Workspace
from mapping.decisions import versions
from mapping.desk.rows import Row
from syncjobs.display.formatting import in_hours, money, number
from syncjobs.display.vendor_links import record_url
from syncjobs.pages.desk import create_partner
from syncjobs.partner_writes.drafts import CREATE, QUICKBOOKS
from syncjobs.partner_writes.offers import offers, parent_of
from syncjobs.planning.forecast import Forecast, Tally

register = template.Library()
MAX_SENTENCES = 10
NOTHING_FOLLOWS = "This alone makes no entry ready to send."
KINDS = {"user": "person,people", "client": "client,clients", "project": "project,projects"}


@register.filter
def tally(totals: Tally) -> str:
    """Return `47 entries, 63.5 h, $8,310.00`."""
    figures = (number(totals.entries, "entry,entries"), in_hours(totals.minutes), money(totals.money))
    return ", ".join(figure for figure in figures if figure)


@register.filter
def links(counted: Mapping[str, int]) -> str:
    """Return `1 client and 2 projects`; "" where there is none."""
    return " and ".join(number(counted[kind], KINDS[kind]) for kind in KINDS if counted.get(kind))


@register.filter
def sentence(forecast: Forecast) -> str:
    """Return the whole forecast as one line, for screen readers."""
    sentences = []
    linked, unlinked = links(forecast.links), links(forecast.unlinks)
    if linked:
        sentences.append(
            f"Links {linked}; then {tally(forecast.unblocks)} can be sent."
            if forecast.unblocks.entries
            else f"Links {linked}."
        )
    elif forecast.unblocks.entries:
        sentences.append(f"Then {tally(forecast.unblocks)} can be sent.")
    if unlinked:
        sentences.append(f"Ends the link of {unlinked}.")
    if forecast.blocks.entries:
        sentences.append(f"Holds back {tally(forecast.blocks)}.")
    said = [" ".join(sentences) or NOTHING_FOLLOWS, *billing_sentences(forecast)]
    return " ".join(said)


@register.filter
def billing_sentences(forecast: Forecast) -> list[str]:
    """Return who will be billed: one sentence for one record; of several, those whose client would not be."""
    if len(forecast.billing) == 1:
        return [forecast.billing[0].billing.sentence]
    sentences = [f"{line.name}: {line.billing.sentence}" for line in forecast.bills_others]
    more = len(sentences) - MAX_SENTENCES
    return sentences if more <= 0 else [*sentences[:MAX_SENTENCES], f"And {more} more like these."]


@register.simple_tag(takes_context=True)
def decision(context: Mapping[str, Any], row: Row, verb: str) -> SafeString:
    """Return the hidden fields of a form that takes this decision about a row."""
    # Not an included template: a page has hundreds of these forms, and rendering a template for each would be slow.
    return format_html(
        '<input type="hidden" name="csrfmiddlewaretoken" value="{}"><input type="hidden" name="verb" value="{}">'
        '<input type="hidden" name="kind" value="{}"><input type="hidden" name="id" value="{}">'
        '<input type="hidden" name="version" value="{}">',
        context["csrf_token"],
        verb,
        row.ref.kind,
        row.ref.clockify_id or row.ref.quickbooks_id,
        row.version,
    )


@register.filter
def past_tense(verb: str) -> str:
    """Return a decision's verb in the past tense."""
    return versions.PAST_TENSE.get(verb, verb)


@register.simple_tag
def write_options(row: Row, workspace_id: int, back: str) -> list[tuple[str, str, str]]:
    """Return the writes that would resolve a row's mismatch: label, URL, and label where space is short."""
    requests = offers(row.mismatch) if row.mismatch is not None else []
    options = []
    for write_request in requests:
        label = create_partner.label_of(write_request)
        short_label = "Create…" if write_request.verb == CREATE and write_request.side == QUICKBOOKS else label
        parent = parent_of(row.mismatch) if row.mismatch else ""
        # Where another client's customer is at hand, it is named whose this one becomes.
        if parent and write_request.verb == CREATE and row.ref.reason == "WRONG_PARENT":
            label = f"Create under {parent}…"
            # A linked row has other ways on, so the short word would not tell what it does.
            short_label = label if row.link else short_label
        options.append((label, create_partner.address(workspace_id, write_request, back=back), short_label))
    return options


@register.simple_tag
def vendor_url(workspace: Workspace, kind: str, record_id: str) -> str:
    """Return the record's URL in its own product; "" where there is none."""
    return record_url(workspace, kind, record_id) if record_id else ""
