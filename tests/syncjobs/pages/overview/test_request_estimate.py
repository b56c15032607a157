"""The estimate of Clockify requests is what a run then makes."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from integrations.models import Workspace
from syncjobs.pages.overview import request_estimate
from tests.support.scene import Scene


@pytest.mark.parametrize("days", [5, 45, 90])
def test_the_estimated_requests_are_those_a_check_makes(scene: Scene, ada: str, site: str, days: int) -> None:
    start = (timezone.now() - timedelta(days=days)).date()
    scene.policy(start_date=start.isoformat())
    scene.check()

    estimated = request_estimate.check_requests(scene.workspace)

    assert scene.check()["api_calls"]["clockify"] == estimated


def test_a_free_workspace_is_told_what_a_check_takes(scene: Scene, admin_client: Client) -> None:
    assert b"30 requests an hour" not in admin_client.get("/admin/").content

    Workspace.objects.update(clockify_plan="FREE")

    assert b"30 requests an hour" in admin_client.get("/admin/").content
