"""A decision on what has moved since it was shown: nothing is done, and a sentence says who did what and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integrations.models import ClockifyProject, Customer, Workspace
from mapping import rematch
from mapping.decisions import batch, decide, undo
from mapping.decisions.batch import Choice
from mapping.decisions.new_decision import NewDecision
from mapping.decisions.versions import at_time, version_of
from mapping.errors import Moved, Refused
from mapping.models import Decision, Link
from mapping.record_states import state_of
from tests.support.factories import (
    ClientFactory,
    CustomerFactory,
    ProjectFactory,
    UserFactory,
    WorkspaceFactory,
)

pytestmark = pytest.mark.django_db
SITE = ("project", "site")


@pytest.fixture
def workspace() -> Workspace:
    """Create the project Site of the linked client Acme, and customers that may be its partner."""
    workspace: Workspace = WorkspaceFactory()
    ClientFactory(workspace=workspace, clockify_id="acme", name="Acme")
    ProjectFactory(workspace=workspace, clockify_id="site", name="Site", client_id="acme", client_name="Acme")
    ProjectFactory(workspace=workspace, clockify_id="shop", name="Shop", client_id="acme", client_name="Acme")
    customer(workspace, "61", "Acme")
    customer(workspace, "62", "Website", "61", "Acme:Website")
    customer(workspace, "63", "Other", "61", "Acme:Other")
    decide.link(NewDecision(workspace, "client", "acme", at=timezone.now(), partner=("customer", "61")))
    return workspace


@pytest.fixture
def maria() -> Any:
    return UserFactory(username="Maria")


def customer(workspace: Workspace, key: str, name: str, parent_id: str = "", full_name: str = "") -> None:
    CustomerFactory(
        company=workspace.company, quickbooks_id=key, name=name, parent_id=parent_id, full_name=full_name or name
    )


def now_here(workspace: Workspace) -> str:
    return at_time(timezone.now(), zone=workspace.time_zone)


Decide = Callable[[Workspace, Any], Any]
BY_OTHERS: dict[str, tuple[Decide, str]] = {
    "link": (
        lambda w, who: decide.link(NewDecision(w, *SITE, at=timezone.now(), partner=("customer", "62"), person=who)),
        "Maria linked this project to Acme:Website",
    ),
    "ignore": (
        lambda w, who: decide.ignore(NewDecision(w, *SITE, at=timezone.now(), person=who)),
        "Maria ignored this project",
    ),
    "command": (
        lambda w, who: decide.ignore(NewDecision(w, *SITE, at=timezone.now())),
        "A command ignored this project",
    ),
    "partner taken": (
        lambda w, who: decide.link(
            NewDecision(w, "project", "shop", at=timezone.now(), partner=("customer", "63"), person=who)
        ),
        "Maria linked the project Shop to Acme:Other",
    ),
    "client unlinked": (
        lambda w, who: decide.unlink(NewDecision(w, "client", "acme", at=timezone.now(), person=who)),
        "Maria unlinked the client Acme",
    ),
}


@pytest.mark.parametrize("name", BY_OTHERS)
def test_what_somebody_decided_meanwhile_is_said_and_stays(workspace: Workspace, maria: Any, name: str) -> None:
    by_other, sentence = BY_OTHERS[name]
    shown = version_of(workspace, *SITE)
    by_other(workspace, maria)
    before, decisions = state_of(workspace, *SITE), Decision.objects.count()

    with pytest.raises(Moved) as refusal:
        decide.link(NewDecision(workspace, *SITE, at=timezone.now(), partner=("customer", "63"), version=shown))

    assert str(refusal.value) == f"{sentence} {now_here(workspace)}. Nothing was changed."
    assert (state_of(workspace, *SITE), Decision.objects.count()) == (before, decisions)
    decide.link(
        NewDecision(
            workspace, *SITE, at=timezone.now(), partner=("customer", "63"), version=version_of(workspace, *SITE)
        )
    )


def test_every_decision_is_refused_once_the_record_moved(workspace: Workspace, maria: Any) -> None:
    decide.link(NewDecision(workspace, *SITE, at=timezone.now(), partner=("customer", "62"), person=maria))
    verbs: dict[str, str] = {"unlink": "", "ignore": "", "confirm": "", "stop_ignoring": "", "link": "63"}
    shown = version_of(workspace, *SITE)
    decide.unlink(NewDecision(workspace, *SITE, at=timezone.now(), person=maria))
    before = state_of(workspace, *SITE)

    for verb, partner in verbs.items():
        choice = Choice(verb, *SITE, partner, version=shown)
        with pytest.raises(Moved, match=r"^You unlinked this project at"):
            batch.take(verb, choice.decision(workspace, at=timezone.now(), person=maria))

    assert state_of(workspace, *SITE) == before


def test_a_decision_taken_back_and_made_again_is_no_longer_what_was_shown(workspace: Workspace, maria: Any) -> None:
    shown = version_of(workspace, *SITE)
    decide.ignore(NewDecision(workspace, *SITE, at=timezone.now()))
    undo.undo_decision(workspace, Decision.objects.latest("pk").pk, now=timezone.now(), person=maria)

    with pytest.raises(Moved, match=r"^Maria undid the decision about this project at"):
        decide.ignore(NewDecision(workspace, *SITE, at=timezone.now(), version=shown))


def test_what_the_rule_linked_or_a_check_changed_is_said_too(workspace: Workspace) -> None:
    shown = version_of(workspace, *SITE)
    Customer.objects.filter(quickbooks_id="62").update(name="Site", full_name="Acme:Site")
    rematch.rematch(workspace, now=timezone.now())
    with pytest.raises(Moved, match=r"^The rule linked this project to Acme:Site at"):
        decide.ignore(NewDecision(workspace, *SITE, at=timezone.now(), version=shown))

    shown = version_of(workspace, *SITE)
    Customer.objects.filter(quickbooks_id="62").update(active=False)
    rematch.rematch(workspace, now=timezone.now())
    with pytest.raises(Moved, match=r"^A check suspended the link of this project at"):
        decide.confirm(NewDecision(workspace, *SITE, at=timezone.now(), version=shown))

    shown = version_of(workspace, *SITE)
    ClockifyProject.objects.filter(clockify_id="site").update(client_id="tidewater")
    with pytest.raises(Moved, match=r"^A check has since read this project again"):
        decide.ignore(NewDecision(workspace, *SITE, at=timezone.now(), version=shown))


def test_decisions_about_others_do_not_stand_in_the_way(workspace: Workspace) -> None:
    shown = version_of(workspace, *SITE)
    decide.ignore(NewDecision(workspace, "project", "shop", at=timezone.now()))

    assert (
        decide.link(NewDecision(workspace, *SITE, at=timezone.now(), partner=("customer", "62"), version=shown)) == []
    )


def test_a_batch_does_not_stand_in_its_own_way_and_leaves_out_what_moved(workspace: Workspace, maria: Any) -> None:
    versions = {key: version_of(workspace, "project", key) for key in ("site", "shop")}
    versions["acme"] = version_of(workspace, "client", "acme")
    choices = [Choice("link", "project", key, "63", version=versions[key]) for key in ("site", "shop")]
    choices.append(Choice("link", "client", "acme", "61", version=versions["acme"]))
    assert batch.apply(workspace, choices, now=timezone.now()).taken == 3

    choices = [Choice("unlink", "project", key, version=version_of(workspace, "project", key)) for key in versions]
    decide.ignore(NewDecision(workspace, "project", "shop", at=timezone.now(), person=maria))
    applied = batch.apply(workspace, [choice for choice in choices if choice.clockify_id != "acme"], now=timezone.now())

    assert applied.taken == 1 and not Link.objects.filter(kind="project", clockify_id="site").exists()
    assert [message.partition(" at ")[0] for _, message in applied.refused] == ["Maria ignored this project"]


def test_a_text_that_no_page_wrote_decides_nothing(workspace: Workspace) -> None:
    for text in ("1", "a.b.c", "1.2.", "1.2"):
        with pytest.raises(Refused, match="Nothing was changed"):
            decide.ignore(NewDecision(workspace, *SITE, at=timezone.now(), version=text))


def test_another_day_is_named_with_its_time() -> None:
    yesterday = timezone.now() - timedelta(days=1)

    assert at_time(yesterday, zone="UTC").startswith(f"on {yesterday:%a %b} {yesterday.day} ")
    assert at_time(timezone.now(), zone="UTC").startswith("at ")
