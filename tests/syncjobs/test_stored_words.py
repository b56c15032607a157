"""Words that were stored before they were scrubbed: an upgrade masks the secrets in them, and changes nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.utils.module_loading import import_string

from integrations.models import ApiCall, Company, ConnectionEvent, Workspace
from mapping.models import PartnerWrite
from syncjobs.models import Action, EntryStatus, Run, RunItem
from tests.support.factories import (
    NOW,
    ActionFactory,
    EntryStatusFactory,
    RunFactory,
    TimeEntryFactory,
    WorkspaceFactory,
)

# Without a form that gives it away: only who knows it can mask it.
KEY = "quiet-river-stone"
MODULE = "syncjobs.migrations.0015_stored_words_without_secrets"


def upgrade() -> None:
    for step in import_string(f"{MODULE}.Migration").operations:
        step.code(apps, connection.schema_editor())


def write_past_the_scrubber(row: Any, **columns: str) -> None:
    table = connection.ops.quote_name(row._meta.db_table)
    for column, words in columns.items():
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET {connection.ops.quote_name(column)} = %s WHERE id = %s", [words, row.pk]
            )


@pytest.fixture
def rows(db: None) -> dict[Any, tuple[str, ...]]:
    """Create a row of each kind that keeps vendors' words, with a key in them; return the columns by row."""
    workspace = WorkspaceFactory()
    Workspace.objects.filter(pk=workspace.pk).update(api_key=KEY)
    run = RunFactory(workspace=workspace)
    call = ApiCall.objects.create(vendor="clockify", at=NOW, method="GET", path="/v1/user", milliseconds=20)
    event = ConnectionEvent.objects.create(workspace=workspace, at=NOW, kind="test", message="A word.")
    item = RunItem.objects.create(run=run, entry_id="e1", verb="create", outcome="failed")
    write = PartnerWrite.objects.create(
        workspace=workspace, company=workspace.company, side="quickbooks", verb="create", entity="customer",
        target="project:p1", name="Site", body="{}", created_at=NOW,
    )  # fmt: skip
    action = ActionFactory(workspace=workspace, run=run)
    found = {
        workspace: ("state_reason",),
        workspace.company: ("state_reason",),
        call: ("path", "problem"),
        event: ("message",),
        run: ("error_message", "error_fix"),
        item: ("error_message",),
        action: ("error_message",),
        write: ("error_message", "said"),
    }
    for row, columns in found.items():
        write_past_the_scrubber(row, **dict.fromkeys(columns, f"Clockify said 401: the key {KEY} is not known."))
    return found


def test_an_upgrade_masks_known_secrets_in_stored_words(rows: dict[Any, tuple[str, ...]]) -> None:
    upgrade()

    for row, columns in rows.items():
        stored = type(row)._default_manager.filter(pk=row.pk).values(*columns).get()
        assert set(stored.values()) == {"Clockify said 401: the key [secret] is not known."}, row


def test_reasons_are_masked_too_and_what_has_no_secret_stays(rows: dict[Any, tuple[str, ...]]) -> None:
    reasons = [{"code": "QUICKBOOKS_REFUSED", "message": f"token {KEY}", "number": 7}, {"code": "NO_PROJECT"}]
    status = EntryStatusFactory(entry=TimeEntryFactory(workspace=Workspace.objects.get()), reasons=reasons)
    RunItem.objects.update(reasons=reasons)
    plain = ConnectionEvent.objects.create(workspace=Workspace.objects.get(), at=NOW, kind="x", message="All is well.")

    upgrade()

    masked = [{"code": "QUICKBOOKS_REFUSED", "message": "token [secret]", "number": 7}, {"code": "NO_PROJECT"}]
    assert EntryStatus.objects.get(pk=status.pk).reasons == RunItem.objects.get().reasons == masked
    plain.refresh_from_db()
    assert plain.message == "All is well."


def test_a_secret_of_a_lost_encryption_key_stops_no_upgrade(rows: dict[Any, tuple[str, ...]]) -> None:
    company = Company.objects.get()
    write_past_the_scrubber(company, refresh_token="not what any key decrypts", state_reason="Bearer abc123def456")

    upgrade()

    assert Run.objects.get().error_message == "Clockify said 401: the key [secret] is not known."
    assert Company.objects.values_list("state_reason", flat=True).get() == "Bearer [secret]"
    assert Action.objects.exclude(error_message__contains=KEY).exists()
