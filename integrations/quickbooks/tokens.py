"""When a company's tokens rotate: under its token lease, both saved before either is used."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from integrations import http, throttle
from integrations.errors import NoAnswer, ReconnectNeeded
from integrations.quickbooks import oauth
from integrations.quickbooks.models import Company

# Refresh this long before the access token runs out, so that none expires on its way.
LEEWAY = timedelta(minutes=5)
# Longer than the token call may take, so that a lease never runs out under a living refresh.
LEASE = timedelta(seconds=60)


def account(company: Company, run_id: int | None = None) -> http.Account:
    """The company's journal and throttle identity; one clock for all its requests."""
    apart = throttle.spacing(
        per_second=settings.QUICKBOOKS_MAX_PER_SECOND, per_minute=settings.QUICKBOOKS_MAX_PER_MINUTE
    )
    return http.Account("quickbooks", company.realm_id, apart, run_id)


def access_token(company: Company, *, run_id: int | None = None, refused: str = "") -> str:
    """A token that should work. `refused` is one that QuickBooks just turned down: another is fetched.

    Raises ReconnectNeeded when the company is not connected or Intuit refuses the newest token.
    """
    company.refresh_from_db()
    if _usable(company, refused):
        return company.access_token
    owner = uuid.uuid4().hex
    give_up_at = time.monotonic() + settings.GIVE_UP_SECONDS * 2
    while not _take_lease(company, owner):
        if time.monotonic() > give_up_at:
            raise NoAnswer(
                "Another process has been refreshing this company's tokens for too long.", vendor="quickbooks"
            )
        time.sleep(0.2)
        company.refresh_from_db()
        if _usable(company, refused):
            return company.access_token
    try:
        return _refresh(company, refused, run_id)
    finally:
        Company.objects.filter(pk=company.pk, token_owner=owner).update(token_owner="", token_until=None)


def _usable(company: Company, refused: str) -> bool:
    if company.state != Company.State.CONNECTED or not company.refresh_token:
        raise ReconnectNeeded(
            company.state_reason or "This QuickBooks company is not connected.",
            vendor="quickbooks",
            code="NOT_CONNECTED",
            fix="Connect QuickBooks again; mappings and history are kept.",
        )
    if not company.access_token or company.access_token == refused or company.access_expires_at is None:
        return False
    return company.access_expires_at > timezone.now() + LEEWAY


def _take_lease(company: Company, owner: str) -> bool:
    now = timezone.now()
    free = Company.objects.filter(pk=company.pk).filter(Q(token_owner="") | Q(token_until__lt=now))
    return free.update(token_owner=owner, token_until=now + LEASE) == 1


def _refresh(company: Company, refused: str, run_id: int | None) -> str:
    # Another process may have refreshed while we waited for the lease: what it saved is newer than what we hold.
    company.refresh_from_db()
    if _usable(company, refused):
        return company.access_token
    try:
        tokens = oauth.refresh(company.refresh_token, account=account(company, run_id))
    except ReconnectNeeded as refusal:
        mark_refused(company, refusal.message)
        raise
    save(company, tokens)
    return tokens.access_token


def save(company: Company, tokens: oauth.Tokens) -> None:
    """Both tokens, committed together before either is used.

    Written by a statement of its own: other threads may be reading `company` anew, and would put the old tokens back
    between setting and saving.
    """
    values = {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "access_expires_at": tokens.access_expires_at,
        "refresh_expires_at": tokens.refresh_expires_at,
    }
    Company.objects.filter(pk=company.pk).update(**values)
    for name, value in values.items():
        setattr(company, name, value)


def mark_refused(company: Company, reason: str) -> None:
    """The newest token is refused: people have to connect again; mappings and history stay."""
    now = timezone.now()
    Company.objects.filter(pk=company.pk, state=Company.State.CONNECTED).update(
        state=Company.State.RECONNECT, state_reason=reason, state_since=now
    )
    company.refresh_from_db()
