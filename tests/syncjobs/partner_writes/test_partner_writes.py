"""Records that a person has created, reactivated or renamed from the desk: exactly what was shown, exactly once."""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from integrations.errors import TryLater
from integrations.models import ClockifyClient
from integrations.quickbooks import pull as quickbooks_pull
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.reading.unreadable import Reading
from mapping.decisions import undo
from mapping.errors import Refused
from mapping.models import Decision, Link, Mismatch, PartnerWrite
from syncjobs.models import EntryStatus
from syncjobs.partner_writes import journal, settle, submit, to_quickbooks
from syncjobs.partner_writes.drafts import CLOCKIFY, CREATE, QUICKBOOKS, REACTIVATE, RENAME, Wanted, WriteRequest
from syncjobs.partner_writes.offers import offers
from tests.support.factories import UserFactory
from tests.support.scene import FIRST, Scene

State = PartnerWrite.State
FAULTS = ["cut_before", "cut_after_commit", "500_html", "500_html_after_commit", "503", "429"]


@pytest.fixture(autouse=True)
def from_march(scene: Scene) -> None:
    """Make checks read entries from the start date on."""
    scene.policy(start_date=FIRST)


def employee_for(user: str, **details: Any) -> WriteRequest:
    return WriteRequest(CREATE, QUICKBOOKS, "employee", kind="user", clockify_id=user, **details)


def customer_for(kind: str, clockify_id: str, **details: Any) -> WriteRequest:
    return WriteRequest(CREATE, QUICKBOOKS, "customer", kind=kind, clockify_id=clockify_id, **details)


def written(scene: Scene, request: WriteRequest, *, person: Any = None) -> PartnerWrite:
    """Look at the draft, confirm it, and have it written."""
    draft = submit.draft(scene.workspace, request)
    wanted = Wanted(request, draft.fingerprint)
    return submit.carry_out(scene.workspace, wanted, person=person, note="", now=timezone.now())


def records_named(scene: Scene, entity: str, name: str) -> list[dict[str, Any]]:
    """Return the records of that name in QuickBooks."""
    with scene.world.lock:
        return [dict(record) for record in scene.books.records[entity].values() if record["DisplayName"] == name]


def link_of(clockify_id: str) -> Link:
    return Link.objects.get(clockify_id=clockify_id)


def state_of(entry: str) -> str:
    return EntryStatus.objects.get(entry__clockify_id=entry).state


# --- creating in QuickBooks ----------------------------------------------------------------------------------
def test_a_created_employee_is_what_was_shown_linked_by_who_asked_and_unblocks_what_was_forecast(
    scene: Scene, site: str
) -> None:
    user, dana = scene.user("Ana María Roe", partner=None), UserFactory(username="dana")
    entry = scene.entry(user, site)
    scene.check()
    draft = submit.draft(scene.workspace, employee_for(user))
    forecast = submit.unblocks(scene.workspace, draft)

    write = written(scene, employee_for(user), person=dana)

    assert dict(draft.body) == {"DisplayName": "Ana María Roe", "GivenName": "Ana María", "FamilyName": "Roe"}
    (employee,) = records_named(scene, "Employee", "Ana María Roe")
    assert {name: employee[name] for name in draft.body} == dict(draft.body)
    assert (write.state, write.person, json.loads(write.body)) == (State.DONE, dana, dict(draft.body))
    link = link_of(user)
    assert (link.quickbooks_id, link.by, link.person) == (employee["Id"], "person", dana)
    assert forecast.unblocked_ids == {entry} and forecast.links == {"user": 1}
    assert state_of(entry) == "ready"
    assert scene.check().json["quickbooks"]["employees"] == {"seen": 1, "new": 0, "changed": 0, "gone": 0}


def test_a_project_gets_a_sub_customer_under_its_clients_customer(scene: Scene, ada: str) -> None:
    client = scene.client("Acme")
    project = scene.project("Shop: phase 2", client=client, customer=False, hourlyRate=9000)
    entry = scene.entry(ada, project, minutes=90)
    scene.check()
    refused = submit.draft(scene.workspace, customer_for("project", project))
    (check,) = refused.failed
    assert check.remedies[0].value == "Shop - phase 2"
    with pytest.raises(Refused, match="colon after “Shop”"):
        written(scene, customer_for("project", project))

    request = customer_for("project", project, name=check.remedies[0].value)
    forecast = submit.unblocks(scene.workspace, submit.draft(scene.workspace, request))
    written(scene, request)

    (customer,) = records_named(scene, "Customer", "Shop - phase 2")
    assert customer["FullyQualifiedName"] == "Acme:Shop - phase 2"
    assert customer["Job"] is True and customer["ParentRef"]["value"] == scene.partner_of(client)
    assert state_of(entry) == "ready"
    assert (forecast.unblocks.entries, forecast.unblocks.minutes, forecast.unblocks.money) == (1, 90, {"USD": 135})


