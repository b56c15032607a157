"""Clockify's texts are decoded when they are read from now on. Rows read before are brought to the same form.

Fingerprints of content contain the description. They are computed again from the stored columns, for entries and for
what was sent of them, so that an upgrade alone makes no sent time look edited.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from django.db import migrations

from integrations import roles

# As `integrations.clockify.payloads` had them when this was written.
ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#39;": "'", "&#x27;": "'", "&apos;": "'"}
ENTITY = re.compile("|".join(map(re.escape, ENTITIES)))
NAMES = (
    ("integrations", "ClockifyUser", ("name",)),
    ("integrations", "ClockifyClient", ("name",)),
    ("integrations", "ClockifyProject", ("name", "client_name")),
    ("integrations", "TimeEntry", ("user_name", "project_name", "client_name")),
    ("mapping", "Link", ("clockify_name",)),
)


def decode(text: str) -> str:
    return ENTITY.sub(lambda found: ENTITIES[found[0]], text)


def decode_names(apps: Any, schema_editor: Any) -> None:
    for app, name, fields in NAMES:
        rows = apps.get_model(app, name)._default_manager
        for field in fields:
            for row in rows.filter(**{f"{field}__contains": "&"}).only("pk", field).iterator():
                text = getattr(row, field)
                if decode(text) != text:
                    rows.filter(pk=row.pk).update(**{field: decode(text)})


def recompute_fingerprints(apps: Any, schema_editor: Any) -> None:
    entries = apps.get_model("integrations", "TimeEntry")._default_manager
    statuses = apps.get_model("syncjobs", "EntryStatus")._default_manager
    receipts = apps.get_model("syncjobs", "Receipt")._default_manager
    actions = apps.get_model("syncjobs", "Action")._default_manager
    for entry in entries.filter(description__contains="&").defer("raw").iterator():
        text = decode(entry.description)
        if text == entry.description:
            continue
        old, new = entry.content_hash, fingerprint(entry, text)
        entries.filter(pk=entry.pk).update(description=text, content_hash=new)
        statuses.filter(entry_id=entry.pk, content_hash=old).update(content_hash=new)
        # Where it differs, the entry was edited since it was sent, and stays so.
        receipts.filter(workspace_id=entry.workspace_id, entry_id=entry.clockify_id, content_hash=old).update(
            content_hash=new
        )
        for action in actions.filter(workspace_id=entry.workspace_id, entry_id=entry.clockify_id):
            if action.source_snapshot.get("content_hash") == old:
                action.source_snapshot = {**action.source_snapshot, "content_hash": new}
                action.save(update_fields=["source_snapshot"])


def fingerprint(entry: Any, description: str) -> str:
    """Return the fingerprint as `EntryPayload.content_hash` computed it when this was written."""
    content = [
        entry.user_id,
        entry.project_id,
        entry.start_at.isoformat(),
        entry.end_at.isoformat() if entry.end_at else None,
        entry.billable,
        description,
        entry.type,
    ]
    return hashlib.sha256(json.dumps(content, ensure_ascii=True).encode()).hexdigest()


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0008_known_from_entries"),
        ("mapping", "0007_given_back_links"),
        ("syncjobs", "0012_unanswered_actions"),
    ]

    operations = [
        migrations.RunPython(recompute_fingerprints, migrations.RunPython.noop),
        migrations.RunPython(decode_names, migrations.RunPython.noop),
        # For the list of records that could not be read, which is new.
        migrations.RunPython(roles.set_up, migrations.RunPython.noop),
    ]
