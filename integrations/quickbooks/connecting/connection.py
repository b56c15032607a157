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
from integrations.quickbooks import company_payloads, oauth, payloads, subscription_policy, tokens
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.connecting import archived
from integrations.quickbooks.models import Company

log = logging.getLogger("hourbridge.connection")


def connect(workspace: Workspace, *, realm: str, refresh_token: str, now: datetime, person: Any = None) -> Company:
    """Connect with a refresh token, without a browser; the tokens it brings are proven first. Raises ApiError."""
    refuse_second_company(workspace, realm)
    stored = next(
        (company for company in _with_token(refresh_token) if company.state != company.State.DISCONNECTED), None
    )
    if stored is not None and stored.realm_id != realm:
        # Refreshing it for another company might use it up.
        raise Rejected(
            f"That is the token of {stored} ({stored.realm_id}), not of {realm}.",
            vendor="quickbooks",
            code="WRONG_COMPANY",
            fix="Enter the token of the company you want to connect.",
        )
    # Refreshing may use up a stored token, so that it is done under the lease and the new ones are saved at once.
    new_tokens = tokens.renew(stored) if stored is not None else _refresh_given(refresh_token, realm=realm)
    return connect_with(
        workspace, realm=realm, new_tokens=new_tokens, now=now, person=person, refresh_token=refresh_token
    )


def _refresh_given(refresh_token: str, *, realm: str) -> oauth.Tokens:
    """Return new tokens for the token that a person gave, which is not stored. Raises ApiError."""
    try:
        return oauth.refresh(refresh_token, account=tokens.account(Company(realm_id=realm)))
    except ReconnectNeeded as refusal:
        raise ReconnectNeeded(
            "Intuit rejected that refresh token.",
            vendor=refusal.vendor,
            code=refusal.code,
            status=refusal.status,
            tid=refusal.tid,
            fix="It may be used, expired, or from another app: get a new one, and enter it once.",
        ) from refusal


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
            fix=(
                "Connect that company again. To move to another one, archive this connection first: "
                "`disconnect_quickbooks --archive`, or *Archive…* on the overview."
            ),
        )


def connect_with(
    workspace: Workspace,
    *,
    realm: str,
    new_tokens: oauth.Tokens,
    now: datetime,
    person: Any = None,
    refresh_token: str = "",
) -> Company:
    """Prove new tokens by reading the subscription with them, then store both, in place of older ones.

    Raises ApiError, and a healthy company stays connected: with the tokens it has, or with the new ones where Intuit
    ended those. `refresh_token`: the one that a person gave, if any.
    """
    try:
        refuse_second_company(workspace, realm)
        # Not saved: its tokens exist in memory only until they are proven.
        client = QuickBooksApiClient(Company(realm_id=realm, **tokens.columns(new_tokens)))
        company_info, preferences = client.company_info(), client.preferences()
    except ApiError as problem:
        is_refused = isinstance(problem, ReconnectNeeded)
        if not is_refused and _is_displaced(realm):
            _store(realm, new_tokens, now=now)
            problem.fix = (
                "The new tokens were kept, since Intuit does not take the old ones any more. Check again later."
            )
        else:
            _discard(new_tokens, realm=realm, refresh_token=refresh_token, is_refused=is_refused)
        raise
    with transaction.atomic():
        company = _store(realm, new_tokens, now=now)
        keep_subscription(company, company_info, preferences, now=now)
        Workspace.objects.filter(pk=workspace.pk).update(company=company)
        history_text = " Its history is restored." if archived.take_up_again(workspace, company, now=now) else ""
        ConnectionEvent.objects.record(
            ConnectionEvent.Kind.QUICKBOOKS_CONNECTED,
            f"QuickBooks company {company} ({realm}) connected.{history_text}",
            workspace=workspace,
            company=company,
            at=now,
            by=person,
        )
    workspace.refresh_from_db()
    return company


def _is_displaced(realm: str) -> bool:
    """Return whether Intuit refuses the stored tokens of a connected company, as it may after a newer consent.

    Then they are not worth keeping: tokens that could not be proven, because of a hiccup, are the only ones left.
    """
    try:
        company = Company.objects.filter(realm_id=realm, state=Company.State.CONNECTED).first()
        if company is not None:
            tokens.renew(company)
    except ReconnectNeeded:
        return True
    except (ApiError, SecretUnreadable) as problem:
        log.warning("Whether the stored tokens of company %s still work is not clear: %s", realm, problem)
    return False


