"""What other line rules would give to time that waits."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.models import Workspace
from syncjobs import line_rules
from syncjobs.models import EntryStatus
from syncjobs.models import LineRule as LineRuleRow
from syncjobs.planning import line_preview, lines
from syncjobs.rules.drafts.line_rules import LineRule
from tests.support.factories import EntryStatusFactory, ItemFactory, TimeEntryFactory, WorkspaceFactory

State = EntryStatus.State


@pytest.fixture
def workspace(db: None) -> Workspace:
    workspace = WorkspaceFactory()
    for key, name in {"7": "Design", "8": "Advice"}.items():
        ItemFactory(company=workspace.company, quickbooks_id=key, name=name, full_name=name)
    return workspace


def entry(workspace: Workspace, state: str = State.READY, **values: Any) -> EntryStatus:
    held = {"held": values.pop("held")} if "held" in values else {}
    return EntryStatusFactory(entry=TimeEntryFactory(workspace=workspace, **values), state=state, **held)


def previewed(workspace: Workspace, *rules: LineRuleRow, removed: tuple[int, ...] = ()) -> line_preview.LinePreview:
    rows = line_rules.with_changes(workspace, rules, removed)
    return line_preview.preview(workspace, lines.load(workspace, rows))


def test_only_time_that_waits_is_counted_with_its_fields_before_and_after(workspace: Workspace) -> None:
    workspace.service_item = "8"
    workspace.save()
    for state in State:
        entry(workspace, state)
    entry(workspace, State.BLOCKED, held=True)
    entry(workspace, project_id="other")
    rule = line_rules.unsaved(workspace, {"project": "project-site", "item": "7", "description": "{user}"})

    found = previewed(workspace, rule)

    # Ready, failed, changed after it was sent, and held for a person; not what is sent, ignored or never goes.
    assert (found.waiting, found.entries, dict(found.by_field)) == (5, 4, {"item": 4, "description": 4})
    assert {(row.field, row.before, row.after) for row in found.differences} == {
        ("item", "Advice", "Design"),
        ("description", "Design review", "Ada Lindqvist"),
    }
    assert not LineRuleRow.objects.exists()


def test_a_changed_rule_keeps_its_place_and_a_removed_one_leaves_the_next(workspace: Workspace) -> None:
    entry(workspace)
    now = workspace.pulled_at
    first, second = (
        LineRuleRow.objects.create(
            workspace=workspace, company=workspace.company, user_id="user-ada", item_id=item, at=now
        )
        for item in ("7", "8")
    )

    changed = previewed(workspace, line_rules.unsaved(workspace, {"user": "bea", "item": "7"}, rule_id=first.pk))
    assert [(row.before, row.after) for row in changed.differences] == [("Design", "Advice")]
    assert [(row.before, row.after) for row in previewed(workspace, removed=(first.pk,)).differences] == [
        ("Design", "Advice")
    ]
    assert previewed(workspace, removed=(second.pk,)).entries == 0


def test_no_more_than_twenty_differences_are_listed_and_all_are_counted(workspace: Workspace) -> None:
    for _ in range(25):
        entry(workspace)

    found = previewed(workspace, line_rules.unsaved(workspace, {"user": "user-ada", "description": "{id}"}))

    assert (found.entries, len(found.differences)) == (25, line_preview.MAX_ROWS)


@pytest.mark.parametrize("conditions", [{"user": "user-ada"}, {"tag": "rush"}, {"user": "user-ada", "tag": "rush"}])
def test_examples_are_the_latest_entries_that_the_rule_matches(
    workspace: Workspace, conditions: dict[str, str]
) -> None:
    for day in range(2, 7):
        at = {"start_at": f"2026-03-0{day}T14:00Z", "end_at": f"2026-03-0{day}T15:00Z"}
        entry(workspace, description=f"Day {day}", tags=[["rush", "Rush"]], **at)
    entry(workspace, user_id="bea", start_at="2026-03-09T14:00Z", end_at="2026-03-09T15:00Z")
    rule = LineRule(3, conditions, {"description": "{description} {start}"})

    texts = [words for _, words in line_preview.examples(workspace, rule)]

    assert texts == ["Day 6 09:00", "Day 5 09:00", "Day 4 09:00"]
    assert line_preview.examples(workspace, LineRule(3, {"task": "ux"}, rule.results)) == []
