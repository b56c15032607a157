"""Plain values, read from rows, that resolving and planning work on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from integrations.clockify.entry_payloads import EntryPayload
from integrations.kinds import Kind
from integrations.models import ArchivedConnection, ClockifyClient, ClockifyUser, Company, TimeEntry, Workspace
from integrations.quickbooks.connecting import archived, connection
from integrations.reading import unreadable
from mapping.desk.rows import entry_sentences
from mapping.matching.records import KnownLink
from mapping.models import Link, MappingOverride
from mapping.queries import (
    QUICKBOOKS_MODELS,
    Key,
    all_links_of,
    by_kind,
    chunks,
    company_of,
    mapping_overrides_of,
    mismatches_of,
)
from syncjobs.models import Action, EntryOverride, Receipt, SignOff
from syncjobs.planning import lines
from syncjobs.rules import rounding
from syncjobs.rules.closed_periods import SignedPeriod
from syncjobs.rules.codes import Code
from syncjobs.rules.drafts import draft, templates
from syncjobs.rules.drafts.eligibility import (
    Entry,
    MappingTable,
    Partner,
    Policy,
    ResolvedPartner,
)
from syncjobs.rules.reasons import Reason
from syncjobs.rules.steps.changes import Sent

# The entries' columns with the ids of their records, by kind.
RECORD_COLUMNS = {"user": "user_id", "client": "client_id", "project": "project_id"}


def policy_of(workspace: Workspace) -> Policy:
    """Return the workspace's rules for sending, with its company's closing date and what blocks the connection."""
    company = workspace.company
    line_rules = lines.load(workspace)
    return Policy(
        rounding=rounding.parse(workspace.rounding, workspace.report_rounding),
        longest_seconds=int(workspace.longest_hours * 3600),
        approved_only=workspace.approved_only,
        block_invoiced=workspace.block_invoiced,
        send_nonbillable=workspace.send_nonbillable,
        send_cost_rate=workspace.send_cost_rate,
        book_close_date=company.book_close_date if company else None,
        home_currency=company.home_currency if company else "",
        signed=_kept_periods(workspace),
        line_rules=line_rules,
        broken=lines.broken(workspace, line_rules),
        whole_connection=tuple(connection_reasons(workspace)),
        # Only words may need them, and every page reads a policy.
        zones=zones_of(workspace) if line_rules.uses(templates.CLOCK_NAMES) else {},
    )


def _kept_periods(workspace: Workspace) -> tuple[SignedPeriod, ...]:
    """Return the signed periods of which nothing may change; () unless the workspace keeps them."""
    return signed_periods(workspace) if workspace.keep_signed else ()


def signed_periods(workspace: Workspace) -> tuple[SignedPeriod, ...]:
    """Return the periods that people have signed, as the database has them now, where the workspace keeps them."""
    standing = SignOff.objects.standing().filter(workspace=workspace, workspace__keep_signed=True)
    rows = standing.filter(company=workspace.company).order_by("pk")
    return tuple(SignedPeriod(*row) for row in rows.values_list("from_date", "to_date", "person_name"))


def connection_reasons(
    workspace: Workspace, *, archived_by_workspace: Mapping[int, ArchivedConnection] | None = None
) -> list[Reason]:
    """Return the reasons that block every entry: a side not connected, or a subscription that is not supported.

    `archived_by_workspace`: for callers with many workspaces that have read it at once.
    """
    reasons = []
    if workspace.state != Workspace.State.CONNECTED:
        cause = workspace.state_reason or f"it is {workspace.get_state_display().lower()}."
        reasons.append(Reason(Code.NOT_CONNECTED, {"side": "Clockify", "cause": cause}))
    company = workspace.company
    if company is None:
        if archived_by_workspace is None:
            archived_by_workspace = archived.last_by_workspace([workspace])
        last = archived_by_workspace.get(workspace.pk)
        cause = f"the connection to {last.company} was archived." if last else "no company has been connected yet."
        reasons.append(Reason(Code.NOT_CONNECTED, {"side": "QuickBooks", "cause": cause}))
        return reasons
    if company.state != company.State.CONNECTED:
        cause = company.state_reason or f"it is {company.get_state_display().lower()}."
        reasons.append(Reason(Code.NOT_CONNECTED, {"side": "QuickBooks", "cause": cause}))
    # Not read yet is no reason: a sync reads the subscription before it sends.
    if company.plan_read_at is not None:
        status = connection.subscription_status(company)
        if not status.supported:
            reasons.append(Reason(status.reason, {"sentence": status.sentence}))
    return reasons


def load_mapping_table(workspace: Workspace, among: Collection[Key] | None = None) -> MappingTable:
    """Return the saved mapping of the workspace's records. A partner that is inactive in the mirror suspends a link.

    `among`: of these records alone, by kind and Clockify id.
    """
    if workspace.company is None:
        return MappingTable()
    ignored = mapping_overrides_of(workspace).filter(choice=MappingOverride.Choice.IGNORED)
    links = list(_among(all_links_of(workspace), among))
    partners = partners_of(company_of(workspace), among=None if among is None else links)
    ignored_keys = {(override.kind, override.clockify_id) for override in _among(ignored, among)}
    table = build_mapping_table(sorted(links, key=lambda link: link.pk), ignored_keys, partners)
    return replace(table, unreadable=unreadable.table(workspace), mismatches=saved_mismatches(workspace, among))


def _among(rows: QuerySet[Any], keys: Collection[Key] | None) -> Iterator[Any]:
    """Yield the rows of all Clockify records, or of these."""
    if keys is None:
        yield from rows
        return
    for kind, ids in by_kind(keys).items():
        for chunk in chunks(ids):
            yield from rows.filter(kind=kind, clockify_id__in=chunk)


def saved_mismatches(workspace: Workspace, among: Collection[Key] | None = None) -> dict[Key, str]:
    """Return what the mismatches of Clockify's records say, by kind and id; with `among` those of these records."""
    rows = mismatches_of(workspace).exclude(clockify_id="").order_by()
    return entry_sentences(_among(rows.defer("order_key", "search_left", "search_right"), among))


