"""Line rules as a CSV file, out and in."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from integrations.models import Workspace
from syncjobs.models import LineRule
from syncjobs.pages import uploads
from tests.support.factories import ClockifyUserFactory, EntryStatusFactory, ItemFactory, TimeEntryFactory
from tests.support.page_text import main_text

HEADER = "id,user,client,project,task,tag,item,class,location,description,entries"


@pytest.fixture
def rule(workspace: Workspace) -> LineRule:
    """A rule that gives Ada's time the item Design; Advice is another one."""
    ClockifyUserFactory(workspace=workspace, clockify_id="user-ada")
    for key, name in {"7": "Design", "8": "Advice"}.items():
        ItemFactory(company=workspace.company, quickbooks_id=key, name=name, full_name=name)
    EntryStatusFactory(entry=TimeEntryFactory(workspace=workspace))
    return LineRule.objects.create(
        workspace=workspace,
        company=workspace.company,
        user_id="user-ada",
        item_id="7",
        description="-{project}",
        at=workspace.pulled_at,
    )


def upload(client: Client, workspace: Workspace, **values: Any) -> Any:
    return client.post(f"/admin/workspaces/{workspace.pk}/line-rules/upload/", values)


def downloaded(client: Client, workspace: Workspace) -> str:
    answer: Any = client.get(f"/admin/workspaces/{workspace.pk}/line-rules/csv/")
    return b"".join(answer.streaming_content).decode("utf-8-sig")


def test_a_downloaded_file_changes_nothing_when_it_is_sent_back(
    dana: Client, workspace: Workspace, rule: LineRule
) -> None:
    text = downloaded(dana, workspace)
    assert text.splitlines() == [HEADER, f"{rule.pk},user-ada,,,,,7,,,'-{{project}},1"]

    answer = upload(dana, workspace, file=SimpleUploadedFile("rules.csv", text.encode("utf-8-sig")))

    assert (answer.context["upload"].changes, answer.context["upload"].same) == ([], 1)
    assert "Save 0" not in main_text(answer)


def test_lines_change_and_add_rules_after_a_preview_and_errors_name_their_lines(
    dana: Client, workspace: Workspace, rule: LineRule
) -> None:
    text = "\n".join(
        [
            "id;user;project;item;description",
            f"{rule.pk};user-ada;;8;",
            ";user-ada;;;{user}",
            f"{rule.pk};user-ada;;7;",
            "99;user-ada;;7;",
            ";;nowhere;7;",
            ";user-ada;;70;",
            ";;;;",
        ]
    )

    preview = upload(dana, workspace, text=text)

    assert [change.line for change in preview.context["upload"].changes] == [2, 3]
    errors = dict(preview.context["upload"].errors)
    assert errors[4] == f"Line 2 already has rule {rule.pk}."
    assert "There is no rule '99'" in errors[5] and "There is no project 'nowhere'" in errors[6]
    assert "There is no item '70'" in errors[7]
    assert "Design Advice" in main_text(preview) and "1 entry of 1 that waits" in main_text(preview)
    assert LineRule.objects.get().item_id == "7"

    upload(dana, workspace, text=text, seen=preview.context["seen"])

    assert list(LineRule.objects.order_by("pk").values_list("item_id", "description")) == [("8", ""), ("", "{user}")]
    # The rules moved on, so the same preview is not saved a second time.
    again = upload(dana, workspace, text=text, seen=preview.context["seen"])
    assert "Something changed since your preview" in main_text(again) and LineRule.objects.count() == 2


def test_lines_that_say_what_rules_say_already_add_nothing(dana: Client, workspace: Workspace, rule: LineRule) -> None:
    text = "user,item,description\nuser-ada,7,'-{project}\nuser-ada,8,\nuser-ada,8,\n"

    preview = upload(dana, workspace, text=text)
    upload(dana, workspace, text=text, seen=preview.context["seen"])
    again = upload(dana, workspace, text=text)

    assert (preview.context["upload"].same, len(preview.context["upload"].changes)) == (2, 1)
    assert (again.context["upload"].same, again.context["upload"].changes) == (3, [])
    assert LineRule.objects.count() == 2


@pytest.mark.parametrize("words", ["'{project}'", "{project}\n{description}", '"{task}"; {user}, {client}', "''=1"])
def test_words_come_back_as_they_went(dana: Client, workspace: Workspace, rule: LineRule, words: str) -> None:
    LineRule.objects.update(description=words)

    answer = upload(dana, workspace, text=downloaded(dana, workspace))

    assert (answer.context["upload"].changes, answer.context["upload"].same) == ([], 1)


def test_lines_within_words_end_in_one_way(dana: Client, workspace: Workspace, rule: LineRule) -> None:
    """A browser sends the text that was previewed with line ends of its own."""
    text = 'user,description\nuser-ada,"{project}\n{user}"\n'

    preview = upload(dana, workspace, text=text)
    upload(dana, workspace, text=text.replace("\n", "\r\n"), seen=preview.context["seen"])

    assert LineRule.objects.latest("pk").description == "{project}\n{user}"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16", "latin-1"])
def test_a_file_in_another_encoding_is_refused_with_what_to_do(
    dana: Client, workspace: Workspace, rule: LineRule, encoding: str
) -> None:
    file = SimpleUploadedFile("rules.csv", "user,description\nuser-ada,{project} é\n".encode(encoding))
    plain = SimpleUploadedFile("rules.csv", "user,description\nuser-ada,{project}\n".encode("utf-16-le"))

    for sent in (file, plain):
        answer = upload(dana, workspace, file=sent)
        assert answer.status_code == 422 and "The file is not UTF-8 text." in main_text(answer)


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "Choose a file"), ("name,colour\nx,y\n", "names no column of id, user"), ("item\n" + "7\n" * 1001, "1,000")],
)
def test_what_is_no_file_of_rules_is_refused(
    dana: Client, workspace: Workspace, rule: LineRule, text: str, says: str
) -> None:
    answer = upload(dana, workspace, text=text)

    assert answer.status_code == 422 and says in main_text(answer)


def test_a_long_file_shows_its_first_changes_and_counts_the_others(
    dana: Client, workspace: Workspace, rule: LineRule, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MAX_SHOWN_LINES", 2)
    text = "user,description\n" + "".join(f"user-ada,note {number}\n" for number in range(3))

    preview = upload(dana, workspace, text=text)

    shown = main_text(preview)
    assert "note 1" in shown and "note 2" not in shown and "And 1 more." in shown
    assert "Save 3 rules" in shown
