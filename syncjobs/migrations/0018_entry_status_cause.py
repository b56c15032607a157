"""Each entry that waits for a person gets the one cause that it waits for, also those judged before."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

# As `syncjobs.rules.reasons` and `syncjobs.planning.evaluate` had them when this was written.
RECORD_KINDS = ("user", "client", "project")


def cause(state: str, held: bool, rows: list[dict[str, Any]]) -> str:
    if state == "unknown":
        return "OUTCOME_UNKNOWN"
    if state == "blocked" and not held:
        return ""
    if state == "changed" and {row.get("code") for row in rows} & {"IGNORED", "NOT_FINISHED"}:
        return ""
    record = next((row for row in rows if row.get("kind") in RECORD_KINDS and row.get("id")), None)
    if record is not None:
        return f"{record['kind']}:{record['id']}"
    if rows:
        return str(rows[0].get("code", ""))
    return "QUICKBOOKS_REFUSED" if state == "failed" else ""


def fill(apps: Any, schema_editor: Any) -> None:
    statuses = apps.get_model("syncjobs", "EntryStatus")._default_manager
    keys: dict[str, list[int]] = {}
    waiting = statuses.filter(state__in=("blocked", "failed", "unknown", "changed"))
    for key, state, held, rows in waiting.values_list("pk", "state", "held", "reasons").iterator(chunk_size=2000):
        found = cause(state, held, rows)
        if found:
            keys.setdefault(found, []).append(key)
    for found, ids in keys.items():
        for start in range(0, len(ids), 500):
            statuses.filter(pk__in=ids[start : start + 500]).update(cause=found)


class Migration(migrations.Migration):
    dependencies = [("syncjobs", "0017_receipt_billed_on")]

    operations = [
        migrations.AlterField(
            model_name="run",
            name="status",
            field=models.CharField(
                choices=[
                    ("queued", "Waiting for a worker"),
                    ("running", "Running"),
                    ("waiting", "Waiting to go on"),
                    ("succeeded", "Done"),
                    ("partial", "Partly done"),
                    ("failed", "Failed"),
                    ("blocked", "Blocked"),
                    ("cancelled", "Cancelled"),
                ],
                db_index=True,
                default="queued",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="entrystatus",
            name="cause",
            field=models.CharField(
                blank=True,
                default="",
                help_text="What a person has to do something about: a reason's code, or kind and id of a record.",
                max_length=80,
            ),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="entrystatus",
            index=models.Index(
                condition=models.Q(("cause", ""), _negated=True),
                fields=["workspace", "state", "cause"],
                name="status_by_cause",
            ),
        ),
        migrations.AddIndex(
            model_name="receipt",
            index=models.Index(
                condition=models.Q(("conflict", ""), _negated=True), fields=["workspace"], name="receipt_in_conflict"
            ),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
