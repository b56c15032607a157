"""Users whose time zone this machine does not know: their days go by the workspace's, and that is said."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from integrations.clockify.models import ClockifyUser
from integrations.models import Workspace
from integrations.reading import values
from integrations.reading.values import Unreadable

WARNING = "UNKNOWN_TIME_ZONE"


def zone_of(user: ClockifyUser) -> str:
    """Return the name of the zone that Clockify gives and this machine does not know, else ""."""
    if user.time_zone or not isinstance(user.raw, dict):
        return ""
    return _named_zone(user.raw)


def _named_zone(raw: Mapping[str, Any]) -> str:
    try:
        return values.text(values.nested(raw, "settings"), "timeZone")
    except Unreadable:
        return ""


def of_workspace(workspace: Workspace) -> list[ClockifyUser]:
    """Return the listed users of the workspace with such a zone."""
    rows = ClockifyUser.objects.filter(workspace=workspace, gone_at=None, time_zone="").order_by("name", "pk")
    return [user for user in rows if zone_of(user)]


def warnings(workspace: Workspace) -> dict[str, int]:
    count = len(of_workspace(workspace))
    return {WARNING: count} if count else {}


def sentence(user: ClockifyUser, workspace: Workspace) -> str:
    """Return what is wrong with the user's zone, and which one is used instead; "" if nothing is."""
    zone = zone_of(user)
    if not zone:
        return ""
    return (
        f"Clockify gives {user.name or user.clockify_id} the time zone “{zone}”, which is unknown here; "
        f"{workspace.time_zone}, the workspace's, is used instead."
    )


def of_key_owner(name: str, raw: Mapping[str, Any], *, used: str) -> str:
    """Return what is wrong with the zone that a new workspace should start with; `used`: the one in its place."""
    zone = _named_zone(raw)
    given = f"the time zone “{zone}”, which is unknown here" if zone else "no time zone"
    return (
        f"Clockify gives {name}, whose key it is, {given}; the workspace's is {used} for now. "
        "It decides on which day time counts whose owner has none: set it in the rules (`policy time_zone=ZONE`)."
    )
