"""Counts of mapped and unmapped names for all workspaces at once: two grouped queries, counted in the database.

The figures equal those that `mapping.queries.counts` gives for one workspace; a test compares the two.
"""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Count, Exists, F, OuterRef

from mapping.models import Link, MappingOverride, Mismatch
from mapping.queries import PLURALS

Counts = dict[str, dict[str, int]]
# The record of an outer row, for the subqueries below.
SAME_RECORD = {
    "workspace": OuterRef("workspace"),
    "company": OuterRef("company"),
    "kind": OuterRef("kind"),
    "clockify_id": OuterRef("clockify_id"),
}


def none_yet() -> Counts:
    return {plural: {"mapped": 0, "unmapped": 0} for plural in PLURALS.values()}


def decided() -> dict[int, Counts]:
    """Return mapped and unmapped records per kind, by workspace id."""
    counts: dict[int, Counts] = defaultdict(none_yet)
    open_names = Mismatch.objects.exclude(clockify_id="").exclude(reason="RENAMED").filter(kind__in=PLURALS)
    ignored = MappingOverride.objects.filter(choice=MappingOverride.Choice.IGNORED, **SAME_RECORD)
    links = Link.objects.filter(company=F("workspace__company"), suspended="", given_back_at=None)
    working = links.exclude(Exists(ignored)).exclude(Exists(open_names.filter(**SAME_RECORD)))
    for workspace_id, kind, count in working.order_by().values_list("workspace", "kind").annotate(Count("pk")):
        counts[workspace_id][PLURALS[kind]]["mapped"] = count
    rows = open_names.filter(company=F("workspace__company")).order_by().values_list("workspace", "kind")
    # A name can have several rows but is one decision.
    for workspace_id, kind, count in rows.annotate(Count("clockify_id", distinct=True)):
        counts[workspace_id][PLURALS[kind]]["unmapped"] = count
    return counts
