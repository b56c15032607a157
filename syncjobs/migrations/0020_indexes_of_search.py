"""The indexes by which a search finds ids, and the latest time of a person or a project."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0013_indexes_of_search'),
        ('syncjobs', '0019_separate_rights'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='action',
            index=models.Index(fields=['intuit_tid'], name='action_by_intuit_tid'),
        ),
        migrations.AddIndex(
            model_name='action',
            index=models.Index(fields=['quickbooks_id'], name='action_by_quickbooks_id'),
        ),
    ]
