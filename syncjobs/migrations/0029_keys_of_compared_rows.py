"""Whose the rows of a comparison are, by ids."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("syncjobs", "0028_lease_of_a_bundle")]

    operations = [
        migrations.AddField(
            model_name='reconciliationrow',
            name='keys',
            field=models.JSONField(default=dict, help_text='Whose it is, by ids: {"people": ["employee:55"], "customers": ["customer:7"]}; empty in older rows.'),
        ),
    ]
