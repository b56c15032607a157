"""Later events at the agency: each story changes one side or both, as people would, and returns the changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from sandbox.clockify.clocktime import utc_text
from sandbox.clockify.records import Entry
from sandbox.data.pairs import Pairs, name_of
from sandbox.quickbooks.companies import sales_forms
from sandbox.world import World

Change = dict[str, Any]
QUARTER, HALF, HOUR = 900, 1800, 3600


class NothingFits(LookupError):
    """The lack of any record that the story could change."""


def employee_inactive(world: World, count: int) -> list[Change]:
    """The paired employee with most time is made inactive in QuickBooks, and tracks one more hour."""
    pairs = Pairs(world)
    owners = {key for key, member in pairs.workspace.members.items() if member.is_admin}
    user_id = _busiest(entry.user_id for entry in pairs.sendable() if entry.user_id not in owners)
    employee = pairs.people[user_id]
    latest = next(entry for entry in pairs.sendable() if entry.user_id == user_id)
    pairs.company.put("Employee", {"Id": employee["Id"], "Active": False})
    hour = _one_more_hour(pairs, latest)
    return [
        {
            "did": "made inactive",
            "employee": employee["Id"],
            "name": employee["DisplayName"],
            "user": user_id,
        },
        {"did": "tracked", "entry": hour.id, "user": user_id, "project": hour.project_id},
    ]


def customer_inactive(world: World, count: int) -> list[Change]:
    """The paired customer with most time is made inactive in QuickBooks, and gets one more hour."""
    pairs = Pairs(world)
    project_id = _busiest(str(entry.project_id) for entry in pairs.sendable())
    customer = pairs.projects[project_id]
    latest = next(entry for entry in pairs.sendable() if entry.project_id == project_id)
    pairs.company.put("Customer", {"Id": customer["Id"], "Active": False})
    hour = _one_more_hour(pairs, latest)
    full_name = customer["FullyQualifiedName"]
    return [
        {"did": "made inactive", "customer": customer["Id"], "name": full_name, "project": project_id},
        {"did": "tracked", "entry": hour.id, "user": hour.user_id, "project": project_id},
    ]


def rename(world: World, count: int) -> list[Change]:
    """A paired user and project get new names in Clockify, another project's customer in QuickBooks."""
    pairs, clockify = Pairs(world), world.clockify
    people, projects = _busy_first(pairs, "user_id"), _busy_first(pairs, "project_id")
    if not people or len(projects) < 2:
        raise NothingFits("no paired user and two paired projects with time")
    user, project = clockify.users[people[-1]], pairs.workspace.projects[projects[0]]
    customer = pairs.projects[projects[1]]
    new_user = clockify.put_user(replace(user, name=f"{name_of(user)}-Hale"))
    new_project = pairs.workspace.put_project(replace(project, name=f"{project.name} (phase 2)"))
    new_customer = pairs.company.put(
        "Customer", {"Id": customer["Id"], "DisplayName": f"{customer['DisplayName']} 2.0"}
    )
    return [
        {"did": "renamed", "user": user.id, "from": user.name, "to": new_user.name},
        {"did": "renamed", "project": project.id, "from": project.name, "to": new_project.name},
        {
            "did": "renamed",
            "customer": customer["Id"],
            "from": customer["DisplayName"],
            "to": new_customer["DisplayName"],
        },
    ]


def move_project(world: World, count: int) -> list[Change]:
    """A paired project moves to another paired client in Clockify, and one more hour is tracked on it."""
    pairs = Pairs(world)
    for project_id in _busy_first(pairs, "project_id"):
        project = pairs.workspace.projects[project_id]
        taken = {other.client_id for other in pairs.workspace.projects.values() if other.name == project.name}
        free = [key for key in pairs.clients if key not in taken]
        if project.client_id is None or not free:
            continue
        latest = next(entry for entry in pairs.sendable() if entry.project_id == project_id)
        pairs.workspace.put_project(replace(project, client_id=free[0]))
        hour = _one_more_hour(pairs, latest)
        return [
            {"did": "moved", "project": project_id, "from": project.client_id, "to": free[0]},
            {"did": "tracked", "entry": hour.id, "user": hour.user_id, "project": project_id},
        ]
    raise NothingFits("no paired project with a client and time")


