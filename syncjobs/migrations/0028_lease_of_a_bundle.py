"""The process that makes a support bundle has a lease, as one that works on a run has."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("syncjobs", "0027_open_seconds")]

    operations = [
        migrations.AddField(
            model_name='supportbundle',
            name='enqueued_at',
            field=models.DateTimeField(blank=True, help_text='When the queue was last told of it.', null=True),
        ),
        migrations.AddField(
            model_name='supportbundle',
            name='lease_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='supportbundle',
            name='owner',
            field=models.CharField(blank=True, help_text='Process that makes it.', max_length=80),
        ),
    ]
