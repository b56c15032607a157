"""Helpers that fill a workspace and a company, shared by the data sets."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from sandbox.clockify.clocktime import zone
from sandbox.clockify.records import Client, Entry, Member, Project, User
from sandbox.clockify.workspace import Workspace
from sandbox.quickbooks.companies.company import Company
from sandbox.world import World

Record = dict[str, Any]


class Builder:
    """Builder of one workspace's and one company's records; ids count up and carry a day before the data begins."""

    def __init__(self, world: World, workspace: Workspace, company: Company, *, born: date) -> None:
        self.world, self.clockify = world, world.clockify
        self.workspace, self.company = workspace, company
        self._born = datetime.combine(born, time(8), zone("UTC")).timestamp()

    def user(self, name: str | None, email: str, *, time_zone: str | None, **member: Any) -> User:
        """Add a member to the workspace; without a time zone the account has no settings."""
        settings = None
        if time_zone is not None:
            settings = {"weekStart": "MONDAY", "timeZone": time_zone, "timeFormat": "HOUR24", "lang": "EN"}
        account = "ACTIVE" if name else "NOT_REGISTERED"
        user = User(
            self.clockify.new_id(self._born),
            email,
            name,
            account,
            settings,
            active_workspace=self.workspace.id,
        )
        self.clockify.put_user(user)
        self.workspace.put_member(Member(user.id, **member))
        return user

    def client(self, name: str, **more: Any) -> Client:
        return self.workspace.put_client(Client(self.clockify.new_id(self._born), name, **more))

    def project(self, name: str, client: Client | None = None, **more: Any) -> Project:
        client_id = client.id if client else None
        key = self.clockify.new_id(self._born)
        return self.workspace.put_project(Project(key, name, client_id=client_id, **more))

    def entry(self, user: User, start: int, seconds: int | None, **more: Any) -> Entry:
        """Add a time entry; `seconds` None makes it a running timer."""
        end = None if seconds is None else start + seconds
        return self.workspace.put_entry(Entry(self.clockify.new_id(start), user.id, start, end, **more))

    def employee(self, name: str, email: str | None = None, **more: Any) -> Record:
        given, _, family = name.partition(" ")
        contact = {"PrimaryEmailAddr": {"Address": email}} if email else {}
        names = {"DisplayName": name, "GivenName": given, "FamilyName": family}
        return self.company.put("Employee", {**names, **contact, **more})

    def vendor(self, name: str, **more: Any) -> Record:
        return self.company.put("Vendor", {"DisplayName": name, **more})

    def customer(self, name: str, parent: Record | None = None, **more: Any) -> Record:
        """Add a customer, or a sub-customer of `parent` in its currency."""
        parent_fields: Record = {}
        if parent is not None:
            parent_fields = {"Job": True, "ParentRef": {"value": parent["Id"]}, "CurrencyRef": parent["CurrencyRef"]}
        return self.company.put("Customer", {"DisplayName": name, **parent_fields, **more})


def local_second(day: date, clock: time, time_zone: str | None) -> int:
    """Return the instant of a wall-clock time, in seconds since 1970."""
    return int(datetime.combine(day, clock, zone(time_zone or "UTC")).timestamp())


def local_date(second: int, time_zone: str | None) -> date:
    """Return the date an instant falls on."""
    return datetime.fromtimestamp(second, zone(time_zone or "UTC")).date()


def weekdays(first: date, last: date) -> list[date]:
    """Return the Mondays to Fridays from first to last, both included."""
    days = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]
