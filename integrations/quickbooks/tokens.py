"""When a company's tokens rotate: under its token lease, both saved before either is used."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from integrations import http, throttle
from integrations.errors import NoAnswer, ReconnectNeeded
from integrations.quickbooks import oauth
from integrations.quickbooks.models import Company

log = logging.getLogger("hourbridge.tokens")

# Refresh this long before the access token runs out, so that none expires on its way.
LEEWAY = timedelta(minutes=5)
# A killed refresh is taken over after this; a living one renews its lease every few seconds.
LEASE = timedelta(seconds=20)
RENEW_SECONDS = 4
# For so long a token is used as read. Whoever disconnects the company meanwhile also has the token revoked.
FRESH_SECONDS = 5


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
    if not refused and time.monotonic() - company.token_read_at < FRESH_SECONDS and _usable(company, refused):
        return company.access_token
    _read(company)
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
        _read(company)
        if _usable(company, refused):
            return company.access_token
    try:
        with _renewing(company, owner):
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


@contextmanager
def _renewing(company: Company, owner: str) -> Iterator[None]:
    """Keep the lease while the token call waits for its turn or for an answer."""
    done = threading.Event()

    def renew() -> None:
        try:
            while not done.wait(RENEW_SECONDS):
                Company.objects.filter(pk=company.pk, token_owner=owner).update(token_until=timezone.now() + LEASE)
        except Exception:  # who loses the lease for a moment must still hear the answer
            log.warning("The token lease of %s could not be renewed.", company.pk, exc_info=True)
        finally:
            connection.close()

    renewer = threading.Thread(target=renew, name="token lease", daemon=True)
    renewer.start()
    try:
        yield
    finally:
        done.set()
        renewer.join()


def _read(company: Company) -> None:
    company.refresh_from_db()
    company.token_read_at = time.monotonic()


def _refresh(company: Company, refused: str, run_id: int | None) -> str:
    # Another process may have refreshed while we waited for the lease: what it saved is newer than what we hold.
    _read(company)
    if _usable(company, refused):
        return company.access_token
    before = company.access_expires_at
    try:
        tokens = oauth.refresh(company.refresh_token, account=account(company, run_id))
    except ReconnectNeeded as refusal:
        mark_refused(company, refusal.message)
        raise
    if not save(company, tokens, instead_of=before):
        # We slept through our lease, and who took it over saved newer ones.
        _read(company)
        return company.access_token
    return tokens.access_token


def save(company: Company, tokens: oauth.Tokens, *, instead_of: datetime | None = None) -> bool:
    """Both tokens, committed together before either is used.

    False when others than those that expire at `instead_of` have been saved meanwhile; these stay then.

    Written by a statement of its own: other threads may be reading `company` anew, and would put the old tokens back
    between setting and saving.
    """
    values = {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "access_expires_at": tokens.access_expires_at,
        "refresh_expires_at": tokens.refresh_expires_at,
    }
    rows = Company.objects.filter(pk=company.pk)
    if instead_of is not None:
        rows = rows.filter(access_expires_at=instead_of)
    if not rows.update(**values):
        return False
    for name, value in values.items():
        setattr(company, name, value)
    return True


def mark_refused(company: Company, reason: str) -> None:
    """The newest token is refused: people have to connect again; mappings and history stay."""
    now = timezone.now()
    Company.objects.filter(pk=company.pk, state=Company.State.CONNECTED).update(
        state=Company.State.RECONNECT, state_reason=reason, state_since=now
    )
    company.refresh_from_db()
