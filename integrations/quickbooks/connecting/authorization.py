"""The OAuth authorization at Intuit: checks before it, its signed state, and refusals afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing

from config.environment import is_loopback
from integrations.errors import ApiError, Rejected, quoted_words
from integrations.models import Workspace
from integrations.quickbooks import oauth
from integrations.quickbooks.connecting import connection

SALT = "hourbridge.quickbooks.consent"
# Users need time to sign in, find their second factor and choose a company.
MAX_AUTHORIZATION_SECONDS = 30 * 60


@dataclass(frozen=True, slots=True)
class OAuthState:
    """The user who started an authorization, and the workspace it is for."""

    workspace_id: int
    user_id: int


def preflight_errors(*, host: str) -> list[str]:
    """Return messages about settings that would make the authorization fail. `host`: where Hourbridge was opened."""
    errors = []
    try:
        oauth.configured()
    except ApiError as problem:
        errors.append(f"{problem.message} {problem.fix}")
    parts = urlsplit(settings.PUBLIC_URL)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        errors.append(f"PUBLIC_URL is {settings.PUBLIC_URL}; Intuit sends people back to https addresses only.")
    if parts.netloc != host:
        errors.append(
            f"You opened Hourbridge at {host}, but PUBLIC_URL says {parts.netloc}, and Intuit would send you there. "
            "Open Hourbridge under that address, or correct PUBLIC_URL."
        )
    return errors


def start_authorization(state: OAuthState) -> tuple[str, str]:
    """Return the consent page's address, and the state that Intuit has to send back. Raises NotConfigured."""
    signed_state = signing.dumps([state.workspace_id, state.user_id], salt=SALT)
    return oauth.consent_url(signed_state), signed_state


def read_state(state: str, *, expected: str, user_id: int) -> OAuthState:
    """Return the verified state. Raises Rejected for one that this user did not start with, or that is too old."""
    # Equal to the state in this session: otherwise a foreign link could connect a company of its author.
    if not expected or not state or state != expected:
        raise Rejected(
            "That response from Intuit does not belong to a connection started in this browser.",
            vendor="quickbooks",
            code="WRONG_STATE",
            fix="Start again with Connect QuickBooks.",
        )
    try:
        workspace_id, owner_id = signing.loads(state, salt=SALT, max_age=MAX_AUTHORIZATION_SECONDS)
    except signing.BadSignature:
        raise Rejected(
            "Signing in at Intuit took too long, so nothing was connected.",
            vendor="quickbooks",
            code="WRONG_STATE",
            fix="Start again with Connect QuickBooks.",
        ) from None
    if owner_id != user_id:
        raise Rejected(
            "Someone else started this connection.",
            vendor="quickbooks",
            code="WRONG_STATE",
            fix="Start again with Connect QuickBooks.",
        )
    return OAuthState(workspace_id, owner_id)


def refusal_of(error: str) -> Rejected:
    """Return the error for a user whom Intuit sent back without a connection."""
    if error == "access_denied":
        message, fix = "The connection was declined at Intuit; nothing was changed here.", "Connect again when ready."
    else:
        message = f"Intuit ended the connection with “{quoted_words(error, 60)}”."
        fix = "Check the Intuit app's redirect URI and keys, then connect again."
    return Rejected(message, vendor="quickbooks", code="DECLINED", fix=fix)


def check_company(workspace: Workspace, realm: str) -> None:
    """Check the company before the code is exchanged. Raises Rejected for none, or for a second one."""
    if not realm:
        raise Rejected(
            "Intuit named no company.", vendor="quickbooks", code="NO_COMPANY", fix="Choose a company on Intuit's page."
        )
    connection.refuse_second_company(workspace, realm)
