"""An entry's reason says what the mismatch of its user, client or project says."""

from __future__ import annotations

import pytest

from mapping.models import Mismatch
from syncjobs.models import EntryStatus, RunItem
from syncjobs.planning import evaluate
from syncjobs.rules import reasons
from tests.support.factories import NOW
from tests.support.scene import Scene


def messages(scene: Scene, entry: str) -> dict[str, str]:
    return {reason["code"]: reason["message"] for reason in scene.explain(entry)["reasons"]}


def two_of_one_name(scene: Scene) -> tuple[str, str]:
    scene.user("Kim", email="one@example.com")
    return scene.user("Kim", email="two@example.com", partner=None), "Several users are called Kim, and one employee is"


def inactive(scene: Scene) -> tuple[str, str]:
    user = scene.user("Kim")
    scene.deactivate("Employee", scene.partner_of(user))
    return user, "QuickBooks has only an inactive employee called Kim"


def alike(scene: Scene) -> tuple[str, str]:
    scene.put("Employee", {"DisplayName": "KIM"})
    return scene.user("Kim", partner=None), "Kim and KIM in QuickBooks are the same name apart from"


def a_vendor_has_it(scene: Scene) -> tuple[str, str]:
    return scene.user("Kim", partner="Vendor"), "The name belongs to the vendor Kim."


def nobody(scene: Scene) -> tuple[str, str]:
    return scene.user("Kim", partner=None), "QuickBooks has no employee called Kim."


@pytest.mark.parametrize("case", [two_of_one_name, inactive, alike, a_vendor_has_it, nobody])
def test_a_person_s_reason_names_the_case(scene: Scene, site: str, case: object) -> None:
    user, sentence = case(scene)  # type: ignore[operator]
    entry = scene.entry(user, site)
    scene.check()

    assert sentence in messages(scene, entry)["USER_NOT_MAPPED"]
    assert scene.sync()["blocked_reasons"] == {"USER_NOT_MAPPED": 1}
    (row,) = RunItem.objects.get(entry_id=entry).reasons
    assert sentence in reasons.sentence(row)


def test_a_project_says_what_is_wrong_with_its_customer(scene: Scene, ada: str) -> None:
    acme, other = scene.client("Acme"), scene.client("Other")
    elsewhere = scene.project("Site", client=other)
    moved, lost = scene.project("Site", client=acme, customer=False), scene.project("Lost", client=acme, customer=False)
    waiting = scene.project("Later", client=scene.client("Unknown", customer=False), customer=False)
    scene.edit_project(elsewhere, name="Site elsewhere")
    entries = [
        scene.entry(ada, project, f"2026-03-0{day} 09:00") for day, project in ((2, moved), (3, lost), (4, waiting))
    ]
    scene.check()

    under_another, none, client_first = (messages(scene, entry) for entry in entries)

    assert under_another["PROJECT_NOT_MAPPED"] == "Site exists under Other instead of Acme."
    assert none["PROJECT_NOT_MAPPED"] == "QuickBooks has no sub-customer under Acme called Lost."
    assert client_first["CLIENT_NOT_MAPPED"] == "QuickBooks has no customer at the top level called Unknown."
    assert client_first["PROJECT_NOT_MAPPED"].startswith("Unknown is not linked yet; once it is, Later")


def test_a_decision_about_one_record_changes_what_others_say_at_once(scene: Scene, site: str) -> None:
    scene.policy(start_date="2026-03-01")
    first, second = scene.user("Kim"), scene.user("Kim", partner=None)
    other = scene.put("Employee", {"DisplayName": "Pat"})["Id"]
    entry = scene.entry(second, site)
    scene.check()
    assert messages(scene, entry)["USER_NOT_MAPPED"].startswith("Several users are called Kim")

    scene.decide("link", "user", first, scene.partner_of(first))

    (row,) = EntryStatus.objects.get(entry__clockify_id=entry).reasons
    assert row["mismatch"].startswith("Kim is already linked to Kim")
    evaluate.refresh(scene.workspace, now=NOW)
    assert EntryStatus.objects.get(entry__clockify_id=entry).reasons == [row]
    scene.decide("link", "user", first, other)
    assert EntryStatus.objects.get(entry__clockify_id=entry).state == "ready"


def test_a_reason_stored_before_says_no_more_than_is_sure() -> None:
    old_row = {"code": "USER_NOT_MAPPED", "user": "Kim", "kind": "user", "id": "1"}

    assert reasons.sentence(old_row) == "Kim is not linked to an employee or vendor in QuickBooks."


@pytest.mark.parametrize("decision", ["ignore", "unlink"])
def test_who_was_set_aside_by_hand_is_not_said_to_be_missing(scene: Scene, ada: str, site: str, decision: str) -> None:
    entry = scene.entry(ada, site)
    scene.check()
    scene.decide(decision, "user", ada)

    message = messages(scene, entry).get("USER_NOT_MAPPED", "")

    assert "QuickBooks has no employee" not in message
    assert not Mismatch.objects.filter(clockify_id=ada, reason="RENAMED").exists()
    assert ("Someone removed the link to the employee Ada" in message) == (decision == "unlink")
