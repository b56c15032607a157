"""Let the groups see the writes to QuickBooks and Clockify."""

from django.db import migrations

from integrations import roles


class Migration(migrations.Migration):
    dependencies = [
        ("mapping", "0002_partner_writes_and_batches"),
        ("syncjobs", "0004_groups"),
    ]
    operations = [migrations.RunPython(roles.set_up, migrations.RunPython.noop)]