def test_a_project_waits_for_the_customer_of_its_client(scene: Scene) -> None:
    client = scene.client("Acme", customer=False)
    project = scene.project("Site", client=client, customer=False)
    scene.check()

    draft = submit.draft(scene.workspace, customer_for("project", project))

    assert [check.value for check in draft.failed] == ["Acme has no customer in QuickBooks yet."]
    written(scene, customer_for("client", client))
    written(scene, customer_for("project", project))
    assert records_named(scene, "Customer", "Site")[0]["FullyQualifiedName"] == "Acme:Site"


def test_a_name_taken_since_the_last_check_is_found_before_anything_is_sent(scene: Scene) -> None:
    user = scene.user("Ana Roe", partner=None)
    scene.check()
    vendor = scene.put("Vendor", {"DisplayName": "ANA ROE"})["Id"]

    with pytest.raises(Refused, match=f"vendor {vendor} has this name"):
        written(scene, employee_for(user))

    assert records_named(scene, "Employee", "Ana Roe") == []
    (check,) = submit.draft(scene.workspace, employee_for(user)).failed
    assert [(remedy.do, remedy.value) for remedy in check.remedies] == [
        ("link", f"vendor:{vendor}"),
        ("name", "Ana Roe (2)"),
    ]


def test_quickbooks_own_refusal_is_told_in_its_words_and_in_ours(scene: Scene) -> None:
    scene.switch(unique_names="displayname")
    scene.project("Site", client=scene.client("Acme"))
    bluebird_site = scene.project("Site", client=scene.client("Bluebird"), customer=False)
    scene.check()
    request = customer_for("project", bluebird_site)
    assert submit.draft(scene.workspace, request).notes

    write = written(scene, request)

    assert (write.state, write.error_code) == (State.REFUSED, "6240")
    assert "QuickBooks said 6240" in write.said and "another customer, vendor or employee" in write.said
    assert not Link.objects.filter(clockify_id=bluebird_site).exists()


def test_a_company_with_payroll_is_not_written_to(scene: Scene) -> None:
    user = scene.user("Ana Roe", partner=None)
    scene.configure(PayrollFeature="true")
    scene.check()

    with pytest.raises(Refused, match="Payroll is on"):
        written(scene, employee_for(user))


def test_what_is_not_what_the_person_saw_is_not_written(scene: Scene) -> None:
    user = scene.user("Ana Roe", partner=None)
    scene.check()
    fingerprint = submit.draft(scene.workspace, employee_for(user)).fingerprint

    with pytest.raises(Refused, match="no longer what you saw"):
        wanted = Wanted(employee_for(user, name="Ana B. Roe"), fingerprint)
        submit.carry_out(scene.workspace, wanted, now=timezone.now())

    assert not PartnerWrite.objects.exists()


# --- exactly once --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("fault", ["cut_after_commit", "500_html_after_commit"])
def test_an_answer_that_is_lost_is_found_by_reading(scene: Scene, fault: str) -> None:
    user = scene.user("Ana Roe", partner=None)
    scene.check()
    scene.fault(fault, "employee", times=1)

    write = written(scene, employee_for(user))

    (employee,) = records_named(scene, "Employee", "Ana Roe")
    assert (write.state, write.quickbooks_id, link_of(user).quickbooks_id) == (
        State.DONE,
        employee["Id"],
        employee["Id"],
    )


def test_a_write_that_did_not_arrive_stays_uncertain_and_a_second_submit_sends_it_again_as_it_was(scene: Scene) -> None:
    user = scene.user("Ana Roe", partner=None)
    scene.check()
    scene.fault("cut_before", "employee", times=1)
    write = written(scene, employee_for(user))
    assert (write.state, write.in_doubt) == (State.SENDING, True)
    with pytest.raises(Refused, match="no clear answer"):
        written(scene, employee_for(user, name="Ana B. Roe"))

    second_write = written(scene, employee_for(user))

    assert (second_write.pk, second_write.state, second_write.request_id, second_write.attempts) == (
        write.pk,
        State.DONE,
        write.request_id,
        2,
    )
    assert len(records_named(scene, "Employee", "Ana Roe")) == 1


