"""The page Line rules: rules in their order, added, changed and removed after a preview, and tested."""

from __future__ import annotations

import re
from typing import Any
from unicodedata import normalize

import pytest
from django.test import Client

from integrations.models import (
    Class,
    ClockifyProject,
    ClockifyTask,
    Company,
    ConnectionEvent,
    Item,
    TimeEntry,
    Workspace,
)
from syncjobs.models import LineRule
from tests.support.factories import (
    ClockifyUserFactory,
    EntryStatusFactory,
    ItemFactory,
    ProjectFactory,
    TimeEntryFactory,
)
from tests.support.page_text import main_text, text
from tests.support.scene import Scene


@pytest.fixture
def workspace(workspace: Workspace) -> Workspace:
    """A workspace with a person, two projects of one name, three items and one entry that is ready."""
    Company.objects.update(pulled_at=workspace.pulled_at, tracks_classes=False, tracks_locations=True)
    ClockifyUserFactory(workspace=workspace, clockify_id="user-ada")
    ProjectFactory(workspace=workspace, clockify_id="project-site", client_name="Acme")
    ProjectFactory(workspace=workspace, clockify_id="project-two", client_name="Borealis")
    for key, name in {"7": "Design", "8": "Advice", "9": "Printing"}.items():
        ItemFactory(company=workspace.company, quickbooks_id=key, name=name, full_name=name)
    tagged = TimeEntryFactory(workspace=workspace, tags=[["rush", "Rush"]], task_id="ux", task_name="UX")
    EntryStatusFactory(entry=tagged)
    seen = {"first_seen_at": workspace.pulled_at, "last_seen_at": workspace.pulled_at}
    ClockifyTask.objects.create(workspace=workspace, clockify_id="ux", name="UX", project_id="project-site", **seen)
    workspace.refresh_from_db()
    return workspace


def address(workspace: Workspace, rest: str = "") -> str:
    return f"/admin/workspaces/{workspace.pk}/line-rules/{rest}"


def stored(workspace: Workspace, **columns: Any) -> LineRule:
    return LineRule.objects.create(workspace=workspace, company=workspace.company, at=workspace.pulled_at, **columns)


def previewed(client: Client, url: str, **values: str) -> dict[str, str]:
    """Return the form as its preview would save it."""
    answer = client.post(url, {**values, "action": "preview"})
    assert answer.status_code == 200, main_text(answer)
    return {**values, "seen": answer.context["seen"], "action": "save"}


def test_rules_stand_by_precedence_with_what_they_give_and_for_how_many(dana: Client, workspace: Workspace) -> None:
    workspace.service_item = "9"
    workspace.save()
    person = stored(workspace, user_id="user-ada", item_id="8", description="{project}")
    task = stored(workspace, task_id="ux", item_id="7")
    unused = stored(workspace, user_id="bea", item_id="8")

    answer = dana.get(address(workspace))

    lines = answer.context["rules"]
    assert [(line.id, line.entries) for line in lines] == [(task.pk, 1), (person.pk, 1), (unused.pk, 0)]
    assert lines[0].before == f"More specific than rule {person.pk}: a task before a user"
    assert lines[1].before == f"More specific than rule {unused.pk}: the older one"
    assert (lines[0].results, lines[1].results[1]) == ([("Service item", "Design")], ("Description", "{project}"))
    assert (answer.context["defaults"].results, answer.context["defaults"].entries) == (
        [("Service item", "Printing")],
        0,
    )
    assert "User Ada Lindqvist" in main_text(answer)


def test_a_task_or_project_of_a_rule_is_told_apart_by_where_it_is(dana: Client, workspace: Workspace) -> None:
    for conditions in ({"task_id": "ux"}, {"project_id": "project-two"}, {"task_id": "no such"}, {"user_id": "bea"}):
        stored(workspace, item_id="7", **conditions)

    answer = dana.get(address(workspace))

    assert [line.place for line in answer.context["rules"]] == ["Website, Acme", "", "Borealis", ""]
    assert "Task UX of Website, Acme" in main_text(answer)


