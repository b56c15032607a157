"""The forecast before a decision is what the decision then unblocks."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.models import TimeEntry, Workspace
from mapping.decisions import batch
from mapping.decisions.batch import Choice
from mapping.models import Link, Mismatch
from mapping.queries import links_of, mapping_overrides_of
from syncjobs.models import EntryStatus
from syncjobs.planning import evaluate
from syncjobs.planning.forecast import forecast, goes
from tests.support.factories import (
    NOW,
    ClientFactory,
    ClockifyUserFactory,
    CompanyFactory,
    CustomerFactory,
    EmployeeFactory,
    ProjectFactory,
    ReceiptFactory,
    TimeEntryFactory,
    VendorFactory,
    WorkspaceFactory,
)

pytestmark = pytest.mark.django_db
PEOPLE = ["Ada Roe", "Ben Okafor", "ben okafor", "Cleo Ray"]
COMPANIES = ["Acme", "acme", "Bluebird", "Cobalt"]
WORK = ["Site", "Shop", "shop"]
ACTIONS = ("link", "link", "link", "confirm", "unlink", "ignore", "stop_ignoring")


class Company:
    """A company and a workspace at random: few names, so that many records compete for each other."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.books = CompanyFactory(home_currency="USD")
        matching = chance.choice(["strict", "strict", "forgiving"])
        self.workspace: Workspace = WorkspaceFactory(company=self.books, matching=matching)
        self.users = [self.user() for _ in range(3)]
        client_names = chance.sample(COMPANIES, 3)
        self.clients = [ClientFactory(workspace=self.workspace, name=name) for name in client_names]
        self.projects = [self.project() for _ in range(5)]
        kinds = [EmployeeFactory, EmployeeFactory, EmployeeFactory, VendorFactory]
        self.people = [self.record(kind, name) for kind, name in zip(kinds, PEOPLE, strict=True)]
        self.tops = [self.customer(name) for name in chance.sample(COMPANIES, 3)]
        below = [self.customer(name, top) for top in self.tops for name in chance.sample(WORK, 2)]
        self.customers = self.tops + below
        self.entries = [self.entry() for _ in range(25)]

    def user(self) -> Any:
        return ClockifyUserFactory(workspace=self.workspace, name=self.chance.choice(PEOPLE))

    def project(self) -> Any:
        client = self.chance.choice([None, *self.clients, *self.clients])
        below = {"client_id": client.clockify_id, "client_name": client.name} if client else {}
        return ProjectFactory(workspace=self.workspace, name=self.chance.choice(WORK), **below)

    def record(self, factory: Any, name: str, **facts: Any) -> Any:
        active = self.chance.random() < 0.85
        return factory(company=self.books, name=name if active else f"{name} (deleted)", active=active, **facts)

    def customer(self, name: str, parent: Any = None) -> Any:
        currency = self.chance.choice(["USD", "USD", "EUR", ""])
        above = parent.quickbooks_id if parent else ""
        return self.record(CustomerFactory, name, currency=currency, parent_id=above)

    def entry(self) -> Any:
        user, project = self.chance.choice(self.users), self.chance.choice(self.projects)
        start = NOW.replace(day=self.chance.randint(2, 20))
        minutes = self.chance.choice([0, 20, 60, 95, 26 * 60])
        entry = TimeEntryFactory(
            workspace=self.workspace,
            user_id=user.clockify_id,
            project_id=project.clockify_id,
            client_id=project.client_id,
            start_at=start,
            end_at=start + timedelta(minutes=minutes) if self.chance.random() < 0.9 else None,
            txn_date=date(2026, 3, start.day),
            billable=self.chance.random() < 0.9,
            rate=self.chance.choice([None, Decimal("80.5")]),
            currency=self.chance.choice(["", "USD"]),
        )
        if self.chance.random() < 0.15:
            was = self.chance.choice(["content", "before an edit"])
            facts = {"start_at": start, "txn_date": entry.txn_date, "content_hash": was}
            ReceiptFactory(workspace=self.workspace, entry_id=entry.clockify_id, **facts)
        return entry

    def some_choices(self) -> list[Choice]:
        return [self.choice() for _ in range(self.chance.choice([1, 1, 1, 2, 4]))]

    def choice(self, verbs: tuple[str, ...] = ACTIONS) -> Choice:
        verb = self.chance.choice(verbs)
        kind = self.chance.choice(["user", "client", "client", "project"])
        clockify_records = {"user": self.users, "client": self.clients, "project": self.projects}[kind]
        partner = self.chance.choice({"user": self.people, "client": self.tops, "project": self.customers}[kind])
        is_vendor = type(partner).__name__ == "Vendor"
        return Choice(
            verb, kind, self.chance.choice(clockify_records).clockify_id, partner.quickbooks_id, vendor=is_vendor
        )


def sendable_ids(workspace: Workspace) -> set[str]:
    rows = EntryStatus.objects.filter(workspace=workspace).values_list("entry__clockify_id", "state", "reasons")
    return {entry for entry, state, reasons in rows if goes(state, reasons)}


def working_links(workspace: Workspace) -> set[tuple[str, str]]:
    ignored = set(mapping_overrides_of(workspace).filter(choice="ignored").values_list("kind", "clockify_id"))
    return set(links_of(workspace).filter(suspended="").values_list("kind", "clockify_id")) - ignored


