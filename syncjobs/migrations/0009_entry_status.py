"""EntryVerdict becomes EntryStatus. Only its name changes: the table and its rows stay."""

from functools import partial

import django.db.models.deletion
from django.db import migrations, models

from integrations.roles import rename_permissions, set_up

PERMISSIONS = partial(
    rename_permissions, app="syncjobs", old="entryverdict", new="entrystatus", title="entry status"
)


class Migration(migrations.Migration):
    dependencies = [
        ("mapping", "0006_mapping_override"),
        ("syncjobs", "0008_amend"),
    ]

    operations = [
        # The same name that the table has: from now on it does not depend on the model's.
        migrations.AlterModelTable("entryverdict", "syncjobs_entryverdict"),
        migrations.RenameModel("EntryVerdict", "EntryStatus"),
        migrations.AlterField(
            "entrystatus",
            "entry",
            models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="status",
                to="integrations.timeentry",
            ),
        ),
        migrations.RunPython(PERMISSIONS, migrations.RunPython.noop),
        # The groups may see it under its new name.
        migrations.RunPython(set_up, migrations.RunPython.noop),
    ]
