"""Accepting what is safe in one click, and taking decisions back, one by one or together."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from integrations.models import Workspace
from mapping import rematch
from mapping.decisions import batch, decide, undo
from mapping.decisions.batch import Choice
from mapping.decisions.new_decision import NewDecision
from mapping.decisions.safe_pairs import accept_safe, safe_pairs
from mapping.errors import Refused
from mapping.models import Decision, Link, MappingOverride
from mapping.queries import links_of, mapping_overrides_of
from tests.support.factories import (
    NOW,
    ClientFactory,
    ClockifyUserFactory,
    CompanyFactory,
    CustomerFactory,
    EmployeeFactory,
    ProjectFactory,
    UserFactory,
    WorkspaceFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    return WorkspaceFactory(company=CompanyFactory())


def user(workspace: Workspace, name: str, **facts: Any) -> str:
    return ClockifyUserFactory(workspace=workspace, name=name, **facts).clockify_id


def client(workspace: Workspace, name: str, **facts: Any) -> str:
    return ClientFactory(workspace=workspace, name=name, **facts).clockify_id


def project(workspace: Workspace, name: str, client_id: str = "") -> str:
    return ProjectFactory(workspace=workspace, name=name, client_id=client_id, client_name="its client").clockify_id


def employee(workspace: Workspace, name: str, **facts: Any) -> str:
    return EmployeeFactory(company=workspace.company, name=name, **facts).quickbooks_id


def customer(workspace: Workspace, name: str, parent_id: str = "", **facts: Any) -> str:
    return CustomerFactory(company=workspace.company, name=name, parent_id=parent_id, **facts).quickbooks_id


def pairs(workspace: Workspace) -> dict[str, str]:
    """Match, then return the safe pairs: Clockify id to QuickBooks id."""
    rematch.rematch(workspace, now=NOW)
    return {pair.clockify_id: pair.quickbooks_id for pair in safe_pairs(workspace)}


def links(workspace: Workspace) -> list[dict[str, Any]]:
    return list(
        links_of(workspace).order_by("clockify_id").values(*[f.name for f in Link._meta.fields if f.name != "id"])
    )


def overrides(workspace: Workspace) -> list[dict[str, Any]]:
    fields = [field.name for field in MappingOverride._meta.fields if field.name != "id"]
    return list(mapping_overrides_of(workspace).order_by("clockify_id").values(*fields))


# --- one -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["user", "client", "project"])
def test_nobody_is_linked_to_a_record_of_another_kind(workspace: Workspace, kind: str) -> None:
    records = {"user": user, "client": client, "project": project}
    partner = ("customer", customer(workspace, "Acme")) if kind == "user" else ("employee", employee(workspace, "Ada"))
    decision = NewDecision(workspace, kind, records[kind](workspace, "Acme"), at=NOW, partner=partner)

    with pytest.raises(Refused, match=f"^A {kind} can't be linked to an? {partner[0]}"):
        decide.link(decision)


# --- safe ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("clockify_name", "quickbooks_name", "is_safe"),
    [
        ("ada ROE", "Ada Roe", True),
        ("Ada  Roe", "Ada Roe", True),
        ("Ａda Roe", "Ada Roe", True),
        ("Adá Roe", "Ada Roe", False),
        ("Ada O’Roe", "Ada O'Roe", False),
        ("Ada Roe-Ray", "Ada Roe Ray", False),
        ("Ada Ro", "Ada Roe", False),
    ],
)
def test_only_case_inner_spaces_and_unicode_form_are_safe(
    workspace: Workspace, clockify_name: str, quickbooks_name: str, is_safe: bool
) -> None:
    ada, partner = user(workspace, clockify_name), employee(workspace, quickbooks_name)

    assert pairs(workspace) == ({ada: partner} if is_safe else {})


def test_what_is_not_alone_not_active_elsewhere_or_undone_by_a_person_is_not_safe(workspace: Workspace) -> None:
    user(workspace, "ADA ROE")
    user(workspace, "ada roe")
    employee(workspace, "Ada Roe")  # two claim her
    user(workspace, "ben okafor")
    employee(workspace, "Ben Okafor (deleted)", active=False)
    user(workspace, "cleo ray", active=False)
    employee(workspace, "Cleo Ray")
    undone = user(workspace, "dee moss")
    linked = employee(workspace, "Dee Moss")
    top = customer(workspace, "Other")
    client(workspace, "acme")
    customer(workspace, "Acme", parent_id=top)  # a sub-customer is no client's partner
    decide.link(NewDecision(workspace, "user", undone, at=NOW, partner=("employee", linked)))
    decide.unlink(NewDecision(workspace, "user", undone, at=NOW))

    assert pairs(workspace) == {}


def test_a_project_is_safe_together_with_its_client_only(workspace: Workspace) -> None:
    acme = client(workspace, "acme")
    site = project(workspace, "site", acme)
    top = customer(workspace, "Acme")
    below = customer(workspace, "Site", parent_id=top)
    assert pairs(workspace) == {acme: top, site: below}

    applied, left_out = accept_safe(workspace, keys=[f"project-{site}", "client-unknown"], now=NOW)

    assert applied.taken == 0 and not Link.objects.exists()
    assert [key for key, _ in left_out] == [f"project-{site}", "client-unknown"]

    applied, left_out = accept_safe(workspace, now=NOW)
    assert (applied.taken, left_out) == (2, [])
    assert set(links_of(workspace).values_list("clockify_id", "quickbooks_id")) == {(acme, top), (site, below)}


# --- undo ----------------------------------------------------------------------------------------------------
def test_each_decision_taken_back_leaves_the_record_as_it_was(workspace: Workspace) -> None:
    dana = UserFactory(username="dana")
    ada, first, second = user(workspace, "Ada"), employee(workspace, "Ada"), employee(workspace, "Ada Roe")
    rematch.rematch(workspace, now=NOW)
    moment = NOW
    for request in (
        Choice("unlink", "user", ada),
        Choice("link", "user", ada, second),
        Choice("ignore", "user", ada),
        Choice("stop_ignoring", "user", ada),
        Choice("link", "user", ada, first),
        Choice("confirm", "user", ada),
    ):
        moment += timedelta(minutes=1)
        before = links(workspace), overrides(workspace)
        batch.take(request.verb, request.decision(workspace, at=moment, person=dana, note="a guess"))
        after = links(workspace), overrides(workspace)
        decision = Decision.objects.latest("pk")

        undone = undo.undo_decision(workspace, decision.pk, now=moment, person=dana)
        assert (links(workspace), overrides(workspace)) == before, request
        assert (undone.undoes, undone.person, undone.before, undone.after) == (
            decision,
            dana,
            decision.after,
            decision.before,
        )

        undo.undo_decision(workspace, undone.pk, now=moment)
        assert (links(workspace), overrides(workspace)) == after, request


def test_what_happened_since_keeps_a_decision_from_being_taken_back(workspace: Workspace) -> None:
    dana = UserFactory(username="dana")
    ada, first, second = user(workspace, "Ada"), employee(workspace, "Ada R"), employee(workspace, "Ada Roe")
    decide.link(NewDecision(workspace, "user", ada, at=NOW, partner=("employee", first)))
    earlier = Decision.objects.latest("pk")
    decide.link(NewDecision(workspace, "user", ada, at=NOW, partner=("employee", second), person=dana))

    with pytest.raises(Refused, match=r"^dana linked Ada to Ada Roe on Fri Mar 27 at 10:40\. Nothing"):
        undo.undo_decision(workspace, earlier.pk, now=NOW)

    later = Decision.objects.latest("pk")
    undo.undo_decision(workspace, later.pk, now=NOW)
    with pytest.raises(Refused, match=r"^A command undid the decision about Ada on .* Nothing was changed\.$"):
        undo.undo_decision(workspace, later.pk, now=NOW)
    undo.undo_decision(workspace, earlier.pk, now=NOW)
    assert not Link.objects.exists()


def test_a_link_of_the_rule_does_not_come_back_beside_another(workspace: Workspace) -> None:
    ada, partner = user(workspace, "Ada"), employee(workspace, "Ada")
    rematch.rematch(workspace, now=NOW)
    decide.unlink(NewDecision(workspace, "user", ada, at=NOW))
    decide.link(NewDecision(workspace, "user", user(workspace, "Ada R"), at=NOW, partner=("employee", partner)))

    with pytest.raises(Refused, match="linked to Ada R by now"):
        undo.undo_decision(workspace, Decision.objects.get(verb="unlink").pk, now=NOW)


def test_a_batch_is_taken_back_as_a_whole_except_what_was_decided_again(workspace: Workspace) -> None:
    ada, ben = user(workspace, "ada"), user(workspace, "ben")
    employee(workspace, "Ada")
    employee(workspace, "Ben")
    benjamin = employee(workspace, "Benjamin")
    pairs(workspace)
    applied, _ = accept_safe(workspace, now=NOW)
    decide.link(NewDecision(workspace, "user", ben, at=NOW, partner=("employee", benjamin)))

    undone = undo.undo_batch(workspace, applied.batch, now=NOW)

    assert [row.clockify_id for row in undone.taken_back] == [ada]
    assert [(row.clockify_id, "linked ben to Benjamin" in why) for row, why in undone.kept] == [(ben, True)]
    assert links_of(workspace).get().quickbooks_id == benjamin
    history = undo.history(workspace, kind="user", clockify_id=ada)
    assert [(event.verb, event.batch) for event in history] == [("undo", undone.batch), ("link", applied.batch)]
    with pytest.raises(Refused):
        undo.undo_batch(workspace, applied.batch, now=NOW)
    with pytest.raises(Refused, match="no such batch"):
        undo.undo_batch(workspace, uuid.uuid4(), now=NOW)


def test_a_batch_says_what_it_could_not_decide(workspace: Workspace) -> None:
    ada, gone = user(workspace, "Ada"), employee(workspace, "Ada R (deleted)", active=False)

    applied = batch.apply(
        workspace, [Choice("link", "user", ada, gone), Choice("ignore", "user", ada)], now=NOW, note="left"
    )

    assert applied.taken == 1 and MappingOverride.objects.get().note == "left"
    assert [choice.verb for choice, _ in applied.refused] == ["link"] and "inactive" in applied.refused[0][1]
