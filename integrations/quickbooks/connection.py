"""Connecting and disconnecting a QuickBooks company, and reading its subscription."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from integrations import lost_connections
from integrations.errors import ApiError, ReconnectNeeded, Rejected
from integrations.fields import SecretUnreadable
from integrations.models import ConnectionEvent, Workspace
from integrations.quickbooks import oauth, payloads, subscription_policy, tokens
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.models import Company

log = logging.getLogger("hourbridge.connection")


def connect(workspace: Workspace, *, realm: str, refresh_token: str, now: datetime, person: Any = None) -> Company:
    """Connect with a refresh token, without a browser; the token is proven by refreshing it. Raises ApiError."""
    refuse_second_company(workspace, realm)
    account = tokens.account(Company(realm_id=realm))
    return connect_with(
        workspace, realm=realm, new_tokens=oauth.refresh(refresh_token, account=account), now=now, person=person
    )


def refuse_second_company(workspace: Workspace, realm: str) -> None:
    """Check that the workspace has no other company, which would get the same time twice. Raises Rejected."""
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
    workspace: Workspace, *, realm: str, new_tokens: oauth.Tokens, now: datetime, person: Any = None
) -> Company:
    """Save the tokens, then prove them by reading the subscription. Raises ApiError and stays unconnected otherwise."""
    refuse_second_company(workspace, realm)
    # The old tokens are not needed and may be unreadable: connecting again must work after the key was lost.
    stored = Company.objects.defer("access_token", "refresh_token")
    company, _ = stored.get_or_create(realm_id=realm, defaults={"state": Company.State.DISCONNECTED})
    previous = company.state, company.state_reason
    company.state, company.state_reason = Company.State.CONNECTED, ""
    company.state_since = company.connected_at = now
    company.lost_because, company.asked_again, company.ask_again_at = "", 0, None
    with transaction.atomic():
        company.save()
        tokens.save(company, new_tokens)
    try:
        read_subscription(company, now=now)
    except ApiError as problem:
        # A company that was connected has lost its old tokens, so that it needs a new connection.
        state = previous[0] if previous[0] != Company.State.CONNECTED else Company.State.RECONNECT
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
    """Read subscription, Payroll and book-close date from QuickBooks and save them. Raises ApiError."""
    client = QuickBooksApiClient(company, run_id=run_id)
    return keep_subscription(company, client.company_info(), client.preferences(), now=now)


def keep_subscription(
    company: Company, company_info: payloads.Raw, preferences: payloads.Raw, *, now: datetime
) -> subscription_policy.SubscriptionStatus:
    """Save the subscription from records that were already read, and return its status."""
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
    """Return the status by the stored evidence and what an administrator allowed."""
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
    """Revoke the token at Intuit, and delete it here even if that fails. Links, receipts and history stay.

    Return a sentence about whether Intuit confirmed.
    """
    # First at Intuit, since this needs the token that is deleted here.
    message = _revoke(company)
    with transaction.atomic():
        company.state, company.state_since = Company.State.DISCONNECTED, now
        company.state_reason = "QuickBooks was disconnected here."
        company.access_token = company.refresh_token = ""
        company.access_expires_at = company.refresh_expires_at = None
        company.save()
        ConnectionEvent.objects.create(
            company=company, at=timezone.now(), kind="quickbooks_disconnected", message=message, by=person
        )
    return message


def ask_again(company: Company, *, now: datetime) -> bool:
    """Ask QuickBooks, with a new token, whether a lost company lets us in again; return whether it is connected now."""
    client = QuickBooksApiClient(company, even_if_lost=True)
    try:
        client.check_connection(with_new_token=True)
    except ReconnectNeeded as refusal:
        log.info("QuickBooks company %s stays lost: %s", company.realm_id, refusal.message)
        return False
    except (ApiError, SecretUnreadable) as problem:
        log.info("Whether QuickBooks company %s works again is not clear: %s", company.realm_id, problem)
        lost_connections.give_back(company, now=now)
        return False
    lost_connections.heal(company, now=now)
    return company.state == Company.State.CONNECTED


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
