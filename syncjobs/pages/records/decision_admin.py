"""Admin lists of links, mismatches and people's decisions, by name instead of id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Case, OuterRef, QuerySet, Subquery, Value, When
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold.decorators import display

from integrations.admin_lists.connection_filters import WorkspaceFilter
from integrations.kinds import Kind
from integrations.models import ClockifyClient, ClockifyProject, ClockifyUser
from integrations.unnamed import named
from mapping.decisions import versions
from mapping.desk import wording
from mapping.models import Decision, Link, MappingOverride, Mismatch, PartnerWrite
from syncjobs.display import badges, formatting
from syncjobs.display.badges import StatusBadge
from syncjobs.pages.links import desk, list_of
from syncjobs.pages.records import detail
from syncjobs.pages.records.base_admin import RecordAdmin, Related, person_name
from syncjobs.partner_writes import journal
from syncjobs.rules import reasons

MODELS: Mapping[str, Any] = {"user": ClockifyUser, "client": ClockifyClient, "project": ClockifyProject}
WORKS, IGNORED = StatusBadge("Works", "link", "sent"), StatusBadge("Ignored", "remove", "out")
UNLINKED = StatusBadge("Unlinked", "link_off", "held")


def with_record_names(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Add `record_name`, the Clockify name of the record each row is about, in the same query."""
    # A subquery for each kind: asking for every row of the list would be a query a row.
    cases = []
    for kind, mirror in MODELS.items():
        records = mirror._default_manager.filter(workspace=OuterRef("workspace"), clockify_id=OuterRef("clockify_id"))
        cases.append(When(kind=kind, then=Subquery(records.values("name")[:1])))
    return rows.annotate(record_name=Case(*cases, default=Value("")))


class NamedRecords(RecordAdmin):
    """A list of rows that keep only the id of the Clockify record they are about."""

    list_select_related = ("person",)
    search_fields = ("clockify_id", "note")
    search_help_text = "Clockify id or words of the note"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_record_names(super().get_queryset(request))

    def related(self, row: Any) -> Related:
        return [
            ("On the review desk", desk(row.workspace_id, row.kind, row.clockify_id)),
            ("All decisions about it", list_of("mapping.decision", q=row.clockify_id)),
        ]

    def title_of(self, row: Any) -> str:
        return f"{row.get_kind_display()} {row.record_name or row.clockify_id}"

    @display(description="About", header=True)
    def about(self, row: Any) -> tuple[str, str]:
        return row.record_name or row.clockify_id, row.get_kind_display()

    @admin.display(description="By", ordering="person")
    def by_whom(self, row: Any) -> str:
        return person_name(row.person)


@admin.register(Link)
class LinkRecords(RecordAdmin):
    """Saved pairs, with whether they work and who made them."""

    list_display = ("ours", "theirs", "standing", "made_by", "made_at", "why")
    list_select_related = ("person",)
    list_filter = (WorkspaceFilter, "kind", "by", "suspended")
    search_fields = ("clockify_name", "clockify_id", "quickbooks_name", "quickbooks_id")
    search_help_text = "Name or id on either side"
    ordering = ("kind", "clockify_name", "pk")

    def title_of(self, row: Link) -> str:
        return f"{row.clockify_name or row.clockify_id} = {row.quickbooks_name or row.quickbooks_id}"

    def related(self, row: Link) -> Related:
        mirror = "customer" if row.quickbooks_kind == Kind.CUSTOMER else row.quickbooks_kind
        return [
            ("On the review desk", desk(row.workspace_id, row.kind, row.clockify_id)),
            ("Decisions about it", list_of("mapping.decision", q=row.clockify_id)),
            (f"The {row.quickbooks_kind}, as synced", list_of(f"integrations.{mirror}", q=row.quickbooks_id)),
        ]

    @display(description="Clockify", ordering="clockify_name", header=True)
    def ours(self, row: Link) -> tuple[str, str]:
        return (named(row.clockify_name, row.kind), f"{row.kind} {row.clockify_id}")

    @display(description="QuickBooks", ordering="quickbooks_name", header=True)
    def theirs(self, row: Link) -> tuple[str, str]:
        return (row.quickbooks_name, f"{row.quickbooks_kind} {row.quickbooks_id}")

    @admin.display(description="State", ordering="suspended")
    def standing(self, row: Link) -> SafeString:
        if row.given_back_at is not None:
            return badges.plain(StatusBadge(f"Given back {formatting.day(row.given_back_at.date())}", "history", "out"))
        title = reasons.title(row.suspended)
        return badges.plain(StatusBadge(f"Suspended: {title}", "link_off", "held") if row.suspended else WORKS)

    @admin.display(description="Made by", ordering="by")
    def made_by(self, row: Link) -> str:
        # A link by rule has no person, which would read as a command.
        return "rule" if row.by == "rule" else person_name(row.person)


