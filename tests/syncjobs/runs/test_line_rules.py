"""Line rules in syncs: what goes along, what waits for a rule, and what is never touched."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.models import Company
from syncjobs.models import RunItem
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene, run_command

BROKEN = "LINE_RULE_BROKEN"


@pytest.fixture
def lists(scene: Scene, ada: str, site: str) -> dict[str, str]:
    """Items, classes and locations by name, in a company that tracks them; everybody is linked."""
    scene.configure(ClassTrackingPerTxn=True, TrackDepartments=True)
    ids = {name: scene.put("Item", {"Name": name, "Type": "Service"})["Id"] for name in ("Design", "Consulting")}
    creative = scene.put("Class", {"Name": "Creative"})["Id"]
    below = {"SubClass": True, "ParentRef": {"value": creative}}
    ids |= {"Creative": creative, "Print": scene.put("Class", {"Name": "Print", **below})["Id"]}
    ids["Boston"] = scene.put("Department", {"Name": "Boston"})["Id"]
    scene.check()
    return ids


def refs(activity: dict[str, Any]) -> tuple[str, str, str]:
    """Return item, class and location of an activity."""
    return tuple(activity.get(name, {}).get("value", "") for name in ("ItemRef", "ClassRef", "DepartmentRef"))  # type: ignore[return-value]


def test_rules_and_defaults_go_along_and_explain_names_them(
    scene: Scene, ada: str, site: str, lists: dict[str, str]
) -> None:
    scene.policy(start_date="2026-03-01", service_item="Consulting", location="Boston", **{"class": "Creative"})
    task, rush = scene.task("UX", site), scene.tag("rush")
    plain = scene.entry(ada, site)
    tagged = scene.entry(ada, site, "2026-03-05 09:00", tagIds=[rush], description="Logo")
    worked = scene.entry(ada, site, "2026-03-06 09:00", taskId=task, tagIds=[rush])
    scene.check()
    first = scene.line_rule("add", f"task={task}", f"project={site}", f"class={lists['Print']}")
    second = scene.line_rule("add", f"tag={rush}", f"item={lists['Design']}", "description={project}: {description}")
    assert (first["task"], first["entries"], second["entries"]) == (task, 1, 2)

    assert scene.sync().counts == {"sent": 3}

    item, klass, print_, place = (lists[name] for name in ("Consulting", "Creative", "Print", "Boston"))
    assert refs(scene.activity(plain)) == (item, klass, place)
    assert refs(scene.activity(tagged)) == (lists["Design"], klass, place)
    assert refs(scene.activity(worked)) == (lists["Design"], print_, place)
    assert scene.activity(tagged)["Description"] == "Site: Logo"
    fields = scene.explain(worked)["fields"]
    assert fields["class"] == {
        "id": print_,
        "name": "Creative:Print",
        "by": f"rule {first['id']}: task UX, project Site",
    }
    assert fields["item"]["by"] == f"rule {second['id']}: tag rush"
    assert fields["location"] == {"id": place, "name": "Boston", "by": "the workspace's default"}
    assert scene.line_rule("test", worked).json == {"entry": worked, **fields}
    assert scene.line_rule("list").json[1] == {**second.json, "entries": 2}


def test_changed_rules_touch_nothing_sent_until_it_is_edited_or_resent(
    scene: Scene, ada: str, site: str, lists: dict[str, str]
) -> None:
    edited, resent = scene.entries(ada, site, 2)
    scene.sync()
    before = scene.activities()
    rule = scene.line_rule("add", f"user={ada}", f"class={lists['Print']}", "description={user}: {description}")

    assert scene.sync().counts == {"unchanged": 2}
    assert scene.activities() == before
    differences = {row["field"]: (row["sent"], row["now"]) for row in scene.explain(resent)["differences"]}
    assert differences["class"] == ("", lists["Print"])
    assert differences["description"] == ("Task 1", "Ada: Task 1")

    scene.stretch(edited, 45)
    assert scene.sync().counts == {"updated": 1, "unchanged": 1}
    assert (refs(scene.activity(edited))[1], scene.activity(edited)["Description"]) == (lists["Print"], "Ada: Task 0")
    run = run_command("sync_time", "--resend", "--from", "2026-03-01", "--to", "2026-03-31")
    assert run.counts == {"updated": 1, "unchanged": 1}
    assert refs(scene.activity(resent))[1] == lists["Print"]
    assert "differences" not in scene.explain(resent).json
    # Taken away again: an edit takes the class of ours away, too.
    scene.line_rule("remove", str(rule["id"]))
    assert scene.sync().counts == {"unchanged": 2}
    scene.stretch(resent, 50)
    assert scene.sync()["updated"] == 1
    assert refs(scene.activity(resent))[1] == ""


@pytest.mark.parametrize("ours", [False, True])
def test_a_class_that_people_gave_stays_through_our_updates_and_is_told(
    scene: Scene, ada: str, site: str, lists: dict[str, str], ours: bool
) -> None:
    if ours:
        scene.line_rule("add", f"user={ada}", f"class={lists['Print']}", f"location={lists['Boston']}")
    entry = scene.entry(ada, site)
    scene.sync()
    scene.put("TimeActivity", {"Id": scene.receipt(entry).quickbooks_id, "ClassRef": {"value": lists["Creative"]}})
    scene.line_rule("add", f"project={site}", f"class={lists['Print']}")

    for minutes in (75, 80):
        scene.stretch(entry, minutes)
        assert scene.sync().counts == {"updated": 1}
        activity = scene.activity(entry)
        assert (activity["Minutes"], refs(activity)[1]) == (minutes - 60, lists["Creative"])
        assert refs(activity)[2] == (lists["Boston"] if ours else "")
    [difference] = scene.explain(entry)["differences"]
    assert (difference["field"], difference["sent"], difference["quickbooks"]) == (
        "class",
        lists["Print"],
        lists["Creative"],
    )
    assert scene.explain(entry)["state"] == "sent"


@pytest.mark.parametrize(
    ("name", "entity", "label"), [("class", "Class", "The class"), ("location", "Department", "The location")]
)
@pytest.mark.parametrize("how", ["inactive", "gone", "off"])
def test_a_rule_whose_record_a_check_saw_unusable_holds_its_entries_alone(
    scene: Scene, ada: str, site: str, lists: dict[str, str], name: str, entity: str, label: str, how: str
) -> None:
    bea = scene.user("Bea")
    key = scene.put(entity, {"Name": "Retail"})["Id"]
    scene.check()
    rule = scene.line_rule("add", f"user={ada}", f"{name}={key}")
    entry, other = scene.entry(ada, site), scene.entry(bea, site, "2026-03-05 09:00")
    switch = {"class": "ClassTrackingPerTxn", "location": "TrackDepartments"}[name]
    if how == "off":
        scene.configure(**{switch: False})
    else:
        scene.deactivate(entity, key) if how == "inactive" else scene.books.remove(entity, key)
    scene.check()
    scene.zero_calls()

    run = scene.sync()

    assert (run.code, run.counts, run["blocked_reasons"]) == (0, {"sent": 1, "blocked": 1}, {BROKEN: 1})
    assert scene.explain(other)["state"] == "sent"
    reason = scene.explain(entry)["reasons"][0]
    words = {
        "inactive": "is inactive in QuickBooks",
        "gone": "is gone from QuickBooks",
        "off": f"can't be used, since {'classes' if name == 'class' else 'locations'} are switched off in QuickBooks",
    }[how]
    assert reason["message"].startswith(f"{label} Retail, which rule {rule['id']}: user Ada gives, {words};")
    if how != "gone":
        scene.configure(**{switch: True})
        scene.put(entity, {"Id": key, "Active": True})
        # Without a check: a sync reads what is broken again.
        assert scene.sync().counts == {"sent": 1, "unchanged": 1}
    else:
        scene.line_rule("remove", str(rule["id"]))
        assert scene.sync().counts == {"sent": 1, "unchanged": 1}


@pytest.mark.parametrize(
    ("how", "code"),
    [("inactive", "2500"), ("off", "2500"), ("inactive", "610")],
    # In this order, since a quick run plays the first two.
    ids=["inactive", "off", "other code"],
)
def test_a_refusal_is_mapped_to_the_rule_and_holds_the_rest_before_it_is_sent(
    scene: Scene, ada: str, site: str, lists: dict[str, str], how: str, code: str
) -> None:
    scene.switch(inactive_ref_error=code)
    rule = scene.line_rule("add", f"user={ada}", f"class={lists['Print']}")
    entries = scene.entries(ada, site, 30)
    scene.deactivate("Class", lists["Print"]) if how == "inactive" else scene.configure(ClassTrackingPerTxn=False)

    run = scene.sync()

    assert (run.code, run["status"], run["blocked_reasons"]) == (0, "succeeded", {BROKEN: 30})
    assert scene.activities() == []
    assert 1 <= scene.calls()["POST timeactivity"] <= 8
    # Whether classes are switched off is asked where the refusal may mean that.
    assert (scene.calls()["GET preferences"] > 1) is (how == "off")
    assert {item.reasons[0]["rule"] for item in RunItem.objects.all()} == {rule["id"]}
    assert f"rule {rule['id']}: user Ada" in scene.explain(entries[3])["reasons"][0]["message"]
    if how == "off":
        assert Company.objects.get().tracks_classes is False
        scene.configure(ClassTrackingPerTxn=True)
    else:
        scene.put("Class", {"Id": lists["Print"], "Active": True})
    assert scene.sync().counts == {"sent": 30}
    assert_books_agree(scene)


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Active": False}, "is inactive in QuickBooks"),
        ({"Type": "Category"}, "is a category of items and no item itself"),
        ({"Type": "Inventory"}, "is no service item but of type Inventory"),
    ],
    ids=["inactive", "category", "inventory"],
)
def test_an_item_of_a_rule_that_cannot_be_worked_holds_its_entries_by_its_name(
    scene: Scene, ada: str, site: str, lists: dict[str, str], change: dict[str, Any], words: str, checked: bool
) -> None:
    category = scene.put("Item", {"Name": "Studio", "Type": "Category"})["Id"]
    below = {"SubItem": True, "ParentRef": {"value": category}}
    key = scene.put("Item", {"Name": "Vidéo", "Type": "Service", **below})["Id"]
    scene.check()
    rule = scene.line_rule("add", f"user={ada}", f"item={key}")
    entry = scene.entry(ada, site)
    scene.put("Item", {"Id": key, **change})
    if checked:
        scene.check()

    run = scene.sync()

    assert (run.code, run.counts, run["blocked_reasons"]) == (0, {"blocked": 1}, {BROKEN: 1})
    message = scene.explain(entry)["reasons"][0]["message"]
    assert message.startswith(f"The service item Studio:Vidéo, which rule {rule['id']}: user Ada gives, {words};")


def test_an_update_that_keeps_peoples_inactive_class_waits(
    scene: Scene, ada: str, site: str, lists: dict[str, str]
) -> None:
    entry = scene.entry(ada, site)
    scene.sync()
    scene.put("TimeActivity", {"Id": scene.receipt(entry).quickbooks_id, "ClassRef": {"value": lists["Print"]}})
    scene.deactivate("Class", lists["Print"])
    scene.edit_entry(entry, description="More words")

    run = scene.sync()

    assert (run.code, run["blocked_reasons"]) == (0, {BROKEN: 1})
    assert "The class Creative:Print is inactive" in scene.explain(entry)["reasons"][0]["message"]
    scene.put("Class", {"Id": lists["Print"], "Active": True})
    assert scene.sync().counts == {"updated": 1}


def test_a_create_without_an_answer_takes_its_own_class_back(
    scene: Scene, ada: str, site: str, lists: dict[str, str]
) -> None:
    """Of two entries that differ in their class alone, each gets the receipt of its own activity."""
    rush, onsite = scene.tag("rush"), scene.tag("onsite")
    entries = {key: scene.entry(ada, site, tagIds=[tag]) for key, tag in (("Print", rush), ("Creative", onsite))}
    scene.check()
    for key, tag in (("Print", rush), ("Creative", onsite)):
        scene.line_rule("add", f"tag={tag}", f"class={lists[key]}")
    scene.fault("cut_after_commit", times=2)

    scene.sync()
    scene.clear_faults()
    scene.sync()

    assert len(scene.activities()) == 2
    assert {key: refs(scene.activity(entry))[1] for key, entry in entries.items()} == {
        key: lists[key] for key in entries
    }


def test_a_company_without_tracking_is_asked_for_no_lists_and_no_rule_can_name_them(
    scene: Scene, ada: str, site: str
) -> None:
    key = scene.put("Class", {"Name": "Retail"})["Id"]
    scene.check()
    scene.zero_calls()
    result = scene.check()

    assert scene.calls()["POST batch"] == 1 and sum(scene.calls().values()) == 1
    assert "classes" not in result["quickbooks"]
    refused = run_command("line_rule", "add", f"user={ada}", f"class={key}")
    assert refused.code == 2
    assert "classes are switched off in QuickBooks" in refused.stderr
    scene.configure(ClassTrackingPerTxn=True)
    assert scene.check()["quickbooks"]["classes"]["new"] == 1
    scene.zero_calls()
    scene.check()
    assert sum(scene.calls().values()) == 1
    assert run_command("line_rule", "add", f"user={ada}", f"class={key}").code == 0


def test_tasks_and_tags_are_read_only_where_a_rule_names_them(
    scene: Scene, ada: str, site: str, lists: dict[str, str]
) -> None:
    task, tag = scene.task("UX", site), scene.tag("rush")
    scene.zero_calls()
    scene.check()
    before = sum(scene.calls("clockify").values())
    assert not any("tags" in route for route in scene.calls("clockify"))

    scene.line_rule("add", f"tag={tag}", f"item={lists['Design']}")
    scene.line_rule("add", f"task={task}", f"item={lists['Design']}")
    scene.zero_calls()
    scene.check()

    assert sum(scene.calls("clockify").values()) == before + 2
    labels = [scene.line_rule("list").json[number]["tag"] for number in (0, 1)]
    assert labels == [tag, ""]


def test_tasks_and_tags_that_cannot_be_read_are_set_aside(
    scene: Scene, ada: str, site: str, lists: dict[str, str]
) -> None:
    tag = scene.tag("rush")
    scene.line_rule("add", f"tag={tag}", f"item={lists['Design']}")
    entry = scene.entry(ada, site, tagIds=[tag])
    scene.fault("answer_after_commit", "/tags", vendor="clockify", record=tag, change={"name": {"odd": 1}})

    result = scene.check()

    assert (result.code, result["warnings"]["UNREADABLE"]) == (0, 1)
    # Its name is not needed for the rule.
    assert scene.sync().counts == {"sent": 1}
    assert refs(scene.activity(entry))[0] == lists["Design"]
