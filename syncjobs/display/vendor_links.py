"""Links to a record in its own product."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.db.models import Model
from django.utils.html import format_html
from django.utils.safestring import SafeString

from integrations.models import Company, TimeEntry, Workspace
from syncjobs.display.badges import icon
from syncjobs.rules.reasons import form_text

CLOCKIFY_URL = "https://app.clockify.me"
PATHS = {
    "user": "/teams/members",
    "client": "/clients",
    "project": "/projects/{id}/edit",
    "customer": "customerdetail?nameId={id}",
    "vendor": "vendordetail?nameId={id}",
    "employee": "employees",
    "activity": "timeactivity?txnId={id}",
}
CLOCKIFY_KINDS = {"user", "client", "project"}
# The kind that a row's id is of, by the row's table; other tables say it in a column of their own.
KINDS = {
    "clockifyuser": "user",
    "clockifyclient": "client",
    "clockifyproject": "project",
    "employee": "employee",
    "vendor": "vendor",
    "customer": "customer",
    "receipt": "activity",
    "action": "activity",
}
KIND_COLUMNS = {"clockify_id": "kind", "quickbooks_id": "quickbooks_kind"}
# Of what a transaction's own number opens (QuickBooks' web address of each).
FORM_PATHS = {"Invoice": "invoice?txnId={id}", "SalesReceipt": "salesreceipt?txnId={id}"}


def record_url(workspace: Workspace | None, kind: str, record_id: str, company: Company | None = None) -> str:
    """Return the record's page at Clockify or QuickBooks; "" where the API is not the real one, as in the sandbox.

    `company`: of a record in QuickBooks; None: the one that the workspace is connected to.
    """
    path = PATHS[kind].format(id=quote(record_id, safe=""))
    if kind in CLOCKIFY_KINDS:
        site_url = _clockify_url(workspace)
        return f"{site_url}{path}" if site_url else ""
    return _quickbooks_url(path, company or (workspace.company if workspace else None))


def form_url(reason_row: Mapping[str, Any], company: Company | None) -> str:
    """Return the page of the invoice or sales receipt that a stored reason names; "" where there is none."""
    path = FORM_PATHS.get(str(reason_row.get("transaction")))
    form_id = str(reason_row.get("transaction_id") or "")
    return _quickbooks_url(path.format(id=quote(form_id, safe="")), company) if path and form_id else ""


def form_link(reason_row: Mapping[str, Any], company: Company | None) -> SafeString:
    """Return a link to that page, as HTML; empty where there is none."""
    url = form_url(reason_row, company)
    label = form_text(reason_row)
    return format_html('<a href="{}">Open {} in QuickBooks</a>', url, label) if url else SafeString("")


def entry_url(entry: TimeEntry) -> str:
    """Return the entry's day of its user in Clockify's detailed report, since an entry has no page of its own."""
    site_url = _clockify_url(entry.workspace)
    if not site_url:
        return ""
    day = f"{entry.txn_date:%Y-%m-%d}"
    query = {
        "start": f"{day}T00:00:00.000Z",
        "end": f"{day}T23:59:59.999Z",
        "filterValuesData": json.dumps({"users": [entry.user_id]}, separators=(",", ":")),
        "page": 1,
        "pageSize": 50,
    }
    return f"{site_url}/reports/detailed?{urlencode(query)}"


def id_url(row: Model, column: str) -> str:
    """Return the page of what a row's column names; "" where there is none, as for any but `KIND_COLUMNS`."""
    record_id = str(getattr(row, column, "") or "")
    kind = KINDS.get(row._meta.model_name or "") or str(getattr(row, KIND_COLUMNS.get(column, ""), ""))
    is_of_column = column in KIND_COLUMNS and (kind in CLOCKIFY_KINDS) == (column == "clockify_id")
    # What is not there any more has no page.
    is_gone = getattr(row, "gone_at", None) is not None or getattr(row, "state", "") == "deleted"
    if not record_id or kind not in PATHS or not is_of_column or is_gone:
        return ""
    return record_url(getattr(row, "workspace", None), kind, record_id, getattr(row, "company", None))


def open_link(url: str, product: str) -> SafeString:
    """Return a small link that opens the URL in `Clockify` or `QuickBooks`, as HTML; empty without a URL."""
    if not url:
        return SafeString("")
    return format_html(
        '<a class="hb-open-in" href="{}" rel="noreferrer" title="{}"><span class="hb-hidden">{}</span>{}</a>',
        url,
        f"Open in {product}",
        f"Open in {product}",
        icon("north_east"),
    )


def id_link(row: Model, column: str) -> SafeString:
    """Return the small link of a row's column `clockify_id` or `quickbooks_id`; empty where there is no page."""
    return open_link(id_url(row, column), "Clockify" if column == "clockify_id" else "QuickBooks")


def _clockify_url(workspace: Workspace | None) -> str:
    # Regions and subdomains have API hosts of their own, all below clockify.me.
    host = urlsplit((workspace and workspace.api_url) or settings.CLOCKIFY_API_URL).hostname or ""
    return CLOCKIFY_URL if host.endswith("clockify.me") else ""


def _quickbooks_url(path: str, company: Company | None) -> str:
    """Return the URL of a page of this company.

    Each company numbers its records from 1, and a page's own address opens in whichever company the browser was in
    last. The login page opens the company first, as the deep links of Intuit's own samples do.
    """
    host = urlsplit(settings.QUICKBOOKS_API_URL).hostname or ""
    if not host.endswith(".intuit.com"):
        return ""
    site_url = "https://sandbox.qbo.intuit.com" if host.startswith("sandbox") else "https://qbo.intuit.com"
    if company is None:
        return f"{site_url}/app/{path}"
    return f"{site_url}/login?{urlencode({'deeplinkcompanyid': company.realm_id, 'pagereq': path})}"