def load_former(workspace: Workspace) -> MappingTable | None:
    """Return the links that were given back alone."""
    links = list(all_links_of(workspace).exclude(given_back_at=None))
    return build_mapping_table(links, (), partners_of(company_of(workspace), among=links)).former if links else None


@dataclass(frozen=True, slots=True)
class PartnerStatus:
    """A QuickBooks record, as far as it decides whether time may be booked on it. `currency`: of customers."""

    active: bool
    currency: str = ""


def partners_of(company: Company, *, among: Collection[Link | KnownLink] | None = None) -> dict[Key, PartnerStatus]:
    """Return the status of every employee, vendor and customer, or of the partners of `among`, by kind and id."""
    partners: dict[Key, PartnerStatus] = {}
    for kind, model in QUICKBOOKS_MODELS.items():
        # Plain values instead of model instances: a mirror may hold tens of thousands of records.
        columns = ("quickbooks_id", "active", "gone_at", *(("currency",) if kind == Kind.CUSTOMER else ()))
        rows = model._default_manager.filter(company=company)
        selected = [rows]
        if among is not None:
            ids = {link.quickbooks_id for link in among if link.quickbooks_kind == kind}
            selected = [rows.filter(quickbooks_id__among=frozenset(ids))] if ids else []
        for query in selected:
            for key, active, gone_at, *currency in query.values_list(*columns):
                partners[kind, key] = PartnerStatus(active and gone_at is None, *currency)
    return partners


def build_mapping_table(
    links: Iterable[Link], ignored: Collection[tuple[str, str]], partners: Mapping[tuple[str, str], PartnerStatus]
) -> MappingTable:
    """Return the table for these saved links; `ignored` are kinds and ids of Clockify records.

    Links that were given back become the table's `former`; of several of one record, the last.
    """
    links = list(links)
    former = [link for link in links if link.given_back_at is not None]
    links = [link for link in links if link.given_back_at is None]
    table = table_of(links, ignored, partners)
    return replace(table, former=table_of(former, (), partners)) if former else table


def table_of(
    links: Iterable[Link | KnownLink], ignored: Collection[Key], partners: Mapping[Key, PartnerStatus]
) -> MappingTable:
    """Return the table for these links, saved or hypothetical, none of which was given back."""
    resolved: dict[str, dict[str, ResolvedPartner]] = {"user": {}, "client": {}, "project": {}}
    for link in links:
        record = partners.get((link.quickbooks_kind, link.quickbooks_id))
        suspended = link.suspended
        # Matching suspends such links too, but only when it runs next; time must not go to an inactive partner first.
        if not suspended and (record is None or not record.active):
            suspended = Code.EMPLOYEE_INACTIVE if link.kind == Kind.USER else Code.CUSTOMER_INACTIVE
        resolved[link.kind][link.clockify_id] = ResolvedPartner(
            partner=Partner(
                kind=link.quickbooks_kind,
                id=link.quickbooks_id,
                name=link.quickbooks_name,
                currency=record.currency if record else "",
            ),
            suspended=suspended,
            by_person=link.by == "person",
            ignored=(link.kind, link.clockify_id) in ignored,
        )
    for kind, clockify_id in ignored:
        resolved[kind].setdefault(clockify_id, ResolvedPartner(ignored=True))
    return MappingTable(resolved["user"], resolved["client"], resolved["project"])


def overrides_of(workspace: Workspace) -> dict[str, EntryOverride]:
    """Return people's decisions about entries, by Clockify id."""
    return {override.clockify_id: override for override in EntryOverride.objects.filter(workspace=workspace)}


def currencies_of(workspace: Workspace) -> dict[str, str]:
    """Return the currencies of clients, by Clockify id, and the workspace's own, as ""."""
    clients = ClockifyClient.objects.filter(workspace=workspace).exclude(currency="")
    return {"": workspace.currency, **dict(clients.values_list("clockify_id", "currency"))}


