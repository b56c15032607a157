"""The Content Security Policy: browsers may load our own files and nothing else."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

POLICY: dict[str, Any] = {
    "default-src": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
    "object-src": [NONE],
}
# The admin's theme writes style attributes, and its Alpine evaluates expressions from the page.
ADMIN = "/admin/"
RELAXED_FOR_ADMIN: dict[str, Any] = {
    "script-src": [SELF, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
}


class ContentSecurityPolicy(CSPMiddleware):
    """The policy of each response, which depends on its path."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if report_only:
            return parts
        policy = POLICY | {"form-action": [SELF, *consent_hosts()]}
        if request.path_info.startswith(ADMIN):
            policy |= RELAXED_FOR_ADMIN
        # A view's own rules take precedence.
        parts.config = policy | (parts.config or {})
        return parts


def consent_hosts() -> list[str]:
    """Return the hosts that *Connect QuickBooks* may redirect to; browsers check every redirect after a form.

    On the way to its consent page Intuit may redirect users to another of its hosts to log in.
    """
    parts = urlsplit(settings.QUICKBOOKS_AUTHORIZE_URL)
    host = parts.hostname or ""
    if host.endswith(".intuit.com"):
        return ["https://*.intuit.com"]
    return [f"{parts.scheme}://{parts.netloc}"]