@admin.register(Mismatch)
class MismatchRecords(RecordAdmin):
    """Records without a partner, each with its reason and the time it holds back."""

    list_display = ("ours", "why", "theirs", "holds", "oldest_date", "first_seen_at")
    list_filter = (WorkspaceFilter, "kind", "reason")
    search_fields = ("clockify_name", "clockify_id", "clockify_client", "quickbooks_name", "quickbooks_id")
    search_help_text = "Name or id on either side"
    ordering = ("-blocked_minutes", "pk")
    gone_message = "That mismatch is resolved, or a later check found it again. These are the open ones."
    # Of no use to people: what the desk sorts, counts and filters by.
    exclude = (
        *("archived", "has_link", "suggested", "likely", "order_key", "search_left", "search_right"),
        *("blocked_minutes", "blocked_entries", "group_minutes"),
    )

    def leading_facts(self, row: Mismatch) -> list[detail.Fact]:
        mismatch_wording = wording.words(row)
        return [
            detail.Fact("Why", f"{mismatch_wording.sentence} Resolve it {mismatch_wording.where}."),
            detail.Fact("Held", ", ".join(part for part in _held(row) if part)),
        ]

    def title_of(self, row: Mismatch) -> str:
        return f"{named(row.clockify_name or row.quickbooks_name, row.kind)}: {wording.words(row).title}"

    def related(self, row: Mismatch) -> Related:
        entries = list_of("integrations.timeentry", user=row.clockify_id) if row.kind == Kind.USER else ""
        return [
            ("On the review desk", desk(row.workspace_id, row.kind, row.clockify_id)),
            ("Time entries", entries),
            ("Earlier decisions", list_of("mapping.decision", q=row.clockify_id) if row.clockify_id else ""),
        ]

    @display(description="Clockify", ordering="clockify_name", header=True)
    def ours(self, row: Mismatch) -> tuple[str, str]:
        if not row.clockify_id:
            return "—", ""
        kind = row.get_kind_display()
        under = f"{kind} of {row.clockify_client}" if row.clockify_client else kind
        return (named(row.clockify_name, row.kind), under)

    @display(description="Why", ordering="reason", header=True)
    def why(self, row: Mismatch) -> tuple[str, str]:
        mismatch_wording = wording.words(row)
        return (mismatch_wording.title, mismatch_wording.part)

    @display(description="QuickBooks", ordering="quickbooks_name", header=True)
    def theirs(self, row: Mismatch) -> tuple[str, str]:
        if not row.quickbooks_id:
            return "—", ""
        return (row.quickbooks_name, f"under {row.quickbooks_parent}" if row.quickbooks_parent else "")

    @display(description="Held", ordering="blocked_minutes", header=True)
    def holds(self, row: Mismatch) -> tuple[str, str]:
        return _held(row)


def _held(row: Mismatch) -> tuple[str, str]:
    if not row.blocked_entries:
        return "nothing", ""
    return f"{formatting.hours(row.blocked_minutes)} h", formatting.number(row.blocked_entries, "entry,entries")


@admin.register(MappingOverride)
class MappingOverrideRecords(NamedRecords):
    """Records that a person ignored or unlinked."""

    list_display = ("about", "what", "note", "by_whom", "at")
    list_filter = (WorkspaceFilter, "kind", "choice")
    ordering = ("-at",)

    @admin.display(description="Choice", ordering="choice")
    def what(self, row: MappingOverride) -> SafeString:
        return badges.plain(IGNORED if row.choice == MappingOverride.Choice.IGNORED else UNLINKED)


@admin.register(Decision)
class DecisionRecords(NamedRecords):
    """The history of people's decisions on the desk."""

    list_display = ("at", "what", "about", "note", "by_whom", "workspace")
    list_filter = (WorkspaceFilter, "verb", "kind")
    ordering = ("-at", "-pk")

    @admin.display(description="What", ordering="verb")
    def what(self, row: Decision) -> str:
        return capfirst(versions.PAST_TENSE.get(row.verb, row.verb))


@admin.register(PartnerWrite)
class PartnerWriteRecords(RecordAdmin):
    """Customers and employees created on either side, found by any id."""

    to_the_second = True
    list_display = ("created_at", "what", "name", "side", "outcome", "by_whom", "said")
    list_select_related = ("person",)
    list_filter = (WorkspaceFilter, "side", "verb", "state")
    search_fields = ("name", "=clockify_id", "=quickbooks_id", "=request_id", "=intuit_tid", "=error_code", "target")
    search_help_text = "Name, id on either side, request id, intuit_tid or error code"
    ordering = ("-created_at", "-pk")
    folded = ("body",)
    # Of no use to people: what presses at the same time are told apart by.
    exclude = ("version", "batch", "target")

    def title_of(self, row: PartnerWrite) -> str:
        return f"{row.get_verb_display()} {row.name}"

    def related(self, row: PartnerWrite) -> Related:
        kind, _, clockify_id = row.target.partition(":")
        calls = list_of("integrations.apicall", q=row.intuit_tid) if row.intuit_tid else ""
        desk_link = desk(row.workspace_id, kind, row.clockify_id or clockify_id)
        return [("On the review desk", desk_link), ("The call that carried it", calls)]

    @admin.display(description="What", ordering="verb")
    def what(self, row: PartnerWrite) -> str:
        return f"{row.get_verb_display()} {row.get_entity_display().lower()}"

    @admin.display(description="State", ordering="state")
    def outcome(self, row: PartnerWrite) -> SafeString:
        return badges.plain(badges.of_action(journal.shown_state(row)))

    @admin.display(description="By", ordering="person")
    def by_whom(self, row: PartnerWrite) -> str:
        return person_name(row.person)
