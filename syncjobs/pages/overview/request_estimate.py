"""Estimates of the requests to Clockify that a run takes: free workspaces have thirty an hour."""

from __future__ import annotations

from math import ceil

from django.utils import timezone

from integrations.clockify import detailed_report
from integrations.clockify.client import PAGE_SIZE
from integrations.models import ClockifyClient, ClockifyProject, ClockifyUser, TimeEntry, Workspace

FREE = "FREE"


def is_small(workspace: Workspace) -> bool:
    """Return whether Clockify's plan allows few requests (Clockify: limits of new free workspaces)."""
    return workspace.clockify_plan.upper() == FREE


def check_requests(workspace: Workspace) -> int:
    """Return the requests for three lists and the entries of the window, by the sizes at the last check."""
    lists = (ClockifyUser, ClockifyClient, ClockifyProject)
    counts = (model.objects.filter(workspace=workspace).count() for model in lists)
    # An empty list takes a request as well.
    return sum(max(1, ceil(count / PAGE_SIZE)) for count in counts) + sync_requests(workspace)


def sync_requests(workspace: Workspace) -> int:
    """Return the requests for reports: one per thousand entries, in windows of at most 31 days."""
    last = workspace.today(timezone.now())
    # Reports are read with one more day on each side.
    days = max(1, (last - workspace.start_date).days + 3)
    entries = TimeEntry.objects.current(workspace, workspace.start_date, last).count()
    reports = max(ceil(days / detailed_report.MAX_WINDOW.days), ceil(entries / detailed_report.PAGE_SIZE))
    # Where only approved time goes, the approved entries are read in reports of their own.
    return reports * (2 if workspace.approved_only else 1)
