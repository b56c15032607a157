"""The sheet of all safe pairs, page by page: what is ticked, and what was shown of it, goes along."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from integrations.models import Employee, Workspace
from mapping.models import Link
from syncjobs.pages.desk.bulk import bulk_accept
from syncjobs.planning import evaluate
from tests.support import people
from tests.support.desk_forms import shown_now
from tests.support.factories import NOW, ClockifyUserFactory, EmployeeFactory
from tests.support.forms import Forms
from tests.support.page_text import main_text, text

NAMES = ("Ada Lindqvist", "Ben Okafor", "Cleo Brandt", "Dora Engel", "Emil Fox")


def fill(workspace: Workspace, names: Any) -> None:
    for number, name in enumerate(names):
        ClockifyUserFactory(workspace=workspace, clockify_id=f"u{number}", name=name.upper())
        EmployeeFactory(company=workspace.company, quickbooks_id=str(50 + number), name=name)
    evaluate.refresh(workspace, now=NOW)


@pytest.fixture
def pairs(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Create five safe pairs, of which a page shows two."""
    monkeypatch.setattr(bulk_accept, "ROWS_A_PAGE", 2)
    fill(workspace, NAMES)
    return workspace


class Sheet:
    """The sheet in a browser without scripts."""

    def __init__(self, client: Client, workspace: Workspace) -> None:
        self.client, self.address = client, f"/admin/workspaces/{workspace.pk}/desk/safe/?tab=people"
        self.seen(client.get(self.address))

    def seen(self, answer: Any) -> None:
        self.answer, self.text = answer, text(answer)
        self.form = Forms(answer.content.decode()).sent("sheet")

    def presses(self, follow: bool = False, **button: str) -> None:
        self.seen(self.client.post(self.address, self.form | button, follow=follow))

    def unticks(self, key: str) -> None:
        self.form["key"] = [one for one in self.form["key"] if one != key]

    def accepts(self) -> set[str]:
        self.presses(follow=True)
        return set(Link.objects.values_list("clockify_id", flat=True))


def test_all_pairs_are_accepted_though_one_page_of_them_is_shown(dana: Client, pairs: Workspace) -> None:
    sheet = Sheet(dana, pairs)

    assert "5 pairs on 3 pages" in sheet.text and "Page 1 of 3, 5 pairs" in sheet.text
    assert "Links 5 people" in sheet.text and "Accept 5 pairs" in sheet.text
    assert "BEN OKAFOR" in sheet.text and "CLEO BRANDT" not in sheet.text
    assert sheet.accepts() == {"u0", "u1", "u2", "u3", "u4"}


def test_what_was_unticked_on_one_page_stays_so_on_the_others(dana: Client, pairs: Workspace) -> None:
    sheet = Sheet(dana, pairs)
    sheet.unticks("user-u1")
    sheet.presses(to="2")
    assert "CLEO BRANDT" in sheet.text and "BEN OKAFOR" not in sheet.text
    assert "Accept 4 pairs" in sheet.text
    sheet.unticks("user-u3")
    sheet.presses(to="1")
    assert "Accept 3 pairs" in sheet.text and sheet.form["key"] == ["user-u0"]

    assert sheet.accepts() == {"u0", "u2", "u4"}


def test_pairs_are_found_by_words_of_either_name_and_the_others_stay_ticked(dana: Client, pairs: Workspace) -> None:
    sheet = Sheet(dana, pairs)
    sheet.presses(to="1", find="engel")

    assert "1 pair of 5 found" in sheet.text and "DORA ENGEL" in sheet.text and "ADA" not in sheet.text
    sheet.unticks("user-u3")
    sheet.presses(to="1", find="nobody")
    assert "No pair has these words" in sheet.text and "Accept 4 pairs" in sheet.text
    assert sheet.accepts() == {"u0", "u1", "u2", "u4"}


def test_a_pair_of_another_page_that_has_changed_is_not_accepted_as_it_is_now(dana: Client, pairs: Workspace) -> None:
    sheet = Sheet(dana, pairs)
    # Its partner is another employee of the same name now, and another pair was taken by a colleague.
    Employee.objects.filter(quickbooks_id="53").update(quickbooks_id="93")
    evaluate.refresh(pairs, now=NOW)
    form = {"verb": "link", "kind": "user", "id": "u4", "partner": "employee:54"}
    dana.post(f"/admin/workspaces/{pairs.pk}/people/", shown_now(pairs, form))

    assert sheet.accepts() == {"u0", "u1", "u2", "u4"}
    assert "DORA ENGEL is suggested otherwise now" in sheet.text and "You linked this user" in sheet.text


