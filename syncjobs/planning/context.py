"""Everything besides the entries themselves that their statuses depend on, and the ways to load it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from django.db.models import QuerySet

from integrations.models import TimeEntry, Workspace
from mapping.models import MappingOverride
from mapping.queries import Key, all_links_of, company_of, mapping_overrides_of
from syncjobs.models import Action, EntryOverride, Receipt
from syncjobs.planning import inputs, unanswered
from syncjobs.planning.unanswered import Unanswered
from syncjobs.rules.drafts import draft
from syncjobs.rules.drafts.eligibility import Entry, MappingTable, Policy, Resolution, resolve
from syncjobs.rules.steps import differences
from syncjobs.rules.steps.former_links import with_former


@dataclass(frozen=True)
class PlanningContext:
    """Everything besides the entries themselves that their statuses depend on. Receipts and actions by entry id."""

    policy: Policy
    mapping_table: MappingTable
    overrides: Mapping[str, EntryOverride]
    receipts: Mapping[str, Receipt]
    actions: Mapping[str, Action]
    unanswered: Unanswered
    # Of clients, by Clockify id; "" is the workspace's own.
    currencies: Mapping[str, str] = field(default_factory=dict)

    def entry(self, row: TimeEntry) -> Entry:
        return inputs.entry_of(row, self.overrides.get(row.clockify_id), self.currencies, self.policy.zones)

    def resolve(self, entry: Entry) -> Resolution:
        """Return partners and reasons; time that was sent through a former link is still resolved by it.

        Time that was sent as not billable stays such time, whatever the policy is by now (decision 20).
        """
        table, policy, receipt = self.mapping_table, self.policy, self.receipts.get(entry.id)
        if receipt is None:
            return resolve(entry, table, policy)
        sent = draft.from_row(receipt.draft)
        if table.former is not None:
            table = with_former(table, table.former, entry, sent)
        if not sent.is_billable and not policy.send_nonbillable:
            policy = replace(policy, send_nonbillable=True)
        return resolve(entry, table, policy)

    def changed_since_sent(self, entry: Entry, receipt: Receipt) -> dict[str, str]:
        """Return rate, partners and what line rules give as they would be sent today, where unlike what was sent.

        Empty for an edited entry: what an edit changes is told by its state, and by the next run's plan.
        """
        sent = inputs.sent_of(receipt)
        if entry.content_hash != sent.content_hash:
            return {}
        return differences.today(entry, self.resolve(entry), sent.draft)


def load_context(workspace: Workspace, among: Collection[Key] | None = None) -> PlanningContext:
    """Return the context of the workspace, without receipts: callers add those of the entries at hand.

    `among`: for entries of these Clockify records alone.
    """
    return PlanningContext(
        policy=inputs.policy_of(workspace),
        mapping_table=inputs.load_mapping_table(workspace, among),
        overrides=inputs.overrides_of(workspace),
        receipts={},
        actions=inputs.open_actions(workspace),
        unanswered=unanswered.load(workspace),
        currencies=inputs.currencies_of(workspace),
    )


def load_context_for(workspace: Workspace, entry_ids: Iterable[str], first: date, last: date) -> PlanningContext:
    """Return the context with the receipts of these entries and of these days, both included."""
    return replace(load_context(workspace), receipts=inputs.receipts_for(workspace, entry_ids, first, last))


def load_context_with(
    workspace: Workspace, mapping_table: MappingTable, entries: QuerySet[TimeEntry]
) -> PlanningContext:
    """Return the context of these entries as it would be with that mapping, with their receipts."""
    # A subquery, not a list of ids: SQLite limits the parameters of one query.
    receipts = Receipt.objects.own_activities(workspace).filter(entry_id__in=entries.values("clockify_id"))
    return PlanningContext(
        policy=inputs.policy_of(workspace),
        mapping_table=replace(mapping_table, former=inputs.load_former(workspace)),
        overrides=inputs.overrides_of(workspace),
        receipts={receipt.entry_id: receipt for receipt in receipts},
        actions=inputs.open_actions(workspace),
        unanswered=unanswered.load(workspace),
        currencies=inputs.currencies_of(workspace),
    )


def load_context_of(
    workspace: Workspace, entries: Sequence[TimeEntry], receipts: Mapping[str, Receipt]
) -> PlanningContext:
    """Return the context of the few entries of a page; loading every link and partner would slow it."""
    ids = {key for entry in entries for key in (entry.user_id, entry.client_id, entry.project_id) if key}
    links = list(all_links_of(workspace).filter(clockify_id__in=ids))
    partners = inputs.partners_of(company_of(workspace), among=links)
    ignored = mapping_overrides_of(workspace).filter(choice=MappingOverride.Choice.IGNORED, clockify_id__in=ids)
    overrides = EntryOverride.objects.filter(
        workspace=workspace, clockify_id__in=[entry.clockify_id for entry in entries]
    )
    return PlanningContext(
        policy=inputs.policy_of(workspace),
        mapping_table=inputs.build_mapping_table(links, set(ignored.values_list("kind", "clockify_id")), partners),
        overrides={override.clockify_id: override for override in overrides},
        receipts=receipts,
        actions={},
        unanswered=unanswered.load(workspace),
        currencies=inputs.currencies_of(workspace),
    )
