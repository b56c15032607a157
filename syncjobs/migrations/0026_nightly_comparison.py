"""A schedule may have both sides compared."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("syncjobs", "0025_record_changes_for_groups")]

    operations = [
        migrations.AlterField(
            model_name='schedule',
            name='kind',
            field=models.CharField(choices=[('check', 'Check for new users and customers'), ('sync', 'Time sync'), ('reconcile', 'Comparison of both sides')], max_length=10),
        ),
    ]