def bill_some(world: World, count: int) -> list[Change]:
    """Billable TimeActivities are put on an invoice in QuickBooks, newest first."""
    company = Pairs(world).company
    rows, billed = company.records["TimeActivity"].values(), sales_forms.billed_ids(company)
    billable = [row for row in rows if row["BillableStatus"] == "Billable" and row["Id"] not in billed]
    if not billable:
        raise NothingFits("no billable TimeActivity")
    billable.sort(key=lambda row: (row["TxnDate"], int(row["Id"])), reverse=True)
    sales_forms.bill(company, [row["Id"] for row in billable[:count]])
    return [
        {"did": "billed", "timeactivity": row["Id"], "description": row.get("Description")} for row in billable[:count]
    ]


def edit_some(world: World, count: int) -> list[Change]:
    """Entries are edited in Clockify: longer, other words, earlier, other project, not billable; in turn."""
    pairs = Pairs(world)
    changes = []
    for turn, entry in enumerate(_open_entries(pairs, count)):
        did, changed = EDITS[turn % len(EDITS)](pairs, entry)
        pairs.workspace.put_entry(changed)
        changes.append({"did": did, "entry": entry.id, "from": _shown(entry), "to": _shown(changed)})
    return changes


def delete_some(world: World, count: int) -> list[Change]:
    """Entries are deleted in Clockify."""
    pairs = Pairs(world)
    entries = _open_entries(pairs, count)
    for entry in entries:
        pairs.workspace.remove_entry(entry.id)
    return [{"did": "deleted", "entry": entry.id, "from": _shown(entry)} for entry in entries]


# GET /control/story shows their docstrings.
STORIES: dict[str, Callable[[World, int], list[Change]]] = {
    "employee_inactive": employee_inactive,
    "customer_inactive": customer_inactive,
    "rename": rename,
    "move_project": move_project,
    "bill_some": bill_some,
    "edit_some": edit_some,
    "delete_some": delete_some,
}


def _longer(pairs: Pairs, entry: Entry) -> tuple[str, Entry]:
    return "made 15 minutes longer", replace(entry, end=int(entry.end or entry.start) + QUARTER)


def _other_text(pairs: Pairs, entry: Entry) -> tuple[str, Entry]:
    return "described anew", replace(entry, description=f"{entry.description} (corrected)")


def _earlier(pairs: Pairs, entry: Entry) -> tuple[str, Entry]:
    return "moved 30 minutes earlier", replace(entry, start=entry.start - HALF, end=int(entry.end or 0) - HALF)


def _other_project(pairs: Pairs, entry: Entry) -> tuple[str, Entry]:
    other = next((key for key in sorted(pairs.projects) if key != entry.project_id), None)
    if other is None:
        return _longer(pairs, entry)
    return "put on another project", replace(entry, project_id=other)


def _not_billable(pairs: Pairs, entry: Entry) -> tuple[str, Entry]:
    return "made not billable", replace(entry, billable=False)


EDITS = (_longer, _other_text, _earlier, _other_project, _not_billable)


def _shown(entry: Entry) -> Change:
    return {
        "start": utc_text(entry.start),
        "end": utc_text(entry.end),
        "project": entry.project_id,
        "description": entry.description,
        "billable": entry.billable,
    }


def _open_entries(pairs: Pairs, count: int) -> list[Entry]:
    """Return sendable entries that are not approved; only those in QuickBooks by description, if there are any."""
    entries = [entry for entry in pairs.sendable() if entry.approval_state is None]
    known = {row.get("Description") for row in pairs.company.records["TimeActivity"].values()}
    sent = [entry for entry in entries if entry.description and entry.description in known]
    chosen = (sent or entries)[:count]
    if not chosen:
        raise NothingFits("no open entry of a paired person on a paired project")
    return chosen


def _busiest(keys: Iterable[str]) -> str:
    counted = Counter(keys)
    if not counted:
        raise NothingFits("no paired record with time")
    return min(counted, key=lambda key: (-counted[key], key))


def _busy_first(pairs: Pairs, field: str) -> list[str]:
    counted = Counter(getattr(entry, field) for entry in pairs.sendable())
    return sorted(counted, key=lambda key: (-counted[key], key))


def _one_more_hour(pairs: Pairs, latest: Entry) -> Entry:
    """Add an hour for the same person and project, ten minutes after the latest entry."""
    start = int(latest.end or latest.start) + 600
    key = pairs.world.clockify.new_id(start)
    entry = Entry(key, latest.user_id, start, start + HOUR, "Follow-up", project_id=latest.project_id)
    return pairs.workspace.put_entry(entry)
