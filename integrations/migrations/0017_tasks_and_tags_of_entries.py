"""Line rules look at tasks and tags, which stored rows have in their JSON alone. No fingerprint contains them."""

from __future__ import annotations

from typing import Any

from django.db import migrations

CHUNK = 500


def fill(apps: Any, schema_editor: Any) -> None:
    entries = apps.get_model("integrations", "TimeEntry")._default_manager
    changed: list[Any] = []
    for entry in entries.only("pk", "raw").iterator(chunk_size=CHUNK):
        raw = entry.raw if isinstance(entry.raw, dict) else {}
        entry.task_id, entry.task_name = _text(raw.get("taskId"), 64), _text(raw.get("taskName"), 500)
        entry.tags = _tags(raw)
        if entry.task_id or entry.tags:
            changed.append(entry)
        if len(changed) >= CHUNK:
            entries.bulk_update(changed, ["task_id", "task_name", "tags"], batch_size=50)
            changed = []
    entries.bulk_update(changed, ["task_id", "task_name", "tags"], batch_size=50)


def _text(value: Any, longest: int) -> str:
    return value[:longest] if isinstance(value, str) else ""


def _tags(raw: dict[str, Any]) -> list[list[str]]:
    ids, objects = raw.get("tagIds"), raw.get("tags")
    tags = {_text(key, 64): "" for key in ids} if isinstance(ids, list) else {}
    for one in objects if isinstance(objects, list) else []:
        if isinstance(one, dict):
            tags[_text(one.get("_id") or one.get("id"), 64)] = _text(one.get("name"), 500)
    return [[key, name] for key, name in tags.items() if key]


class Migration(migrations.Migration):
    dependencies = [("integrations", "0016_line_fields")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
