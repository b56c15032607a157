"""A time zone that this machine does not know is said, with the one that is used instead."""

from __future__ import annotations

from django.test import Client

from integrations.models import ClockifyUser
from syncjobs.models import Run
from tests.support.page_text import main_text
from tests.support.scene import Scene

SENTENCE = "Clockify gives Kim the time zone “Mars/Olympus”, which is unknown here; America/New_York, the workspace's,"


def test_an_unknown_zone_is_a_warning_everywhere(scene: Scene, site: str, admin_client: Client) -> None:
    scene.policy(time_zone="America/New_York")
    user = scene.user("Kim", zone="Mars/Olympus")
    entry = scene.entry(user, site, "2026-03-04 22:00")

    check, sync = scene.check(), scene.sync()

    assert check["warnings"]["UNKNOWN_TIME_ZONE"] == sync["warnings"]["UNKNOWN_TIME_ZONE"] == 1
    assert SENTENCE in check.stderr and SENTENCE in sync.stderr
    assert scene.activity(entry)["TxnDate"] == "2026-03-04"
    for run in Run.objects.all():
        text = main_text(admin_client.get(f"/admin/syncjobs/run/{run.pk}/change/"))
        assert "1 person has a time zone that is unknown here; America/New_York, the workspace's, is used" in text
    row = ClockifyUser.objects.get(clockify_id=user)
    assert SENTENCE in main_text(admin_client.get(f"/admin/integrations/clockifyuser/{row.pk}/change/"))
    entry_page = main_text(admin_client.get(f"/admin/integrations/timeentry/{scene.mirrored(entry).pk}/change/"))
    assert "Kim, whose zone “Mars/Olympus” is unknown here" in entry_page


def test_no_zone_at_all_is_no_warning(scene: Scene) -> None:
    scene.user("Kim", zone="")

    assert "UNKNOWN_TIME_ZONE" not in scene.check()["warnings"]
