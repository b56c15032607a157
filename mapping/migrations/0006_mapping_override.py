"""Stance becomes MappingOverride. Only its name changes: the table and its rows stay."""

from functools import partial

import django.db.models.deletion
from django.db import migrations, models

from integrations.roles import rename_permissions, set_up

PERMISSIONS = partial(
    rename_permissions, app="mapping", old="stance", new="mappingoverride", title="mapping override"
)


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0005_people_to_vendors"),
        ("mapping", "0005_desk_order"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        # The same name that the table has: from now on it does not depend on the model's.
        migrations.AlterModelTable("stance", "mapping_stance"),
        migrations.RenameModel("Stance", "MappingOverride"),
        migrations.AlterField(
            "mappingoverride",
            "workspace",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="mapping_overrides",
                to="integrations.workspace",
            ),
        ),
        migrations.AlterField(
            "mappingoverride",
            "company",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="mapping_overrides",
                to="integrations.company",
            ),
        ),
        migrations.RunPython(PERMISSIONS, migrations.RunPython.noop),
        # The groups may see it under its new name.
        migrations.RunPython(set_up, migrations.RunPython.noop),
    ]
