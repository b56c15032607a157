"""Template filters and tags for hours, days, states and the version. Most are defined in `syncjobs.display`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma

from config.version import name_and_version
from integrations.unnamed import named
from syncjobs.display import badges, formatting, lost_connections, vendor_links, warnings
from syncjobs.rules import reasons

register = template.Library()

register.filter("intcomma", intcomma)
register.filter("hours", formatting.hours)
register.filter("in_hours", formatting.in_hours)
register.filter("duration", formatting.duration)
register.filter("as_minutes", formatting.as_minutes)
register.filter("exact_hours", formatting.exact_hours)
register.filter("signed_hours", formatting.signed_hours)
register.filter("money", formatting.money)
register.filter("difference_hours", formatting.difference_hours)
register.filter("clock", formatting.clock)
register.filter("moment", formatting.moment)
register.filter("day", formatting.day)
register.filter("ago", formatting.ago)
register.filter("until", formatting.until)
register.filter("number", formatting.number)
register.filter("named", named)
register.filter("address", formatting.address)
register.filter("pieces", formatting.pieces)
register.filter("commands", formatting.commands)
register.filter("reason_title", reasons.title)
register.filter("reason_sentence", reasons.sentence)
register.filter("form_link", vendor_links.form_link)

register.filter("entry_warning", warnings.of_entry)
register.filter("icon", badges.icon)
register.filter("badge", badges.pill)
register.filter("state", badges.plain)
register.filter("run_status", badges.of_run)
register.filter("item_badge", badges.of_run_item)
register.filter("action_state", badges.of_action)
register.filter("message_badge", badges.of_message)

register.simple_tag(name_and_version)


@register.filter
def asked_again(row: Any, zone: str) -> str:
    return lost_connections.asked_again(row, zone=zone)


@register.filter
def equals(value: Any, expected: Any) -> bool:
    return bool(value == expected)


@register.filter
def strip(text: str) -> str:
    return text.strip()


@register.filter
def item(mapping: Mapping[Any, Any], key: Any) -> Any:
    return mapping.get(key)
