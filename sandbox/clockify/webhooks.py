"""Webhooks: the list is there, and empty."""

from __future__ import annotations

from sandbox.clockify.call import WorkspaceCall
from sandbox.http import Response


def list_webhooks(call: WorkspaceCall) -> Response:
    """GET /webhooks, administrators only: an envelope, no pages."""
    call.only_admins()
    return Response(body={"workspaceWebhookCount": 0, "webhooks": []})
