"""The agency's five weeks: ordinary working days, and one entry of every kind that needs a second look."""

from __future__ import annotations

from bisect import bisect
from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from random import Random
from typing import Any

from sandbox.clockify.clocktime import zone
from sandbox.clockify.records import Entry, Tag, Task, User
from sandbox.data import agency_data as data
from sandbox.data.agency_records import Agency
from sandbox.data.builder import Builder, local_date, local_second, weekdays

DAY, HOUR, MINUTE = 86_400, 3600, 60
SPAN = 35  # days before today
LENGTHS = (30, 45, 45, 60, 60, 75, 90, 90, 105, 120, 120, 150, 180, 210)
ODD_SECONDS = (0, 0, 0, 0, 0, 0, 17, 29, 30, 31, 44)
APPROVED_WEEKS, PENDING_WEEKS = 2, 3  # from the first day on
APPROVERS = (data.PEOPLE[1], data.PEOPLE[2], data.PEOPLE[5])
NOT_BILLABLE_IN = 20  # one entry in this many
TAGS = ("onsite", "remote", "rush")
TASKS = ("Design: UX", "Développement", "Project management")
TASKS_OF = (data.ACME, data.BLUEBIRD, data.HARTWELL)  # clients whose projects have tasks


class Calendar:
    """Builder of the five weeks; `special` lists the ids of special entries by their reason or trait."""

    def __init__(self, builder: Builder, agency: Agency, *, today: date, seed: int) -> None:
        self.builder, self.agency, self.today = builder, agency, today
        self.random = Random(f"{today}/{seed}")
        self.special: dict[str, list[str]] = defaultdict(list)
        self.days = weekdays(today - timedelta(days=SPAN), today - timedelta(days=1))
        self._clock: dict[tuple[str, date], int] = {}
        # A sequence of its own, so that tasks change nothing else of the data.
        self._task_choices = Random(f"tasks/{today}/{seed}")
        self._tags = [self._named(name) for name in TAGS]
        self._tasks = {work: self._tasks_of(work) for work in data.PROJECTS if work.client in TASKS_OF}

    def fill(self, entries: int) -> None:
        """Add the special entries first, then ordinary ones up to about `entries`, and approve last."""
        Specials(self).add()
        people = _WeightedChoice(data.PEOPLE, [person.share for person in data.PEOPLE])
        works = _WeightedChoice(data.PROJECTS, [work.share for work in data.PROJECTS])
        attempts = entries * 20
        while len(self.builder.workspace.entries) < entries and attempts:
            attempts -= 1
            self._ordinary(people.draw(self.random), works.draw(self.random), self.random.choice(self.days))
        self._approve()

    def _ordinary(self, person: data.Person, work: data.Work, day: date) -> None:
        if day > self.today - timedelta(days=max(person.until, work.until)):
            return
        seconds = self.random.choice(LENGTHS) * MINUTE + self.random.choice(ODD_SECONDS)
        start = self._next_free(person, day, seconds)
        if start is None:
            return
        if person.rate is None and work.rate is None:
            work = self._with_rate()
        self.add(
            person,
            work,
            start,
            seconds,
            description=self.random.choice(data.DESCRIPTIONS),
            billable=work.billable and self.random.randrange(NOT_BILLABLE_IN) > 0,
            tag_ids=[self.random.choice(self._tags)] if self.random.random() < 0.2 else None,
            task_id=self._task_choices.choice([*self._tasks[work], None]) if work in self._tasks else None,
        )

    def _with_rate(self) -> data.Work:
        return self.random.choice([work for work in data.PROJECTS if work.rate is not None])

    def _next_free(self, person: data.Person, day: date, seconds: int) -> int | None:
        """Return when the person is next free that day, from about nine to about seven; None when the day is full."""
        key = (person.email, day)
        opening = local_second(day, time(9), person.time_zone) + self.random.randrange(0, 6) * 5 * MINUTE
        start = self._clock.get(key, opening)
        if start + seconds > local_second(day, time(19), person.time_zone):
            return None
        self._clock[key] = start + seconds + self.random.choice((0, 0, 5, 15, 40)) * MINUTE
        return start

    def add(
        self,
        person: data.Person,
        work: data.Work | None,
        start: int,
        seconds: int | None,
        *,
        trait: str = "",
        **more: Any,
    ) -> Entry:
        """Add one entry; `trait` lists it among the special ones."""
        project_id = self.agency.projects[work].id if work else None
        user = self.agency.users[person.email]
        entry = self.builder.entry(user, start, seconds, project_id=project_id, **more)
        if trait:
            self.special[trait].append(entry.id)
        return entry

    def user(self, person: data.Person) -> User:
        return self.agency.users[person.email]

    def _approve(self) -> None:
        """Approve some people's first weeks and submit the week after, with one request per person and week."""
        approvers = {self.user(person).id: person for person in APPROVERS}
        first = self.today - timedelta(days=SPAN)
        requests: dict[tuple[str, int], str] = {}
        for entry in list(self.builder.workspace.entries.values()):
            person = approvers.get(entry.user_id)
            week = (local_date(entry.start, person.time_zone) - first).days // 7 if person else PENDING_WEEKS
            if person is None or week >= PENDING_WEEKS or entry.end is None:
                continue
            key = (entry.user_id, week)
            requests[key] = requests.get(key) or self.builder.clockify.new_id(entry.start)
            state = "APPROVED" if week < APPROVED_WEEKS else "PENDING"
            locked = state == "APPROVED"
            self.builder.workspace.put_entry(
                replace(entry, approval_id=requests[key], approval_state=state, locked=locked)
            )

    def _tasks_of(self, work: data.Work) -> list[str]:
        project = self.agency.projects[work]
        tasks = [Task(self.builder.clockify.new_id(0), name, project_id=project.id) for name in TASKS]
        return [self.builder.workspace.put_task(task).id for task in tasks]

    def _named(self, name: str) -> str:
        key = self.builder.clockify.new_id(0)
        return self.builder.workspace.put_tag(Tag(key, name)).id


