"""Webhooks: a list that is always empty."""

from __future__ import annotations

from sandbox.clockify.call import WorkspaceCall
from sandbox.shared.http import Response


def list_webhooks(call: WorkspaceCall) -> Response:
    """Answer GET /webhooks to administrators only, with an envelope and no pages."""
    call.only_admins()
    return Response(body={"workspaceWebhookCount": 0, "webhooks": []})
