"""Vendors' words are scrubbed before they are stored from now on. Words that are stored already are scrubbed here.

Once and in the database, not whenever they are shown: rows also leave by dumps, backups and searches. The secrets are
those that the database holds today, those of the settings, and whatever has the form of one.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations

from config import scrubber
from integrations.fields import EncryptedTextField, SecretUnreadable

WORDS = (
    ("integrations", "ApiCall", ("path", "problem")),
    ("integrations", "ConnectionEvent", ("message",)),
    ("integrations", "Workspace", ("state_reason",)),
    ("integrations", "Company", ("state_reason",)),
    ("mapping", "PartnerWrite", ("error_message", "said")),
    ("syncjobs", "Run", ("error_message", "error_fix")),
    ("syncjobs", "RunItem", ("error_message",)),
    ("syncjobs", "Action", ("error_message",)),
)
# Lists of reasons, which quote QuickBooks.
REASONS = (("syncjobs", "RunItem"), ("syncjobs", "EntryStatus"))
ROWS = 2000


def learn_stored_secrets(apps: Any, schema_editor: Any) -> None:
    """Read every stored secret, which teaches it to the scrubber. One that can't be decrypted is left out."""
    for name in ("Workspace", "Company"):
        model = apps.get_model("integrations", name)
        secrets = [field.name for field in model._meta.fields if isinstance(field, EncryptedTextField)]
        for key in model._default_manager.values_list("pk", flat=True):
            for field in secrets:
                try:
                    model._default_manager.filter(pk=key).values_list(field, flat=True).get()
                except SecretUnreadable:
                    continue


def scrub_words(apps: Any, schema_editor: Any) -> None:
    for app, name, fields in WORDS:
        manager = apps.get_model(app, name)._default_manager
        for field in fields:
            for key, words in manager.exclude(**{field: ""}).values_list("pk", field).iterator(ROWS):
                scrubbed = scrubber.scrub(words)
                if scrubbed != words:
                    # Masking may make a text longer than its column.
                    longest = getattr(manager.model._meta.get_field(field), "max_length", None)
                    manager.filter(pk=key).update(**{field: scrubbed[:longest]})


def scrub_reasons(apps: Any, schema_editor: Any) -> None:
    for app, name in REASONS:
        manager = apps.get_model(app, name)._default_manager
        for key, reasons in manager.exclude(reasons=[]).values_list("pk", "reasons").iterator(ROWS):
            scrubbed = scrubber.scrub_values(reasons)
            if scrubbed != reasons:
                manager.filter(pk=key).update(reasons=scrubbed)


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0008_known_from_entries"),
        ("mapping", "0007_given_back_links"),
        ("syncjobs", "0014_many_deletions"),
    ]

    operations = [
        migrations.RunPython(learn_stored_secrets, migrations.RunPython.noop),
        migrations.RunPython(scrub_words, migrations.RunPython.noop),
        migrations.RunPython(scrub_reasons, migrations.RunPython.noop),
    ]