def test_what_arrives_late_is_taken_by_the_next_check_and_not_made_twice(scene: Scene) -> None:
    user = scene.user("Ana Roe", partner=None)
    scene.check()
    scene.fault("cut_before", "employee", times=1)
    write = written(scene, employee_for(user))
    late = scene.put("Employee", json.loads(write.body))["Id"]
    scene.check()

    write.refresh_from_db()
    assert (write.state, write.quickbooks_id) == (State.DONE, late)
    assert link_of(user).person_id == write.person_id and link_of(user).by == "person"


def test_one_without_an_answer_does_not_take_what_another_write_of_its_name_made(scene: Scene) -> None:
    """Two people of one name: whoever was created gets the employee, and the other one does not get it as well."""
    first, second = (scene.user("Rob Miller", partner=None, email=f"rob{number}@x.test") for number in (1, 2))
    scene.check()
    scene.fault("cut_before", "employee", times=1)
    lost = written(scene, employee_for(first))
    made = written(scene, employee_for(second))

    PartnerWrite.objects.filter(pk=lost.pk).update(tried_at=timezone.now() - timedelta(minutes=10))
    submit.settle(scene.workspace)

    lost.refresh_from_db()
    assert (lost.state, made.state) == (State.ABANDONED, State.DONE)
    assert lost.said == "Looked for: it is not in QuickBooks. Nothing was written."
    assert list(Link.objects.filter(kind="user").values_list("clockify_id", flat=True)) == [second]


def test_one_found_late_is_not_linked_where_somebody_else_is_by_then(scene: Scene) -> None:
    first, second = (scene.user("Rob Miller", partner=None, email=f"rob{number}@x.test") for number in (1, 2))
    scene.check()
    scene.fault("cut_before", "employee", times=1)
    lost = written(scene, employee_for(first))
    late = scene.put("Employee", json.loads(lost.body))["Id"]
    # Reading the lists alone, since a check would look for the write as well.
    quickbooks_pull.pull_lists(scene.company, QuickBooksApiClient(scene.company), reading=Reading(), now=timezone.now())
    scene.decide("link", "user", second, late)

    submit.settle(scene.workspace)

    lost.refresh_from_db()
    assert (lost.state, lost.said) == (
        State.DONE,
        "Created in QuickBooks. Not linked: Rob Miller is linked to it already.",
    )
    assert list(Link.objects.filter(kind="user").values_list("clockify_id", flat=True)) == [second]


def test_a_write_of_a_dead_process_is_given_up_once_it_is_known_not_to_be_there(scene: Scene) -> None:
    user = scene.user("Ana Roe", partner=None)
    scene.check()
    scene.fault("cut_before", "employee", times=1)
    write = written(scene, employee_for(user))
    PartnerWrite.objects.update(tried_at=timezone.now() - timedelta(minutes=10))

    submit.settle(scene.workspace)

    write.refresh_from_db()
    assert write.state == State.ABANDONED
    assert written(scene, employee_for(user)).state == State.DONE
    assert len(records_named(scene, "Employee", "Ana Roe")) == 1


def test_a_reading_that_began_while_a_write_could_arrive_proves_nothing(scene: Scene, settings: Any) -> None:
    user = scene.user("Ana Roe", partner=None)
    scene.check()
    settings.SETTLE_SECONDS = 2
    scene.fault("cut_before", "employee", times=1)
    write = written(scene, employee_for(user))
    # The reading ends when the write can't arrive any more; it may have passed its place before.
    scene.fault("hang_before", "query", method="GET", seconds=2.5)

    submit.settle(scene.workspace)
    write.refresh_from_db()
    assert (write.state, write.in_doubt) == (State.SENDING, True)

    submit.settle(scene.workspace)
    write.refresh_from_db()
    assert write.state == State.ABANDONED


