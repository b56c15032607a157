"""The workspace's default service item: whether time can be booked on it, and what to ask before the first send."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q

from integrations.models import Company, Item, TimeEntry, Workspace
from syncjobs.display.formatting import number
from syncjobs.models import EntryStatus, LineRule, Receipt, Run, RunItem
from syncjobs.planning import lines
from syncjobs.rules.drafts.eligibility import Broken
from syncjobs.rules.reasons import Reason
from syncjobs.rules.verbs import Verb


def broken_by_workspace(workspaces: Iterable[Workspace]) -> dict[int, Reason]:
    """Return the reason for each of the workspaces, by primary key, whose default item can't be used."""
    # Before the first reading of the lists nothing is known of any item.
    chosen = [row for row in workspaces if row.service_item and row.company is not None and row.company.pulled_at]
    if not chosen:
        return {}
    keys = Q()
    for row in chosen:
        keys |= Q(company=row.company_id, quickbooks_id=row.service_item)
    items = {(item.company_id, item.quickbooks_id): item for item in Item.objects.filter(keys).defer("raw")}
    reasons = {}
    for row in chosen:
        assert row.company is not None
        item = items.get((row.company.pk, row.service_item))
        problem = lines.problem_of(row.company, "item", item)
        if problem:
            reasons[row.pk] = lines.broken_default(
                "item", row.service_item, Broken(lines.name_of(item) or row.service_item, problem)
            )
    return reasons


def questions(workspaces: Iterable[Workspace]) -> dict[int, str]:
    """Return what to ask of each workspace that would send its first time without a service item, by primary key.

    Not where a person left it to QuickBooks, where line rules give an item to all time that is ready, or once time was
    sent: then it is known what QuickBooks chose.
    """
    chosen = [row for row in workspaces if row.company is not None and row.company.pulled_at and not _is_answered(row)]
    if not chosen:
        return {}
    receipts = Receipt.objects.filter(workspace=OuterRef("pk"), company=OuterRef("company"))
    rules = LineRule.objects.filter(workspace=OuterRef("pk"), company=OuterRef("company")).exclude(item_id="")
    rows = Workspace.objects.filter(pk__in=[row.pk for row in chosen]).exclude(Exists(receipts))
    has_rules = dict(rows.annotate(has_rules=Exists(rules)).values_list("pk", "has_rules"))
    asked = [row for row in chosen if row.pk in has_rules and not (has_rules[row.pk] and _rules_cover_all(row))]
    choices = _choices([row.company for row in asked if row.company is not None])
    return {
        row.pk: f"No service item is chosen in {row.name} yet. {choices[row.company_id]}"
        for row in asked
        if row.company_id is not None
    }


def _is_answered(workspace: Workspace) -> bool:
    return bool(workspace.service_item or workspace.service_item_declined)


def _rules_cover_all(workspace: Workspace) -> bool:
    """Return whether line rules give an item to each entry that is ready to be sent."""
    rules = lines.load(workspace)
    ready = EntryStatus.objects.filter(workspace=workspace, state=EntryStatus.State.READY)
    rows = TimeEntry.objects.filter(pk__in=ready.values("entry"))
    return all("item" in rules.choices(group) for group in lines.alike(rows, rules))


def _choices(companies: Iterable[Company]) -> dict[int, str]:
    """Return what QuickBooks does without an item of ours, by the primary key of the company."""
    by_pk = {company.pk: company for company in companies}
    keys = Q()
    for company in (company for company in by_pk.values() if company.default_time_item):
        keys |= Q(company=company, quickbooks_id=company.default_time_item)
    items = Item.objects.filter(keys).defer("raw") if keys else ()
    named = {item.company_id: lines.name_of(item) for item in items}
    return {
        pk: f"Without one QuickBooks uses “{named[pk]}”, the item for time in its own settings."
        if named.get(pk)
        else "Without one QuickBooks chooses an item itself, often one named “Hours”."
        for pk in by_pk
    }


def note(run: Run) -> str:
    """Return how many entries a sync sent, or would send, without a service item that nobody decided about; or ""."""
    workspace, company = run.workspace, run.company
    is_over = run.kind == Run.Kind.SYNC and not run.is_open
    if not is_over or company is None or company.pk != workspace.company_id or _is_answered(workspace):
        return ""
    outcome = RunItem.Outcome.PLANNED if run.dry_run else RunItem.Outcome.SENT
    count = run.items.filter(verb=Verb.CREATE, draft__item_id="", outcome=outcome).count()
    if not count:
        return ""
    goes = "would go" if run.dry_run else "went"
    return f"{number(count, 'entry,entries')} {goes} without a service item. {_choices([company])[company.pk]}"
