"""*Explain with a note…*: who may, what it explains, and that it stays with its name."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations import roles
from syncjobs import sign_offs
from syncjobs.models import ActivityNote, Reconciliation, SignOff
from syncjobs.support.proof import stored_comparison
from tests.support import people
from tests.support.page_text import main_text
from tests.support.scene import FIRST, LAST, Scene

PERIOD = {"from": FIRST, "to": LAST}


def bookkeeper(name: str = "beth") -> Client:
    """Return the browser of a person with the right to sign, and no right to act."""
    someone = people.person(name, role=roles.BOOKKEEPERS)
    someone.user_permissions.add(Permission.objects.get(codename="sign_period"))
    client = Client()
    client.force_login(someone)
    return client


def note(client: Client, scene: Scene, *activities: str, text: str = "Phone support, agreed with Ada") -> Any:
    address = reverse("hourbridge:proof-note", args=[scene.workspace.pk])
    return client.post(address, {**PERIOD, "activity": activities, "note": text}, follow=True)


@pytest.fixture
def by_hand(scene: Scene, ada: str, site: str) -> str:
    scene.check()
    activity = scene.by_hand(ada, site)
    scene.compare()
    return activity


def test_a_note_explains_the_activity_from_then_on(scene: Scene, by_hand: str) -> None:
    answer = note(bookkeeper(), scene, by_hand)

    page = main_text(answer)
    assert "Explained: 1 activity counts as explained now." in answer.content.decode()
    assert "Explained by beth: Phone support, agreed with Ada −0.75" in page
    assert "Not explained" not in page
    assert str(ActivityNote.objects.get()) == f"{by_hand}: Phone support, agreed with Ada"
    scene.compare()
    assert "Not explained" not in main_text(bookkeeper("bob").get(answer.request["PATH_INFO"], PERIOD))


def test_a_note_holds_no_longer_than_the_time_it_was_about(scene: Scene, by_hand: str) -> None:
    note(bookkeeper(), scene, by_hand)
    scene.put("TimeActivity", {"Id": by_hand, "Hours": 3})
    scene.compare()

    page = main_text(bookkeeper("bob").get(reverse("hourbridge:proof", args=[scene.workspace.pk]), PERIOD))

    assert f"Not explained: activity {by_hand}, Ada, Acme:Site, Tue Mar 17, 3:45" in page


@pytest.mark.parametrize(
    ("activity", "text", "words"),
    [("", "What it is", "Choose what the note is about"), (None, "  ", "Say what it is")],
)
def test_a_note_needs_words_and_an_activity(
    scene: Scene, by_hand: str, activity: str | None, text: str, words: str
) -> None:
    answer = note(bookkeeper(), scene, by_hand if activity is None else activity, text=text)

    assert words in answer.content.decode()
    assert not ActivityNote.objects.exists()


def test_only_who_may_sign_explains(scene: Scene, by_hand: str, client: Client) -> None:
    client.force_login(people.person("max", role=roles.SUPPORT))

    assert note(client, scene, by_hand).status_code == 403
    page = main_text(client.get(reverse("hourbridge:proof", args=[scene.workspace.pk]), PERIOD))
    assert "A bookkeeper can explain it with a note." in page


def test_what_nothing_explains_stands_under_needs_you_until_a_note_says_what_it_is(
    admin_client: Client, scene: Scene, by_hand: str
) -> None:
    before = admin_client.get("/admin/")
    note(bookkeeper(), scene, by_hand)
    after = admin_client.get("/admin/")

    proof = reverse("hourbridge:proof", args=[scene.workspace.pk])
    assert "0.75 h not explained Sun Mar 1 to Tue Mar 31" in main_text(before)
    assert ", 0.75 h not explained" in main_text(before)
    assert f"{proof}?from={FIRST}&amp;to={LAST}" in before.content.decode()
    assert f"{proof}?from=" not in after.content.decode()


def test_time_that_was_signed_without_an_explanation_needs_nobody(scene: Scene, by_hand: str) -> None:
    stored = Reconciliation.objects.get()
    assert stored_comparison.not_explained() == {scene.workspace.pk: stored}

    days, beth = (stored.from_date, stored.to_date), people.person("beth", role=roles.BOOKKEEPERS)
    signature = {"shown": str(stored.pk), "reason": "Agreed with Ada", "person": beth, "now": timezone.now()}
    sign_offs.sign(scene.workspace, days, **signature)

    assert stored_comparison.not_explained() == {}


def test_a_note_or_a_reason_that_is_too_long_is_refused_and_nothing_is_kept(scene: Scene, by_hand: str) -> None:
    shown = str(Reconciliation.objects.get().pk)
    sign = reverse("hourbridge:proof-sign", args=[scene.workspace.pk])

    noted = note(bookkeeper(), scene, by_hand, text="x" * 501).content.decode()
    signed = bookkeeper("bob").post(sign, {**PERIOD, "shown": shown, "reason": "x" * 501}, follow=True).content.decode()

    assert "has 501 characters, and there is room for 500. Shorten it; nothing was changed." in noted
    assert "has 501 characters" in signed
    assert not ActivityNote.objects.exists() and not SignOff.objects.exists()
