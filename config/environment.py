"""Typed reading of environment variables; an invalid value raises ImproperlyConfigured with the variable's name."""

from __future__ import annotations

import base64
import hashlib
import ipaddress
import os
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()
# Every variable that is read.
SETTINGS = (
    "SECRET_KEY",
    "ENCRYPTION_KEYS",
    "PUBLIC_URL",
    "DEBUG",
    "ALLOWED_HOSTS",
    "CSRF_TRUSTED_ORIGINS",
    "TRUSTED_PROXY_COUNT",
    "DATABASE_URL",
    "REDIS_URL",
    "EMAIL_URL",
    "DEFAULT_FROM_EMAIL",
    "SENTRY_DSN",
    "LOG_LEVEL",
    "QUICKBOOKS_CLIENT_ID",
    "QUICKBOOKS_CLIENT_SECRET",
    "QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN",
    "QUICKBOOKS_API_URL",
    "QUICKBOOKS_AUTHORIZE_URL",
    "QUICKBOOKS_TOKEN_URL",
    "QUICKBOOKS_REVOKE_URL",
    "QUICKBOOKS_MAX_PER_SECOND",
    "QUICKBOOKS_MAX_PER_MINUTE",
    "QUICKBOOKS_MAX_BATCHES_PER_MINUTE",
    "BATCHES_FROM",
    "CLOCKIFY_API_URL",
    "CLOCKIFY_REPORTS_URL",
    "CLOCKIFY_MAX_PER_SECOND",
    "LEASE_SECONDS",
    "HEARTBEAT_SECONDS",
    "GIVE_UP_SECONDS",
    "SETTLE_SECONDS",
    "ENV_FILE",
)
# The settings of `make demo`, relative to the project's folder.
DEMO = Path("var/demo/demo.env")


def read_env_file(base: Path) -> None:
    """Load `.env`, or the file that ENV_FILE names; variables that are already set take precedence."""
    path = Path(os.environ.get("ENV_FILE") or base / ".env")
    if path.is_file():
        env.read_env(str(path))


def yes_or_no(name: str, default: bool) -> bool:
    """Return a boolean. Raises ImproperlyConfigured."""
    value = os.environ.get(name, "").strip().lower()
    if value == "":
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; write 1 or 0.")


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def number(name: str, default: float) -> float:
    """Return a number of at least 0. Raises ImproperlyConfigured."""
    raw = os.environ.get(name, "").strip()
    if not raw:
        return default
    try:
        value = float(raw)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {raw!r}; write a number, 0 for no limit.") from None
    if value < 0:
        raise ImproperlyConfigured(f"{name} is {raw!r}; it can't be negative.")
    return value


def is_loopback(host: str) -> bool:
    """Return whether the host name means this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def address(name: str, default: str) -> str:
    """Return a URL without a trailing slash; plain http only to this machine. Raises ImproperlyConfigured."""
    url = text(name, default).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImproperlyConfigured(f"{name} is {url!r}; write an address such as {default}.")
    # Plain http would send keys and tokens unencrypted. PUBLIC_URL is only the address of our own pages.
    if parts.scheme == "http" and not is_loopback(parts.hostname) and name != "PUBLIC_URL":
        raise ImproperlyConfigured(f"{name} is {url!r}; plain http is allowed to this machine only, use https.")
    return url


def database(name: str, default: str) -> dict[str, Any]:
    """Return Django's settings for a database URL. Raises ImproperlyConfigured, without the URL and its password."""
    try:
        with warnings.catch_warnings(action="ignore"):
            options: dict[str, Any] = env.db_url(name, default=default)
    except ValueError:
        options = {}
    if not options.get("ENGINE"):
        raise ImproperlyConfigured(
            f"{name} can't be read; write an address such as postgres://name:password@host/database."
        )
    return options


def encryption_keys(debug: bool, secret_key: str) -> list[str]:
    """Return the Fernet keys, newest first. With DEBUG one is derived from SECRET_KEY, so that a demo needs none.

    Raises ImproperlyConfigured.
    """
    keys = [key.strip() for key in os.environ.get("ENCRYPTION_KEYS", "").split(",") if key.strip()]
    if not keys and debug:
        digest = hashlib.sha256(f"hourbridge {secret_key}".encode()).digest()
        return [base64.urlsafe_b64encode(digest).decode()]
    if not keys:
        raise ImproperlyConfigured(
            "ENCRYPTION_KEYS is not set. Make a key with `python -c 'from cryptography.fernet import Fernet; "
            "print(Fernet.generate_key().decode())'` and keep a copy: stored secrets can't be read without it."
        )
    for position, key in enumerate(keys, start=1):
        try:
            Fernet(key)
        except (ValueError, TypeError):
            raise ImproperlyConfigured(f"Key {position} in ENCRYPTION_KEYS is not a Fernet key.") from None
    return keys


def secret_key(debug: bool) -> str:
    """Return SECRET_KEY; with DEBUG a default. Raises ImproperlyConfigured."""
    key = text("SECRET_KEY")
    if key:
        return key
    if debug:
        return "development only, never used outside DEBUG"
    hint = f" For the demo that was made here: export ENV_FILE={DEMO}" if DEMO.is_file() else ""
    raise ImproperlyConfigured(
        f"SECRET_KEY is not set. Set it to a long random text, or DEBUG=1 to try things out.{hint}"
    )
