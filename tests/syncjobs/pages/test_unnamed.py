"""A user without a name is called the same on pages, in files and by commands."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from integrations.unnamed import named
from tests.support.page_text import main_text
from tests.support.scene import FIRST, LAST, Scene


@pytest.mark.parametrize("name", ["", "  "])
def test_only_what_has_no_name_is_called_unnamed(name: str) -> None:
    assert named(name) == "Unnamed user"
    assert named(name, "project", record_id="6aac") == "Unnamed project (6aac)"
    assert named("Ada", record_id="6aac") == "Ada"


def test_a_user_without_a_name_has_one_name_everywhere(admin_client: Client, scene: Scene, site: str) -> None:
    nobody = scene.user("", partner=None)
    clockify_id = scene.entry(nobody, site)
    scene.sync()
    entry, log = scene.mirrored(clockify_id), reverse("hourbridge:sync-log", args=[scene.workspace.pk])
    period = f"from={FIRST}&to={LAST}"
    pages = [
        reverse("admin:integrations_timeentry_changelist"),
        reverse("admin:integrations_timeentry_change", args=[entry.pk]),
        f"{log}?{period}&cause=USER_NOT_MAPPED",
        reverse("hourbridge:people", args=[scene.workspace.pk]),
        reverse("admin:mapping_mismatch_changelist"),
        reverse("admin:integrations_clockifyuser_changelist"),
    ]
    printed = StringIO()

    for page in pages:
        assert "Unnamed user" in main_text(admin_client.get(page))
    for page in (reverse("hourbridge:entries-csv"), f"{log}?{period}&format=csv"):
        assert b",Unnamed user," in b"".join(admin_client.get(page))
    call_command("mismatches", stdout=printed)

    assert f"Unnamed user ({nobody})" in printed.getvalue()
