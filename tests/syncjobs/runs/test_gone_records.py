"""Records that no list of Clockify has: known from entries only, gone, made anew, come back."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import ClockifyUser, TimeEntry
from mapping.decisions import undo
from mapping.models import Decision, Link
from tests.support.factories import UserFactory
from tests.support.page_text import main_text
from tests.support.scene import FIRST, Result, Scene, run_command


@pytest.fixture(autouse=True)
def from_march(scene: Scene) -> None:
    """Make checks read entries from the start date on."""
    scene.policy(start_date=FIRST)


def unlist(scene: Scene, user: str) -> None:
    """Remove a person from every list of Clockify; the time stays."""
    with scene.world.lock:
        scene.product.put_user({"id": user, "accountStatus": "LIMITED_DELETED"})


def relist(scene: Scene, user: str) -> None:
    with scene.world.lock:
        scene.product.put_user({"id": user, "accountStatus": "ACTIVE"})


def mapped(scene: Scene, kind: str = "users") -> dict[str, str]:
    return {link["clockify_id"]: link["quickbooks_id"] for link in run_command("mapping").json[kind]}


def rows(kind: str = "user") -> dict[str, dict[str, Any]]:
    """Return the listed mismatches of Clockify's records of one kind, by id."""
    return {
        row["clockify"]["id"]: row
        for row in run_command("mismatches").json
        if row["kind"] == kind and row["clockify"] is not None
    }


def checked(scene: Scene) -> Result:
    result = scene.check()
    assert result.code == 0, result.stderr
    return result


# --- known from time entries only ----------------------------------------------------------------------------
def test_a_person_in_no_list_is_matched_by_rule_and_the_time_goes(scene: Scene, site: str) -> None:
    kiosk = scene.user("Kay Osk", accountStatus="LIMITED")
    entry = scene.entry(kiosk, site)

    figures = checked(scene)

    assert figures["clockify"]["users"]["new"] == 1  # the key's owner; lists do not have the other one
    assert mapped(scene)[kiosk] == scene.partner_of(kiosk)
    assert ClockifyUser.objects.get(clockify_id=kiosk).from_entries
    assert scene.sync().counts == {"sent": 1}
    assert scene.activity(entry)["EmployeeRef"]["value"] == scene.partner_of(kiosk)


def test_a_person_in_no_list_without_partner_is_listed_and_can_be_decided_about(scene: Scene, site: str) -> None:
    kiosk = scene.user("Kay Osk", partner=None, accountStatus="LIMITED")
    employee = scene.put("Employee", {"DisplayName": "Kay Osborne"})["Id"]
    entry = scene.entry(kiosk, site)

    checked(scene)

    row = rows()[kiosk]
    assert (row["reason"], row["clockify"]["name"], row["blocked_minutes"]) == ("NO_EMPLOYEE", "Kay Osk", 60)
    assert row["detail"]["from_entries"] == "yes"
    scene.decide("ignore", "user", kiosk)
    assert "IGNORED" in scene.explain(entry).codes
    assert kiosk not in rows()
    scene.decide("link", "user", kiosk, employee)
    assert scene.sync().counts == {"sent": 1}


def test_it_survives_later_checks_while_entries_name_it_and_is_gone_afterwards(scene: Scene, site: str) -> None:
    kiosk = scene.user("Kay Osk", accountStatus="LIMITED")
    entry = scene.entry(kiosk, site)
    checked(scene)

    assert checked(scene)["clockify"]["users"]["gone"] == 0
    assert ClockifyUser.objects.get(clockify_id=kiosk).gone_at is None

    scene.delete_entry(entry)
    checked(scene)
    assert ClockifyUser.objects.get(clockify_id=kiosk).gone_at is not None