def test_what_another_process_sends_meanwhile_is_neither_given_up_nor_sent_beside_it(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = scene.user("Ana Roe", partner=None)
    scene.check()
    scene.fault("cut_before", "employee", times=1)
    written(scene, employee_for(user))
    PartnerWrite.objects.update(tried_at=timezone.now() - timedelta(minutes=10))

    def find_nothing() -> None:
        assert journal.claim_attempt(PartnerWrite.objects.get())

    monkeypatch.setattr(to_quickbooks, "look", lambda write: settle.look(write, find_nothing))
    with pytest.raises(Refused, match="is being written since"):
        written(scene, employee_for(user))

    write = PartnerWrite.objects.get()
    assert (write.state, write.attempts) == (State.SENDING, 2)
    assert records_named(scene, "Employee", "Ana Roe") == []


def test_the_refusal_of_an_attempt_says_nothing_of_a_later_one(scene: Scene) -> None:
    """The name that it met may be what the later one has just created."""
    client = scene.client("Acme", customer=False)
    scene.check()
    draft = submit.draft(scene.workspace, customer_for("client", client))
    sleeper = journal.open_write(scene.workspace, draft, person=None, note="", now=timezone.now())
    assert journal.claim_attempt(sleeper)
    later = PartnerWrite.objects.get()
    assert journal.claim_attempt(later)

    sleeper.batch = uuid.uuid4()
    assert journal.end_unsent(sleeper, TryLater("Too many requests.", vendor="quickbooks")).state == State.SENDING
    sleeper.attempts = 1
    assert journal.end(sleeper, State.REFUSED, message="Nothing was written.").state == State.SENDING
    assert journal.end(later, State.DONE, message="Created in QuickBooks.").state == State.DONE


def test_a_second_submit_while_the_first_is_in_flight_makes_no_second_record(scene: Scene) -> None:
    client = scene.client("Acme", customer=False)
    scene.check()
    messages: list[str] = []
    scene.fault("hang_before", "customer", seconds=0.5)

    def submit_again() -> None:
        try:
            while not scene.hits():
                time.sleep(0.01)
            written(scene, customer_for("client", client, name="Acme again"))
        except Refused as refusal:
            messages.append(str(refusal))
        finally:
            connections.close_all()

    second = threading.Thread(target=submit_again)
    second.start()
    first = written(scene, customer_for("client", client))
    second.join()

    assert first.state == State.DONE
    # The message depends on how far the first had come.
    assert messages and ("is being written since" in messages[0] or "linked to Acme already" in messages[0])
    assert len(scene.books.records["Customer"]) == 1


def test_an_open_write_keeps_others_out_until_its_process_is_known_to_be_gone(scene: Scene) -> None:
    client = scene.client("Acme", customer=False)
    scene.check()
    draft = submit.draft(scene.workspace, customer_for("client", client))
    open_write = journal.open_write(scene.workspace, draft, person=None, note="", now=timezone.now())
    with pytest.raises(Refused, match="is being written since"):
        written(scene, customer_for("client", client, name="Acme again"))

    PartnerWrite.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    write = written(scene, customer_for("client", client))

    open_write.refresh_from_db()
    assert (open_write.state, open_write.attempts, write.state) == (State.ABANDONED, 0, State.DONE)
    assert len(scene.books.records["Customer"]) == 1


def test_a_throttled_write_did_not_happen_and_may_be_asked_for_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("integrations.limits.retry.MAX_PAUSE", 0)
    user = scene.user("Ana Roe", partner=None)
    scene.check()
    scene.fault("429", "employee", times=1)

    assert written(scene, employee_for(user)).state == State.ABANDONED


@pytest.mark.parametrize("seed", [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 20))])
def test_whatever_goes_wrong_each_request_ends_with_one_record(scene: Scene, settings: Any, seed: int) -> None:
    settings.GIVE_UP_SECONDS = 1
    chance, person = random.Random(seed), UserFactory()
    client = scene.client("Acme", customer=False)
    details = [
        customer_for("client", client),
        employee_for(scene.user("Ana Roe", partner=None)),
        customer_for("project", scene.project("Solo", customer=False)),
        WriteRequest(
            CREATE, CLOCKIFY, "client", quickbooks_id=scene.put("Customer", {"DisplayName": "Bluebird"})["Id"]
        ),
    ]
    scene.check()
    for _ in range(12):
        if chance.random() < 0.7:
            in_clockify = chance.random() < 0.3
            where = {"vendor": "clockify", "path": "clients"} if in_clockify else {"path": "employee|customer|query"}
            scene.fault(chance.choice(FAULTS), method=chance.choice(["", "POST"]), times=chance.randint(1, 2), **where)
        with contextlib.suppress(Refused):
            written(scene, chance.choice(details), person=person)
        if chance.random() < 0.4:
            # As if the process had died on the way, long ago or just now.
            long_ago = timezone.now() - timedelta(minutes=chance.choice([2, 10]))
            PartnerWrite.objects.filter(state=State.SENDING).update(in_doubt=False, tried_at=long_ago)
        if chance.random() < 0.5:
            scene.clear_faults()
            scene.check()

    scene.clear_faults()
    for request in details:
        with contextlib.suppress(Refused):
            written(scene, request, person=person)

    assert not PartnerWrite.objects.filter(state=State.SENDING).exists()
    quickbooks_names = sorted(
        record["DisplayName"] for entity in ("Customer", "Employee") for record in scene.books.records[entity].values()
    )
    assert quickbooks_names == ["Acme", "Ana Roe", "Bluebird", "Solo"]
    assert sorted(client_record.name for client_record in scene.place.clients.values()) == ["Acme", "Bluebird"]
    assert Link.objects.filter(by="person", person=person).count() == 4


