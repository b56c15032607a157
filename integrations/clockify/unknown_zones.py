"""Users whose time zone this machine does not know: their days go by the workspace's, and that is said."""

from __future__ import annotations

from integrations.clockify.models import ClockifyUser
from integrations.models import Workspace
from integrations.reading import values
from integrations.reading.values import Unreadable

WARNING = "UNKNOWN_TIME_ZONE"


def zone_of(user: ClockifyUser) -> str:
    """Return the name of the zone that Clockify gives and this machine does not know, else ""."""
    if user.time_zone or not isinstance(user.raw, dict):
        return ""
    try:
        return values.text(values.nested(user.raw, "settings"), "timeZone")
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