def test_it_becomes_the_listed_record_when_a_list_has_it(scene: Scene, site: str) -> None:
    kiosk = scene.user("Kay Osk", accountStatus="LIMITED")
    scene.entry(kiosk, site)
    checked(scene)
    relist(scene, kiosk)

    figures = checked(scene)["clockify"]["users"]

    assert (figures["new"], figures["changed"]) == (1, 0)
    row = ClockifyUser.objects.get(clockify_id=kiosk)
    assert (row.from_entries, row.active, row.gone_at, row.retired_at) == (False, True, None, None)
    assert mapped(scene)[kiosk] == scene.partner_of(kiosk)


def test_a_new_person_in_no_list_is_found_by_the_sync_itself_and_the_lists_are_not_read_each_time(
    scene: Scene, site: str
) -> None:
    checked(scene)
    scene.entry(scene.user("Kay Osk", accountStatus="LIMITED"), site)

    assert scene.sync().counts == {"blocked": 1}  # the employee is newer than the last check
    checked(scene)
    assert scene.sync().counts == {"sent": 1}
    scene.zero_calls()
    assert scene.sync().counts == {"unchanged": 1}
    assert not any("users" in route for route in scene.calls("clockify"))


# --- gone, and made anew -------------------------------------------------------------------------------------
def test_a_project_made_anew_under_its_name_gets_the_partner(scene: Scene, ada: str, site: str) -> None:
    checked(scene)
    client, customer = scene.place.projects[site].client_id, scene.partner_of(site)
    with scene.world.lock:
        scene.product.remove("projects", site)
        new = scene.product.put_project({"name": "Site", "clientId": client, "hourlyRate": 8000})["id"]
    entry = scene.entry(ada, new)

    checked(scene)

    assert mapped(scene, "projects") == {new: customer}
    assert scene.sync().counts == {"sent": 1}
    assert scene.activity(entry)["CustomerRef"]["value"] == customer
    former = Link.objects.get(clockify_id=site)
    assert (former.given_back_to, former.given_back_at is not None) == (new, True)
    decision = Decision.objects.get(verb="give back")
    assert (decision.kind, decision.clockify_id) == ("project", site)
    assert "Site" in decision.note


def test_a_client_made_anew_with_its_projects_gets_their_partners(scene: Scene, ada: str, site: str) -> None:
    client = scene.place.projects[site].client_id
    assert client is not None
    checked(scene)
    with scene.world.lock:
        scene.product.remove("projects", site)
        scene.product.remove("clients", client)
        new_client = scene.product.put_client({"name": "Acme"})["id"]
        new_site = scene.product.put_project({"name": "Site", "clientId": new_client})["id"]
    scene.entry(ada, new_site)

    checked(scene)

    assert mapped(scene, "clients") == {new_client: scene.partner_of(client)}
    assert mapped(scene, "projects") == {new_site: scene.partner_of(site)}
    assert scene.sync().counts == {"sent": 1}


def test_a_person_who_comes_back_with_a_new_account_goes_on_and_old_time_stays_sent(scene: Scene, site: str) -> None:
    old = scene.user("Ada")
    sent = scene.entry(old, site)
    checked(scene)
    assert scene.sync().counts == {"sent": 1}
    unlist(scene, old)
    new = scene.user("Ada", partner=None)
    entry = scene.entry(new, site, "2026-03-05 09:00")

    checked(scene)

    assert mapped(scene) == {new: scene.partner_of(old)}
    assert scene.explain(sent)["state"] == "sent"
    assert scene.sync().counts == {"sent": 1, "unchanged": 1}
    assert scene.activity(entry)["EmployeeRef"]["value"] == scene.partner_of(old)


