"""The indexes by which a search finds ids, and the latest time of a person or a project."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0012_rights_of_people'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='timeentry',
            name='time_entry_by_user',
        ),
        migrations.RemoveIndex(
            model_name='timeentry',
            name='time_entry_by_project',
        ),
        migrations.AddIndex(
            model_name='apicall',
            index=models.Index(fields=['intuit_tid'], name='api_call_by_intuit_tid'),
        ),
        migrations.AddIndex(
            model_name='timeentry',
            index=models.Index(fields=['workspace', 'user_id', 'txn_date'], name='time_entry_by_user_and_day'),
        ),
        migrations.AddIndex(
            model_name='timeentry',
            index=models.Index(fields=['workspace', 'project_id', 'txn_date'], name='time_entry_by_project_and_day'),
        ),
    ]
