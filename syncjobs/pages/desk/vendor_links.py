"""Where a record is opened in its own product."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from django.conf import settings

from integrations.models import Workspace

CLOCKIFY = "https://app.clockify.me"
PAGES = {
    "user": "/teams/members",
    "client": "/clients",
    "project": "/projects/{id}/edit",
    "customer": "/app/customerdetail?nameId={id}",
    "vendor": "/app/vendordetail?nameId={id}",
    "employee": "/app/employees",
}


def in_own_product(workspace: Workspace, kind: str, record_id: str) -> str:
    """The address at Clockify or QuickBooks; empty where we speak to something else, such as the sandbox."""
    site = _clockify(workspace) if kind in {"user", "client", "project"} else _quickbooks()
    return f"{site}{PAGES[kind].format(id=quote(record_id, safe=''))}" if site else ""


def _clockify(workspace: Workspace) -> str:
    host = urlsplit(workspace.api_url or settings.CLOCKIFY_API_URL).hostname or ""
    return CLOCKIFY if host.endswith("clockify.me") else ""


def _quickbooks() -> str:
    host = urlsplit(settings.QUICKBOOKS_API_URL).hostname or ""
    if not host.endswith(".intuit.com"):
        return ""
    return "https://sandbox.qbo.intuit.com" if host.startswith("sandbox") else "https://qbo.intuit.com"
