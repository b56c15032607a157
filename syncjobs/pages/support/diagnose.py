"""The page *Diagnose*: the checklist of `doctor`, each line with the page that fixes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from integrations.models import Workspace
from syncjobs.display.badges import StatusBadge
from syncjobs.pages import access, links
from syncjobs.pages.support import bundle
from syncjobs.rules.codes import Code
from syncjobs.runs import queue
from syncjobs.support.checklist import doctor
from syncjobs.support.checklist.check_lines import FAIL, OK, SKIP, WARN, Line

BADGES = {
    OK: StatusBadge("In order", "check_circle", "sent"),
    WARN: StatusBadge("Review", "warning", "held"),
    FAIL: StatusBadge("Wrong", "report", "refused"),
    SKIP: StatusBadge("Not checked", "remove", "out"),
}
TITLES = {
    "plan": "QuickBooks plan",
    "payroll": "Payroll",
    "users": "Users are employees",
    "clients": "Clients are parent customers",
    "projects": "Projects are sub-customers",
    "new_records": "New users and customers",
    "connection_quickbooks": "Connection to QuickBooks",
    "connection_clockify": "Connection to Clockify",
    "billable": "Marked as billable",
    "assigned": "Assigned to a project",
    "mapped_users": "Tracked by a linked user",
    "in_doubt": "Unknown outcomes",
    "refused": "Refused by QuickBooks",
    "quota": "QuickBooks' quota",
    "backup_age": "Backups",
}
# By the line's name: the page of the workspace that mends it, and what its link says.
PAGES = {
    "plan": ("connect-quickbooks", "Connect QuickBooks"),
    "payroll": ("connect-quickbooks", "Connect QuickBooks"),
    "users": ("people", "People"),
    "clients": ("clients", "Clients"),
    "projects": ("projects", "Projects"),
    "connection_quickbooks": ("connect-quickbooks", "Connect QuickBooks"),
    "mapped_users": ("people", "People"),
    "in_doubt": ("uncertain-writes", "Unknown outcomes"),
    "schedule": ("schedules", "Schedules"),
}
# The list of time entries as it is narrowed to those that a line counts.
LISTS: dict[str, dict[str, str]] = {
    "billable": {"reason": Code.NOT_BILLABLE},
    "assigned": {"reason": Code.NO_PROJECT},
    "refused": {"state": "failed"},
}
# How many lines stand under the help page's headings.
HEADINGS = 11


@dataclass(frozen=True)
class ShownLine:
    """One line with its badge and the page that fixes it, if there is one."""

    line: Line
    title: str
    badge: StatusBadge
    link: str
    link_text: str


def page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is known here; *Run it now*, a POST, asks both vendors and writes nothing."""
    workspace = access.workspace_at(pk)
    is_asked, now = request.method == "POST", timezone.now()
    with timezone.override(workspace.time_zone):
        lines = doctor.check_list(workspace, heartbeat=queue.last_heartbeat, now=now, ask=is_asked)
    shown = [_shown(workspace, line) for line in lines]
    context = {
        "workspace": workspace,
        "zone": workspace.time_zone,
        "groups": (("Why time may not arrive", shown[:HEADINGS]), ("This installation", shown[HEADINGS:])),
        "is_asked": is_asked,
        "read_at": now,
        "wrong": _count(lines, FAIL),
        "warned": _count(lines, WARN),
        "bundle": bundle.card(request, workspace, now=now),
    }
    return access.show(request, "support/diagnose.html", context, title=f"Diagnose, {workspace.name}")


def _count(lines: Sequence[Line], level: str) -> int:
    return sum(1 for line in lines if line.level == level)


def _shown(workspace: Workspace, line: Line) -> ShownLine:
    title = TITLES.get(line.name) or line.name.replace("_", " ").capitalize()
    link, text = _mended_on(workspace, line.name) if line.fix else ("", "")
    return ShownLine(line, title, BADGES[line.level], link, text)


def _mended_on(workspace: Workspace, name: str) -> tuple[str, str]:
    """Return address and name of the page that fixes a line; empty where that is no page of ours."""
    if name in PAGES:
        address, text = PAGES[name]
        return reverse(f"hourbridge:{address}", args=[workspace.pk]), text
    if name in LISTS:
        return links.list_of("integrations.timeentry", workspace=workspace.pk, **LISTS[name]), "Show them"
    if name == "connection_clockify":
        return reverse("hourbridge:connect-clockify"), "Connect Clockify"
    if name == "new_records":
        return reverse("admin:index"), "Overview"
    return "", ""
