"""Sign-off of a period: by one person, countersigned by another, and what it says when something changes."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from syncjobs.models import Reconciliation, SignOff
from syncjobs.support.proof import signed_changes
from tests.support.page_text import main_text
from tests.support.scene import FIRST, LAST, Scene, run_command
from tests.syncjobs.pages.proof.test_notes import bookkeeper

PERIOD = {"from": FIRST, "to": LAST}


def address(scene: Scene) -> str:
    return reverse("hourbridge:proof", args=[scene.workspace.pk])


def sign(client: Client, scene: Scene, **posted: Any) -> Any:
    shown = Reconciliation.objects.latest("pk").pk
    return client.post(f"{address(scene)}sign/", {**PERIOD, "shown": shown, **posted}, follow=True)


def decide(client: Client, verb: str, reason: str = "") -> str:
    link = reverse("hourbridge:sign-off-decide", args=[SignOff.objects.latest("pk").pk])
    return client.post(link, {"verb": verb, "reason": reason}, follow=True).content.decode()


@pytest.fixture
def beth() -> Client:
    return bookkeeper("beth")


@pytest.fixture
def sent(scene: Scene, ada: str, site: str) -> str:
    """Return an entry that was sent, in a period that was compared."""
    entry = scene.entry(ada, site)
    scene.sync()
    scene.compare()
    return entry


def test_figures_rows_and_hash_are_kept(scene: Scene, beth: Client, sent: str) -> None:
    assert "Signed: Sun Mar 1 to Tue Mar 31, 2026." in sign(beth, scene).content.decode()

    signed = SignOff.objects.get()
    assert (signed.figures["clockify"], signed.figures["quickbooks"], signed.person_name) == (3600, 3600, "beth")
    downloaded = beth.get(reverse("hourbridge:sign-off-document", args=[signed.pk])).content
    assert hashlib.sha256(downloaded).hexdigest() == signed.sha256
    (row,) = json.loads(downloaded)["rows"]
    assert (row["user"], row["customer"], row["date"], row["clockify"]) == ("Ada", "Acme:Site", "2026-03-04", 3600)
    page = main_text(beth.get(address(scene), PERIOD))
    assert "Signed Sun Mar 1 to Tue Mar 31, 2026 by beth" in page
    assert "No changes since then are known." in page


def test_a_second_person_countersigns_and_nobody_does_both(scene: Scene, beth: Client, sent: str) -> None:
    sign(beth, scene)

    assert "You signed this yourself" in decide(beth, "countersign")
    assert "Countersigned." in decide(bookkeeper("cleo"), "countersign")
    assert "countersigned or withdrawn since" in decide(bookkeeper("dan"), "countersign")

    signed = SignOff.objects.get()
    assert signed.countersigned_name == "cleo"
    with pytest.raises(IntegrityError), transaction.atomic():
        SignOff.objects.filter(pk=signed.pk).update(countersigned_by=signed.person)


def test_days_are_signed_once_until_it_is_withdrawn(scene: Scene, beth: Client, sent: str) -> None:
    sign(beth, scene)

    assert "beth signed these days" in sign(bookkeeper("cleo"), scene).content.decode()
    assert "Say why it is withdrawn" in decide(beth, "withdraw")
    assert "It stays in the history." in decide(beth, "withdraw", "Wrong month")
    sign(beth, scene)

    first, second = SignOff.objects.order_by("pk")
    assert (first.withdrawn_reason, first.withdrawn_name, second.withdrawn_at) == ("Wrong month", "beth", None)


def test_unexplained_time_is_signed_with_a_reason_only(scene: Scene, beth: Client, ada: str, site: str) -> None:
    scene.check()
    scene.by_hand(ada, site)
    scene.compare()

    assert "Say why the period is signed anyway." in sign(beth, scene).content.decode()
    page = main_text(sign(beth, scene, reason="The client agreed by phone"))

    assert "“The client agreed by phone”" in page
    assert SignOff.objects.get().figures["unexplained"] == -2700


@pytest.mark.parametrize(
    ("posted", "said"),
    [
        ({"shown": "0"}, "compared again since"),
        ({"to": "2099-12-31"}, "At most 366 days"),
        ({"from": "2099-12-30", "to": "2099-12-31"}, "not over yet"),
        ({"from": LAST, "to": FIRST}, "The first day is after the last."),
        ({"from": "March"}, "That is no date."),
    ],
)
def test_only_what_was_shown_and_is_over_is_signed(
    scene: Scene, beth: Client, sent: str, posted: dict[str, str], said: str
) -> None:
    assert said in sign(beth, scene, **posted).content.decode()
    assert not SignOff.objects.exists()


def test_today_is_not_over(scene: Scene, beth: Client) -> None:
    today = scene.workspace.today(timezone.now()).isoformat()
    scene.compare(today, today)
    days = {"from": today, "to": today}

    assert "not over yet" in sign(beth, scene, **days).content.decode()
    assert "These days can be signed when they are over." in main_text(beth.get(address(scene), days))
    assert not SignOff.objects.exists()


def test_what_a_sync_found_and_sent_since_is_said_without_asking_anybody(
    scene: Scene, beth: Client, sent: str, ada: str, site: str
) -> None:
    sign(beth, scene)
    scene.stretch(sent, 90)
    scene.entry(ada, site, "2026-03-09 09:00")
    scene.sync()
    scene.zero_calls()

    page = main_text(beth.get(address(scene), PERIOD))
    story = main_text(beth.get(reverse("hourbridge:sign-off", args=[SignOff.objects.get().pk])))

    assert sum(scene.calls().values()) + sum(scene.calls("clockify").values()) == 0
    assert "Changed since" in page
    assert "4 changes are known since" in page
    for words in (
        "Edited in Clockify: Ada, Site, Wed Mar 4.",
        "New in Clockify: Ada, Site, Mon Mar 9.",
        "Changed in QuickBooks from here: Ada, Wed Mar 4, 1:30",
        "Sent to QuickBooks: Ada, Mon Mar 9, 1:00",
    ):
        assert words in story


def test_what_was_changed_by_hand_is_said_by_the_next_comparison(scene: Scene, beth: Client, sent: str) -> None:
    sign(beth, scene)
    scene.put("TimeActivity", {"Id": scene.receipt(sent).quickbooks_id, "Hours": 2, "Minutes": 0})
    scene.compare()

    page = main_text(beth.get(address(scene), PERIOD))

    assert "Ada, Acme:Site, Wed Mar 4: QuickBooks has 2.00 h, signed were 1.00 h; " in page


def test_since_when_it_changed_is_true_with_more_changes_than_shown(
    scene: Scene, beth: Client, sent: str, ada: str, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signed_changes, "MAX_CHANGES", 3)
    sign(beth, scene)
    scene.stretch(sent, 90)
    scene.sync()
    first = scene.mirrored(sent).edited_at
    scene.entries(ada, site, 4, day=10)
    scene.sync()

    (shown,) = beth.get(address(scene), PERIOD).context["signed"]

    assert (len(shown.changes), shown.are_more, shown.changed_since) == (3, True, first)


@pytest.mark.parametrize("billable", [True, False])
def test_an_entry_that_left_the_period_is_said(
    scene: Scene, beth: Client, ada: str, site: str, *, billable: bool
) -> None:
    entry = scene.entry(ada, site, billable=billable)
    scene.sync()
    scene.compare()
    sign(beth, scene)
    scene.edit_entry(entry, start="2026-04-02 09:00")
    scene.sync(last="2026-04-30")

    story = main_text(beth.get(reverse("hourbridge:sign-off", args=[SignOff.objects.get().pk])))

    assert "Moved from Wed Mar 4 to Thu Apr 2: Ada, Site." in story
    assert ("Changed in QuickBooks from here: Ada, Thu Apr 2" in story) == billable


def test_an_entry_that_came_into_the_period_by_a_time_zone_is_said(scene: Scene, beth: Client, site: str) -> None:
    scene.policy(start_date="2026-02-01")
    nomad = scene.user("Nomad")
    scene.entry(nomad, site, "2026-03-01 02:00", zone="UTC", billable=False)
    scene.check()
    scene.compare()
    sign(beth, scene)
    with scene.world.lock:
        scene.product.put_user({"id": nomad, "timeZone": "UTC"})
    scene.check()

    story = main_text(beth.get(reverse("hourbridge:sign-off", args=[SignOff.objects.get().pk])))

    assert "Moved from Sat Feb 28 to Sun Mar 1: Nomad, Site." in story


@pytest.mark.parametrize("by_hand", [{"HourlyRate": 50}, {"BillableStatus": "NotBillable"}])
def test_another_amount_for_the_same_hours_is_said(
    scene: Scene, beth: Client, sent: str, by_hand: dict[str, Any]
) -> None:
    sign(beth, scene)
    scene.put("TimeActivity", {"Id": scene.receipt(sent).quickbooks_id, **by_hand})
    scene.compare()

    page = main_text(beth.get(address(scene), PERIOD))

    amount = "50.00" if "HourlyRate" in by_hand else "0.00"
    assert f"Ada, Acme:Site, Wed Mar 4: QuickBooks has ${amount}, signed were $80.00." in page


@pytest.mark.parametrize("column", ["document", "figures", "person_name"])
def test_what_was_tampered_with_is_told(scene: Scene, beth: Client, sent: str, column: str) -> None:
    sign(beth, scene)
    signed = SignOff.objects.get()
    assert "not what was signed" not in main_text(beth.get(reverse("hourbridge:sign-off", args=[signed.pk])))
    others = {
        "document": signed.document.replace("3600", "7200"),
        "figures": {**signed.figures, "clockify": 7200},
        "person_name": "cleo",
    }
    SignOff.objects.update(**{column: others[column]})

    page = main_text(beth.get(reverse("hourbridge:sign-off", args=[signed.pk])))

    assert "What is stored is not what was signed" in page
    assert "be countersigned" in decide(bookkeeper("cleo"), "countersign")
    assert SignOff.objects.get().countersigned_at is None


def test_what_was_signed_with_an_archived_company_stays_on_the_page(scene: Scene, beth: Client, sent: str) -> None:
    sign(beth, scene)
    run_command("disconnect_quickbooks", "--archive")

    page = main_text(beth.get(address(scene)))

    assert "Sign-off of 2026-03-01 to 2026-03-31 with Sandbox Company, by beth" in page
    assert "None" not in page


def test_a_rename_moves_no_hours(scene: Scene, beth: Client, sent: str, ada: str, site: str) -> None:
    sign(beth, scene)
    scene.put("Customer", {"Id": scene.partner_of(site), "DisplayName": "Site 2"})
    with scene.world.lock:
        scene.product.put_user({"id": ada, "name": "Ada Lovelace"})
    scene.check()
    scene.compare()

    renamed = {(row.user, row.customer) for row in Reconciliation.objects.latest("pk").rows.all()}
    page = main_text(beth.get(address(scene), PERIOD))

    assert renamed == {("Ada Lovelace", "Acme:Site 2")}
    assert "No changes since then are known." in page


def test_hours_that_moved_with_a_rename_are_said_under_the_new_name(
    scene: Scene, beth: Client, sent: str, ada: str
) -> None:
    sign(beth, scene)
    with scene.world.lock:
        scene.product.put_user({"id": ada, "name": "Ada Lovelace"})
    scene.put("TimeActivity", {"Id": scene.receipt(sent).quickbooks_id, "Hours": 2, "Minutes": 0})
    scene.check()
    scene.compare()

    page = main_text(beth.get(address(scene), PERIOD))

    assert "1 change is known since" in page
    assert "Ada Lovelace, Acme:Site, Wed Mar 4: QuickBooks has 2.00 h, signed were 1.00 h" in page
