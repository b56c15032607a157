"""The groups may view what readings found changed."""

from django.db import migrations

from integrations.roles import set_up


class Migration(migrations.Migration):
    dependencies = [
        ("integrations", "0018_record_changes"),
        ("mapping", "0009_open_partner_write_per_company"),
        ("syncjobs", "0024_line_rules"),
    ]
    operations = [migrations.RunPython(set_up, migrations.RunPython.noop)]
