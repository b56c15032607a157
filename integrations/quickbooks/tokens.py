"""Access tokens and their refresh, under the company's token lease; both tokens are saved before either is used.

Two refreshes at the same moment can end the connection (Intuit: OAuth 2.0 FAQ), hence the lease.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q

from integrations import lost_connections
from integrations.database import DatabaseNow, database_now
from integrations.errors import NoAnswer, ReconnectNeeded
from integrations.http import calls
from integrations.limits import throttle
from integrations.quickbooks import oauth
from integrations.quickbooks.models import Company

log = logging.getLogger("hourbridge.tokens")

# Tokens are refreshed this long before they expire, so that none expires on its way.
LEEWAY = timedelta(minutes=5)
# Another process takes the lease of a killed refresh after this time; a running one renews it every few seconds.
LEASE = timedelta(seconds=20)
RENEW_SECONDS = 4
# A token read from the database this recently is used without reading it again. A disconnect in between does no harm:
# it revokes the token as well.
MAX_TOKEN_AGE_SECONDS = 5


@dataclass(frozen=True, repr=False)
class StoredTokens:
    """The tokens of a company as one query read them, and whether they may be used; `read_at` in monotonic seconds.

    Threads share a company object, and a token must never be taken beside the expiry of another one.
    """

    access_token: str
    refresh_token: str
    access_expires_at: datetime | None
    refresh_expires_at: datetime | None
    state: str
    state_reason: str
    read_at: float

    @property
    def is_recent(self) -> bool:
        """Return whether these may be used without another query; a lost connection may have healed meanwhile."""
        age = time.monotonic() - self.read_at
        return self.state == Company.State.CONNECTED and age < MAX_TOKEN_AGE_SECONDS

    def is_usable(self, refused: str, even_if_lost: bool = False) -> bool:
        """Return whether the access token can be used. Raises ReconnectNeeded when the company is not connected."""
        usable_states = {Company.State.CONNECTED, *([Company.State.RECONNECT] if even_if_lost else [])}
        if self.state not in usable_states or not self.refresh_token:
            raise ReconnectNeeded(
                self.state_reason or "This QuickBooks company is not connected.",
                vendor="quickbooks",
                code="NOT_CONNECTED",
                fix="Connect QuickBooks again; mappings and history are kept.",
            )
        if not self.access_token or self.access_token == refused or self.access_expires_at is None:
            return False
        return self.access_expires_at > database_now() + LEEWAY


def account(company: Company, run_id: int | None = None) -> calls.Account:
    """Return the company's account for journal and throttle; all its requests share one rate limit."""
    apart = throttle.spacing(
        per_second=settings.QUICKBOOKS_MAX_PER_SECOND, per_minute=settings.QUICKBOOKS_MAX_PER_MINUTE
    )
    return calls.Account("quickbooks", company.realm_id, apart, run_id)


def access_token(
    company: Company,
    *,
    run_id: int | None = None,
    refused: str = "",
    even_if_lost: bool = False,
    mark_lost: bool = True,
) -> str:
    """Return a valid access token; `refused` is one that QuickBooks just refused, so that another is fetched.

    `even_if_lost`: also for a company whose connection is lost, to ask whether it works again. `mark_lost`: whether a
    refused refresh token is noted as the connection's loss. Raises ReconnectNeeded
    when the company is not connected or Intuit refuses the newest refresh token, and NoAnswer when there is no outcome
    in time.
    """
    # Tokens that are being proven before they are stored: there is no other, and nothing to refresh yet.
    if company.pk is None:
        return company.access_token
    stored: StoredTokens | None = company.stored_tokens
    if refused or stored is None or not stored.is_recent:
        stored = _read(company)
    if stored.is_usable(refused, even_if_lost):
        return stored.access_token
    owner = uuid.uuid4().hex
    give_up_at = time.monotonic() + settings.GIVE_UP_SECONDS * 2
    while not _take_lease(company, owner):
        if time.monotonic() > give_up_at:
            raise NoAnswer(
                "Another process has been refreshing this company's tokens for too long.", vendor="quickbooks"
            )
        time.sleep(0.2)
        stored = _read(company)
        if stored.is_usable(refused, even_if_lost):
            return stored.access_token
    try:
        with _lease_renewal(company, owner):
            return _refresh(company, owner, refused, run_id, even_if_lost, mark_lost)
    finally:
        # Only while it is still ours: another process may own the lease by now.
        Company.objects.filter(pk=company.pk, token_owner=owner).update(token_owner="", token_until=None)


