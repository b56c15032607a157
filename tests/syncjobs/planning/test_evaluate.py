"""After a decision everything is matched and evaluated again, but only what has changed is compared and written."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.utils import timezone
from django.utils.module_loading import import_string

from integrations.models import Customer, Employee
from mapping.decisions import partner_search
from mapping.matching.suggest import LikelyPartners
from mapping.models import Link, Mismatch
from syncjobs.models import EntryStatus
from syncjobs.planning import evaluate
from tests.support.scene import Scene, run_command


@pytest.fixture
def unlinked(scene: Scene) -> Scene:
    """Create three users, each with a name close to an employee's."""
    for name in ("Marta Nowak", "Petra Novotna", "Ingrid Olsen"):
        scene.user(name, partner=None)
        scene.books.put("Employee", {"DisplayName": f"{name}x"})
    scene.check()
    return scene


def suggested(scene: Scene) -> dict[str, list[str]]:
    rows = run_command("mismatches").json
    return {
        row["clockify"]["name"]: [suggestion["name"] for suggestion in row["suggestions"]]
        for row in rows
        if row["kind"] == "user" and row["clockify"]
    }


def link(scene: Scene, name: str, partner: str) -> None:
    user = next(key for key, known in scene.names.items() if known == name)
    quickbooks_id = Employee.objects.get(name=partner).quickbooks_id
    scene.decide("link", "user", user, quickbooks_id)


def test_rows_that_say_the_same_stay_the_same_rows(unlinked: Scene) -> None:
    before = dict(Mismatch.objects.values_list("clockify_name", "pk"))

    link(unlinked, "Marta Nowak", "Marta Nowakx")

    after = dict(Mismatch.objects.values_list("clockify_name", "pk"))
    assert after == {name: pk for name, pk in before.items() if name != "Marta Nowak"}


def test_who_is_taken_by_a_decision_is_suggested_to_nobody_else_any_more(unlinked: Scene) -> None:
    unlinked.user("Marta Nowakk", partner=None)
    unlinked.check()
    assert suggested(unlinked)["Marta Nowakk"] == ["Marta Nowakx"]

    link(unlinked, "Marta Nowak", "Marta Nowakx")

    assert suggested(unlinked)["Marta Nowakk"] == []
    assert suggested(unlinked)["Ingrid Olsen"] == ["Ingrid Olsenx"]


def test_names_are_compared_by_a_check_and_not_by_a_decision(unlinked: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    look_for = LikelyPartners._look_for
    monkeypatch.setattr(
        LikelyPartners,
        "_look_for",
        lambda self, record, under: (compared.append(record.name), look_for(self, record, under))[1],
    )

    link(unlinked, "Marta Nowak", "Marta Nowakx")
    assert compared == []

    unlinked.check()
    assert {"Ingrid Olsen", "Petra Novotna"} <= set(compared)


def test_a_decision_and_a_check_after_it_list_the_same(unlinked: Scene) -> None:
    acme = unlinked.client("Acme", customer=False)
    unlinked.books.put("Customer", {"DisplayName": "Acmee"})
    unlinked.project("Site", client=acme, customer=False)
    unlinked.check()
    unlinked.decide("ignore", "client", acme)
    unlinked.decide("link", "client", acme, Customer.objects.get(name="Acmee").quickbooks_id)
    listed = run_command("mismatches").json

    evaluate.refresh(unlinked.workspace, now=timezone.now(), compare_names=True)

    assert run_command("mismatches").json == listed


def test_where_people_are_no_vendors_none_is_suggested_offered_or_linked(scene: Scene) -> None:
    tomasz, vera = scene.user("Tomasz", partner=None), scene.user("Vera", partner="Vendor")
    vendor = scene.books.put("Vendor", {"DisplayName": "Tomasz"})["Id"]
    scene.check()
    scene.decide("link", "user", vera, scene.people[vera][1], "--vendor")
    assert suggested(scene)["Tomasz"] == ["Tomasz"]

    scene.policy(people_to_vendors="false")

    assert suggested(scene)["Tomasz"] == []
    assert partner_search.search(scene.workspace, "user", "tomasz") == []
    refused = run_refused("link", "user", tomasz, vendor, "--vendor")
    assert "Match people to vendors" in refused and not Link.objects.filter(clockify_id=tomasz).exists()
    # Who is linked to one already stays so, and may be confirmed.
    assert run_command("mapping").json["users"][0]["quickbooks_kind"] == "vendor"
    scene.decide("link", "user", vera, scene.people[vera][1], "--vendor")

    scene.policy(people_to_vendors="true")
    assert suggested(scene)["Tomasz"] == ["Tomasz"]


def run_refused(name: str, *args: str) -> str:
    err = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command(name, *args, stderr=err)
    assert end.value.code == 2
    return err.getvalue()


@pytest.mark.parametrize(
    ("state", "held", "rows", "cause"),
    [
        ("blocked", True, [{"code": "NO_PROJECT"}, {"code": "USER_NOT_MAPPED", "kind": "user", "id": "u"}], "user:u"),
        ("blocked", True, [{"code": "BOOKS_CLOSED"}, {"code": "NO_PROJECT"}], "BOOKS_CLOSED"),
        ("blocked", False, [{"code": "NOT_BILLABLE"}], ""),
        ("failed", False, [], "QUICKBOOKS_REFUSED"),
        ("unknown", False, [{"code": "OUTCOME_UNKNOWN"}], "OUTCOME_UNKNOWN"),
        ("changed", False, [{"code": "BILLED_IN_QUICKBOOKS"}], "BILLED_IN_QUICKBOOKS"),
        ("changed", False, [{"code": "BILLED_IN_QUICKBOOKS"}, {"code": "IGNORED"}], ""),
        ("changed", False, [{"code": "NOT_FINISHED"}], ""),
        ("changed", False, [], ""),
        ("ready", False, [], ""),
    ],
)
def test_each_entry_that_waits_has_one_cause_also_after_an_upgrade(
    state: str, held: bool, rows: list[dict[str, str]], cause: str
) -> None:
    before = import_string("syncjobs.migrations.0018_entry_status_cause.cause")

    assert evaluate.cause_of(evaluate.Evaluation(state, tuple(rows), 60), held=held) == cause
    assert before(state, held, rows) == cause


def test_a_status_says_since_when_it_stands_so(scene: Scene) -> None:
    user, site = scene.user("Ada", partner=None), scene.project("Site")
    scene.entry(user, site)
    scene.policy(start_date="2026-03-01")
    scene.check()
    first = EntryStatus.objects.get().since
    scene.check()
    again = EntryStatus.objects.get()
    employee = scene.put("Employee", {"DisplayName": "Augusta"})["Id"]
    scene.check()

    scene.decide("link", "user", user, employee)

    after = EntryStatus.objects.get()
    assert again.since == first and again.evaluated_at > first
    assert after.state == EntryStatus.State.READY and after.since is not None and after.since > again.evaluated_at
