"""Worlds of any size: people, clients and projects in proportion to the entries, some of them mismatched."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time, timedelta
from itertools import product
from random import Random

from sandbox.clockify.records import Client, Project, User
from sandbox.clockify.state import ADMIN_KEY, MEMBER_KEY, WORKSPACE_ID
from sandbox.data.builder import Builder, Record, local_second, weekdays
from sandbox.world import World


def _words(text: str) -> list[str]:
    return text.split()


REALM = "9341454182739650"
ENTRIES_PER_PERSON, ENTRIES_PER_CLIENT, PROJECTS_PER_CLIENT = 400, 400, 3
ENTRIES_PER_DAY = 8
GIVEN = _words("Ada Ben Cleo Dov Ema Finn Gia Hugo Ines Jude Kaya Leo Mila Nils Orla Pia Quin Rosa Sami Tess")
FAMILY = _words("Abara Berg Costa Dahl Eriksen Faber Garza Holm Ito Jensen Kovac Lund Moreau Novak Okafor Pires")
COLORS = _words("Amber Birch Cedar Delta Ember Fjord Granite Harbor Indigo Juniper Kestrel Larch Maple North")
TRADES = _words("Foods Labs Media Motors Partners Press Studios Textiles Tools Travel Ventures Works")
TASKS = _words("Website Campaign Intranet Rebrand App Catalog Newsletter Packaging Report Retainer Archive")
ZONES = ("America/New_York", "Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles", "UTC", "Australia/Sydney")
WORDS = _words("review draft fixes call research layout copy tests handover planning import polish")
PERSON_REASONS = ("NO_EMPLOYEE", "NAME_DIFFERS", "EMPLOYEE_INACTIVE", "AMBIGUOUS_NAME")
PROJECT_REASONS = ("NO_CUSTOMER", "NAME_DIFFERS", "CUSTOMER_INACTIVE", "WRONG_PARENT", "WRONG_LEVEL")


@dataclass
class _Records:
    users: list[User] = field(default_factory=list)
    projects: list[Project] = field(default_factory=list)
    pairs: dict[str, dict[str, str]] = field(default_factory=lambda: {"users": {}, "clients": {}, "projects": {}})
    mismatches: list[Record] = field(default_factory=list)

    def mismatch(self, kind: str, reason: str, key: str) -> None:
        row = {"kind": kind, "reason": reason, "clockify_id": key, "quickbooks_id": None}
        self.mismatches.append(row)


def build(
    world: World,
    *,
    today: date,
    entries: int = 400,
    seed: int = 1,
    mismatch_share: float = 0.1,
    people: int | None = None,
    clients: int | None = None,
    days: int | None = None,
) -> None:
    """Fill the world; no rule matches a `mismatch_share` of people and projects, the rest are known pairs.

    People and clients default to one for every 400 entries, at least five. `days` before today default to as many as
    leave nobody more than eight entries a working day.
    """
    random = Random(f"{today}/{seed}/{entries}")
    people = people or max(5, entries // ENTRIES_PER_PERSON)
    clients = clients or max(5, entries // ENTRIES_PER_CLIENT)
    first = today - timedelta(days=days or _span(entries, people))
    workspace = world.clockify.add_workspace(f"Generated {seed}", id=WORKSPACE_ID)
    workspace.hourly_rate = 10000
    company = world.quickbooks.add_company(realm=REALM, name=f"Generated {seed} Inc.")
    builder = Builder(world, workspace, company, born=first - timedelta(days=30))
    records = _Records()
    _add_people(builder, records, count=people, share=mismatch_share)
    _add_clients(builder, records, count=clients, share=mismatch_share)
    _add_entries(builder, records, random, count=entries, days=weekdays(first, today - timedelta(days=1)))
    world.clockify.expected = {"pairs": records.pairs, "mismatches": records.mismatches, "entries": {}}


def _span(entries: int, people: int) -> int:
    """Return the days back from today that leave nobody over eight entries a working day; five weeks at least."""
    days_each = -(-entries // (people * ENTRIES_PER_DAY))
    return max(35, days_each * 7 // 5 + 3)


def _names(first: list[str], second: list[str], count: int) -> list[str]:
    """Return different names, the same for the same count; numbered when the words run out."""
    pairs = [f"{first_word} {second_word}" for second_word, first_word in product(second, first)]
    return [pairs[i % len(pairs)] + (f" {i // len(pairs) + 1}" if i >= len(pairs) else "") for i in range(count)]


def _unmatched_positions(count: int, share: float) -> set[int]:
    """Return evenly spread positions, a `share` of `count`; never the first."""
    wanted = round(count * share)
    return {(i + 1) * count // (wanted + 1) for i in range(wanted)} - {0}


def _add_people(builder: Builder, records: _Records, *, count: int, share: float) -> None:
    unmatched = sorted(_unmatched_positions(count, share))
    for position, name in enumerate(_names(GIVEN, FAMILY, count)):
        reason = PERSON_REASONS[unmatched.index(position) % len(PERSON_REASONS)] if position in unmatched else ""
        email = name.lower().replace(" ", ".") + "@generated.example"
        roles = ("OWNER",) if position == 0 else ()
        zone = ZONES[position % len(ZONES)]
        user = builder.user(name, email, time_zone=zone, roles=roles, hourly_rate=9000 + position % 40 * 100)
        records.users.append(user)
        if reason:
            records.mismatch("user", reason, user.id)
            _add_unmatched_person(builder, records, user, reason)
        else:
            records.pairs["users"][user.id] = builder.employee(name, email)["Id"]
    builder.clockify.put_key(ADMIN_KEY, records.users[0].id)
    builder.clockify.put_key(MEMBER_KEY, records.users[1].id)


def _add_unmatched_person(builder: Builder, records: _Records, user: User, reason: str) -> None:
    name = str(user.name)
    if reason == "NAME_DIFFERS":
        builder.employee(name.upper())
    elif reason == "EMPLOYEE_INACTIVE":
        employee = builder.employee(name)
        builder.company.put("Employee", {"Id": employee["Id"], "Active": False})
    elif reason == "AMBIGUOUS_NAME":
        builder.employee(name)
        namesake = builder.user(name, f"second.{user.email}", time_zone="UTC", hourly_rate=9000)
        records.mismatch("user", reason, namesake.id)


def _add_clients(builder: Builder, records: _Records, *, count: int, share: float) -> None:
    names = _names(COLORS, TRADES, count)
    unmatched = sorted(_unmatched_positions(count * PROJECTS_PER_CLIENT, share))
    parents = [builder.customer(name) for name in names]
    for position, name in enumerate(names):
        client = builder.client(name)
        records.pairs["clients"][client.id] = parents[position]["Id"]
        for number in range(PROJECTS_PER_CLIENT):
            index = position * PROJECTS_PER_CLIENT + number
            reason = PROJECT_REASONS[unmatched.index(index) % len(PROJECT_REASONS)] if index in unmatched else ""
            other = parents[(position + 1) % count]
            task = f"{TASKS[index % len(TASKS)]} {index}"
            _add_project(builder, records, client, task, reason, parents[position], other)


def _add_project(
    builder: Builder, records: _Records, client: Client, name: str, reason: str, parent: Record, other: Record
) -> None:
    project = builder.project(name, client)
    records.projects.append(project)
    if not reason:
        records.pairs["projects"][project.id] = builder.customer(name, parent)["Id"]
        return
    records.mismatch("project", reason, project.id)
    if reason == "NAME_DIFFERS":
        builder.customer(name.upper(), parent)
    elif reason == "CUSTOMER_INACTIVE":
        customer = builder.customer(name, parent)
        builder.company.put("Customer", {"Id": customer["Id"], "Active": False})
    elif reason == "WRONG_PARENT":
        builder.customer(name, other)
    elif reason == "WRONG_LEVEL":
        builder.customer(name)


def _add_entries(builder: Builder, records: _Records, random: Random, *, count: int, days: list[date]) -> None:
    """Add entry after entry, person by person and day by day, half an hour to two hours each."""
    clock: dict[tuple[str, date], int] = {}
    for number in range(count):
        user = records.users[number % len(records.users)]
        day = days[number // len(records.users) % len(days)]
        key = (user.id, day)
        if key not in clock:
            clock[key] = local_second(day, time(6 + number % 3), user.time_zone)
        seconds = random.randrange(1800, 7200, 60) + random.choice((0, 0, 0, 20, 30))
        text = f"{random.choice(WORDS)} {number}"
        project = records.projects[random.randrange(len(records.projects))]
        builder.entry(user, clock[key], seconds, description=text, **_kind(random, project))
        clock[key] += seconds


def _kind(random: Random, project: Project) -> Record:
    """Return the fields of an entry's kind: ordinary billable work in nine of ten cases."""
    chance = random.random()
    if chance < 0.07:
        return {"project_id": project.id, "billable": False}
    if chance < 0.08:
        return {"type": "BREAK", "billable": False}
    if chance < 0.09:
        return {}
    return {"project_id": project.id}
