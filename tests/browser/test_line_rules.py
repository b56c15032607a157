"""An accountant's rules for lines: made on the pages, sent, read on the entries' pages, changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from sandbox.server import Running
from syncjobs.models import LineRule, Receipt
from tests.browser import pictures
from tests.browser.person import Person
from tests.support import people
from tests.support.scene import Scene, run_command
from tests.worker.conftest import WorkerProcess

FIRST = date.today() - timedelta(days=30)
HARTWELL, ZOE, RUSH, TASK = "Hartwell Legal", "Zoë Krüger", "rush", "Développement"
PRINT, BROOKLYN = "Creative:Design:Print & packaging", "New York:Brooklyn studio"
VIDEO, PHOTO, TEMPLATE = "Studio:Vidéo", "Studio:Photography", "{project}: {description} ({duration})"
# What a person types, in the order in which the rules are made: their ids are 1 to 5.
RULES: tuple[dict[str, str], ...] = (
    {"Client": HARTWELL, "Service item": "Design", "Location": BROOKLYN},
    {"Project": "Website redesign · Bluebird Café", "Service item": PHOTO},
    {"User": ZOE, "Description": TEMPLATE},
    {"Tag": RUSH, "Class": PRINT},
    {"Task": f"{TASK} · Intranet, {HARTWELL}", "Service item": VIDEO},
)
ENTITIES = {"ItemRef": "Item", "ClassRef": "Class", "DepartmentRef": "Department"}
NO_RULE = "No rule or default sets it"


@pytest.fixture
def scene(sandbox: Running, site: str) -> Scene:
    """The agency, connected; nothing was read or sent yet."""
    scene = Scene(sandbox).connect()
    scene.policy(start_date=FIRST)
    return scene


@pytest.mark.sandbox(dataset="agency", entries=80)
def test_each_field_has_a_rule_and_a_changed_rule_touches_nothing_that_was_sent(
    person: Person, scene: Scene, worker: WorkerProcess, log_in: Callable[[str], None]
) -> None:
    everything = enters(scene, ZOE, "Intranet", HARTWELL, tag=RUSH, task=TASK)
    photos = enters(scene, "Renée Dubois", "Website redesign", "Bluebird Café")
    scene.check()
    scene.policy(service_item="Consulting")
    log_in(people.ADMINISTRATOR)
    for number, values in enumerate(RULES, start=1):
        makes_a_rule(person, number, values)
    reads_the_rules_by_their_precedence(person)
    there_before = time_of(scene)
    syncs(person)

    sent = {receipt.entry_id: scene.activity(receipt.entry_id) for receipt in Receipt.objects.filter(state="sent")}
    assert len(sent) > 10
    assert {key: gets(scene, activity) for key, activity in sent.items()} == {key: expected(scene, key) for key in sent}
    reads_what_it_got(
        person,
        scene,
        everything,
        ("Service item", VIDEO, f"Rule 5: task {TASK}", f"More specific than rule 1: client {HARTWELL}"),
        ("Class", PRINT, f"Rule 4: tag {RUSH}"),
        ("Location", BROOKLYN, f"Rule 1: client {HARTWELL}"),
        ("Description", "Intranet: Line by line (0:37)", f"Rule 3: user {ZOE}"),
    )
    reads_what_it_got(
        person,
        scene,
        photos,
        ("Service item", PHOTO, "Rule 2: project Website redesign"),
        ("Class", "nothing", NO_RULE),
        ("Location", "nothing", NO_RULE),
        ("Description", "Line by line", "Same as in Clockify"),
    )

    books = time_of(scene)
    assert len(books) == len(there_before) + len(sent)
    changes_a_rule(person)
    syncs(person)
    assert time_of(scene) == books
    person.opens(page_of(scene, everything))
    person.sees(re.compile(rf"class: sent \d+ {re.escape(PRINT)}, now \d+ Engineering"))
    pictures.take(person.page, "entry-differs-from-rules")

    by_page, tested = rules_listed(), run_command("line_rule", "test", everything).json
    makes_the_same_by_command()
    assert rules_listed() == by_page
    again = run_command("line_rule", "test", everything).json
    assert again == {**tested, "class": {**tested["class"], "by": f"rule {LineRule.objects.latest('pk').pk}: tag rush"}}
    later = enters(scene, ZOE, "Intranet", HARTWELL, hour=18, tag=RUSH, task=TASK)
    syncs(person)
    assert gets(scene, scene.activity(later))["ClassRef"] == "Engineering"
    assert [activity for activity in time_of(scene) if activity in books] == books


# --- the agency's time, and what it should get by a plain reading of the rules ---------------------------------
def enters(scene: Scene, user: str, project: str, client: str, *, hour: int = 20, **labels: str) -> str:
    """Enter 37 minutes, with a tag and a task where they are named."""
    place = scene.place
    clients = {row.name: row.id for row in place.clients.values()}
    work = next(row for row in place.projects.values() if (row.name, row.client_id) == (project, clients[client]))
    tags = [row.id for row in place.tags.values() if row.name == labels.get("tag")]
    tasks = [row.id for row in place.tasks.values() if (row.name, row.project_id) == (labels.get("task"), work.id)]
    member = next(row for row in scene.clockify.users.values() if row.name == user)
    start = f"{FIRST + timedelta(days=12)} {hour}:00"
    more = {"tagIds": tags, "taskId": next(iter(tasks), None)}
    return scene.entry(member.id, work.id, start, minutes=37, description="Line by line", **more)


def expected(scene: Scene, entry_id: str) -> dict[str, str]:
    """Return what an entry should get, field by field, by reading RULES with common sense."""
    place, entry = scene.place, scene.place.entries[entry_id]
    project = place.projects[entry.project_id or ""]
    client = place.clients[project.client_id].name if project.client_id else ""
    task = place.tasks[entry.task_id].name if entry.task_id else ""
    item = "Design" if client == HARTWELL else "Consulting"
    if (project.name, client) == ("Website redesign", "Bluebird Café"):
        item = PHOTO
    if (project.name, client, task) == ("Intranet", HARTWELL, TASK):
        item = VIDEO
    tags = {place.tags[key].name for key in entry.tag_ids or ()}
    return {
        "ItemRef": item,
        "ClassRef": PRINT if RUSH in tags else "",
        "DepartmentRef": BROOKLYN if client == HARTWELL else "",
        "words": f"{project.name.strip()}: " if scene.clockify.users[entry.user_id].name == ZOE else "",
    }


def gets(scene: Scene, activity: dict[str, Any]) -> dict[str, str]:
    """Return names of what QuickBooks has, and the beginning of the words where they are by a template."""
    names = {
        name: scene.books.records[entity][activity[name]["value"]]["FullyQualifiedName"] if name in activity else ""
        for name, entity in ENTITIES.items()
    }
    words = activity.get("Description", "")
    project = scene.books.records["Customer"][activity["CustomerRef"]["value"]]["DisplayName"]
    by_template = words.startswith(f"{project}: ") and words.endswith(")")
    return {**names, "words": f"{project}: " if by_template else ""}


def time_of(scene: Scene) -> list[dict[str, Any]]:
    return [dict(activity) for activity in scene.activities()]


# --- what the person does --------------------------------------------------------------------------------------
def makes_a_rule(person: Person, number: int, values: dict[str, str]) -> None:
    person.opens("/admin/")
    person.chooses_in_menu("Rules")
    person.follows("Line rules: service item")
    person.follows("Add a rule")
    for label, value in values.items():
        person.fills(label, value)
    if number == 1:
        pictures.take(person.page, "line-rule-form")
    person.presses("Preview")
    person.sees("What would be different")
    if number == 3:
        pictures.take(person.page, "line-rule-previewed")
        person.checks_accessibility()
    person.presses("Save rule")
    person.sees(f"Rule {number} was added. What was sent before stays as it is.")


def reads_the_rules_by_their_precedence(person: Person) -> None:
    ids = person.page.locator("tr[id^=rule-]").evaluate_all("rows => rows.map(row => row.id)")
    assert ids == ["rule-5", "rule-4", "rule-2", "rule-3", "rule-1"]
    person.sees("More specific than rule 4: a task before a tag", "More specific than rule 1: a user before a client")
    pictures.take(person.page, "line-rules")
    person.checks_accessibility()


def syncs(person: Person) -> None:
    person.opens("/admin/")
    person.presses("Sync now")
    person.follows("Open run")
    person.sees_run_end()


def page_of(scene: Scene, entry_id: str) -> str:
    return f"/admin/integrations/timeentry/{scene.mirrored(entry_id).pk}/change/"


def reads_what_it_got(person: Person, scene: Scene, entry_id: str, *lines: tuple[str, ...]) -> None:
    """Read field, value and what gives it on the entry's page."""
    person.opens(page_of(scene, entry_id))
    facts = person.page.locator("section[aria-labelledby=line-rules] dl > *").all_inner_texts()
    found = [tuple([label, *value.split("\n")]) for label, value in zip(facts[::2], facts[1::2], strict=True)]
    assert found == list(lines)
    pictures.take(person.page, f"entry-by-line-rules-{len(lines[0])}")
    person.checks_accessibility()