def _take_lease(company: Company, owner: str) -> bool:
    # One conditional UPDATE: of several processes only one gets the lease.
    now = DatabaseNow()
    free = Company.objects.filter(pk=company.pk).filter(Q(token_owner="") | Q(token_until__lt=now))
    return free.update(token_owner=owner, token_until=now + LEASE) == 1


@contextmanager
def _lease_renewal(company: Company, owner: str) -> Iterator[None]:
    """Renew the lease while the token request waits for its turn or for an answer."""
    done = threading.Event()

    def renew() -> None:
        try:
            while not done.wait(RENEW_SECONDS):
                try:
                    Company.objects.filter(pk=company.pk, token_owner=owner).update(token_until=DatabaseNow() + LEASE)
                except Exception:  # the answer still has to be saved, with or without the lease
                    log.warning("The token lease of %s could not be renewed.", company.pk, exc_info=True)
                    connection.close()
        finally:
            # Django opens a connection per thread and closes only those of requests.
            connection.close()

    renewer = threading.Thread(target=renew, name="token lease", daemon=True)
    renewer.start()
    try:
        yield
    finally:
        done.set()
        renewer.join()


def _read(company: Company) -> StoredTokens:
    """Read the company's tokens, and keep them for the next calls of all threads that share this object."""
    read_at = time.monotonic()
    row = Company.objects.get(pk=company.pk)
    stored = StoredTokens(
        row.access_token,
        row.refresh_token,
        row.access_expires_at,
        row.refresh_expires_at,
        row.state,
        row.state_reason,
        read_at,
    )
    company.stored_tokens = stored
    return stored


def stored_access_token(company: Company) -> str:
    """Return the access token that is stored now, usable or not."""
    return _read(company).access_token


def renew(company: Company) -> oauth.Tokens:
    """Refresh the stored tokens now, lost connection or not; the new ones are saved and returned. Raises ApiError."""
    access_token(company, refused=stored_access_token(company), even_if_lost=True)
    new = _read(company)
    assert new.access_expires_at is not None
    return oauth.Tokens(new.access_token, new.refresh_token, new.access_expires_at, new.refresh_expires_at)


def _refresh(
    company: Company, owner: str, refused: str, run_id: int | None, even_if_lost: bool, mark_lost: bool
) -> str:
    # Another process may have refreshed while we waited for the lease; the tokens it saved are newer than ours.
    stored = _read(company)
    if stored.is_usable(refused, even_if_lost):
        return stored.access_token
    expired_at = stored.access_expires_at
    try:
        new_tokens = oauth.refresh(stored.refresh_token, account=account(company, run_id))
    except ReconnectNeeded as refusal:
        if not mark_lost or _mark_refused_token(company, refusal.message, owner=owner, instead_of=expired_at):
            raise
    else:
        if save(company, new_tokens, instead_of=expired_at):
            return new_tokens.access_token
    # This process was suspended, and another one went on meanwhile: what counts is what that one saves.
    stored = _read(company)
    if stored.is_usable(refused, even_if_lost):
        return stored.access_token
    raise NoAnswer("Another process is refreshing this company's tokens.", vendor="quickbooks")


def columns(tokens: oauth.Tokens) -> dict[str, Any]:
    """Return the columns of a company that hold these tokens."""
    return {
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
        "access_expires_at": tokens.access_expires_at,
        "refresh_expires_at": tokens.refresh_expires_at,
    }


def save(company: Company, tokens: oauth.Tokens, *, instead_of: datetime | None) -> bool:
    """Save both tokens in one UPDATE, before either is used, and return whether they were saved.

    Only while the stored access token still expires at `instead_of`: newer tokens saved meanwhile stay.
    """
    if not Company.objects.filter(pk=company.pk, access_expires_at=instead_of).update(**columns(tokens)):
        return False
    _read(company)
    return True


def _mark_refused_token(company: Company, reason: str, *, owner: str, instead_of: datetime | None) -> bool:
    """Mark the company as lost, and return True, if the refused token is still the newest one and ours to refresh.

    A process that was suspended may ask with a token that another one has replaced meanwhile: its refusal says nothing.
    """
    with transaction.atomic():
        unchanged = Company.objects.filter(pk=company.pk, token_owner=owner, access_expires_at=instead_of)
        if unchanged.select_for_update().only("pk").first() is None:
            return False
        mark_refused(company, reason, because=Company.LostBecause.INVALID_GRANT)
    return True


def mark_refused(company: Company, reason: str, *, because: Company.LostBecause = Company.LostBecause.REFUSED) -> None:
    """Mark the company's connection as lost, as its own address or the token service said; links and history stay."""
    # Nothing is lost while new tokens are being proven.
    if company.pk is None:
        return
    lost_connections.mark_lost(company, reason, because=because, now=database_now())
    company.stored_tokens = None
