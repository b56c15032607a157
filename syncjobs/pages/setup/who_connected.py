"""Sentences about who connected what and when, shown before another person connects it again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from integrations.models import ConnectionEvent, Workspace
from integrations.quickbooks.connecting.authorization import MAX_AUTHORIZATION_SECONDS
from integrations.unnamed import named
from syncjobs.display.formatting import moment

Kind = ConnectionEvent.Kind


def start_authorization(workspace: Workspace, *, person: Any, now: datetime) -> None:
    """Record that a person left for Intuit's consent page."""
    message = f"{person.get_username()} opened Intuit's consent page."
    ConnectionEvent.objects.record(Kind.AUTHORIZATION_STARTED, message, workspace=workspace, at=now, by=person)


def clockify(workspace: Workspace) -> str:
    """Return `Northlight Studio was connected by dana, Mon Mar 9, 10:40, with the API key of Dana Marsh.`"""
    owner = named(workspace.key_owner_name)
    by = _by(_last(workspace, Kind.CLOCKIFY_CONNECTED), workspace)
    return f"{workspace.name} was connected {by}with the API key of {owner}."


def quickbooks(workspace: Workspace) -> str:
    """Return who connected the company and when; empty while there is none."""
    if workspace.company is None:
        return ""
    return (
        f"{workspace.company} was connected {_by(_last(workspace, Kind.QUICKBOOKS_CONNECTED), workspace)}".rstrip(", ")
        + "."
    )


def under_way(workspace: Workspace, *, person: Any, now: datetime) -> str:
    """Return a sentence about another administrator who left for Intuit and is not back; empty without one."""
    started = _last(workspace, Kind.AUTHORIZATION_STARTED)
    if started is None or started.by is None or started.by == person:
        return ""
    finished = _last(workspace, Kind.QUICKBOOKS_CONNECTED)
    # Later than that Intuit's answer is refused, so the person is no longer under way.
    if now - started.at > timedelta(seconds=MAX_AUTHORIZATION_SECONDS) or (
        finished is not None and finished.at >= started.at
    ):
        return ""
    when = moment(started.at, workspace.time_zone)
    return (
        f"{started.by.get_username()} went to Intuit to connect QuickBooks, {when}, and has not returned yet. "
        "Ask before you connect too: Intuit keeps the newer connection."
    )


def _last(workspace: Workspace, kind: Kind) -> ConnectionEvent | None:
    return ConnectionEvent.objects.filter(workspace=workspace, kind=kind).newest()


def _by(event: ConnectionEvent | None, workspace: Workspace) -> str:
    if event is None:
        return ""
    who = event.by.get_username() if event.by else "a command"
    return f"by {who}, {moment(event.at, workspace.time_zone)}, "