# --- reactivating --------------------------------------------------------------------------------------------
def test_a_reactivated_customer_keeps_everything_and_its_suspended_link_works_again(
    scene: Scene, ada: str, site: str
) -> None:
    entry = scene.entry(ada, site)
    scene.check()
    customer = scene.partner_of(site)
    scene.put("Customer", {"Id": customer, "Notes": "Call first", "Active": False})
    scene.check()
    assert state_of(entry) == "blocked" and link_of(site).suspended == "CUSTOMER_INACTIVE"
    request = WriteRequest(REACTIVATE, QUICKBOOKS, "customer", kind="project", clockify_id=site, quickbooks_id=customer)
    forecast = submit.unblocks(scene.workspace, submit.draft(scene.workspace, request))

    scene.fault("cut_after_commit", "customer", times=1)
    write = written(scene, request)

    assert write.state == State.DONE
    (record,) = records_named(scene, "Customer", "Site")
    assert (record["Active"], record["Notes"], record["FullyQualifiedName"]) == (True, "Call first", "Acme:Site")
    assert forecast.unblocked_ids == {entry} and state_of(entry) == "ready"


def test_a_name_given_away_keeps_its_old_holder_inactive(scene: Scene) -> None:
    old = scene.put("Employee", {"DisplayName": "Ana Roe", "GivenName": "Ana"})["Id"]
    scene.deactivate("Employee", old)
    scene.put("Employee", {"DisplayName": "Ana Roe", "GivenName": "Ana"})
    scene.check()

    draft = submit.draft(scene.workspace, WriteRequest(REACTIVATE, QUICKBOOKS, "employee", quickbooks_id=old))

    assert [check.title for check in draft.failed] == ["Name is free"]


# --- Clockify ------------------------------------------------------------------------------------------------
def test_client_and_project_are_created_in_clockify_for_customers_and_linked(scene: Scene) -> None:
    parent = scene.put("Customer", {"DisplayName": "Acme"})["Id"]
    child = scene.put("Customer", {"DisplayName": "Site", "Job": True, "ParentRef": {"value": parent}})["Id"]
    scene.check()
    for_child = WriteRequest(CREATE, CLOCKIFY, "project", quickbooks_id=child)
    assert [check.value for check in submit.draft(scene.workspace, for_child).failed] == [
        "Acme has no client in Clockify yet."
    ]

    client = written(scene, WriteRequest(CREATE, CLOCKIFY, "client", quickbooks_id=parent))
    scene.fault("cut_after_commit", "projects", vendor="clockify", method="POST", times=1)
    project = written(scene, for_child)

    assert (client.state, project.state) == (State.DONE, State.DONE)
    (created_project,) = scene.place.projects.values()
    assert (created_project.name, created_project.client_id, created_project.billable, created_project.public) == (
        "Site",
        client.clockify_id,
        True,
        True,
    )
    assert link_of(project.clockify_id).quickbooks_id == child
    assert link_of(client.clockify_id).quickbooks_id == parent


