"""A workspace's rules: shown, set together, refused with a reason."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from integrations.models import Company, ConnectionEvent, Workspace
from mapping.models import Link, Mismatch
from syncjobs import policy
from tests.support import people
from tests.support.factories import (
    NOW,
    ClockifyUserFactory,
    EmployeeFactory,
    ItemFactory,
    TimeEntryFactory,
    WorkspaceFactory,
)
from tests.support.forms import press
from tests.support.page_text import main_text, text


def rules(workspace: Workspace) -> str:
    return f"/admin/workspaces/{workspace.pk}/rules/"


def test_every_setting_can_be_set_here_or_under_schedules(dana: Client, workspace: Workspace) -> None:
    for is_schedule, address in (False, rules(workspace)), (True, f"/admin/workspaces/{workspace.pk}/schedules/"):
        page = dana.get(address).content.decode()
        names = [name for name in policy.SETTINGS if f'name="{name}"' in page]
        assert names == [name for name, rule in policy.SETTINGS.items() if bool(rule.schedules) == is_schedule]


def test_saving_changes_what_was_changed_and_says_who_did(dana: Client, workspace: Workspace) -> None:
    page = dana.post(
        rules(workspace), {"longest_hours": "12", "approved_only": "true", "matching": "strict"}, follow=True
    )

    workspace.refresh_from_db()
    assert (workspace.longest_hours, workspace.approved_only) == (12, True)
    assert "2 rules were changed." in text(page)
    assert ConnectionEvent.objects.count() == 2
    assert "“Approved time only” changed from no to yes. " in main_text(page)
    assert "by dana" in main_text(page)


def test_what_the_company_allows_is_kept_with_the_company(dana: Client, workspace: Workspace) -> None:
    dana.post(rules(workspace), {"allow_sku": "QuickBooks Online Advanced"})

    company = Company.objects.get()
    assert company.allow_sku == "QuickBooks Online Advanced"
    assert company.allowed_by is not None and company.allowed_by.username == "dana"


def test_a_changed_rule_is_applied_to_the_mapping_at_once(dana: Client, workspace: Workspace) -> None:
    ClockifyUserFactory(workspace=workspace, name="ada lindqvist")
    EmployeeFactory(company=workspace.company, name="Ada Lindqvist")

    dana.post(rules(workspace), {"matching": "forgiving"})

    assert Link.objects.get().why == "same name apart from case"
    assert not Mismatch.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"longest_hours": "many"}, "'many' is no number of hours."),
        ({"longest_hours": "12.345"}, "no more than 2 decimal places."),
        ({"allow_sku": "x" * 101}, "at most 100 characters"),
        ({"time_zone": "Mars/Olympus"}, "'Mars/Olympus' is no time zone"),
        ({"start_date": ""}, "'' is no date"),
    ],
)
def test_a_wrong_value_is_refused_with_all_others_and_stays_in_the_form(
    dana: Client, workspace: Workspace, wrong: dict[str, str], message: str
) -> None:
    answer = dana.post(rules(workspace), {"approved_only": "true", **wrong})

    assert answer.status_code == 422
    assert "Nothing was changed: " in main_text(answer) and message in main_text(answer)
    assert answer.content.decode().count('aria-invalid="true"') == 1
    assert all(f'value="{value}"' in answer.content.decode() for value in wrong.values() if value)
    workspace.refresh_from_db()
    assert not workspace.approved_only


def test_nothing_changed_writes_nothing(dana: Client, workspace: Workspace) -> None:
    assert "Nothing was changed." in text(dana.post(rules(workspace), {"matching": "strict"}, follow=True))
    assert not ConnectionEvent.objects.exists()


def test_without_a_company_its_rules_wait(dana: Client) -> None:
    workspace = WorkspaceFactory(company=None)

    page = dana.get(rules(workspace))

    assert "once QuickBooks is connected" in main_text(page)
    assert 'name="allow_sku"' not in page.content.decode()


def test_who_may_only_look_changes_nothing(visitor: Client, workspace: Workspace) -> None:
    page = visitor.get(rules(workspace))

    assert "Save rules" not in main_text(page)
    assert visitor.post(rules(workspace), {"longest_hours": "1"}).status_code == 403


def test_the_page_asks_a_fixed_number_of_queries(
    dana: Client, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(14):
        assert dana.get(rules(workspace)).status_code == 200


def test_an_inactive_item_is_said_stays_chosen_and_is_replaced_by_another(dana: Client, workspace: Workspace) -> None:
    old = ItemFactory(company=workspace.company, name="Consulting (deleted)", active=False)
    new = ItemFactory(company=workspace.company, name="Design")
    Workspace.objects.filter(pk=workspace.pk).update(service_item=old.quickbooks_id)

    page = dana.get(rules(workspace))

    assert "The service item Consulting is inactive in QuickBooks; nothing can be posted to it." in main_text(page)
    option = f'<option value="{old.quickbooks_id}" selected>Consulting (can&#x27;t be used)</option>'
    assert option in page.content.decode()
    # Saving another rule does not change the item unasked.
    dana.post(rules(workspace), {"longest_hours": "9", "service_item": old.quickbooks_id})
    workspace.refresh_from_db()
    assert (workspace.longest_hours, workspace.service_item) == (9, old.quickbooks_id)
    page = dana.post(rules(workspace), {"service_item": new.quickbooks_id}, follow=True)
    assert "can't be used" not in main_text(page)


def test_a_default_class_that_cannot_be_used_is_said_at_its_field(dana: Client, workspace: Workspace) -> None:
    Company.objects.update(tracks_classes=False)
    Workspace.objects.filter(pk=workspace.pk).update(default_class="4", default_location="2")

    page = dana.get(rules(workspace))

    said = {field.name: broken for field, _, broken in page.context["rules"] if broken}
    off = "can't be used, since classes are switched off in QuickBooks"
    assert said == {
        "class": f"The class 4 {off}; nothing can be posted to it.",
        "location": "The location 2 is gone from QuickBooks; nothing can be posted to it.",
    }
    assert main_text(page).count("New and edited time waits, unless line rules give another one") == 2


@pytest.mark.parametrize(
    ("rule", "value", "roles"),
    [
        ("matching", "forgiving", people.MAY_MAP),
        ("approved_only", "true", people.MAY_SEND),
        ("allow_sku", "QuickBooks Online Advanced", {"Plan allower", people.ADMINISTRATOR}),
        ("allow_unstated_payroll", "true", {"Plan allower", people.ADMINISTRATOR}),
    ],
)
@pytest.mark.parametrize("role", [*people.RIGHTS, people.ADMINISTRATOR])
def test_each_rule_needs_its_right(
    client: Client, workspace: Workspace, rule: str, value: str, roles: set[str], role: str
) -> None:
    client.force_login(people.person(role=role))
    before = policy.shown(workspace)

    page = client.get(rules(workspace)).content.decode()
    status = client.post(rules(workspace), {rule: value}).status_code

    field = re.search(rf'<(?:select|input)[^>]* name="{rule}"[^>]*>', page)
    assert field is not None and (" disabled" in field[0]) == (role not in roles)
    assert status == (302 if role in roles else 403)
    changed = policy.shown(Workspace.objects.select_related("company").get()) != before
    assert changed == (role in roles)


def test_who_may_not_allow_a_plan_reads_who_may(client: Client, workspace: Workspace) -> None:
    client.force_login(people.person(role="Sender"))

    page = main_text(client.get(rules(workspace)))

    assert "An administrator can change this." in page and "A mapping admin can change this." in page


def test_rounding_has_an_example_of_this_workspace(dana: Client, workspace: Workspace) -> None:
    assert "As saved" not in main_text(dana.get(rules(workspace)))
    TimeEntryFactory(workspace=workspace, end_at="2026-03-02T15:07:29Z")
    TimeEntryFactory(workspace=workspace, start_at="2026-03-03T14:00Z", end_at="2026-03-03T15:00Z")
    TimeEntryFactory(workspace=workspace, end_at=None)

    page = main_text(dana.get(rules(workspace)))
    # The one that the rule changes, although another one is newer.
    assert "As saved, 1 h 7 m 29 s of Ada Lindqvist on Mon Mar 2 counts as 1:07." in page
    dana.post(rules(workspace), {"rounding": "up", "rounding_minutes": "15", "rounding_minimum": ""})
    assert "1 h 7 m 29 s of Ada Lindqvist on Mon Mar 2 counts as 1:15." in main_text(dana.get(rules(workspace)))


@pytest.mark.parametrize(
    "rounding", ["minute", "clockify", "up:6", "down:5", "nearest:1", "nearest:60,minimum:90", "minute,minimum:15"]
)
def test_rounding_is_chosen_by_fields_and_kept_as_the_command_writes_it(
    dana: Client, workspace: Workspace, rounding: str
) -> None:
    policy.change(workspace, {"rounding": rounding}, now=NOW)
    page = dana.get(rules(workspace))
    assert "nearest:15" not in main_text(page)

    answer = press(dana, page, "Save rules", longest_hours="9")

    assert "1 rule was changed." in text(answer)
    workspace.refresh_from_db()
    assert workspace.rounding == rounding


def test_another_rounding_is_chosen_by_its_fields(dana: Client, workspace: Workspace) -> None:
    chosen = {"rounding": "down", "rounding_minutes": "6", "rounding_minimum": "15"}
    press(dana, dana.get(rules(workspace)), "Save rules", **chosen)
    workspace.refresh_from_db()
    assert workspace.rounding == "down:6,minimum:15"

    answer = press(dana, dana.get(rules(workspace)), "Save rules", rounding_minimum="soon")
    assert answer.status_code == 422 and "the minutes can be those between 1 and 1440" in main_text(answer)
    assert 'value="soon"' in answer.content.decode()
    press(dana, dana.get(rules(workspace)), "Save rules", rounding="minute", rounding_minimum="")
    workspace.refresh_from_db()
    assert workspace.rounding == "minute"
