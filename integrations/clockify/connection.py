"""Connecting a Clockify workspace; the API key is verified before anything is stored."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from integrations import lost_connections
from integrations.clockify import payloads, unknown_zones
from integrations.clockify.client import CONNECTING, ClockifyApiClient
from integrations.clockify.faults import KEY_FIX, KEY_SEES_TOO_LITTLE
from integrations.database import database_now
from integrations.errors import ApiError, ReconnectNeeded, Rejected, Unexpected
from integrations.fields import SecretUnreadable
from integrations.models import ConnectionEvent, Workspace
from integrations.reading.values import Unreadable

log = logging.getLogger("hourbridge.connection")

# The workspace's time zone where the key's owner has none that is known here; said as a warning.
DEFAULT_ZONE = "UTC"
ADMIN_ROLES = ("OWNER", "WORKSPACE_ADMIN")
REGIONS = {
    "Global": ("https://api.clockify.me/api/v1", "https://reports.api.clockify.me/v1"),
    **{
        name: (f"https://{host}.clockify.me/api/v1", f"https://{host}.clockify.me/report/v1")
        for name, host in [
            ("Germany", "euc1"),
            ("United States", "use2"),
            ("United Kingdom", "euw2"),
            ("Australia", "apse2"),
        ]
    },
}


def connect(
    api_key: str,
    *,
    wanted: str = "",
    api_url: str = "",
    reports_url: str = "",
    now: datetime,
    person: Any = None,
) -> Workspace:
    """Store the connection after checking that the key sees everyone's entries and rates. Raises ApiError.

    `wanted` is a workspace id or name; it may be empty when the key sees only one workspace. For a workspace that is
    already connected the new key replaces the old one; policy, links and history stay.
    """
    api_key = api_key.strip()
    if not api_key or not api_key.isprintable() or not api_key.isascii():
        raise Rejected("That is no Clockify API key.", vendor="clockify", fix="Copy it from your Clockify profile.")
    # The workspace is not known yet, so that these calls have an account of their own.
    client = ClockifyApiClient(
        api_key=api_key,
        api_url=(api_url or settings.CLOCKIFY_API_URL).rstrip("/"),
        reports_url=(reports_url or settings.CLOCKIFY_REPORTS_URL).rstrip("/"),
        account_id=CONNECTING,
    )
    me = client.me()
    workspace = _choose_workspace(client.workspaces(), wanted)
    _check_key(client, payloads.identifier(workspace))
    details = client.workspace(payloads.identifier(workspace))
    return _save(client, me, details, now=now, person=person)


def _name(workspace: Mapping[str, Any]) -> str:
    return payloads.decoded(payloads.text(workspace.get("name")))


def _choose_workspace(workspaces: list[Mapping[str, Any]], wanted: str) -> Mapping[str, Any]:
    """Return the workspace with that id or name. Raises Rejected, listing all, unless there is exactly one."""
    names = ", ".join(f"{_name(row)} ({payloads.identifier(row)})" for row in workspaces)
    if wanted:
        by_id = [row for row in workspaces if payloads.identifier(row) == wanted]
        matches = by_id or [row for row in workspaces if _name(row).strip() == wanted.strip()]
        problem = (
            f"This key sees no workspace {wanted!r}" if not matches else f"Several workspaces are called {wanted!r}"
        )
    else:
        matches, problem = (
            workspaces,
            "This key sees several workspaces" if workspaces else "This key sees no workspace",
        )
    if len(matches) != 1:
        raise Rejected(
            f"{problem}{f': {names}' if names else ''}.",
            vendor="clockify",
            code="UNKNOWN_WORKSPACE",
            fix="Name one with --workspace, by id or name.",
        )
    return matches[0]


def _check_key(client: ClockifyApiClient, workspace_id: str) -> None:
    """Check that the key sees every user's entries and rates. Raises ReconnectNeeded or Unexpected."""
    # One request per role: the form of several roles in one request is not documented.
    if not any(_has_role(client, workspace_id, role) for role in ADMIN_ROLES):
        raise ReconnectNeeded(
            "The key's owner is no owner or admin of this workspace, so it may not show everyone's entries and rates.",
            vendor="clockify",
            code=KEY_SEES_TOO_LITTLE,
            fix=KEY_FIX,
        )
    client.check_rates_visible(workspace_id)