def test_a_broken_rule_and_a_broken_default_say_why(dana: Client, workspace: Workspace) -> None:
    workspace.default_class = "4"
    workspace.save()
    stored(workspace, user_id="user-ada", item_id="7")
    Item.objects.filter(quickbooks_id="7").update(active=False)

    answer = dana.get(address(workspace))

    [rule] = answer.context["rules"]
    assert rule.problems == ["Service item Design is inactive in QuickBooks."]
    assert answer.context["defaults"].problems == [
        "Class 4 can't be used, since classes are switched off in QuickBooks."
    ]
    assert f"{rule.problems[0]} Time that this rule applies to is held." in main_text(answer)
    assert f"{answer.context['defaults'].problems[0]} Time without a rule for it is held." in main_text(answer)


def test_a_rule_is_previewed_and_only_what_was_previewed_is_saved(dana: Client, workspace: Workspace) -> None:
    url, values = address(workspace, "add/"), {"user": "ada lindqvist", "item": "Design", "description": "{user}!"}

    preview = dana.post(url, {**values, "action": "preview"})
    shown = main_text(preview)
    assert "1 entry of 1 that waits" in shown and "nothing Design" in shown
    assert "Ada Lindqvist!" in shown and not LineRule.objects.exists()

    form = previewed(dana, url, **values)
    again = dana.post(url, {**form, "item": "Advice"})
    assert "Something changed since your preview" in main_text(again) and not LineRule.objects.exists()
    dana.post(url, form)

    rule = LineRule.objects.get()
    assert (rule.user_id, rule.item_id, rule.description) == ("user-ada", "7", "{user}!")
    assert rule.person is not None and rule.person.username == "dana"
    assert "was added" in ConnectionEvent.objects.get(kind="line_rule").message


def test_names_of_several_records_are_told_apart_by_what_else_is_known(dana: Client, workspace: Workspace) -> None:
    url = address(workspace, "add/")
    assert 'value="Website · Borealis">Borealis<' in dana.get(url).content.decode()

    refused = dana.post(url, {"project": "Website", "item": "Nothing such"})

    assert refused.status_code == 422
    assert "Clockify has several of the name “Website”" in main_text(refused)
    assert "QuickBooks has no service item “Nothing such” that can be chosen." in main_text(refused)
    dana.post(url, previewed(dana, url, project="website · Borealis ", task="ux", item="Design"))
    assert LineRule.objects.get().project_id == "project-two"


def test_names_are_told_apart_by_their_ids_where_nothing_else_does(dana: Client, workspace: Workspace) -> None:
    ProjectFactory(workspace=workspace, clockify_id="project-three", client_name="Borealis")

    page = dana.get(address(workspace, "add/")).content.decode()

    assert 'value="Website · project-three">Borealis<' in page and 'value="Website · Acme">Acme<' in page


def test_tasks_of_one_name_keep_their_project_once_the_list_was_read(dana: Client, workspace: Workspace) -> None:
    task = ClockifyTask.objects.get()
    other = {"name": task.name, "project_id": "project-two", "first_seen_at": task.first_seen_at}
    ClockifyTask.objects.create(workspace=workspace, clockify_id="ux2", last_seen_at=task.last_seen_at, **other)
    url = address(workspace, "add/")

    assert 'value="UX · Website, Borealis"' in dana.get(url).content.decode()
    dana.post(url, previewed(dana, url, task="UX · Website, Borealis", item="Design"))

    assert LineRule.objects.get().task_id == "ux2"


def test_a_name_is_found_whatever_its_case_and_its_form_of_accents(dana: Client, workspace: Workspace) -> None:
    ItemFactory(company=workspace.company, quickbooks_id="10", name="Vidéo", full_name="Studio:Vidéo")
    url = address(workspace, "add/")

    dana.post(url, previewed(dana, url, user="ada lindqvist", item=normalize("NFD", "studio:vidéo")))

    assert LineRule.objects.get().item_id == "10"


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"item": "Design"}, "A rule needs a condition"),
        ({"user": "Ada Lindqvist"}, "A rule has to give something"),
        ({"user": "Ada Lindqvist", "description": "{employee}"}, "{employee} is no name that it can have"),
    ],
)
def test_what_cannot_be_a_rule_is_said_and_stays_in_the_form(
    dana: Client, workspace: Workspace, values: dict[str, str], says: str
) -> None:
    answer = dana.post(address(workspace, "add/"), {**values, "action": "save"})

    assert answer.status_code == 422
    assert says in main_text(answer)
    assert not LineRule.objects.exists()


