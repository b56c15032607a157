"""Connecting a Clockify workspace: the key proves itself before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from integrations.clockify import payloads
from integrations.clockify.client import ClockifyClient
from integrations.errors import ReconnectNeeded, Rejected
from integrations.models import ConnectionEvent, Workspace

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
    """Store the connection after the key has shown that it sees everyone's entries and rates.

    `wanted` is a workspace id or name; it may be empty when the key sees only one. A key for a workspace that is
    connected already replaces the old key; policy, links and history stay. Raises an ApiError that says what is wrong.
    """
    api_key = api_key.strip()
    if not api_key or not api_key.isprintable() or not api_key.isascii():
        raise Rejected("That is no Clockify API key.", vendor="clockify", fix="Copy it from your Clockify profile.")
    client = ClockifyClient(
        api_key=api_key,
        api_url=(api_url or settings.CLOCKIFY_API_URL).rstrip("/"),
        reports_url=(reports_url or settings.CLOCKIFY_REPORTS_URL).rstrip("/"),
        account_id="connecting",
    )
    me = client.me()
    chosen = _choose(client.workspaces(), wanted)
    _prove(client, payloads.identifier(chosen))
    details = client.workspace(payloads.identifier(chosen))
    return _save(client, me, details, now=now, person=person)


def _choose(workspaces: list[Mapping[str, Any]], wanted: str) -> Mapping[str, Any]:
    """The workspace of that id or name. Names what there is when the choice is not clear."""
    names = ", ".join(f"{payloads.text(one.get('name'))} ({payloads.identifier(one)})" for one in workspaces)
    if wanted:
        by_id = [one for one in workspaces if payloads.identifier(one) == wanted]
        found = by_id or [one for one in workspaces if payloads.text(one.get("name")).strip() == wanted.strip()]
        problem = f"This key sees no workspace {wanted!r}" if not found else f"Several workspaces are called {wanted!r}"
    else:
        found, problem = (
            workspaces,
            "This key sees several workspaces" if workspaces else "This key sees no workspace",
        )
    if len(found) != 1:
        raise Rejected(
            f"{problem}{f': {names}' if names else ''}.",
            vendor="clockify",
            code="UNKNOWN_WORKSPACE",
            fix="Name one with --workspace, by id or name.",
        )
    return found[0]


def _prove(client: ClockifyClient, workspace_id: str) -> None:
    """Raises ReconnectNeeded for a key that may not see every user's entries and rates."""
    # One role per question: how several are to be written in one is not documented.
    if not any(_has_role(client, workspace_id, role) for role in ADMIN_ROLES):
        raise ReconnectNeeded(
            "The key's owner is no owner or admin of this workspace, so it may not show everyone's entries and rates.",
            vendor="clockify",
            code="KEY_SEES_TOO_LITTLE",
            fix="Use the key of a workspace owner or admin.",
        )
    client.proves_rates(workspace_id)


def _has_role(client: ClockifyClient, workspace_id: str, role: str) -> bool:
    return workspace_id in {payloads.identifier(one) for one in client.workspaces(role=role)}


def _save(
    client: ClockifyClient, me: Mapping[str, Any], details: Mapping[str, Any], *, now: datetime, person: Any
) -> Workspace:
    own = payloads.user(me, workspace_id="")
    zone = own.time_zone or "UTC"
    values = {
        "name": payloads.text(details.get("name")),
        "state": Workspace.State.CONNECTED,
        "state_reason": "",
        "state_since": now,
        "api_key": client.api_key,
        "api_url": client.api_url,
        "reports_url": client.reports_url,
        "key_owner_id": own.id,
        "key_owner_name": own.name,
        "clockify_plan": payloads.text(details.get("featureSubscriptionType")),
        "report_rounding": payloads.rounding(details.get("workspaceSettings")),
        "connected_at": now,
    }
    first_of_month = now.astimezone(ZoneInfo(zone)).date().replace(day=1)
    with transaction.atomic():
        workspace, made = Workspace.objects.defer("api_key").update_or_create(
            clockify_id=payloads.identifier(details),
            defaults=values,
            create_defaults={**values, "time_zone": zone, "start_date": first_of_month},
        )
        verb = "connected" if made else "connected again"
        ConnectionEvent.objects.create(
            workspace=workspace,
            at=now,
            kind="clockify_connected",
            message=f"Clockify workspace {workspace.name} {verb} with the key of {own.name or own.id}.",
            by=person,
        )
    return workspace


def mark_refused(workspace: Workspace, reason: str, *, now: datetime) -> None:
    """Clockify turned the key down: runs stop until a person connects again; nothing is lost."""
    Workspace.objects.filter(pk=workspace.pk, state=Workspace.State.CONNECTED).update(
        state=Workspace.State.REFUSED, state_reason=reason, state_since=now
    )
    workspace.refresh_from_db()
