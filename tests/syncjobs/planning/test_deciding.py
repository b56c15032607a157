"""A decision matches and evaluates only what it can change, with the outcome of matching and evaluating everybody."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from integrations.models import Workspace
from mapping import name_index, neighborhood, rematch
from mapping.decisions import batch, csv_import, undo
from mapping.decisions.batch import Choice
from mapping.decisions.preview import MappingSnapshot
from mapping.decisions.safe_pairs import safe_pairs
from mapping.desk.index import PROJECTS
from mapping.errors import Refused
from mapping.models import Decision, IndexTerm, LikelyFound, Link, MappingOverride, Mismatch
from mapping.queries import CLOCKIFY_MODELS
from syncjobs.models import EntryStatus
from syncjobs.pages.desk import safe_counts
from syncjobs.planning import evaluate
from syncjobs.planning.forecast import forecast
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
PEOPLE = [
    "Ada Roe",
    "ada roe",
    "Ada  Roe",
    "Jos\u00e9 Diaz",
    "Jose Diaz",
    "Jose\u0301 Diaz",
    "Ben Okafor",
    "Ben Okafo",
    "",
]
COMPANIES = ["Acme", "acme", "Acme Inc", "Bluebird", "Blue bird", "Cobalt", "Cobalt (deleted)"]
WORK = ["Site", "Shop", "shop", "Site 2", "Caf\u00e9", "Cafe", "Acme"]
ACTIONS = ("link", "link", "link", "confirm", "unlink", "unlink", "ignore", "stop_ignoring")


class World:
    """Two sides at random, whose few names collide all the time."""

    def __init__(self, seed: int) -> None:
        self.chance = chance = random.Random(seed)
        self.books = CompanyFactory(home_currency="USD")
        self.workspace: Workspace = WorkspaceFactory(
            company=self.books,
            matching=chance.choice(["strict", "strict", "forgiving"]),
            people_to_vendors=chance.random() < 0.7,
        )
        self.users = [self._user() for _ in range(chance.randint(2, 6))]
        self.clients = [self._client() for _ in range(chance.randint(2, 5))]
        self.projects = [self._project() for _ in range(chance.randint(3, 12))]
        kinds = [EmployeeFactory, EmployeeFactory, VendorFactory]
        self.people = [self._there(chance.choice(kinds), PEOPLE[:-1]) for _ in range(chance.randint(3, 8))]
        self.customers = [self._there(CustomerFactory, COMPANIES) for _ in range(chance.randint(2, 6))]
        for _ in range(chance.randint(2, 10)):
            # Below others at any depth.
            above = chance.choice(self.customers).quickbooks_id
            self.customers.append(self._there(CustomerFactory, WORK + COMPANIES[:2], parent_id=above))
        for _ in range(chance.randint(0, 25)):
            self._entry()

    def _odd(self) -> dict[str, Any]:
        """Return the columns of a record that is gone, known from entries only, or neither."""
        return self.chance.choice([{}] * 8 + [{"gone_at": NOW}, {"from_entries": True}])

    def _user(self) -> Any:
        facts = {"active": self.chance.random() < 0.85, "email": self.chance.choice(["", "", "a@x.com", "b@x.com"])}
        return ClockifyUserFactory(workspace=self.workspace, name=self.chance.choice(PEOPLE), **facts, **self._odd())

    def _client(self) -> Any:
        name, archived = self.chance.choice(COMPANIES), self.chance.random() < 0.1
        return ClientFactory(workspace=self.workspace, name=name, archived=archived, **self._odd())

    def _project(self) -> Any:
        client = self.chance.choice([None, *self.clients, *self.clients])
        facts = {"client_id": client.clockify_id, "client_name": client.name} if client else {}
        name, archived = self.chance.choice(WORK), self.chance.random() < 0.15
        return ProjectFactory(workspace=self.workspace, name=name, archived=archived, **facts, **self._odd())

    def _there(self, factory: Any, names: list[str], **facts: Any) -> Any:
        active, name = self.chance.random() < 0.85, self.chance.choice(names)
        if factory is not CustomerFactory:
            facts["email"] = self.chance.choice(["", "", "a@x.com", "b@x.com"])
        gone_at = NOW if self.chance.random() < 0.06 else None
        name = name if active else f"{name} (deleted)"
        return factory(company=self.books, name=name, active=active, gone_at=gone_at, **facts)

    def _entry(self) -> None:
        user, project = self.chance.choice(self.users), self.chance.choice(self.projects)
        start = NOW.replace(day=self.chance.randint(2, 20))
        entry = TimeEntryFactory(
            workspace=self.workspace,
            user_id=user.clockify_id,
            project_id=project.clockify_id,
            client_id=project.client_id,
            start_at=start,
            end_at=start + timedelta(minutes=self.chance.choice([20, 60, 95])),
            txn_date=date(2026, 3, start.day),
            billable=self.chance.random() < 0.85,
            rate=self.chance.choice([None, Decimal("80.5")]),
        )
        if self.chance.random() < 0.2:
            was = self.chance.choice(["content", "before an edit"])
            facts = {"start_at": start, "txn_date": entry.txn_date, "content_hash": was}
            ReceiptFactory(workspace=self.workspace, entry_id=entry.clockify_id, **facts)

    # --- decisions -------------------------------------------------------------------------------------------
    def step(self) -> Callable[[], Any]:
        """Return something that people do, at random, to be done once or twice."""
        kind = self.chance.choice(["choices", "choices", "choices", "undo", "undo", "undo batch", "upload"])
        decisions = list(Decision.objects.order_by("-pk")[:12])
        if kind == "undo" and decisions:
            pk = self.chance.choice(decisions).pk
            return lambda: _unless_refused(lambda: undo.undo_decision(self.workspace, pk, now=NOW))
        batches = [decision.batch for decision in decisions if decision.batch]
        if kind == "undo batch" and batches:
            chosen = self.chance.choice(batches)
            return lambda: _unless_refused(lambda: undo.undo_batch(self.workspace, chosen, now=NOW))
        choices = self.choices()
        if kind == "upload":
            lines = ["kind,clockify_id,quickbooks_id,decision"]
            lines += [
                f"{choice.kind},{choice.clockify_id},{choice.quickbooks_id},{choice.verb.replace('_', ' ')}"
                for choice in choices
            ]
            return lambda: self._upload("\n".join(lines))
        return lambda: batch.apply(self.workspace, choices, now=NOW)

    def choices(self) -> list[Choice]:
        return [self._choice() for _ in range(self.chance.choice([1, 1, 1, 2, 4]))]

    def _choice(self) -> Choice:
        kind = self.chance.choice(["user", "client", "client", "project", "project"])
        record = self.chance.choice({"user": self.users, "client": self.clients, "project": self.projects}[kind])
        partner = self.chance.choice(self.people if kind == "user" else self.customers)
        is_vendor = type(partner).__name__ == "Vendor"
        verb = self.chance.choice(ACTIONS)
        return Choice(verb, kind, record.clockify_id, partner.quickbooks_id, vendor=is_vendor)

    def _upload(self, text: str) -> None:
        changes = csv_import.read(self.workspace, text).changes
        batch.apply(self.workspace, [change.choice for change in changes], now=NOW)


def _unless_refused(work: Callable[[], Any]) -> None:
    with contextlib.suppress(Refused):
        work()


def state(workspace: Workspace) -> dict[str, Any]:
    """Return everything that matching and evaluating save, without primary keys."""
    links = Link.objects.filter(workspace=workspace).order_by("kind", "clockify_id", "given_back_at", "quickbooks_id")
    rows = Mismatch.objects.filter(workspace=workspace).order_by("kind", "clockify_id", "quickbooks_id")
    columns = [field.attname for field in Mismatch._meta.concrete_fields]
    columns = [name for name in columns if name not in ("id", "seen_at", "first_seen_at")]
    statuses = EntryStatus.objects.filter(workspace=workspace).order_by("entry_id")
    likely = LikelyFound.objects.filter(workspace=workspace).order_by("kind", "clockify_id")
    terms = IndexTerm.objects.filter(workspace=workspace).order_by("kind", "record_id", "term")
    return {
        "links": list(
            links.values_list(*[field.attname for field in Link._meta.concrete_fields if field.name != "id"])
        ),
        "overrides": list(MappingOverride.objects.order_by("kind", "clockify_id").values_list("clockify_id", "choice")),
        "rows": list(rows.values(*columns)),
        "statuses": list(statuses.values("entry_id", "state", "reasons", "warnings", "held", "cause", "minutes")),
        "likely": list(likely.values_list("kind", "clockify_id", "name", "under", "found")),
        "terms": list(terms.values_list("kind", "record_id", "term")),
        "retired": [
            (kind, record_id)
            for kind, model in CLOCKIFY_MODELS.items()
            for record_id in model._default_manager.exclude(retired_at=None).values_list("clockify_id", flat=True)
        ],
    }


def differences(few: dict[str, Any], everybody: dict[str, Any]) -> list[Any]:
    """Return what is saved on one side only, short enough to read."""
    found: list[Any] = []
    for part, rows in everybody.items():
        found += [(part, "only by few", row) for row in few[part] if row not in rows]
        found += [(part, "only by everybody", row) for row in rows if row not in few[part]]
    return found


def decided(workspace: Workspace, step: Callable[[], Any]) -> dict[str, Any]:
    with evaluate.deciding(workspace, now=NOW):
        step()
    return state(workspace)


FEW, MANY = range(10), range(10, 400)


@pytest.mark.parametrize("seed", [*FEW, *(pytest.param(seed, marks=pytest.mark.slow) for seed in MANY)])
def test_matching_what_a_decision_can_change_is_matching_everybody(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(seed)
    workspace = world.workspace
    evaluate.refresh(workspace, now=NOW, compare_names=True)
    for _ in range(6):
        if world.chance.random() < 0.15:
            # Decided by a process that died before it matched.
            batch.apply(workspace, world.choices(), now=NOW)
        step = world.step()
        with transaction.atomic(), monkeypatch.context() as without_index:
            without_index.setattr(name_index, "current", lambda _: None)
            everybody = decided(workspace, step)
            transaction.set_rollback(True)

        with monkeypatch.context() as watched:
            if workspace_is_indexed(workspace):
                watched.setattr(rematch, "rematch", _nobody_matches_everybody)
            few = decided(workspace, step)

        assert differences(few, everybody) == []
        evaluate.refresh(workspace, now=NOW)
        again = state(workspace)
        # Who retires by the entries as evaluated just now leaves a partner only then.
        assert again["retired"] != few["retired"] or differences(few, again) == []


@pytest.mark.parametrize("seed", [*FEW, *(pytest.param(seed, marks=pytest.mark.slow) for seed in MANY)])
def test_a_forecast_by_few_is_that_by_everybody(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(seed)
    workspace = world.workspace
    evaluate.refresh(workspace, now=NOW, compare_names=True)
    for _ in range(6):
        choices = world.choices()
        with monkeypatch.context() as without_index:
            without_index.setattr(name_index, "current", lambda _: None)
            by_everybody = forecast(workspace, choices)

        assert forecast(workspace, choices) == by_everybody
        decided(workspace, lambda choices=choices: batch.apply(workspace, choices, now=NOW))  # type: ignore[misc]


@pytest.mark.parametrize("seed", [*FEW, *(pytest.param(seed, marks=pytest.mark.slow) for seed in MANY)])
def test_safe_pairs_by_few_are_those_by_everybody(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(seed)
    workspace = world.workspace
    evaluate.refresh(workspace, now=NOW, compare_names=True)
    for _ in range(6):
        few = safe_pairs(workspace)
        with monkeypatch.context() as without_index:
            without_index.setattr(name_index, "current", lambda _: None)
            assert few == safe_pairs(workspace)
            by_everybody = forecast(workspace, [pair.choice for pair in few])
            unblocks = by_everybody.unblocks
        # The near misses are read once, for the pairs and for what they would change, of all of them or of some.
        snapshot = MappingSnapshot.of_near_misses(workspace)
        assert safe_pairs(workspace, snapshot=snapshot) == few
        assert forecast(workspace, [pair.choice for pair in few], snapshot=snapshot) == by_everybody
        some = [pair.choice for pair in few if world.chance.random() < 0.6]
        assert forecast(workspace, some, snapshot=snapshot) == forecast(workspace, some)
        counted = safe_counts.count(workspace, PROJECTS)
        of_projects = [pair for pair in few if pair.kind != "user"]
        if of_projects == few:
            assert (counted.entries, counted.minutes) == (unblocks.entries, unblocks.minutes)
        decided(workspace, world.step())


def test_everybody_is_matched_once_a_list_or_a_rule_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = WorkspaceFactory(company=CompanyFactory())
    project = ProjectFactory(workspace=workspace, name="Site")
    customer = CustomerFactory(company=workspace.company, name="Shop")
    evaluate.refresh(workspace, now=NOW, compare_names=True)
    whole: list[Workspace] = []
    matching = rematch.rematch
    monkeypatch.setattr(rematch, "rematch", lambda *args, **facts: (whole.append(args[0]), matching(*args, **facts))[1])

    decided(workspace, lambda: batch.apply(workspace, [Choice("ignore", "project", project.clockify_id)], now=NOW))
    assert whole == []

    type(customer).objects.filter(pk=customer.pk).update(name="Site")
    decided(workspace, lambda: batch.apply(workspace, [Choice("link", "project", "nobody", "1")], now=NOW))
    assert whole == [workspace]

    type(workspace).objects.filter(pk=workspace.pk).update(matching="forgiving")
    decided(workspace, lambda: batch.apply(workspace, [Choice("link", "project", "nobody", "1")], now=NOW))
    assert whole == [workspace, workspace]


# --- beside others, and after those that died -------------------------------------------------------------------
def decide_all(workspace: Workspace, *choices: Choice) -> None:
    batch.apply(workspace, choices, now=NOW)


def assert_nothing_is_left_to_do(workspace: Workspace) -> None:
    few = state(workspace)
    evaluate.refresh(workspace, now=NOW)
    assert differences(few, state(workspace)) == []


@pytest.fixture
def workspace() -> Workspace:
    found: Workspace = WorkspaceFactory(company=CompanyFactory(home_currency="USD"))
    return found


def entry_of(workspace: Workspace, **facts: Any) -> Any:
    return TimeEntryFactory(workspace=workspace, txn_date=date(2026, 3, 2), **facts)


def test_entries_that_name_too_many_records_are_judged_by_everybody(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = ClockifyUserFactory(workspace=workspace, name="Ada Roe")
    for project in ProjectFactory.create_batch(4, workspace=workspace):
        entry_of(workspace, user_id=user.clockify_id, project_id=project.clockify_id)
    evaluate.refresh(workspace, now=NOW, compare_names=True)
    monkeypatch.setitem(neighborhood.around.__kwdefaults__, "most", 3)

    with evaluate.deciding(workspace, now=NOW):
        decide_all(workspace, Choice("ignore", "user", user.clockify_id))

    assert_nothing_is_left_to_do(workspace)


def test_rows_of_a_check_that_read_other_lists_meanwhile_stay(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = ProjectFactory(workspace=workspace, name="Site")
    customer = CustomerFactory(company=workspace.company, name="Harbor")
    evaluate.refresh(workspace, now=NOW, compare_names=True)
    save, checks = rematch.save_mismatches, iter([True])

    def beside_a_check(*args: Any, **facts: Any) -> bool:
        if next(checks, False):
            customer.active = False
            customer.save()
            evaluate.refresh(workspace, now=NOW)
        return save(*args, **facts)

    monkeypatch.setattr(rematch, "save_mismatches", beside_a_check)
    with evaluate.deciding(workspace, now=NOW):
        decide_all(workspace, Choice("link", "project", project.clockify_id, customer.quickbooks_id))

    assert Mismatch.objects.get(kind="project").reason == "CUSTOMER_INACTIVE"
    assert_nothing_is_left_to_do(workspace)


def test_entries_of_a_decision_whose_process_died_are_judged_with_the_next(workspace: Workspace) -> None:
    user, other = ClockifyUserFactory.create_batch(2, workspace=workspace)
    employee = EmployeeFactory(company=workspace.company)
    entry_of(workspace, user_id=user.clockify_id, project_id="")
    evaluate.refresh(workspace, now=NOW, compare_names=True)
    with evaluate.deciding(workspace, now=NOW):
        decide_all(workspace, Choice("link", "user", user.clockify_id, employee.quickbooks_id))

    # A linked record that is ignored has no row, before or after, that could tell.
    decide_all(workspace, Choice("ignore", "user", user.clockify_id))
    with evaluate.deciding(workspace, now=NOW):
        decide_all(workspace, Choice("ignore", "user", other.clockify_id))

    assert_nothing_is_left_to_do(workspace)


def test_time_judged_for_a_record_that_is_gone_is_counted_at_the_others_that_it_names(workspace: Workspace) -> None:
    user, other = ClockifyUserFactory.create_batch(2, workspace=workspace)
    project = ProjectFactory(workspace=workspace, gone_at=NOW)
    entry = entry_of(workspace, user_id=user.clockify_id, project_id=project.clockify_id)
    evaluate.refresh(workspace, now=NOW, compare_names=True)
    # Read again by a process that died before it evaluated it.
    entry.end_at, entry.content_hash = entry.start_at + timedelta(minutes=7), "edited"
    entry.save()

    with evaluate.deciding(workspace, now=NOW):
        decide_all(workspace, Choice("ignore", "user", other.clockify_id))

    assert_nothing_is_left_to_do(workspace)


def test_a_vendor_whom_only_a_retired_user_holds_is_likely_for_others(workspace: Workspace) -> None:
    workspace.people_to_vendors = True
    workspace.save()
    retired = ClockifyUserFactory(workspace=workspace, name="Zoe Lund", gone_at=NOW)
    user = ClockifyUserFactory(workspace=workspace, name="Ada Roes")
    vendor = VendorFactory(company=workspace.company, name="Ada Roe")
    employee = EmployeeFactory(company=workspace.company, name="Ben Okafor")
    link = Choice("link", "user", retired.clockify_id, vendor.quickbooks_id, vendor=True)
    decide_all(workspace, link, Choice("link", "user", user.clockify_id, employee.quickbooks_id))
    workspace.people_to_vendors = False
    workspace.save()
    evaluate.refresh(workspace, now=NOW, compare_names=True)

    with evaluate.deciding(workspace, now=NOW):
        decide_all(workspace, Choice("unlink", "user", user.clockify_id))

    assert vendor.quickbooks_id in str(Mismatch.objects.get(clockify_id=user.clockify_id).suggestions)
    assert_nothing_is_left_to_do(workspace)


def test_a_customer_read_as_a_parent_only_is_not_likely_where_somebody_holds_it(workspace: Workspace) -> None:
    holder, client = (ClientFactory(workspace=workspace, name=name) for name in ("Bluebird", "Acmes"))
    project = ProjectFactory(workspace=workspace, name="Website", client_id=client.clockify_id, client_name="Acmes")
    company = workspace.company
    held, partner = (CustomerFactory(company=company, name=name) for name in ("Acme", "Cobalt"))
    CustomerFactory(company=company, name=project.name, parent_id=held.quickbooks_id)
    decide_all(
        workspace,
        Choice("link", "client", holder.clockify_id, held.quickbooks_id),
        Choice("link", "client", client.clockify_id, partner.quickbooks_id),
    )
    evaluate.refresh(workspace, now=NOW, compare_names=True)

    with evaluate.deciding(workspace, now=NOW):
        decide_all(workspace, Choice("unlink", "client", client.clockify_id))

    assert Mismatch.objects.get(clockify_id=client.clockify_id).suggestions == []
    assert_nothing_is_left_to_do(workspace)


def workspace_is_indexed(workspace: Workspace) -> bool:
    # A record that retires, or does no more, is a change of the lists.
    return name_index.current(workspace) is not None and not workspace_has_gone(workspace)


def workspace_has_gone(workspace: Workspace) -> bool:
    models = CLOCKIFY_MODELS.values()
    rows = [model._default_manager.filter(workspace=workspace) for model in models]
    return any(query.exclude(gone_at=None).exists() or query.filter(from_entries=True).exists() for query in rows)


def _nobody_matches_everybody(*_: Any, **__: Any) -> None:
    raise AssertionError("everybody was matched")
