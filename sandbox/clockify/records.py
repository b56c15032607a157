"""The records of the local Clockify, never changed in place: a change stores a new one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

ADMIN_ROLES = ("OWNER", "WORKSPACE_ADMIN")


@dataclass(frozen=True)
class User:
    """An account. `name` may be None (invited, never registered) and `settings` too."""

    id: str
    email: str
    name: str | None
    status: str = "ACTIVE"
    settings: dict[str, Any] | None = None
    active_workspace: str = ""

    @property
    def time_zone(self) -> str | None:
        return (self.settings or {}).get("timeZone")


@dataclass(frozen=True)
class Member:
    """An account's membership in one workspace; rates in minor units an hour."""

    user_id: str
    status: str = "ACTIVE"
    roles: tuple[str, ...] | list[str] = ()
    hourly_rate: int | None = None
    cost_rate: int | None = None

    @property
    def is_admin(self) -> bool:
        return any(role in ADMIN_ROLES for role in self.roles)


@dataclass(frozen=True)
class Client:
    id: str
    name: str
    email: str | None = None
    archived: bool = False
    address: str | None = None
    note: str | None = None
    currency: str | None = None  # None: the workspace's
    cc_emails: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Project:
    """Rates in minor units an hour; `member_rates` by user id."""

    id: str
    name: str
    client_id: str | None = None
    billable: bool = True
    archived: bool = False
    public: bool = True
    template: bool = False
    color: str = "#03A9F4"
    note: str = ""
    hourly_rate: int | None = None
    cost_rate: int | None = None
    member_rates: dict[str, int | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    id: str
    name: str
    project_id: str = ""
    status: str = "ACTIVE"


@dataclass(frozen=True)
class Tag:
    id: str
    name: str
    archived: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One time entry, without a dict of its own since there may be a million.

    `start` and `end` in seconds since 1970, `end` None while it runs.

    `approval_state` is PENDING or APPROVED inside an approval request; `invoice` an invoice's id or "manual".
    `rate` overrides the resolved hourly rate (minor units).
    """

    id: str
    user_id: str
    start: int
    end: int | None
    description: str = ""
    billable: bool = True
    project_id: str | None = None
    task_id: str | None = None
    tag_ids: list[str] | None = None
    type: str = "REGULAR"
    approval_id: str | None = None
    approval_state: str | None = None
    invoice: str | None = None
    locked: bool = False
    rate: int | None = None
    custom_fields: list[dict[str, Any]] | tuple[()] = ()

    @property
    def seconds(self) -> int:
        """Return the exact length; 0 while it runs."""
        return 0 if self.end is None else self.end - self.start
