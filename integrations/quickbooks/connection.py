"""Connecting, reading the subscription of, and disconnecting a QuickBooks company."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations.errors import ApiError, Rejected
from integrations.fields import SecretUnreadable
from integrations.models import ConnectionEvent, Workspace
from integrations.quickbooks import oauth, payloads, subscription_policy, tokens
from integrations.quickbooks.client import QuickBooksClient
from integrations.quickbooks.models import Company


def connect(workspace: Workspace, *, realm: str, refresh_token: str, now: datetime, person: Any = None) -> Company:
    """The headless way in: a refresh token proves itself by being refreshed.

    Raises an ApiError that says what is wrong.
    """
    refuse_second_company(workspace, realm)
    account = tokens.account(Company(realm_id=realm))
    return connect_with(
        workspace, realm=realm, fresh=oauth.refresh(refresh_token, account=account), now=now, person=person
    )


def refuse_second_company(workspace: Workspace, realm: str) -> None:
    """A workspace sends to one company only: a second one would get the same time again."""
    if not realm.isdigit():
        raise Rejected(
            f"{realm!r} is no company id.",
            vendor="quickbooks",
            code="UNKNOWN_COMPANY",
            fix="It is a long number.",
        )
    company = workspace.company
    if company is not None and company.realm_id != realm:
        raise Rejected(
            f"{workspace.name} already belongs to {company} ({company.realm_id}).",
            vendor="quickbooks",
            code="SECOND_COMPANY",
            fix="Connect that company again, or use a workspace of its own for the other company.",
        )


def connect_with(
    workspace: Workspace, *, realm: str, fresh: oauth.Tokens, now: datetime, person: Any = None
) -> Company:
    """Save the tokens, then prove them by reading the subscription; what does not prove itself stays unconnected."""
    refuse_second_company(workspace, realm)
    # The old tokens are not needed, and may be unreadable: connecting again is the way out of a lost key.
    stored = Company.objects.defer("access_token", "refresh_token")
    company, _ = stored.get_or_create(realm_id=realm, defaults={"state": Company.State.DISCONNECTED})
    before = company.state, company.state_reason
    company.state, company.state_reason = Company.State.CONNECTED, ""
    company.state_since = company.connected_at = now
    with transaction.atomic():
        company.save()
        tokens.save(company, fresh)
    try:
        read_subscription(company, now=now)
    except ApiError as problem:
        state = before[0] if before[0] != Company.State.CONNECTED else Company.State.RECONNECT
        Company.objects.filter(pk=company.pk).update(state=state, state_reason=problem.message)
        raise
    with transaction.atomic():
        Workspace.objects.filter(pk=workspace.pk).update(company=company)
        ConnectionEvent.objects.create(
            workspace=workspace,
            company=company,
            at=now,
            kind="quickbooks_connected",
            message=f"QuickBooks company {company} ({realm}) connected.",
            by=person,
        )
    workspace.refresh_from_db()
    return company


def read_subscription(
    company: Company, *, run_id: int | None = None, now: datetime
) -> subscription_policy.SubscriptionStatus:
    """Ask QuickBooks for subscription, Payroll and book-close date, and keep the evidence."""
    client = QuickBooksClient(company, run_id=run_id)
    return keep_subscription(company, client.company_info(), client.preferences(), now=now)


def keep_subscription(
    company: Company, company_info: payloads.Raw, preferences: payloads.Raw, *, now: datetime
) -> subscription_policy.SubscriptionStatus:
    """Likewise from records that were read already."""
    evidence = payloads.subscription(company_info, preferences)
    company.name = evidence.company_name or company.name
    company.sku = evidence.sku[:100]
    company.subscription = evidence.subscription[:40]
    company.payroll = evidence.payroll
    company.time_tracking = evidence.time_tracking
    company.book_close_date = evidence.book_close_date
    company.home_currency = evidence.home_currency[:3]
    company.plan_read_at = now
    fields = [
        "name",
        "sku",
        "subscription",
        "payroll",
        "time_tracking",
        "book_close_date",
        "home_currency",
        "plan_read_at",
    ]
    company.save(update_fields=fields)
    return subscription_status(company)


def subscription_status(company: Company) -> subscription_policy.SubscriptionStatus:
    """What the stored evidence says, with what an administrator allowed."""
    return subscription_policy.judge(
        subscription_policy.Evidence(
            sku=company.sku,
            subscription=company.subscription,
            payroll=company.payroll,
            time_tracking=company.time_tracking,
            allow_sku=company.allow_sku,
            allow_unstated_payroll=company.allow_unstated_payroll,
        )
    )


def disconnect(company: Company, *, now: datetime, person: Any = None) -> str:
    """Revoke at Intuit, and wipe the tokens even if that fails. Links, receipts and history stay.

    Gives a sentence that says whether Intuit confirmed.
    """
    said = _revoke(company)
    with transaction.atomic():
        company.state, company.state_since = Company.State.DISCONNECTED, now
        company.state_reason = "QuickBooks was disconnected here."
        company.access_token = company.refresh_token = ""
        company.access_expires_at = company.refresh_expires_at = None
        company.save()
        ConnectionEvent.objects.create(
            company=company, at=timezone.now(), kind="quickbooks_disconnected", message=said, by=person
        )
    return said


def _revoke(company: Company) -> str:
    try:
        token = company.refresh_token
    except SecretUnreadable:
        return "The stored token can't be read any more; remove the app in QuickBooks under Apps as well."
    if not token:
        return "There was no token to revoke."
    try:
        oauth.configured()
        oauth.revoke(token, account=tokens.account(company))
    except ApiError as problem:
        return f"Intuit did not confirm ({problem.message}); remove the app in QuickBooks under Apps as well."
    return "Intuit confirmed that the permission is gone."