def test_a_company_without_classes_says_so_in_place_of_the_field(dana: Client, workspace: Workspace) -> None:
    page = dana.get(address(workspace, "add/"))

    assert "Classes are switched off in QuickBooks" in main_text(page)
    assert 'name="class"' not in page.content.decode() and 'name="location"' in page.content.decode()
    Company.objects.update(tracks_classes=True)
    Class.objects.create(
        company=workspace.company,
        quickbooks_id="4",
        name="Print",
        full_name="Creative:Print",
        first_seen_at=workspace.pulled_at,
        last_seen_at=workspace.pulled_at,
    )
    assert '<option value="Creative:Print">' in dana.get(address(workspace, "add/")).content.decode()


def test_a_rule_is_changed_in_place_unless_somebody_else_changed_it(dana: Client, workspace: Workspace) -> None:
    rule = stored(workspace, user_id="user-ada", item_id="7")
    url = address(workspace, f"{rule.pk}/")
    assert 'value="Ada Lindqvist"' in dana.get(url).content.decode()

    stale = previewed(dana, url, user="Ada Lindqvist", item="Advice")
    dana.post(url, previewed(dana, url, user="Ada Lindqvist", item="Printing"))
    answer = dana.post(url, stale)

    assert LineRule.objects.get(pk=rule.pk).item_id == "9"
    assert "Something changed since your preview" in main_text(answer)
    dana.post(url, previewed(dana, url, user="Ada Lindqvist", item="Advice"))
    assert LineRule.objects.get(pk=rule.pk).item_id == "8"


def test_a_rule_is_removed_after_its_preview(dana: Client, workspace: Workspace) -> None:
    rule = stored(workspace, user_id="user-ada", item_id="7")
    url = address(workspace, f"{rule.pk}/remove/")

    page = dana.get(url)
    assert "Design nothing" in main_text(page)
    dana.post(url, {"seen": page.context["seen"]})

    assert not LineRule.objects.exists()
    assert f"has no rule '{rule.pk}'; there are: none." in text(dana.get(url, follow=True))
    assert f"has no rule '{rule.pk}'" in text(dana.post(address(workspace, f"{rule.pk}/"), follow=True))


def test_a_rule_that_another_tab_changed_is_not_removed(dana: Client, workspace: Workspace) -> None:
    rule = stored(workspace, user_id="user-ada", item_id="7")
    url = address(workspace, f"{rule.pk}/")
    seen = dana.get(f"{url}remove/").context["seen"]
    dana.post(url, previewed(dana, url, user="Ada Lindqvist", item="Advice"))

    answer = dana.post(f"{url}remove/", {"seen": seen})

    assert "This rule was changed since you opened the page" in main_text(answer) and "Advice nothing" in main_text(
        answer
    )
    assert LineRule.objects.get().item_id == "8"


def test_the_same_rule_of_a_second_tab_is_not_added_again(dana: Client, workspace: Workspace) -> None:
    url = address(workspace, "add/")
    form = previewed(dana, url, user="Ada Lindqvist", item="Advice")
    dana.post(url, form)

    answer = dana.post(url, form, follow=True)

    assert f"Nothing was saved: Rule {LineRule.objects.get().pk} already says the same." in text(answer)


def test_a_rule_is_not_changed_into_another_one(dana: Client, workspace: Workspace) -> None:
    first = stored(workspace, user_id="user-ada", item_id="7")
    second = stored(workspace, user_id="user-ada", project_id="project-site", item_id="7")
    url = address(workspace, f"{second.pk}/")

    answer = dana.post(url, previewed(dana, url, user="Ada Lindqvist", item="Design"), follow=True)

    assert f"Nothing was saved: Rule {first.pk} already says the same." in text(answer)
    assert LineRule.objects.get(pk=second.pk).project_id == "project-site"