def test_edits_and_deletions_of_time_sent_through_a_link_that_was_given_back_are_followed(
    scene: Scene, site: str
) -> None:
    old = scene.user("Ada")
    edited, deleted, billed = scene.entries(old, site, 3)
    checked(scene)
    scene.sync()
    unlist(scene, old)
    scene.user("Ada", partner=None)
    checked(scene)
    assert Link.objects.exclude(given_back_at=None).count() == 1

    scene.stretch(edited, 95)
    scene.delete_entry(deleted)
    scene.bill(scene.receipt(billed).quickbooks_id)
    scene.stretch(billed, 95)
    checked(scene)
    assert scene.explain(edited).codes == set()
    result = scene.sync()

    assert result.counts == {"updated": 1, "deleted": 1, "blocked": 1}
    assert result["blocked_reasons"] == {"BILLED_IN_QUICKBOOKS": 1}
    activity = scene.activity(edited)
    assert (activity["Hours"], activity["Minutes"]) == (1, 35)
    assert activity["EmployeeRef"]["value"] == scene.partner_of(old)
    assert scene.sync().counts == {"unchanged": 1, "blocked": 1}


def test_new_time_of_the_former_record_waits_for_a_person(scene: Scene, site: str) -> None:
    old = scene.user("Ada")
    scene.entry(old, site)
    checked(scene)
    scene.sync()
    unlist(scene, old)
    new = scene.user("Ada", partner=None)
    checked(scene)

    late = scene.entry(old, site, "2026-03-06 09:00")
    checked(scene)

    assert scene.explain(late).codes == {"USER_NOT_MAPPED"}
    assert rows()[old]["reason"] == "AMBIGUOUS_NAME"
    assert mapped(scene) == {new: scene.partner_of(old)}
    assert scene.sync().counts == {"unchanged": 1, "blocked": 1}


def test_one_that_still_holds_time_keeps_its_partner_and_is_named(scene: Scene, ada: str) -> None:
    project = scene.project("Elsewhere", customer=False)
    held = scene.entry(ada, project)
    checked(scene)
    unlist(scene, ada)
    new = scene.user("Ada", partner=None)
    scene.entry(new, project, "2026-03-05 09:00")

    checked(scene)

    assert mapped(scene) == {ada: scene.partner_of(ada)}
    row = rows()[new]
    assert (row["reason"], row["detail"]["linked_to"]) == ("AMBIGUOUS_NAME", "Ada")
    assert row["detail"]["gone_with_time"] == "Ada"

    # Once that time is sent, the partner is free.
    customer = scene.put("Customer", {"DisplayName": "Elsewhere"})["Id"]
    checked(scene)
    assert mapped(scene, "projects") == {project: customer}
    assert scene.sync().counts == {"sent": 1, "blocked": 1}
    checked(scene)
    assert mapped(scene) == {new: scene.partner_of(ada)}
    assert scene.explain(held)["state"] == "sent"
    assert scene.sync().counts == {"sent": 1, "unchanged": 1}


def test_time_by_rule_left_out_does_not_keep_a_partner(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site, billable=False)
    checked(scene)
    unlist(scene, ada)
    new = scene.user("Ada", partner=None)

    checked(scene)

    assert mapped(scene) == {new: scene.partner_of(ada)}


def test_without_another_claimant_the_link_of_a_gone_record_works_on(scene: Scene, ada: str, site: str) -> None:
    checked(scene)
    unlist(scene, ada)
    checked(scene)
    assert ClockifyUser.objects.get(clockify_id=ada).retired_at is not None

    scene.entry(ada, site)

    assert scene.sync().counts == {"sent": 1}
    assert mapped(scene) == {ada: scene.partner_of(ada)}


def test_the_former_record_that_comes_back_is_one_of_two_claimants(scene: Scene, ada: str, site: str) -> None:
    sent = scene.entry(ada, site)
    checked(scene)
    scene.sync()
    unlist(scene, ada)
    new = scene.user("Ada", partner=None)
    checked(scene)
    relist(scene, ada)
    scene.entry(ada, site, "2026-03-06 09:00")

    checked(scene)

    assert mapped(scene) == {new: scene.partner_of(ada)}
    assert rows()[ada]["reason"] == "AMBIGUOUS_NAME"
    assert scene.explain(sent)["state"] == "sent"
    # A person decides; the former link stays as history.
    scene.decide("link", "user", ada, scene.partner_of(ada))
    assert mapped(scene) == {new: scene.partner_of(ada), ada: scene.partner_of(ada)}
    assert Link.objects.filter(clockify_id=ada).count() == 2
    assert scene.sync().counts == {"sent": 1, "unchanged": 1}


