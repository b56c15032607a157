"""How much of a comparison nothing explains."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("syncjobs", "0026_nightly_comparison")]

    operations = [
        migrations.AddField(
            model_name='reconciliation',
            name='open_seconds',
            field=models.BigIntegerField(help_text='What nothing explains, in either direction, notes included; null: not counted.', null=True),
        ),
    ]