@pytest.mark.parametrize("seed", [*range(8), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(8, 60))])
def test_the_forecast_is_what_is_unblocked_whatever_is_decided(seed: int) -> None:
    company = Company(random.Random(seed))
    workspace = company.workspace
    batch.apply(workspace, [company.choice(("link",)) for _ in range(4)], now=NOW)
    evaluate.refresh(workspace, now=NOW)
    for _ in range(6):
        choices = company.some_choices()
        before, links = sendable_ids(workspace), working_links(workspace)
        saved = (list(links_of(workspace).values()), list(EntryStatus.objects.values()))

        result = forecast(workspace, choices)

        assert (list(links_of(workspace).values()), list(EntryStatus.objects.values())) == saved
        batch.apply(workspace, choices, now=NOW)
        evaluate.refresh(workspace, now=NOW)
        after = sendable_ids(workspace)
        assert result.unblocked_ids == after - before, choices
        assert result.unblocks.entries == len(after - before) and result.blocks.entries == len(before - after)
        minutes = EntryStatus.objects.filter(entry__clockify_id__in=after - before).values_list("minutes", flat=True)
        assert result.unblocks.minutes == sum(minutes)
        begun = working_links(workspace) - links
        assert sum(result.links.values()) == len(begun)


@pytest.mark.parametrize("seed", range(6))
def test_evaluating_what_a_decision_concerns_is_evaluating_everything(seed: int) -> None:
    company = Company(random.Random(seed))
    workspace = company.workspace
    evaluate.refresh(workspace, now=NOW, compare_names=True)
    for _ in range(8):
        with evaluate.deciding(workspace, now=NOW):
            batch.apply(workspace, company.some_choices(), now=NOW)
        quick = stored_state(workspace)

        evaluate.refresh(workspace, now=NOW)

        assert stored_state(workspace) == quick


def stored_state(workspace: Workspace) -> list[list[tuple[Any, ...]]]:
    """Return statuses and open rows, as far as anybody can see them."""
    statuses = EntryStatus.objects.filter(workspace=workspace).order_by("entry_id")
    rows = Mismatch.objects.filter(workspace=workspace).order_by("kind", "clockify_id", "quickbooks_id")
    fields = ("kind", "clockify_id", "quickbooks_id", "reason", "suggestions", "blocked_minutes", "blocked_entries")
    return [
        list(statuses.values_list("entry_id", "state", "reasons", "held", "minutes")),
        list(rows.values_list(*fields, "oldest_date", "order_key", "suggested", "has_link")),
    ]


def a_held_project(*, partner: bool = True) -> tuple[Workspace, str, str]:
    """Create project Site of a linked client; Tomasz, who works on it too, has no employee."""
    books = CompanyFactory(home_currency="USD")
    workspace = WorkspaceFactory(company=books)
    ada = ClockifyUserFactory(workspace=workspace, name="Ada")
    tomasz = ClockifyUserFactory(workspace=workspace, name="Tomasz Wójcik")
    EmployeeFactory(company=books, name="Ada")
    client = ClientFactory(workspace=workspace, name="Acme")
    project = ProjectFactory(
        workspace=workspace, name="Site", client_id=client.clockify_id, client_name="Acme"
    ).clockify_id
    acme = CustomerFactory(company=books, name="Acme")
    site = CustomerFactory(company=books, name="Acme site", parent_id=acme.quickbooks_id).quickbooks_id
    for user, count in ((ada, 3), (tomasz, 2)):
        for _ in range(count):
            facts = {"user_id": user.clockify_id, "user_name": user.name, "rate": Decimal(80), "currency": "USD"}
            TimeEntryFactory(workspace=workspace, project_id=project, client_id=client.clockify_id, **facts)
    evaluate.refresh(workspace, now=NOW)
    return workspace, project, site


def test_the_figures_name_hours_money_and_what_the_rest_waits_for() -> None:
    workspace, project, site = a_held_project()

    result = forecast(workspace, [Choice("link", "project", project, site)])

    assert result.links == {"project": 1}
    assert (result.unblocks.entries, result.unblocks.hours, result.unblocks.money) == (
        3,
        4.5,
        {"USD": Decimal("360.00")},
    )
    assert (result.waits.entries, result.waits.hours) == (2, 3.0)
    (obstacle,) = result.obstacles
    assert (obstacle.code, obstacle.tally.entries) == ("USER_NOT_MAPPED", 2)
    assert obstacle.sentence == "Tomasz Wójcik is not linked to an employee or vendor in QuickBooks."
    assert not Link.objects.filter(kind="project").exists()


def test_two_people_of_one_name_are_said_once() -> None:
    workspace, project, site = a_held_project()
    namesake = ClockifyUserFactory(workspace=workspace, name="Tomasz Wójcik")
    facts = {"user_id": namesake.clockify_id, "user_name": namesake.name}
    entry = TimeEntry.objects.filter(project_id=project).first()
    assert entry is not None
    TimeEntryFactory(workspace=workspace, project_id=project, client_id=entry.client_id, **facts)
    evaluate.refresh(workspace, now=NOW)

    result = forecast(workspace, [Choice("link", "project", project, site)])

    assert len(result.obstacles) == 2
    assert result.obstacle_sentences == ["Tomasz Wójcik is not linked to an employee or vendor in QuickBooks."]


def test_the_number_of_queries_does_not_depend_on_what_is_asked() -> None:
    workspace, project, site = a_held_project()
    counts = []
    user = ClockifyUserFactory(workspace=workspace, name="Zoe").clockify_id
    held = Choice("link", "project", project, site)
    for choices in ([held], [held, Choice("ignore", "user", user)]):
        fresh = Workspace.objects.get(pk=workspace.pk)
        with CaptureQueriesContext(connection) as queries:
            forecast(fresh, choices)
        counts.append(len(queries))

    assert counts[0] == counts[1] < 25
