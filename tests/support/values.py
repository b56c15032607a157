"""Plain values for the tests of pure rules: an entry that can be sent, and the links it needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from integrations.quickbooks.payloads import Activity
from syncjobs.rules.drafts.eligibility import Entry, MappingTable, Partner, Policy, Resolution, ResolvedPartner, resolve
from syncjobs.rules.steps.changes import Sent

START = datetime(2026, 3, 4, 14, 0, tzinfo=UTC)
WORK = Entry(
    id="e1",
    user_id="ada",
    user_name="Ada",
    project_id="site",
    project_name="Site",
    client_id="acme",
    client_name="Acme",
    start_at=START,
    seconds=3600,
    txn_date=date(2026, 3, 4),
    billable=True,
    type="REGULAR",
    description="Review",
    rate=Decimal("80"),
    currency="USD",
    invoiced=False,
    approved=None,
    content_hash="as sent",
)
EMPLOYEE = Partner("employee", "55", "Ada")
ACME = Partner("customer", "7", "Acme", "USD")
SITE = Partner("customer", "8", "Site", "USD")


def work(**changes: Any) -> Entry:
    return replace(WORK, **changes)


def make_mapping_table(
    *,
    user: ResolvedPartner | None = ResolvedPartner(EMPLOYEE),  # noqa: B008 - frozen
    client: ResolvedPartner | None = ResolvedPartner(ACME),  # noqa: B008
    project: ResolvedPartner | None = ResolvedPartner(SITE),  # noqa: B008
) -> MappingTable:
    """Return a mapping table with everybody linked; None removes a link."""
    return MappingTable(
        users={"ada": user} if user else {},
        clients={"acme": client} if client else {},
        projects={"site": project} if project else {},
    )


def resolved(
    entry: Entry = WORK, mapping_table: MappingTable | None = None, policy: Policy | None = None
) -> Resolution:
    return resolve(entry, mapping_table or make_mapping_table(), policy or Policy())


def sent_for(draft: Any, **changes: Any) -> Sent:
    """Return the receipt of a draft that was made from WORK."""
    sent = Sent(
        quickbooks_id="412",
        sync_token="0",
        content_hash=WORK.content_hash,
        start_at=WORK.start_at,
        txn_date=WORK.txn_date,
        draft=draft,
    )
    return replace(sent, **changes)


def activity_of(sent: Sent) -> Activity:
    """Return the activity of a receipt as QuickBooks has it: unbilled, and never touched."""
    return Activity(
        id=sent.quickbooks_id,
        sync_token=sent.sync_token,
        person_kind=sent.draft.person_kind,
        person_id=sent.draft.person_id,
        customer_id=sent.draft.customer_id,
        txn_date=sent.txn_date,
        minutes=sent.draft.minutes,
        billable_status="Billable",
        rate=Decimal(sent.draft.rate),
        description=sent.draft.description,
        item_id=sent.draft.item_id,
        created_at=None,
        raw={"Id": sent.quickbooks_id, "SyncToken": sent.sync_token},
    )