def test_another_page_says_what_has_changed_and_asks_again(dana: Client, pairs: Workspace) -> None:
    sheet = Sheet(dana, pairs)
    Employee.objects.filter(quickbooks_id="53").update(quickbooks_id="93")
    Employee.objects.filter(quickbooks_id="51").update(name="Ben Okafo")
    evaluate.refresh(pairs, now=NOW)

    sheet.presses(to="3")

    assert "DORA ENGEL has changed since you opened this list" in sheet.text
    assert "1 pair is gone" in sheet.text and "Accept 3 pairs" in sheet.text
    sheet.presses(to="2")
    assert "has changed" not in sheet.text and "Dora" in sheet.text.title()
    sheet.form["key"].append("user-u3")
    assert sheet.accepts() == {"u0", "u2", "u3", "u4"}
    assert Link.objects.get(clockify_id="u3").quickbooks_id == "93"


def test_of_many_that_have_changed_the_rest_is_counted_as_what_it_is(
    dana: Client, pairs: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_accept, "MAX_LEFT_OUT", 1)
    sheet = Sheet(dana, pairs)
    Employee.objects.filter(quickbooks_id="52").update(quickbooks_id="92")
    Employee.objects.filter(quickbooks_id="53").update(quickbooks_id="93")
    evaluate.refresh(pairs, now=NOW)

    sheet.presses(to="1")

    assert "CLEO BRANDT has changed since you opened this list" in sheet.text
    assert "1 more is left out." in sheet.text and "no clear suggestion" not in sheet.text


def test_a_pair_that_moved_on_another_page_keeps_the_version_that_was_shown(dana: Client, pairs: Workspace) -> None:
    sheet = Sheet(dana, pairs)
    # Decided and undone meanwhile: it looks as before, but somebody was there.
    form = {"verb": "ignore", "kind": "user", "id": "u0"}
    dana.post(f"/admin/workspaces/{pairs.pk}/people/", shown_now(pairs, form))
    dana.post(f"/admin/workspaces/{pairs.pk}/people/", shown_now(pairs, form | {"verb": "stop_ignoring"}))
    dana.post(f"/admin/workspaces/{pairs.pk}/people/", shown_now(pairs, {**form, "verb": "undo"}))
    sheet.presses(to="2")
    sheet.presses(to="3")

    assert "u0" not in sheet.accepts()


def test_a_long_list_is_a_short_form(dana: Client, workspace: Workspace, settings: Any) -> None:
    fill(workspace, [f"Person Number {number}" for number in range(60)])
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 115
    sheet = Sheet(dana, workspace)

    sheet.presses(to="2")

    assert sheet.answer.status_code == 200 and "Page 2 of 2, 60 pairs" in sheet.text


@pytest.mark.parametrize(
    "value",
    [
        "nonsense",
        "[1, 2]",
        "[[], [1]]",
        '["a", "b"]',
        '[["user-u0"], []]',
        "[" * 9999,
        # Escapes of a NUL and of half a character pair, which no database takes.
        r'[["user-u0\u0000=employee:50=1.1.a"], []]',
        r'[["user-u0\ud800=employee:50=1.1.a"], []]',
    ],
)
def test_a_form_that_no_sheet_wrote_is_refused(dana: Client, pairs: Workspace, value: str) -> None:
    sheet = Sheet(dana, pairs)
    sheet.form["elsewhere"] = [value]

    assert sheet.accepts() == set()
    assert "The page did not say what it showed" in sheet.text


def test_who_may_not_decide_sees_every_page(client: Client, pairs: Workspace) -> None:
    client.force_login(people.person("vera", role=people.roles.SUPPORT))
    page = f"/admin/workspaces/{pairs.pk}/desk/safe/"

    first = client.get(page, {"tab": "people"})
    assert '<form id="sheet-pages" method="get">' in first.content.decode()
    assert Forms(first.content.decode()).sent("sheet-pages") == {"tab": ["people"], "find": [""]}
    last = main_text(client.get(page, {"tab": "people", "to": "3", "find": ""}))
    assert "EMIL FOX" in last and "ADA" not in last


def test_a_check_amid_the_press_changes_no_partner_that_was_shown(
    dana: Client, pairs: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet, look = Sheet(dana, pairs), bulk_accept.safe_counts.pairs_of

    def look_before_a_check(*args: Any, **kwargs: Any) -> Any:
        found = look(*args, **kwargs)
        Employee.objects.filter(quickbooks_id="50").update(quickbooks_id="90")
        evaluate.refresh(pairs, now=NOW)
        return found

    monkeypatch.setattr(bulk_accept.safe_counts, "pairs_of", look_before_a_check)

    assert sheet.accepts() == {"u1", "u2", "u3", "u4"}
