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


def test_sent_time_is_unchanged_after_the_upgrade_that_brings_line_rules(scene: Scene, ada: str, site: str) -> None:
    task, tag = scene.task("UX", site), scene.tag("rush")
    scene.configure(ClassTrackingPerTxn=True)
    scene.check()
    plain, worked = scene.entry(ada, site), scene.entry(ada, site, "2026-03-05 09:00", taskId=task, tagIds=[tag])
    assert scene.sync()["sent"] == 2
    as_before = {"class_id", "department_id"}
    for receipt in Receipt.objects.all():
        receipt.draft = {name: value for name, value in receipt.draft.items() if name not in as_before}
        receipt.answered = {name: value for name, value in receipt.answered.items() if name not in as_before}
        receipt.save()
    TimeEntry.objects.update(task_id="", task_name="", tags=[])
    scene.annotate(scene.receipt(plain).quickbooks_id, **{"class": "Retail"})

    import_string("integrations.migrations.0017_tasks_and_tags_of_entries.fill")(apps, connection.schema_editor())

    row = TimeEntry.objects.get(clockify_id=worked)
    assert (row.task_id, row.task_name, row.tags) == (task, "UX", [[tag, "rush"]])
    assert scene.sync(dry_run=True).counts == {"unchanged": 2}
    assert scene.sync().counts == {"unchanged": 2}
    assert {scene.explain(entry)["state"] for entry in (plain, worked)} == {"sent"}
    # An edit keeps the class that people gave before the upgrade.
    scene.stretch(plain, 75)
    assert scene.sync().counts == {"updated": 1, "unchanged": 1}
    assert "ClassRef" in scene.activity(plain)
