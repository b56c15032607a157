"""An upgrade alone never makes time that was sent look edited."""

from __future__ import annotations

from django.apps import apps
from django.db import connection
from django.utils.module_loading import import_string

from integrations.models import TimeEntry
from mapping.models import Link
from syncjobs.models import EntryStatus, Receipt
from tests.support.scene import Scene


def read_as_before(scene: Scene, entry: str, text: str) -> None:
    """Store the entry and its receipt as the version before stored them: with Clockify's text as it came."""
    row = TimeEntry.objects.get(clockify_id=entry)
    fingerprint = import_string("syncjobs.migrations.0013_decoded_texts.fingerprint")
    old = fingerprint(row, text)
    Receipt.objects.filter(entry_id=entry, content_hash=row.content_hash).update(content_hash=old)
    EntryStatus.objects.filter(entry=row).update(content_hash=old)
    TimeEntry.objects.filter(pk=row.pk).update(description=text, content_hash=old, project_name="R&amp;D")
    Link.objects.filter(kind="project").update(clockify_name="R&amp;D")


def upgrade() -> None:
    for name in ("recompute_fingerprints", "decode_names"):
        import_string(f"syncjobs.migrations.0013_decoded_texts.{name}")(apps, connection.schema_editor())


def test_sent_time_with_entities_is_unchanged_after_the_upgrade(scene: Scene, ada: str) -> None:
    site = scene.project("R&D")
    scene.check()
    sent, edited, plain = (
        scene.entry(ada, site, f"2026-03-0{day} 09:00", description=text)
        for day, text in ((4, "R&amp;D"), (5, "Q&amp;A"), (6, "Review"))
    )
    assert scene.sync()["sent"] == 3
    assert {activity["Description"] for activity in scene.activities()} == {"R&D", "Q&A", "Review"}
    for entry, text in ((sent, "R&amp;D"), (edited, "Q&amp;A")):
        read_as_before(scene, entry, text)
    scene.stretch(edited, 90)

    upgrade()

    assert TimeEntry.objects.get(clockify_id=sent).description == "R&D"
    assert Link.objects.get(kind="project").clockify_name == "R&D"
    dry = scene.sync(dry_run=True)
    assert dry.counts == {"unchanged": 2, "updated": 1}
    assert scene.sync().counts == {"unchanged": 2, "updated": 1}
    assert scene.explain(plain)["state"] == "sent"
