"""Many pairs in one click, taken back together; history; lists as CSV, out and in."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integrations.models import Workspace
from mapping.models import Decision, Link, MappingOverride
from syncjobs.planning import evaluate
from tests.support.desk_forms import pairs_now, shown_now
from tests.support.factories import (
    NOW,
    ClockifyUserFactory,
    EmployeeFactory,
    MappingOverrideFactory,
    MismatchFactory,
    ProjectFactory,
    VendorFactory,
)
from tests.support.page_text import main_text, text


@pytest.fixture
def pairs(workspace: Workspace) -> Workspace:
    """Create three users that are safe but for their spelling, and one whose accent differs."""
    for number, name in enumerate(("ada lindqvist", "ben  okafor", "CLEO BRANDT", "Zoé Lund")):
        ClockifyUserFactory(workspace=workspace, clockify_id=f"u{number}", name=name)
    for number, name in enumerate(("Ada Lindqvist", "Ben Okafor", "Cleo Brandt", "Zoe Lund")):
        EmployeeFactory(company=workspace.company, quickbooks_id=str(50 + number), name=name)
    evaluate.refresh(workspace, now=NOW)
    return workspace


def at(workspace: Workspace, page: str) -> str:
    return f"/admin/workspaces/{workspace.pk}/{page}/"


def test_all_safe_pairs_are_listed_ticked_accepted_and_taken_back_together(dana: Client, pairs: Workspace) -> None:
    sheet = dana.get(at(pairs, "desk/safe"), {"tab": "people"})
    page_text = main_text(sheet)
    assert "Accept 3 pairs" in page_text and "Zo" not in page_text
    assert sheet.content.decode().count(" checked") == 3
    assert "Links 3 people" in page_text

    shown = pairs_now(pairs, ["user-u0=employee:50", "user-u1=employee:51"])
    dana.post(at(pairs, "desk/safe"), {"asked": "1", "tab": "people", "key": ["user-u0", "user-u1"], "shown": shown})

    assert set(Link.objects.values_list("clockify_id", "by")) == {("u0", "person"), ("u1", "person")}
    bar = main_text(dana.get(at(pairs, "people")))
    assert "Undo these 2" in bar
    batch = str(Decision.objects.latest("pk").batch)
    answer = dana.post(at(pairs, "people"), {"verb": "undo", "batch": batch}, follow=True)
    assert "Undid 2 decisions." in answer.content.decode()
    assert not Link.objects.exists()


def test_the_number_of_safe_pairs_is_counted_once_and_then_known_to_every_page(dana: Client, pairs: Workspace) -> None:
    assert "Accept all safe…" in main_text(dana.get(at(pairs, "people")))

    assert "Accept all safe (3)…" in dana.get(at(pairs, "desk/safe/count"), {"tab": "people"}).content.decode()

    page = dana.get(at(pairs, "people"))
    assert "Accept all safe (3)…" in main_text(page) and page.content.decode().count("safe</span></span>") == 3
    form = {"verb": "link", "kind": "user", "id": "u0", "partner": "employee:50"}
    dana.post(at(pairs, "people"), shown_now(pairs, form))
    assert "Accept all safe…" in main_text(dana.get(at(pairs, "people")))


@pytest.mark.parametrize("sheet", ["desk/safe", "desk/create", "desk/ignore"])
def test_a_sheet_for_ticked_rows_asks_for_one_where_none_is_ticked(dana: Client, pairs: Workspace, sheet: str) -> None:
    # As a browser without scripts sends the desk's form.
    form = (
        dana.get(at(pairs, "people")).content.decode().partition('<form id="desk-selected"')[2].partition("</form>")[0]
    )
    assert '<input type="hidden" name="selected" value="1">' in form

    answer = dana.get(at(pairs, sheet), {"tab": "people", "selected": "1", "left": "ada"}, follow=True)

    assert answer.redirect_chain == [(f"{at(pairs, 'people')}?left=ada", 302)]
    assert "Tick at least one row first." in text(answer)


def test_ticked_rows_are_accepted_as_they_were_shown(dana: Client, pairs: Workspace) -> None:
    rows = ["user-u2", "user-u3"]
    page_text = main_text(dana.get(at(pairs, "desk/safe"), {"tab": "people", "row": rows}))
    assert "Accept 2 pairs" in page_text and "double-check" in page_text

    ticked = pairs_now(pairs, ["user-u2=employee:52", "user-u3=employee:99"])
    form = {"asked": "1", "tab": "people", "row": rows, "key": rows, "shown": ticked}
    answer = dana.post(at(pairs, "desk/safe"), form, follow=True)

    assert list(Link.objects.values_list("clockify_id", "quickbooks_id")) == [("u2", "52")]
    assert "is suggested otherwise now" in answer.content.decode()


def test_history_says_who_when_why_before_and_after_and_takes_back(dana: Client, pairs: Workspace) -> None:
    form = {"verb": "ignore", "kind": "user", "id": "u3", "note": "our own time"}
    dana.post(at(pairs, "people"), shown_now(pairs, form))

    page_text = main_text(dana.get(f"{at(pairs, 'desk/history')}?kind=user&id=u3"))

    assert "Decisions about Zoé Lund" in page_text
    assert all(word in page_text for word in ("dana", "Ignore", "not linked", "ignored", "our own time"))
    decision = Decision.objects.get()
    dana.post(at(pairs, "desk/history"), {"verb": "undo", "decision": str(decision.pk)})
    assert not MappingOverride.objects.exists()
    assert "Undone: ignore." in main_text(dana.get(at(pairs, "desk/history")))


def test_the_pages_of_many_ask_the_same_number_of_questions_however_many_there_are(
    dana: Client, workspace: Workspace, django_assert_num_queries: Any
) -> None:
    def add(numbers: range) -> None:
        for number in numbers:
            ClockifyUserFactory(workspace=workspace, clockify_id=f"u{number}", name=f"user {number}")
            EmployeeFactory(company=workspace.company, quickbooks_id=f"9{number}", name=f"User {number}")
            Decision.objects.create(
                workspace=workspace,
                company=workspace.company,
                kind="user",
                clockify_id=f"u{number}",
                verb="link",
                at=NOW,
            )
        evaluate.refresh(workspace, now=NOW)

    pages = ("desk/safe", "desk/history", "desk/safe/count")
    asked = {}
    add(range(5))
    for page in pages:
        with CaptureQueriesContext(connection) as queries:
            assert dana.get(at(workspace, page), {"tab": "people"}).status_code == 200
        asked[page] = len(queries)
    add(range(5, 30))

    for page in pages:
        with django_assert_num_queries(asked[page]):
            assert dana.get(at(workspace, page), {"tab": "people"}).status_code == 200


# --- lists -----------------------------------------------------------------------------------------------------
def lines_of(client: Client, workspace: Workspace, tab: str = "people") -> list[dict[str, str]]:
    answer: Any = client.get(f"/admin/workspaces/{workspace.pk}/desk/{tab}.csv")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def test_a_downloaded_list_comes_back_filled_in(dana: Client, pairs: Workspace) -> None:
    MismatchFactory(
        workspace=pairs,
        clockify_id="",
        clockify_name="",
        kind="employee",
        reason="NO_CLOCKIFY_USER",
        quickbooks_id="53",
        quickbooks_name="=1+1",
    )
    lines = lines_of(dana, pairs)
    assert {line["clockify_name"]: line["suggested_id"] for line in lines if line["clockify_id"]} == {
        "ada lindqvist": "50",
        "ben  okafor": "51",
        "CLEO BRANDT": "52",
        "Zoé Lund": "53",
    }
    for line in lines:
        line["quickbooks_id"] = line["suggested_id"]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)

    preview = dana.post(at(pairs, "desk/upload"), {"text": text.getvalue()})
    page_text = main_text(preview)
    assert "4 changes" in page_text and "not linked linked to Ada Lindqvist (employee 50)" in page_text
    assert not Link.objects.exists()
    dana.post(at(pairs, "desk/upload"), {"text": text.getvalue(), "confirmed": preview.context["confirmed"]})

    assert Link.objects.count() == 4
    assert len(set(Decision.objects.values_list("batch", flat=True))) == 1
    assert {line["state"] for line in lines_of(dana, pairs) if line["clockify_id"]} == {"linked"}


def test_each_line_that_can_t_be_taken_says_why(dana: Client, pairs: Workspace) -> None:
    EmployeeFactory(company=pairs.company, quickbooks_id="60", name="Gone", active=False)
    VendorFactory(company=pairs.company, quickbooks_id="50", name="Ada Limited")
    file = io.BytesIO(
        b"kind;clockify_id;quickbooks_id;decision\n"
        b"user;u0;50;\n"
        b"user;u1;60;\n"
        b"user;u2;777;\n"
        b"user;nobody;50;\n"
        b"person;u3;50;\n"
        b"user;u3;;unlink\n"
        b"user;u3;;paint\n"
        b"user;u1;51;\n"
        b"user;u1;53;\n"
        b"user;u2;;\n"
    )
    file.name = "links.csv"

    page_text = main_text(dana.post(at(pairs, "desk/upload"), {"file": file}))

    assert "1 change, 8 lines with errors" in page_text
    for sentence in (
        "Line 2: 50 is an employee and a vendor; say which in quickbooks_kind.",
        "Line 3: The employee Gone is inactive in QuickBooks.",
        "Line 4: QuickBooks has no employee or vendor 777",
        "Line 5: Clockify has no user nobody",
        "Line 6: “person” is no kind",
        "Line 7: Zoé Lund is not linked.",
        "Line 8: “paint” is no decision",
        "Line 10: Line 9 already decides about ben okafor.",
    ):
        assert sentence in page_text, sentence


@pytest.mark.parametrize(
    ("text", "message"),
    [("a,b\n1,2", "no column kind, clockify_id, quickbooks_id"), ("", "Choose a file, or paste its lines.")],
)
def test_a_file_that_is_no_list_is_refused(dana: Client, pairs: Workspace, text: str, message: str) -> None:
    assert message in main_text(dana.post(at(pairs, "desk/upload"), {"text": text}))


def test_names_are_no_formulas_in_a_downloaded_list(dana: Client, workspace: Workspace) -> None:
    ClockifyUserFactory(workspace=workspace, clockify_id="x", name="=HYPERLINK(1)")
    MismatchFactory(workspace=workspace, clockify_id="x", clockify_name="=HYPERLINK(1)")

    assert lines_of(dana, workspace)[0]["clockify_name"] == "'=HYPERLINK(1)"


def test_the_file_to_fill_in_has_the_open_rows_and_is_taken_back(dana: Client, pairs: Workspace) -> None:
    ProjectFactory(workspace=pairs, clockify_id="site", name="=Site")
    MappingOverrideFactory(workspace=pairs, clockify_id="u3")
    evaluate.refresh(pairs, now=NOW)
    address = f"/admin/workspaces/{pairs.pk}/desk/to-link.csv"
    assert address in dana.get(at(pairs, "desk/upload")).content.decode()

    answer: Any = dana.get(address)

    lines = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [line["clockify_id"] for line in lines] == ["u0", "u1", "u2", "site"]
    assert {line["quickbooks_id"] + line["decision"] for line in lines} == {""}
    assert (lines[0]["suggested_kind"], lines[0]["suggested_id"]) == ("employee", "50")
    assert lines[3]["clockify_name"] == "'=Site"
    lines[0]["quickbooks_id"] = lines[0]["suggested_id"]
    lines[3] |= {"decision": "ignore", "note": "internal"}
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    preview = dana.post(at(pairs, "desk/upload"), {"text": text.getvalue()})
    assert "2 changes, 0 lines" in main_text(preview) and "2 lines without a decision" in main_text(preview)
    dana.post(at(pairs, "desk/upload"), {"text": text.getvalue(), "confirmed": preview.context["confirmed"]})
    assert Link.objects.get().clockify_id == "u0"
    assert MappingOverride.objects.filter(clockify_id="site").exists()
