"""Entries ticked in the list: synced, ignored or sent anyway together, as the page showed them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from integrations import roles
from integrations.models import TimeEntry, Workspace
from syncjobs.models import EntryOverride, EntryStatus, Run
from syncjobs.pages.entries import selected
from tests.support import people
from tests.support.factories import ClockifyUserFactory, EntryStatusFactory, TimeEntryFactory, WorkspaceFactory
from tests.support.page_text import main_text
from tests.support.scene import Scene

LIST = "/admin/integrations/timeentry/"
LONG = [{"code": "TOO_LONG", "minutes": 1500}]


@pytest.fixture
def entries(workspace: Workspace) -> list[TimeEntry]:
    """Return a held entry of 25 hours and two ready ones of 90 minutes."""
    made = []
    for minutes, state, reasons in ((1500, "blocked", LONG), (90, "ready", []), (90, "ready", [])):
        entry = TimeEntryFactory(workspace=workspace, rate=Decimal("80"), currency="USD")
        EntryStatusFactory(entry=entry, workspace=workspace, state=state, reasons=reasons, minutes=minutes)
        made.append(entry)
    return made


def act(person: Client, action: str, entries: list[TimeEntry], **more: Any) -> Any:
    chosen = {"action": action, "_selected_action": [entry.pk for entry in entries]}
    return person.post(LIST, chosen | more, follow=True)


def message(answer: Any) -> str:
    return " ".join(str(text) for text in answer.context["messages"])


def shown_versions(page: Any) -> list[str]:
    return re.findall(r'name="version" value="([^"]+)"', page.content.decode())


def test_the_list_adds_up_what_it_shows(dana: Client, entries: list[TimeEntry]) -> None:
    TimeEntry.objects.filter(pk=entries[2].pk).update(rate=None)

    everything, ready = main_text(dana.get(LIST)), main_text(dana.get(LIST, {"state": "ready"}))

    assert "28.00 h , $2,120.00 in 3 entries, 1 without a rate" in everything
    assert "3.00 h , $120.00 in 2 entries, 1 without a rate" in ready
    assert "$2,000.00" in everything


def test_unbillable_time_is_worth_nothing_in_its_row_as_in_the_sum(dana: Client, entries: list[TimeEntry]) -> None:
    TimeEntry.objects.filter(pk=entries[0].pk).update(billable=False)

    page = main_text(dana.get(LIST))

    assert "28.00 h , $240.00 in 3 entries" in page and "$2,000.00" not in page


def test_people_of_one_name_are_told_apart_by_their_addresses(dana: Client, workspace: Workspace) -> None:
    for number in (1, 2):
        ClockifyUserFactory(workspace=workspace, clockify_id=f"u{number}", name="Ada", email=f"ada{number}@x.test")
    ClockifyUserFactory(workspace=workspace, clockify_id="u3", name="Ben", email="ben@x.test")
    for number, name in ((1, "Ada"), (3, "Ben")):
        TimeEntryFactory(workspace=workspace, user_id=f"u{number}", user_name=name)

    page = main_text(dana.get(LIST))

    # Addresses may break before their @.
    assert "Ada ada1 @x.test" in page and page.count("@x.test") == 1


def test_ticked_entries_are_synced_alone(dana: Client, entries: list[TimeEntry]) -> None:
    act(dana, "sync_selected", entries[1:])

    assert Run.objects.get().options == {"entries": sorted(entry.clockify_id for entry in entries[1:])}


def test_ticked_entries_are_ignored_after_a_look_with_one_note(dana: Client, entries: list[TimeEntry]) -> None:
    page = act(dana, "ignore_selected", entries)
    assert "Ignore time entries: 3 entries, 28 h, $2,240.00" in main_text(page)
    assert not EntryOverride.objects.exists()

    answer = act(dana, "ignore_selected", entries, decided="1", version=shown_versions(page), note="Trial month")

    assert "Ignored 3 entries." in message(answer)
    assert set(EntryOverride.objects.values_list("ignored", "note")) == {(True, "Trial month")}
    assert {entry.status.state for entry in TimeEntry.objects.select_related("status")} == {"ignored"}


def test_an_entry_that_moved_meanwhile_is_not_touched(dana: Client, entries: list[TimeEntry]) -> None:
    versions = shown_versions(act(dana, "ignore_selected", entries))
    TimeEntry.objects.filter(pk=entries[0].pk).update(content_hash="edited")

    answer = act(dana, "ignore_selected", entries, decided="1", version=versions)

    assert message(answer).startswith("Ignored 2 entries.")
    assert "1 entry was changed since the page was opened and not touched." in message(answer)
    assert not EntryOverride.objects.filter(clockify_id=entries[0].clockify_id).exists()


def test_time_of_an_entry_deleted_in_clockify_is_left_as_it_is(dana: Client, scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site)
    scene.sync()
    (form,) = scene.bill(scene.receipt(entry).quickbooks_id)
    scene.delete_entry(entry)
    scene.sync()
    versions = shown_versions(act(dana, "ignore_selected", [scene.mirrored(entry)]))

    answer = act(dana, "ignore_selected", [scene.mirrored(entry)], decided="1", version=versions)

    assert "Ignored 1 entry." in message(answer) and "changed meanwhile" not in message(answer)
    # Neither does it go once it is on no invoice any more.
    scene.delete_form(form)
    scene.sync()
    assert len(scene.activities()) == 1


def test_only_entries_held_for_the_reason_are_sent_anyway(dana: Client, entries: list[TimeEntry]) -> None:
    page = act(dana, "send_anyway_selected", entries)
    assert "Unusually long: 1 entry" in main_text(page)

    versions = shown_versions(page)
    answer = act(dana, "send_anyway_selected", entries, decided="1", version=versions, code="TOO_LONG")

    assert "is set aside for 1 entry" in message(answer)
    assert EntryOverride.objects.get().send_anyway == ["TOO_LONG"]


def test_a_reason_that_may_not_be_set_aside_is_refused(dana: Client, entries: list[TimeEntry]) -> None:
    versions = shown_versions(act(dana, "send_anyway_selected", entries))

    answer = act(dana, "send_anyway_selected", entries, decided="1", version=versions, code="NOT_BILLABLE")

    assert "can't be set aside" in message(answer)
    assert not EntryOverride.objects.exists()


def test_as_many_as_may_be_ticked_are_decided_at_once(dana: Client, workspace: Workspace) -> None:
    """Django refuses a form of more than a thousand fields."""
    made = [TimeEntryFactory(workspace=workspace) for _ in range(selected.MAX_AT_ONCE)]
    EntryStatus.objects.bulk_create(EntryStatusFactory.build(entry=entry, workspace=workspace) for entry in made)
    page = act(dana, "ignore_selected", made[:50], select_across="1")

    answer = act(dana, "ignore_selected", made, decided="1", version=shown_versions(page))

    assert "Ignored 500 entries." in message(answer)
    TimeEntryFactory(workspace=workspace)
    answer = act(dana, "ignore_selected", made[:50], select_across="1")
    assert "Choose up to 500 entries at once." in message(answer)


@pytest.mark.parametrize("odd", ["²", "9" * 30, "one"])
def test_what_is_no_entry_was_not_ticked(dana: Client, entries: list[TimeEntry], odd: str) -> None:
    chosen = {"action": "sync_selected", "_selected_action": [odd]}

    assert "Items must be selected" in message(dana.post(LIST, chosen, follow=True))
    assert not Run.objects.exists()


def test_entries_of_two_workspaces_are_not_taken_together(dana: Client, entries: list[TimeEntry]) -> None:
    stranger = TimeEntryFactory(workspace=WorkspaceFactory())

    answer = act(dana, "sync_selected", [entries[0], stranger])

    assert "Choose entries of one workspace" in message(answer)
    assert not Run.objects.exists()


def test_whoever_only_reads_has_nothing_to_tick(client: Client, entries: list[TimeEntry]) -> None:
    people.make_groups()
    client.force_login(people.person("sam", role=roles.SUPPORT))

    assert "_selected_action" not in client.get(LIST).content.decode()
    act(client, "ignore_selected", entries, decided="1", version=[f"{entries[0].pk}:x"])
    assert not EntryOverride.objects.exists()
