"""The records built for the agency, for those who add more to them."""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.clockify.records import Client, Project, User
from sandbox.data import agency_data as data
from sandbox.data.builder import Record


@dataclass
class Agency:
    """The records by their key in the sample data: e-mail, (client, project), full customer name."""

    users: dict[str, User] = field(default_factory=dict)
    clients: dict[str, Client] = field(default_factory=dict)
    projects: dict[data.Work, Project] = field(default_factory=dict)
    employees: dict[str, Record] = field(default_factory=dict)
    customers: dict[str, Record] = field(default_factory=dict)
