"""`line_rule` and the defaults of `policy` as scripts meet them."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.models import ConnectionEvent
from syncjobs.models import LineRule
from tests.support.scene import Scene, run_command

KEYS = ("id", "user", "client", "project", "task", "tag", "item", "class", "location", "description", "entries")


@pytest.fixture
def ids(scene: Scene) -> dict[str, str]:
    """Ids of one record of each kind, checked, in a company that tracks classes and locations."""
    scene.configure(ClassTrackingPerTxn=True, TrackDepartments=True)
    acme = scene.client("Acme")
    ids = {"user": scene.user("Ada"), "client": acme, "project": scene.project("Site", client=acme)}
    ids |= {"item": scene.put("Item", {"Name": "Design", "Type": "Service"})["Id"]}
    ids |= {"class": scene.put("Class", {"Name": "Creative"})["Id"]}
    ids |= {"location": scene.put("Department", {"Name": "Zürich"})["Id"]}
    scene.policy(start_date="2026-03-01")
    scene.check()
    return ids


def add(*values: str) -> Any:
    return run_command("line_rule", "add", *values)


def test_a_rule_of_everything_is_listed_as_the_contract_says(scene: Scene, ids: dict[str, str]) -> None:
    assert run_command("line_rule", "list").json == []
    ids |= {"task": scene.task("UX", ids["project"]), "tag": scene.tag("rush")}
    given = {**ids, "description": "{project}={description}"}

    added = add(*(f"{name}={value}" for name, value in given.items()))

    assert added.code == 0, added.stderr
    assert tuple(added.json) == KEYS
    assert added.json == {**given, "id": LineRule.objects.get().pk, "entries": 0}
    assert run_command("line_rule", "list").json == [added.json]
    assert run_command("line_rule", "remove", str(added["id"])).json == {"removed": added["id"]}
    assert run_command("line_rule", "list").json == []
    verbs = ConnectionEvent.objects.filter(kind="line_rule").order_by("pk").values_list("message", flat=True)
    assert [message.split(":")[0].split()[-1] for message in verbs] == ["added", "removed"]


def test_a_test_says_what_an_entry_gets(scene: Scene, ids: dict[str, str]) -> None:
    entry = scene.entry(ids["user"], ids["project"], description="Logo")
    rule = add(f"client={ids['client']}", f"class={ids['class']}", "description={client} {start}")

    # Not read before: it is asked for.
    tested = run_command("line_rule", "test", entry)

    by = f"rule {rule['id']}: client Acme"
    assert tested.json == {
        "entry": entry,
        "item": {"id": "", "name": "", "by": ""},
        "class": {"id": ids["class"], "name": "Creative", "by": by},
        "location": {"id": "", "name": "", "by": ""},
        "description": {"value": "Acme 09:00", "by": by},
    }
    assert run_command("line_rule", "test", "64a000000000000000000099").code == 2
    assert run_command("line_rule", "test", "no such id").code == 2


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (["item=7"], "A rule needs a condition: task, tag, project, user, client."),
        ([], "A rule needs a condition"),
        (["user={user}"], "A rule has to give something: item, class, location, description."),
        (["user={user}", "item="], "A rule has to give something"),
        (["employee=1", "item={item}"], "There is no 'employee' in a rule; there are task, tag,"),
        (["user={user}", "item=999"], "There is no item '999' in QuickBooks;"),
        (["user={user}", "class=Creative"], "There is no class 'Creative' in QuickBooks;"),
        (["user=Ada", "item={item}"], "There is no user 'Ada' in Clockify;"),
        (["task=64d000000000000000000000", "item={item}"], "There is no task '64d000000000000000000000' in Clockify;"),
        (["tag=64d000000000000000000000", "item={item}"], "There is no tag"),
        (["user={user}", "description={{employee}}"], "The description can't be filled: {employee} is no name"),
        (["user"], "'user' is no KEY=VALUE."),
        (["user={user}", "user={user}", "item={item}"], "'user' is given twice."),
    ],
)
def test_what_cannot_be_a_rule_is_refused_in_a_sentence(
    scene: Scene, ids: dict[str, str], values: list[str], says: str
) -> None:
    result = add(*(value.format(**ids) for value in values))

    assert (result.code, result.json) == (2, None)
    assert says in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert not LineRule.objects.exists()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"Active": False}, "The item Design is inactive in QuickBooks."),
        ({"Type": "Category"}, "The item Design is a category of items and no item itself."),
    ],
)
def test_an_item_that_cannot_be_booked_on_is_refused(
    scene: Scene, ids: dict[str, str], fields: dict[str, Any], says: str
) -> None:
    scene.put("Item", {"Id": ids["item"], **fields})
    scene.check()

    result = add(f"user={ids['user']}", f"item={ids['item']}")

    assert result.code == 2 and says in result.stderr


@pytest.mark.parametrize("rule", ["99", "x", "٣", "9" * 30])
def test_a_rule_that_is_not_there_cannot_be_removed(scene: Scene, ids: dict[str, str], rule: str) -> None:
    result = run_command("line_rule", "remove", rule)

    assert result.code == 2
    assert "there are: none" in result.stderr


def test_without_a_company_nothing_is_attempted(stage: Scene) -> None:
    assert run_command("line_rule", "list").code == 3
    result = run_command("line_rule", "add", "user=1", "item=1")
    assert (result.code, result.json["error"]["code"]) == (3, "NOT_CONNECTED")


def test_rules_rest_while_a_connection_is_archived(scene: Scene, ids: dict[str, str]) -> None:
    scene.policy(location="Zürich", **{"class": ids["class"]})
    rule = add(f"user={ids['user']}", f"item={ids['item']}")
    run_command("disconnect_quickbooks", "--archive")

    assert run_command("line_rule", "list").json == []
    assert run_command("policy").json["class"] == ""

    scene.connect()
    assert run_command("line_rule", "list").json == [rule.json]
    assert run_command("policy").json["class"] == ids["class"]
    assert run_command("policy").json["location"] == ids["location"]


def test_the_defaults_are_set_by_id_or_name_and_shown_by_id(scene: Scene, ids: dict[str, str]) -> None:
    below = scene.put("Class", {"Name": "Print", "SubClass": True, "ParentRef": {"value": ids["class"]}})["Id"]
    scene.check()

    shown = scene.policy(location="Zürich", description="{project}", **{"class": "Creative:Print"}).json

    assert (shown["class"], shown["location"], shown["description"]) == (below, ids["location"], "{project}")
    assert scene.policy(**{"class": "none"}).json["class"] == ""
    for value, says in (
        ("class=Retail", "there is no active class 'Retail'"),
        ("description={rate}", "{rate} is no name"),
        ("rounding=nearest:7", "divide an hour"),
    ):
        result = run_command("policy", value)
        assert result.code == 2 and says in result.stderr
    scene.configure(TrackDepartments=False)
    scene.check()
    result = run_command("policy", f"location={ids['location']}")
    assert "locations are switched off in QuickBooks" in result.stderr