class _WeightedChoice:
    """A random choice among several, weighted by their shares."""

    def __init__(self, choices: tuple[Any, ...], shares: list[int]) -> None:
        self._choices, self._edges = choices, list(accumulate(shares))

    def draw(self, random: Random) -> Any:
        return self._choices[bisect(self._edges, random.randrange(self._edges[-1]))]


class Specials:
    """One entry of every kind that must be held back, and of every kind that must be sent although it looks odd."""

    def __init__(self, calendar: Calendar) -> None:
        self.calendar, self.days = calendar, calendar.days
        by_name = {person.email.partition("@")[0]: person for person in data.PEOPLE}
        self.dana, self.priya = by_name["dana.marsh"], by_name["priya.raman"]
        self.renee, self.zoe = by_name["renee.dubois"], by_name["zoe.krueger"]
        self.jonas, self.dangelo = by_name["jonas.lindqvist"], by_name["dangelo.brooks"]
        works = {(work.client, work.name): work for work in data.PROJECTS}
        self.redesign, self.campaign = works[data.ACME, "Website redesign"], works[data.ACME, "Q2 campaign"]
        self.intranet, self.care = works[data.HARTWELL, "Intranet"], works[data.HOSPICE, "Website care plan"]
        self.rebrand, self.fair = (
            works[data.TIDEWATER, "Rebrand phase 2"],
            works[data.VANTAGE, "Trade Show 2026 - Chicago"],
        )
        self.appeal, self.clinic = works[data.HOSPICE, "Winter appeal"], works[None, "Riverside Clinic"]
        self.packaging = works[data.MAPLE, data.FOREIGN]

    def add(self) -> None:
        self._held_back()
        self._left_out()
        self._already_in_quickbooks()
        self._odd_but_fine()
        self._odd_texts()
        self._nights()

    def _at(self, person: data.Person, back: int, hour: int, minute: int = 0) -> int:
        """Return a moment `back` working days before today; evening hours do not meet ordinary entries."""
        return local_second(self.days[-back], time(hour, minute), person.time_zone)

    def _held_back(self) -> None:
        add = self.calendar.add
        for back in (2, 6, 9):
            start = self._at(self.zoe, back, 20)
            add(self.zoe, self.packaging, start, 50 * MINUTE, trait="CURRENCY_DIFFERS", description="Box artwork")
        start = self._at(self.renee, 5, 19)
        add(self.renee, self.intranet, start, 26 * HOUR + 20 * MINUTE, trait="TOO_LONG", description="Server move")
        for back, person in ((2, self.renee), (4, self.dangelo), (7, self.zoe)):
            start = self._at(person, back, 19, 10)
            add(person, None, start, 40 * MINUTE, trait="NO_PROJECT", description="Phone call")
        oldest = local_second(self.days[0], time(19, 30), self.dangelo.time_zone)
        add(self.dangelo, self.care, oldest, HOUR, trait="BOOKS_CLOSED", description="Backups checked")

    def _left_out(self) -> None:
        add = self.calendar.add
        start = self._at(self.dangelo, 1, 16, 40)
        add(self.dangelo, self.rebrand, start, None, trait="NOT_FINISHED", description="Moodboard")
        for back, length in ((3, 20), (8, 29)):
            start = self._at(self.renee, back, 20, 40)
            add(self.renee, self.redesign, start, length, trait="TOO_SHORT", description="Started by mistake")
        for back in (2, 3, 8):
            start = self._at(self.priya, back, 8)
            add(self.priya, None, start, 30 * MINUTE, trait="NOT_WORK_TIME", type="BREAK", billable=False)
        for back, kind in ((10, "HOLIDAY"), (11, "TIME_OFF")):
            start = self._at(self.dana, back, 9)
            add(self.dana, None, start, 8 * HOUR, trait="NOT_WORK_TIME", type=kind, billable=False)
        invoice = self.calendar.builder.clockify.new_id(self._at(self.zoe, 3, 12))
        for back, mark in ((4, "manual"), (6, invoice), (7, invoice)):
            start = self._at(self.zoe, back, 19)
            add(self.zoe, self.fair, start, 45 * MINUTE, trait="INVOICED_IN_CLOCKIFY", invoice=mark)

    def _already_in_quickbooks(self) -> None:
        """Add work that someone typed into QuickBooks by hand: copies of two entries, and one that has no entry."""
        for back, person, work in ((3, self.dangelo, self.care), (6, self.priya, self.clinic)):
            start, minutes = self._at(person, back, 19, 30), 85
            text = "Typed in by hand"
            self.calendar.add(person, work, start, minutes * MINUTE, trait="ALREADY_IN_QUICKBOOKS", description=text)
            full_name = f"{work.client}:{work.name}" if work.client else work.name
            self._by_hand(person.name or "", full_name, local_date(start, person.time_zone), minutes)
        self._by_hand(data.BOOKKEEPER, data.WALK_IN, self.days[-5], 120)

    def _by_hand(self, employee: str, customer: str, day: date, minutes: int) -> None:
        agency = self.calendar.agency
        self.calendar.builder.company.put(
            "TimeActivity",
            {
                "NameOf": "Employee",
                "EmployeeRef": {"value": agency.employees[employee]["Id"], "name": employee},
                "CustomerRef": {"value": agency.customers[customer]["Id"], "name": customer},
                "TxnDate": day.isoformat(),
                "Hours": minutes // 60,
                "Minutes": minutes % 60,
                "BillableStatus": "Billable",
                "HourlyRate": 110,
                "Description": "From the paper timesheet",
            },
        )

    def _odd_but_fine(self) -> None:
        add = self.calendar.add
        add(self.dana, self.intranet, self._at(self.dana, 4, 19), HOUR, trait="NO_RATE", description="Rates")
        add(self.renee, self.redesign, self._at(self.renee, 6, 20), 30, trait="half a minute")
        add(self.zoe, self.redesign, self._at(self.zoe, 10, 19), DAY, trait="exactly 24 hours")
        for _ in range(2):
            start = self._at(self.dangelo, 5, 19)
            add(self.dangelo, self.care, start, HOUR, trait="equal twins", description="Monthly updates")
        for back in (15, 17):
            add(self.jonas, self.intranet, self._at(self.jonas, back, 19), HOUR, trait="deactivated user")
            start = self._at(self.renee, back, 19)
            add(self.renee, self.appeal, start, 2 * HOUR, trait="archived project", description="Mailing")

    def _odd_texts(self) -> None:
        for back, text in enumerate((*data.ODD_DESCRIPTIONS, data.LONG_DESCRIPTION), start=2):
            start = self._at(self.priya, back, 19, 30)
            self.calendar.add(self.priya, self.campaign, start, 25 * MINUTE, trait="odd text", description=text)

    def _nights(self) -> None:
        """Add shifts across midnight, two of them across the end of a month, and shifts across each clock change."""
        for back, person in ((3, self.zoe), (9, self.dangelo), (12, self.priya), (14, self.renee)):
            start = self._at(person, back, 22, 30)
            self.calendar.add(person, self.rebrand, start, 165 * MINUTE, trait="night shift", description="Go-live")
        for person in (self.zoe, self.dangelo, self.priya):
            for day in self._clock_changes(person.time_zone or "UTC"):
                start = local_second(day - timedelta(days=1), time(23, 30), person.time_zone)
                self.calendar.add(
                    person, self.redesign, start, 5 * HOUR, trait="clock change", description="Night watch"
                )

    def _clock_changes(self, name: str) -> list[date]:
        """Return the days of the five weeks on which a time zone's offset changes."""
        days, time_zone = [], zone(name)
        for back in range(SPAN - 1, 1, -1):
            day = self.calendar.today - timedelta(days=back)
            noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
            before = (noon - timedelta(days=1)).astimezone(time_zone).utcoffset()
            if noon.astimezone(time_zone).utcoffset() != before:
                days.append(day)
        return days
