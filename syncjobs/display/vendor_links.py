"""Links to a record in its own product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.models import Workspace
from syncjobs.rules.reasons import form_text

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
# Of what a transaction's own number opens (QuickBooks' web address of each).
FORM_PATHS = {"Invoice": "/app/invoice?txnId={id}", "SalesReceipt": "/app/salesreceipt?txnId={id}"}


def record_url(workspace: Workspace, kind: str, record_id: str) -> str:
    """Return the record's page at Clockify or QuickBooks; "" where the API is not the real one, as in the sandbox."""
    site_url = _clockify_url(workspace) if kind in {"user", "client", "project"} else _quickbooks_url()
    return f"{site_url}{PATHS[kind].format(id=quote(record_id, safe=''))}" if site_url else ""


def form_url(reason_row: Mapping[str, Any]) -> str:
    """Return the page of the invoice or sales receipt that a stored reason names; "" where there is none."""
    path, site_url = FORM_PATHS.get(str(reason_row.get("transaction"))), _quickbooks_url()
    form_id = str(reason_row.get("transaction_id") or "")
    return f"{site_url}{path.format(id=quote(form_id, safe=''))}" if path and site_url and form_id else ""


def form_link(reason_row: Mapping[str, Any]) -> SafeString:
    """Return a link to that page, as HTML; empty where there is none."""
    url = form_url(reason_row)
    label = form_text(reason_row)
    return format_html('<a href="{}">Open {} in QuickBooks</a>', url, label) if url else SafeString("")


def _clockify_url(workspace: Workspace) -> str:
    # Regions and subdomains have API hosts of their own, all below clockify.me.
    host = urlsplit(workspace.api_url or settings.CLOCKIFY_API_URL).hostname or ""
    return CLOCKIFY_URL if host.endswith("clockify.me") else ""


def _quickbooks_url() -> str:
    host = urlsplit(settings.QUICKBOOKS_API_URL).hostname or ""
    if not host.endswith(".intuit.com"):
        return ""
    return "https://sandbox.qbo.intuit.com" if host.startswith("sandbox") else "https://qbo.intuit.com"