def _has_role(client: ClockifyApiClient, workspace_id: str, role: str) -> bool:
    return workspace_id in {payloads.identifier(workspace) for workspace in client.workspaces(role=role)}


def _save(
    client: ClockifyApiClient, me: Mapping[str, Any], details: Mapping[str, Any], *, now: datetime, person: Any
) -> Workspace:
    try:
        owner = payloads.user(me, workspace_id="")
    except Unreadable as problem:
        raise Unexpected(f"The key's owner can't be read: {problem}.", vendor="clockify") from None
    zone = owner.time_zone or DEFAULT_ZONE
    values = {
        "name": _name(details),
        "state": Workspace.State.CONNECTED,
        "state_reason": "",
        "state_since": now,
        **lost_connections.NOT_LOST,
        "api_key": client.api_key,
        "api_url": client.api_url,
        "reports_url": client.reports_url,
        "key_owner_id": owner.id,
        "key_owner_name": owner.name,
        "clockify_plan": payloads.text(details.get("featureSubscriptionType")),
        "report_rounding": payloads.rounding(details.get("workspaceSettings")),
        "currency": payloads.workspace_currency(details),
        "connected_at": now,
    }
    first_of_month = now.astimezone(ZoneInfo(zone)).date().replace(day=1)
    with transaction.atomic():
        # The old key is not read: connecting again must work where it can no longer be decrypted.
        workspace, created = Workspace.objects.defer("api_key").update_or_create(
            clockify_id=payloads.identifier(details),
            defaults=values,
            create_defaults={**values, "time_zone": zone, "start_date": first_of_month},
        )
        verb = "connected" if created else "connected again"
        ConnectionEvent.objects.record(
            ConnectionEvent.Kind.CLOCKIFY_CONNECTED,
            f"Clockify workspace {workspace.name} {verb} with the API key of {owner.name or owner.id}.",
            workspace=workspace,
            at=now,
            by=person,
        )
    if created and not owner.time_zone:
        workspace.zone_warning = unknown_zones.of_key_owner(owner.name or owner.id, me, used=zone)
    return workspace


def mark_refused(workspace: Workspace, reason: str, *, now: datetime) -> None:
    """Mark the connection as lost, as the key's own addresses said: runs stop until it heals; nothing is lost."""
    lost_connections.mark_lost(workspace, reason, because=lost_connections.LostBecause.REFUSED, now=now)


def ask_again(workspace: Workspace, *, now: datetime) -> bool:
    """Ask the key's own addresses whether a lost connection works again; return whether it is connected now."""
    try:
        client_for(workspace, mark_lost=False).check_connection()
    except (ApiError, SecretUnreadable) as problem:
        log.info("Clockify workspace %s stays lost: %s", workspace.clockify_id, problem)
        return False
    lost_connections.heal(workspace, now=now)
    return workspace.state == Workspace.State.CONNECTED


def client_for(workspace: Workspace, *, run_id: int | None = None, mark_lost: bool = True) -> ClockifyApiClient:
    """Return an API client for the workspace, which it marks as lost where its own addresses refuse the key.

    Its calls are recorded under `run_id`.
    """

    def on_lost(reason: str) -> None:
        if mark_lost:
            mark_refused(workspace, reason, now=database_now())

    return ClockifyApiClient(
        api_key=workspace.api_key,
        api_url=workspace.api_url,
        reports_url=workspace.reports_url,
        account_id=workspace.clockify_id,
        run_id=run_id,
        on_lost=on_lost,
    )