def test_other_fields_of_a_rule_can_be_changed_while_its_project_is_gone(dana: Client, workspace: Workspace) -> None:
    rule = stored(workspace, project_id="project-two", item_id="7")
    ClockifyProject.objects.filter(clockify_id="project-two").update(gone_at=workspace.pulled_at)
    url = address(workspace, f"{rule.pk}/")
    assert 'value="Website · project-two"' in dana.get(url).content.decode()

    dana.post(url, previewed(dana, url, project="Website · project-two", item="Advice"))

    rule.refresh_from_db()
    assert (rule.project_id, rule.item_id) == ("project-two", "8")
    # For another rule it can't be chosen.
    assert dana.post(address(workspace, "add/"), {"project": "project-two", "item": "Advice"}).status_code == 422


def test_an_item_made_inactive_between_preview_and_save_is_refused_by_its_name(
    dana: Client, workspace: Workspace
) -> None:
    rule = stored(workspace, user_id="user-ada", item_id="7", description="{user}")
    url = address(workspace, f"{rule.pk}/")
    form = previewed(dana, url, user="Ada Lindqvist", item="Design", description="{user}!")
    Item.objects.filter(quickbooks_id="7").update(active=False)

    assert 'value="Design · 7"' in dana.get(url).content.decode()
    answer = dana.post(url, form)

    assert answer.status_code == 422 and "The item Design is inactive in QuickBooks." in main_text(answer)
    assert LineRule.objects.get().description == "{user}"


def test_an_entry_says_what_gives_each_field_and_over_what(dana: Client, workspace: Workspace) -> None:
    person = stored(workspace, user_id="user-ada", item_id="8")
    tag = stored(workspace, tag_id="rush", item_id="7", description="{tags}: {description}")
    tagged = TimeEntry.objects.get()
    entry = TimeEntryFactory(workspace=workspace, description="Other")

    found = dana.get(address(workspace), {"entry": tagged.clockify_id})
    fields = {line.name: (line.value, line.by, line.over) for line in found.context["tested"].fields}

    assert fields == {
        "item": ("Design", f"rule {tag.pk}: tag rush", (f"rule {person.pk}: user Ada Lindqvist",)),
        "class": ("", "", ()),
        "location": ("", "", ()),
        "description": ("Rush: Design review", f"rule {tag.pk}: tag rush", ()),
    }
    hits = dana.get(address(workspace), {"entry": "Website"}).context["tested"].hits
    assert {hit.pk for hit in hits} == {entry.pk, tagged.pk}
    assert "No time entry of" in main_text(dana.get(address(workspace), {"entry": "nobody"}))


def test_who_may_not_change_rules_sees_them_without_buttons(visitor: Client, workspace: Workspace) -> None:
    rule = stored(workspace, user_id="user-ada", item_id="7")

    page = visitor.get(address(workspace))

    assert "User Ada Lindqvist" in main_text(page) and "A mapping admin can change rules." in main_text(page)
    assert not re.search(r"Add a rule|Remove…", main_text(page))
    for rest in ("add/", f"{rule.pk}/", f"{rule.pk}/remove/"):
        assert visitor.post(address(workspace, rest)).status_code == 403


def test_without_a_company_there_is_nothing_to_choose(dana: Client, workspace: Workspace) -> None:
    Workspace.objects.update(company=None)

    assert "once QuickBooks is connected" in main_text(dana.get(address(workspace)))
    assert dana.get(address(workspace, "add/")).status_code == 302


def test_a_tag_that_nobody_used_yet_is_asked_for(dana: Client, scene: Scene) -> None:
    scene.user("Ada")
    item = scene.put("Item", {"Name": "Design", "Type": "Service"})["Id"]
    scene.check()
    rush = scene.tag("Rush hours")
    url = address(scene.workspace, "add/")

    dana.post(url, previewed(dana, url, tag="rush hours", item="Design"))

    assert (LineRule.objects.get().tag_id, LineRule.objects.get().item_id) == (rush, item)
    scene.fault("answer_before", "tags", vendor="clockify", status=403)
    refused = dana.post(url, {"tag": "late", "item": "Design"})
    assert "Clockify's list of tasks or tags can't be read now" in main_text(refused)
