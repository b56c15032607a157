"""For how many entries a rule decides, counted by entries that are alike."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from integrations.models import TimeEntry, Workspace
from syncjobs import line_rules
from syncjobs.models import LineRule
from syncjobs.planning import inputs, lines
from tests.support.factories import TimeEntryFactory, WorkspaceFactory

RUSH, ONSITE = ["rush", "Rush"], ["onsite", "On site"]
CONDITIONS = ({"task_id": "ux"}, {"tag_id": "rush"}, {"project_id": "hall"}, {"user_id": "bea"}, {"client_id": "acme"})


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory(service_item="9")


def rule(workspace: Workspace, **columns: Any) -> LineRule:
    return LineRule.objects.create(workspace=workspace, company=workspace.company, at=workspace.pulled_at, **columns)


def alike(workspace: Workspace) -> list[lines.Alike]:
    rows = TimeEntry.objects.current(workspace, workspace.start_date)
    return sorted(lines.alike(rows, lines.load(workspace)))


def test_groups_count_as_their_entries_would_one_by_one(workspace: Workspace) -> None:
    values = {
        "task_id": ("", "ux"),
        "tags": ([], [RUSH, ONSITE], [ONSITE, RUSH], [ONSITE]),
        "project_id": ("", "hall", "site"),
        "user_id": ("ada", "bea"),
        "client_id": ("", "acme"),
    }
    for number, chosen in enumerate(product(*values.values())):
        facts = dict(zip(values, chosen, strict=True))
        TimeEntryFactory.create_batch(1 + number % 3, workspace=workspace, **facts)
    for number, condition in enumerate(CONDITIONS):
        rule(workspace, **condition, **({"item_id": "7"} if number % 2 else {"class_id": "4"}))
    rule(workspace, tag_id="onsite", user_id="ada", item_id="8", description="{task}")
    rules, one_by_one = lines.load(workspace), Counter[int | None]()
    for row in TimeEntry.objects.current(workspace):
        one_by_one.update({choice.rule_id for choice in rules.choices(inputs.entry_of(row)).values()})

    assert line_rules.entries_by_rule(workspace) == one_by_one
    assert len(one_by_one) == 7


def test_entries_that_differ_in_nothing_a_rule_looks_at_are_one_group(workspace: Workspace) -> None:
    for user, tags in product(("ada", "bea"), ([], [RUSH])):
        TimeEntryFactory.create_batch(3, workspace=workspace, user_id=user, tags=tags, description=f"{user} {tags}")

    assert alike(workspace) == [lines.Alike(12)]
    rule(workspace, user_id="ada", item_id="7")
    assert alike(workspace) == [lines.Alike(6, user_id="ada"), lines.Alike(6, user_id="bea")]


def test_time_before_the_start_date_and_time_gone_from_clockify_do_not_count(workspace: Workspace) -> None:
    assert workspace.start_date is not None
    TimeEntryFactory(workspace=workspace, txn_date=workspace.start_date - timedelta(days=1))
    TimeEntryFactory(workspace=workspace, deleted_at=workspace.pulled_at)
    kept = TimeEntryFactory(workspace=workspace)
    given = rule(workspace, user_id=kept.user_id, class_id="4")

    assert line_rules.entries_by_rule(workspace) == {given.pk: 1, None: 1}
