"""The question for a service item before the first time is sent: asked, answered either way, and never in the way."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from syncjobs.models import Run
from syncjobs.planning import service_item
from tests.support.page_text import main_text
from tests.support.scene import Scene, run_command

NOBODY_SAID = "Without one QuickBooks chooses an item itself, often one named “Hours”."


@pytest.fixture
def item(scene: Scene, ada: str, site: str) -> str:
    key: str = scene.put("Item", {"Name": "Consulting", "Type": "Service"})["Id"]
    scene.check()
    return key


def asked(scene: Scene) -> str:
    return service_item.questions([scene.workspace]).get(scene.workspace.pk, "")


def printed(*args: str) -> str:
    out = io.StringIO()
    call_command("sync_time", "--from", "2026-03-01", "--to", "2026-03-31", *args, stdout=out, stderr=io.StringIO())
    return out.getvalue()


@pytest.mark.parametrize("answer", ["Consulting", "none"])
def test_it_is_asked_until_an_item_is_chosen_or_left_to_quickbooks(
    scene: Scene, ada: str, site: str, item: str, answer: str
) -> None:
    assert asked(scene) == f"No service item is chosen in {scene.workspace.name} yet. {NOBODY_SAID}"

    shown = scene.policy(service_item=answer).json

    assert (asked(scene), shown["service_item"]) == ("", item if answer == "Consulting" else "")
    scene.entry(ada, site)
    assert "service item" not in printed()


def test_an_answer_is_kept_among_the_changes_once(scene: Scene, item: str) -> None:
    for value in ("none", "none", "Consulting", "none"):
        scene.policy(service_item=value)

    messages = list(scene.workspace.events.filter(kind="policy").order_by("pk").values_list("message", flat=True))
    assert messages == [
        "service_item changed from nothing to nothing, left to QuickBooks.",
        "service_item changed from nothing to Consulting.",
        "service_item changed from Consulting to nothing, left to QuickBooks.",
    ]


def test_the_first_sync_goes_without_an_answer_and_says_so(scene: Scene, ada: str, site: str, item: str) -> None:
    hours: Any = scene.put("Item", {"Name": "Field work", "Type": "Service"})["Id"]
    scene.configure(DefaultTimeItem={"value": hours})
    scene.check()
    scene.entry(ada, site)

    preview = printed("--dry-run")
    run = scene.sync(dry_run=True)

    why = "Without one QuickBooks uses “Field work”, the item for time in its own settings."
    assert f"1 entry would go without a service item. {why}" in preview
    assert (run.code, run.counts, run["warnings"]) == (0, {"sent": 1}, {})
    assert asked(scene).endswith(why)
    sent = printed()
    assert f"1 entry went without a service item. {why}" in sent
    assert scene.activities()[0]["ItemRef"] == {"value": hours}
    # It is known now what QuickBooks chose.
    assert asked(scene) == ""


def test_it_is_not_asked_where_rules_give_an_item_to_all_that_is_ready(
    scene: Scene, ada: str, site: str, item: str
) -> None:
    hall = scene.project("Hall")
    scene.policy(start_date="2026-03-01")
    scene.entry(ada, site)
    scene.check()
    assert asked(scene)
    scene.line_rule("add", f"project={site}", f"item={item}")
    assert asked(scene) == ""
    scene.entry(ada, hall)
    scene.check()
    assert asked(scene)
    scene.line_rule("add", f"user={ada}", f"item={item}")
    assert asked(scene) == ""


def test_another_company_is_asked_anew(scene: Scene, item: str) -> None:
    scene.policy(service_item="none")
    scene.decide("disconnect_quickbooks", "--archive")

    assert not scene.workspace.service_item_declined


def test_pages_ask_and_take_the_answer(scene: Scene, ada: str, site: str, item: str, admin_client: Client) -> None:
    scene.entry(ada, site)
    scene.check()
    scene.sync(dry_run=True)
    rules = f"/admin/workspaces/{scene.workspace.pk}/rules/"

    overview = main_text(admin_client.get("/admin/"))
    assert "Choose a service item before any time is sent" in overview
    assert f"{NOBODY_SAID} Choose one, or leave it to QuickBooks." in overview
    run = Run.objects.latest("pk")
    page = admin_client.get(f"/admin/syncjobs/run/{run.pk}/change/")
    assert f"1 entry would go without a service item. {NOBODY_SAID}" in main_text(page)
    assert f"{rules}#rule-service_item" in page.content.decode()
    form = admin_client.get(rules).content.decode()
    assert '<option value="" selected>Not chosen yet</option>' in form
    # Saving another rule answers nothing.
    admin_client.post(rules, {"longest_hours": "9", "service_item": ""})
    assert asked(scene)
    admin_client.post(rules, {"service_item": "none"})
    assert not asked(scene)
    form = admin_client.get(rules).content.decode()
    assert '<option value="none" selected>Leave it to QuickBooks</option>' in form
    assert "Not chosen yet" not in form
    assert run_command("policy").json["service_item"] == ""
    assert "service item" not in main_text(admin_client.get("/admin/")).lower()