def entry_of(
    row: TimeEntry,
    override: EntryOverride | None = None,
    currencies: Mapping[str, str] | None = None,
    zones: Mapping[str, str] | None = None,
) -> Entry:
    """Return the plain values of a mirrored entry, with what a person decided about it.

    Rows of the report may have no currency (reference, clockify.md §13): then their client's counts, else the
    workspace's.
    """
    known = currencies or {}
    return Entry(
        id=row.clockify_id,
        user_id=row.user_id,
        user_name=row.user_name,
        project_id=row.project_id,
        project_name=row.project_name,
        client_id=row.client_id,
        client_name=row.client_name,
        start_at=row.start_at,
        seconds=row.seconds,
        txn_date=row.txn_date,
        billable=row.billable,
        type=row.type,
        description=row.description,
        rate=row.rate,
        currency=row.currency or known.get(row.client_id) or known.get("", ""),
        invoiced=row.invoiced,
        approved=row.approved,
        content_hash=row.content_hash,
        ignored=override.ignored if override else False,
        set_aside=frozenset(override.send_anyway) if override else frozenset(),
        kept=override.kept if override else False,
        task_id=row.task_id,
        task_name=row.task_name,
        tags=tuple((key, name) for key, name in row.tags),
        cost_rate=row.cost_rate,
        zone=(zones or {}).get(row.user_id) or (zones or {}).get("", ""),
    )


def records_of(entries: Iterable[tuple[str, str, str]]) -> set[Key]:
    """Return kind and id of the Clockify records of entries, each given as its ids in the order of `RECORD_COLUMNS`."""
    named = {key for ids in set(entries) for key in zip(RECORD_COLUMNS, ids, strict=True)}
    return {(kind, record_id) for kind, record_id in named if record_id}


def source_of(row: TimeEntry) -> dict[str, str]:
    """Return the Clockify ids that a receipt keeps, `user` and `project`, to tell a changed link from an edit later."""
    return {"user": row.user_id, "project": row.project_id}


def sent_of(receipt: Receipt) -> Sent:
    """Return the plain values of a receipt."""
    return Sent(
        quickbooks_id=receipt.quickbooks_id,
        sync_token=receipt.sync_token,
        content_hash=receipt.content_hash,
        start_at=receipt.start_at,
        txn_date=receipt.txn_date,
        draft=draft.from_row(receipt.draft),
        corrections=receipt.corrections,
        answered=receipt.answered,
        source=receipt.source,
        noted={name: note["now"] for name, note in receipt.noted.items()},
    )


def receipts_for(workspace: Workspace, entry_ids: Iterable[str], first: date, last: date) -> dict[str, Receipt]:
    """Return, by entry id, the receipts of these entries and all others whose day lies in the window."""
    receipts = {
        receipt.entry_id: receipt
        for receipt in Receipt.objects.own_activities(workspace).filter(txn_date__range=(first, last))
    }
    return receipts | receipts_by_entry(workspace, [key for key in entry_ids if key not in receipts])


def receipts_by_entry(workspace: Workspace, entry_ids: Sequence[str]) -> dict[str, Receipt]:
    """Return the receipts of the entries' own activities, without corrections, by entry id."""
    receipts = {}
    # In chunks: SQLite limits the parameters of one query.
    for start in range(0, len(entry_ids), 500):
        for receipt in Receipt.objects.own_activities(workspace).filter(entry_id__in=entry_ids[start : start + 500]):
            receipts[receipt.entry_id] = receipt
    return receipts


def open_actions(workspace: Workspace) -> dict[str, Action]:
    """Return the workspace's writes whose outcome is unknown, by entry id."""
    rows = Action.objects.of(workspace).open().with_in_flight()
    return {action.entry_id: action for action in rows}


def zones_of(workspace: Workspace) -> dict[str, str]:
    """Return the time zones of users, by Clockify id, and the workspace's own, as ""."""
    users = ClockifyUser.objects.filter(workspace=workspace).exclude(time_zone="")
    return {"": workspace.time_zone, **dict(users.values_list("clockify_id", "time_zone"))}


class DayOf:
    """TxnDates of entries: the receipt's day while the start is unchanged, else the day where the owner lives.

    Reads only the receipts of the entries at hand, since a workspace collects years of them.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace, self._zone = workspace, workspace.time_zone
        users = ClockifyUser.objects.filter(workspace=workspace).exclude(time_zone="")
        self._zones = dict(users.values_list("clockify_id", "time_zone"))

    def __call__(self, entries: Collection[EntryPayload]) -> dict[str, date]:
        """Return the TxnDate of each entry, by id."""
        rows = Receipt.objects.own_activities(self._workspace).filter(entry_id__in=[entry.id for entry in entries])
        sent = {key: (start_at, day) for key, start_at, day in rows.values_list("entry_id", "start_at", "txn_date")}
        return {entry.id: self._day(entry, sent.get(entry.id)) for entry in entries}

    def _day(self, entry: EntryPayload, sent: tuple[datetime, date] | None) -> date:
        return rounding.kept_day(entry.start_at, sent=sent) or rounding.txn_date(
            entry.start_at, owner_zone=self._zones.get(entry.user_id, ""), workspace_zone=self._zone
        )