def _store(realm: str, new_tokens: oauth.Tokens, *, now: datetime) -> Company:
    """Store proven tokens and return the company, connected."""
    # The old tokens are not needed and may be unreadable: connecting again must work after the key was lost.
    stored = Company.objects.defer(*Company.SECRETS)
    company, _ = stored.get_or_create(realm_id=realm, defaults={"state": Company.State.DISCONNECTED})
    connected = {"state": Company.State.CONNECTED, "state_reason": "", "state_since": now, "connected_at": now}
    Company.objects.filter(pk=company.pk).update(**connected, **lost_connections.NOT_LOST, **tokens.columns(new_tokens))
    return Company.objects.get(pk=company.pk)


def _with_token(refresh_token: str) -> list[Company]:
    """Return the companies that have this refresh token stored; those whose tokens can't be read are left out."""
    found = []
    for pk in Company.objects.values_list("pk", flat=True):
        try:
            company = Company.objects.get(pk=pk)
        except SecretUnreadable:
            continue
        if company.refresh_token == refresh_token:
            found.append(company)
    return found


def _discard(new_tokens: oauth.Tokens, *, realm: str, refresh_token: str, is_refused: bool) -> None:
    """Revoke tokens that are not kept, as far as nothing depends on them; whether Intuit confirms changes nothing.

    Intuit ends the permission of the whole company, not of one token. So those stay that belong to a company connected
    here, and the one that a person gave and can give again: a hiccup must cost neither. `is_refused`: QuickBooks said
    that the tokens are not for this company, so that its own are other ones.
    """
    is_connected = Company.objects.filter(realm_id=realm, state=Company.State.CONNECTED).exists()
    if not is_refused and (is_connected or new_tokens.refresh_token == refresh_token):
        return
    try:
        oauth.revoke(new_tokens.refresh_token, account=tokens.account(Company(realm_id=realm)), patiently=False)
    except ApiError as problem:
        log.warning("Tokens that were not kept for company %s could not be revoked: %s", realm, problem.message)


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
    evidence = company_payloads.subscription(company_info, preferences)
    company.name = evidence.company_name or company.name
    company.sku = evidence.sku[:100]
    company.subscription = evidence.subscription[:40]
    company.payroll = evidence.payroll
    company.time_tracking = evidence.time_tracking
    company.book_close_date = evidence.book_close_date
    company.home_currency = evidence.home_currency[:3]
    company.plan_problem = evidence.problem
    company.plan_read_at = now
    fields = [
        "name",
        "sku",
        "subscription",
        "payroll",
        "time_tracking",
        "book_close_date",
        "home_currency",
        "plan_problem",
        "plan_read_at",
    ]
    company.save(update_fields=fields)
    keep_tracking(company, preferences)
    return subscription_status(company)


def keep_tracking(company: Company, preferences: payloads.Raw) -> None:
    """Save whether time may have classes and locations, and which item QuickBooks has for time."""
    stated = company_payloads.time_defaults(preferences)
    for name, value in stated.items():
        setattr(company, name, value)
    company.save(update_fields=list(stated))


def subscription_status(company: Company) -> subscription_policy.SubscriptionStatus:
    """Return the status by the stored evidence and what an administrator allowed."""
    return subscription_policy.status_of(
        subscription_policy.Evidence(
            problem=company.plan_problem,
            sku=company.sku,
            subscription=company.subscription,
            payroll=company.payroll,
            time_tracking=company.time_tracking,
            allow_sku=company.allow_sku,
            allow_unstated_payroll=company.allow_unstated_payroll,
        )
    )


def disconnect(company: Company, *, now: datetime, person: Any = None) -> str:
    """Revoke the token at Intuit, and delete it here even if that fails. Links, sent time and history are kept.

    Return a sentence about whether Intuit confirmed.
    """
    # First at Intuit, since this needs the token that is deleted here.
    message = _revoke(company)
    # Only these columns: others may have been written since `company` was read.
    disconnected: dict[str, Any] = {
        "state": Company.State.DISCONNECTED,
        "state_since": now,
        "state_reason": "QuickBooks was disconnected here.",
        "access_token": "",
        "refresh_token": "",
        "access_expires_at": None,
        "refresh_expires_at": None,
        **lost_connections.NOT_LOST,
    }
    with transaction.atomic():
        Company.objects.filter(pk=company.pk).update(**disconnected)
        for name, value in disconnected.items():
            setattr(company, name, value)
        ConnectionEvent.objects.record(
            ConnectionEvent.Kind.QUICKBOOKS_DISCONNECTED, message, company=company, at=timezone.now(), by=person
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
    return "Intuit confirmed that access was revoked."
