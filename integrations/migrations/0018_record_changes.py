"""What readings found changed of a record, for its timeline."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0017_tasks_and_tags_of_entries'),
    ]

    operations = [
        migrations.CreateModel(
            name='RecordChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(help_text="Name of the mirror's model, such as ClockifyUser.", max_length=20)),
                ('vendor_id', models.CharField(max_length=64)),
                ('at', models.DateTimeField(help_text='When it was read so first.')),
                ('column', models.CharField(max_length=20)),
                ('before', models.CharField(blank=True, max_length=500)),
                ('after', models.CharField(blank=True, max_length=500)),
                ('company', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='integrations.company')),
                ('workspace', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='integrations.workspace')),
            ],
            options={
                'indexes': [models.Index(fields=['workspace', 'kind', 'vendor_id'], name='change_by_clockify_record'), models.Index(fields=['company', 'kind', 'vendor_id'], name='change_by_quickbooks_record')],
            },
        ),
    ]