def test_a_partner_that_a_person_gives_to_another_record_leaves_the_retired_one(
    scene: Scene, ada: str, site: str
) -> None:
    checked(scene)
    unlist(scene, ada)
    new = scene.user("Ada Byron", partner=None)
    checked(scene)

    output = scene.decide("link", "user", new, scene.partner_of(ada))

    assert mapped(scene) == {new: scene.partner_of(ada)}, output
    assert Link.objects.get(clockify_id=ada).given_back_to == new


def test_a_suffix_with_a_number_is_stripped_where_it_is_shown(scene: Scene, ada: str, site: str) -> None:
    first = scene.put("Employee", {"DisplayName": "Bob"})["Id"]
    scene.deactivate("Employee", first)
    bob = scene.user("Bob")
    entry = scene.entry(bob, site)
    checked(scene)
    scene.deactivate("Employee", scene.partner_of(bob))
    assert scene.books.records["Employee"][scene.partner_of(bob)]["DisplayName"] == "Bob (deleted-1)"

    checked(scene)

    row = rows()[bob]
    assert (row["reason"], row["quickbooks"]["name"]) == ("EMPLOYEE_INACTIVE", "Bob")
    message = scene.explain(entry)["reasons"][0]["message"]
    assert "Bob" in message
    assert "(deleted" not in message
    assert "(deleted" not in str(row)


def test_the_pages_say_that_the_partner_went_to_another_record(scene: Scene, ada: str, client: Client) -> None:
    checked(scene)
    unlist(scene, ada)
    scene.user("Ada", partner=None)
    checked(scene)
    client.force_login(UserFactory(username="root", is_staff=True, is_superuser=True))

    record = ClockifyUser.objects.get(clockify_id=ada)
    record_page = main_text(client.get(f"/admin/integrations/clockifyuser/{record.pk}/change/"))
    decision = Decision.objects.get(verb="give back")
    history_page = main_text(client.get(reverse("hourbridge:desk-history", args=[scene.workspace.pk])))

    assert "Formerly linked, until" in record_page
    assert "Ended the link of user Ada" in history_page
    assert "Ada is gone from Clockify and holds no unsent time" in history_page
    assert "is linked to Ada by now" in undo.undo_problem(scene.workspace, decision)


def test_a_desk_row_says_that_a_person_is_known_from_time_entries_only(scene: Scene, site: str, client: Client) -> None:
    kiosk = scene.user("Kay Osk", partner=None, accountStatus="LIMITED")
    scene.entry(kiosk, site)
    checked(scene)
    client.force_login(UserFactory(username="root", is_staff=True, is_superuser=True))

    page_text = main_text(client.get(reverse("hourbridge:people", args=[scene.workspace.pk])))

    assert "Kay Osk known from time entries only" in page_text


@pytest.mark.parametrize("missing", ["null", "empty"])
def test_the_time_of_a_project_that_lost_its_client_has_none(scene: Scene, ada: str, missing: str) -> None:
    scene.switch(clockify_report_missing_refs=missing)
    acme = scene.client("Acme")
    site = scene.project("Site", client=acme, hourlyRate=8000)
    entry = scene.entry(ada, site, "2026-03-02 09:00", billable=False)
    scene.sync()
    scene.decide("ignore", "client", acme)
    assert scene.explain(entry).codes == {"NOT_BILLABLE", "IGNORED"}

    scene.edit_project(site, clientId="")
    scene.check()
    scene.sync()

    assert TimeEntry.objects.get().client_id == TimeEntry.objects.get().client_name == ""
    assert "IGNORED" not in scene.explain(entry).codes
