"""Links to a record in its own product."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from django.conf import settings

from integrations.models import Workspace

CLOCKIFY_URL = "https://app.clockify.me"
PATHS = {
    "user": "/teams/members",
    "client": "/clients",
    "project": "/projects/{id}/edit",
    "customer": "/app/customerdetail?nameId={id}",
    "vendor": "/app/vendordetail?nameId={id}",
    "employee": "/app/employees",
    "activity": "/app/timeactivity?txnId={id}",
}


def record_url(workspace: Workspace, kind: str, record_id: str) -> str:
    """Return the record's page at Clockify or QuickBooks; "" where the API is not the real one, as in the sandbox."""
    site_url = _clockify_url(workspace) if kind in {"user", "client", "project"} else _quickbooks_url()
    return f"{site_url}{PATHS[kind].format(id=quote(record_id, safe=''))}" if site_url else ""


def _clockify_url(workspace: Workspace) -> str:
    # Regions and subdomains have API hosts of their own, all below clockify.me.
    host = urlsplit(workspace.api_url or settings.CLOCKIFY_API_URL).hostname or ""
    return CLOCKIFY_URL if host.endswith("clockify.me") else ""


def _quickbooks_url() -> str:
    host = urlsplit(settings.QUICKBOOKS_API_URL).hostname or ""
    if not host.endswith(".intuit.com"):
        return ""
    return "https://sandbox.qbo.intuit.com" if host.startswith("sandbox") else "https://qbo.intuit.com"