def changes_a_rule(person: Person) -> None:
    """Give the class of rule 4 another value."""
    person.opens("/admin/")
    person.chooses_in_menu("Rules")
    person.follows("Line rules: service item")
    person.follows("Change", within=person.page.locator("#rule-4"))
    expect(person.page.get_by_label("Class", exact=True)).to_have_value(PRINT)
    person.fills("Class", "Engineering")
    person.presses("Preview")
    # What waits for other reasons would get it; what was sent is not among it.
    person.sees("What would be different", "Time that was sent stays as it is")
    expect(person.page.get_by_role("link", name=f"{ZOE}, Intranet, ")).to_have_count(0)
    person.presses("Save rule 4")
    person.sees("Rule 4 was changed. What was sent before stays as it is.")


def rules_listed() -> list[dict[str, Any]]:
    """Return the rules of `line_rule list` without their ids."""
    rows: list[dict[str, Any]] = run_command("line_rule", "list").json
    return sorted(({**row, "id": 0} for row in rows), key=str)


def makes_the_same_by_command() -> None:
    """Remove rule 4, and add it again by the command."""
    row = next(row for row in run_command("line_rule", "list").json if row["id"] == 4)
    values = [f"{name}={value}" for name, value in row.items() if value and name not in {"id", "entries"}]
    for result in (run_command("line_rule", "remove", "4"), run_command("line_rule", "add", *values)):
        assert result.code == 0, result.stderr
