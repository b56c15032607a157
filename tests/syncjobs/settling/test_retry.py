"""*Try again*: what it needs, what it says, and what is seen of it at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from integrations.models import ConnectionEvent, TimeEntry
from mapping.errors import Moved, Refused
from syncjobs.models import Action, EntryStatus
from syncjobs.planning import unanswered
from syncjobs.settling import retry
from tests.support.desk_forms import entry_version
from tests.support.factories import ActionFactory
from tests.support.scene import Scene


@pytest.fixture
def given_up(scene: Scene, ada: str, site: str, settings: Any) -> str:
    """Create an entry whose write was given up, without the five runs that this takes."""
    settings.GIVE_UP_SECONDS = 1
    entry = scene.entry(ada, site)
    scene.fault("500_html", times=0)
    scene.sync()
    scene.clear_faults()
    Action.objects.update(state=Action.State.GIVEN_UP, tried_runs=5)
    EntryStatus.objects.update(state="blocked")
    return entry


def status(entry: str) -> str:
    return EntryStatus.objects.get(entry__clockify_id=entry).state


def again(scene: Scene, entry: str, version: str = "") -> str:
    return retry.try_again(scene.workspace, scene.mirrored(entry), now=timezone.now(), version=version)


def test_it_is_seen_and_told_at_once(scene: Scene, given_up: str) -> None:
    assert again(scene, given_up) == "The next sync looks for it and tries again."

    action = Action.objects.get()
    assert (action.state, action.tried_runs, status(given_up)) == ("sending", 0, "unknown")
    message = f"The write of time entry {given_up} that was given up is tried again."
    assert ConnectionEvent.objects.get(kind="tried_again").message == message
    # Pressed again, it is on its way to be looked for.
    sentence = "Its last write is still looked for; the next sync sends it again if it did not arrive."
    assert again(scene, given_up) == sentence
    assert ConnectionEvent.objects.filter(kind="tried_again").count() == 1


def test_of_a_deleted_entry_it_is_seen_at_once_as_well(scene: Scene, given_up: str) -> None:
    TimeEntry.objects.update(deleted_at=timezone.now())
    EntryStatus.objects.update(state="blocked")

    again(scene, given_up)

    assert status(given_up) != "blocked"


def test_an_older_page_and_a_write_that_was_not_given_up_are_refused(scene: Scene, given_up: str) -> None:
    version = entry_version(scene.mirrored(given_up))
    scene.ignore_entry(given_up)
    with pytest.raises(Moved):
        again(scene, given_up, version=version)
    Action.objects.update(state=Action.State.MISSING)
    with pytest.raises(Refused, match="nothing to try again"):
        again(scene, given_up)

    assert not ConnectionEvent.objects.filter(kind="tried_again").exists()


def test_a_write_that_begins_in_this_moment_is_told(
    scene: Scene, given_up: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = unanswered.load

    def begun_meanwhile(*args: Any) -> Any:
        found = load(*args)
        ActionFactory(workspace=scene.workspace, company=scene.company, entry_id=given_up, state="sending")
        return found

    monkeypatch.setattr(unanswered, "load", begun_meanwhile)

    with pytest.raises(Refused, match="has begun since"):
        again(scene, given_up)

    assert Action.objects.filter(state="given_up").count() == 1
    assert not ConnectionEvent.objects.filter(kind="tried_again").exists()
