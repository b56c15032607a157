"""What every page of the desk has around its list: tabs with their open rows, progress, and the last decision."""

from __future__ import annotations

from django.urls import reverse

from integrations.models import Workspace
from integrations.unnamed import named
from mapping.desk.index import IGNORED, LINKED, QUICKBOOKS, TODO, TabCounts, counted
from mapping.models import Decision
from mapping.queries import mirrored_names
from syncjobs.pages.desk import changed, safe_counts
from syncjobs.pages.desk.contexts import HeadContext

SECTION_LABELS = {
    TODO: "To do",
    "decide": "Needs a decision",
    "suggested": "Suggested",
    LINKED: "Linked",
    IGNORED: "Ignored",
    QUICKBOOKS: "Only in QuickBooks",
}
TAB_LABELS = {"people": "People", "clients": "Clients", "projects": "Projects"}


def head(workspace: Workspace, tab: str) -> HeadContext:
    """Return the context that every page of the desk has around its list: tabs, progress, last decision."""
    counts = counted(workspace)
    last_decision = Decision.objects.filter(workspace=workspace).select_related("person").order_by("-pk").first()
    head_context: HeadContext = {
        "tabs": [(name, TAB_LABELS[name], counts.sections[name][TODO]) for name in TAB_LABELS],
        "changed_count": changed.open_count(workspace),
        "decided_count": counts.decided,
        "record_count": counts.all_ours,
        "counts": counts.sections.get(tab, {}),
        "held_minutes": counts.minutes.get(tab, 0),
        "safe_url": f"{reverse('hourbridge:desk-safe', args=[workspace.pk])}?tab={tab}",
        "safe": safe_counts.known(workspace, tab),
        "last_decision": last_decision,
        "last_name": _name_of(workspace, last_decision) if last_decision else "",
        "batch_size": _batch_size(last_decision) if last_decision else 0,
    }
    # A tab of its own kind has its own sections.
    if tab in counts.sections:
        head_context["sections"] = _sections(counts, tab)
    return head_context


def _sections(counts: TabCounts, tab: str) -> list[tuple[str, str, int]]:
    return [(name, label, counts.sections[tab][name]) for name, label in SECTION_LABELS.items()]


def _name_of(workspace: Workspace, decision: Decision) -> str:
    names = mirrored_names(workspace, decision.kind, [decision.clockify_id])
    return named(names.get(decision.clockify_id, ""), decision.kind)


def _batch_size(decision: Decision) -> int:
    if not decision.batch:
        return 1
    return Decision.objects.filter(workspace=decision.workspace_id, batch=decision.batch).count()
