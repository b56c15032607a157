"""Since when an entry stands as it does; how often a run waited or was taken over."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('syncjobs', '0020_indexes_of_search'),
    ]

    operations = [
        migrations.AddField(
            model_name='entrystatus',
            name='since',
            field=models.DateTimeField(blank=True, help_text='Since when state and cause are these; empty where that was not noted.', null=True),
        ),
        migrations.AddField(
            model_name='run',
            name='takeovers',
            field=models.PositiveSmallIntegerField(default=0, help_text='How often another process went on with it, since its own was gone.'),
        ),
        migrations.AddField(
            model_name='run',
            name='wait_message',
            field=models.TextField(blank=True, help_text='What the vendor said when it waited last.'),
        ),
        migrations.AddField(
            model_name='run',
            name='waits',
            field=models.PositiveSmallIntegerField(default=0, help_text="How often it waited for a vendor's limit."),
        ),
    ]