@pytest.mark.parametrize("entities", ["off", "all"])
def test_renaming_in_clockify_sends_back_everything_that_was_read(scene: Scene, entities: str) -> None:
    scene.switch(clockify_entities_in_api=entities)
    contact = {"email": "a@acme.test", "address": "1 Road", "note": "Pays late & grumbles", "currencyCode": "EUR"}
    client = scene.client("acme", customer=False, **contact)
    scene.place.put_client(replace(scene.place.clients[client], cc_emails=["b@acme.test"]))
    facts = {"hourlyRate": 8000, "note": "Fixed price", "color": "#112233", "public": True, "billable": True}
    project = scene.project("site", client=client, customer=False, **facts)
    parent = scene.put("Customer", {"DisplayName": "Acme"})["Id"]
    scene.put("Customer", {"DisplayName": "Site", "Job": True, "ParentRef": {"value": parent}})
    scene.check()
    before = scene.place.clients[client], scene.place.projects[project]

    renamed = written(
        scene, WriteRequest(RENAME, CLOCKIFY, "client", kind="client", clockify_id=client, quickbooks_id=parent)
    )
    # Clockify's answer to a change has no currency; the one that is known still counts.
    assert ClockifyClient.objects.get(clockify_id=client).currency == "EUR"
    scene.check()
    second_write = written(
        scene, WriteRequest(RENAME, CLOCKIFY, "project", kind="project", clockify_id=project, name="Site")
    )

    assert (renamed.said, second_write.said) == ("Renamed in Clockify.", "Renamed in Clockify.")
    for old, new, name in zip(
        before, (scene.place.clients[client], scene.place.projects[project]), ("Acme", "Site"), strict=True
    ):
        assert vars(new) == {**vars(old), "name": name}
    assert link_of(client).by == link_of(project).by == "rule"


def test_renaming_forecasts_what_the_rule_unblocks_then(scene: Scene, ada: str) -> None:
    client = scene.client("acme ltd", customer=False)
    parent = scene.put("Customer", {"DisplayName": "Acme"})["Id"]
    scene.put("Customer", {"DisplayName": "Site", "Job": True, "ParentRef": {"value": parent}})
    entry = scene.entry(ada, scene.project("Site", client=client, customer=False))
    scene.check()
    request = WriteRequest(RENAME, CLOCKIFY, "client", kind="client", clockify_id=client, quickbooks_id=parent)

    forecast = submit.unblocks(scene.workspace, submit.draft(scene.workspace, request))
    written(scene, request)

    assert forecast.links == {"client": 1, "project": 1}
    assert forecast.unblocked_ids == {entry} and state_of(entry) == "ready"


def test_people_are_not_renamed(scene: Scene, ada: str) -> None:
    with pytest.raises(Refused, match="their own"):
        submit.draft(
            scene.workspace, WriteRequest(RENAME, CLOCKIFY, "user", kind="user", clockify_id=ada, name="Ada L.")
        )


# --- what is offered -----------------------------------------------------------------------------------------
def test_each_row_of_the_desk_offers_what_would_resolve_it(scene: Scene) -> None:
    scene.user("Ana Roe", partner=None)
    scene.user("Ben Okafor")
    scene.deactivate("Employee", next(iter(scene.books.records["Employee"])))
    acme = scene.client("Acme")
    scene.project("Site", client=acme, customer=False)
    scene.project("shop", client=acme, customer=False)
    scene.put("Customer", {"DisplayName": "Shop", "Job": True, "ParentRef": {"value": scene.partner_of(acme)}})
    other_customer = scene.put("Customer", {"DisplayName": "Other"})["Id"]
    scene.put("Customer", {"DisplayName": "Hall", "Job": True, "ParentRef": {"value": other_customer}})
    scene.check()

    offered = {}
    for row in Mismatch.objects.exclude(clockify_name="Sandbox Owner"):
        requests = offers(row)
        assert all(submit.draft(scene.workspace, request).http_request for request in requests)
        offered[row.clockify_name or row.quickbooks_name] = [
            (request.verb, request.side, request.entity) for request in requests
        ]

    assert offered == {
        "Ana Roe": [(CREATE, QUICKBOOKS, "employee"), (CREATE, QUICKBOOKS, "vendor")],
        "Ben Okafor": [(REACTIVATE, QUICKBOOKS, "employee")],
        "Site": [(CREATE, QUICKBOOKS, "customer")],
        "shop": [(RENAME, CLOCKIFY, "project")],
        "Other": [(CREATE, CLOCKIFY, "client")],
        "Hall": [(CREATE, CLOCKIFY, "project")],
    }


# --- afterwards ----------------------------------------------------------------------------------------------
def test_undoing_create_and_link_takes_the_link_away_and_leaves_the_customer(scene: Scene, ada: str) -> None:
    client = scene.client("Acme", customer=False)
    scene.check()
    written(scene, customer_for("client", client, name="Acme Ltd"))

    undo.undo_decision(scene.workspace, Decision.objects.get(verb="link").pk, now=timezone.now())

    assert not Link.objects.filter(clockify_id=client).exists()
    assert len(records_named(scene, "Customer", "Acme Ltd")) == 1
