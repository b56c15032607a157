"""Labels of fields, as the pages of records and rules show them."""

import django.db.models.deletion
from django.db import migrations, models

# Models, name and field. Only labels and help texts are new, so that no table changes.
FIELDS: list[tuple[str, str, models.Field]] = [
    ('action', 'body', models.TextField(help_text='Exactly what is sent, and sent again.', verbose_name='exactly what is sent')),
    ('action', 'error_code', models.CharField(blank=True, max_length=60, verbose_name="QuickBooks' code")),
    ('action', 'error_message', models.TextField(blank=True, verbose_name="QuickBooks' words")),
    ('action', 'excluded_ids', models.JSONField(db_column='not_ours', default=list, help_text='Ids of equal activities that were there before the first attempt.', verbose_name='duplicates that were there before')),
    ('action', 'intuit_tid', models.CharField(blank=True, max_length=80, verbose_name='Intuit id (intuit_tid)')),
    ('action', 'quickbooks_id', models.CharField(blank=True, max_length=64, verbose_name='activity in QuickBooks')),
    ('action', 'source_snapshot', models.JSONField(db_column='basis', default=dict, help_text='What the receipt will say: content, start, minutes, draft.', verbose_name='what the receipt says')),
    ('action', 'sync_token', models.CharField(blank=True, help_text='Of the record as read before an update or delete.', max_length=32, verbose_name='SyncToken')),
    ('action', 'tried_at', models.DateTimeField(blank=True, null=True, verbose_name='last tried')),
    ('action receipt', 'txn_date', models.DateField(verbose_name='day')),
    ('entryoverride', 'at', models.DateTimeField(verbose_name='when')),
    ('entryoverride', 'send_anyway', models.JSONField(default=list, help_text='Reason codes that a person set aside.', verbose_name='reasons set aside')),
    ('receipt', 'draft', models.JSONField(help_text='What was last sent.', verbose_name='what was last sent')),
    ('receipt', 'quickbooks_id', models.CharField(max_length=64, verbose_name='activity in QuickBooks')),
    ('receipt', 'run', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='syncjobs.run', verbose_name='sent by')),
    ('receipt', 'start_at', models.DateTimeField(help_text='Start of that content; while unchanged, the day stays.', verbose_name='work began')),
    ('receipt', 'sync_token', models.CharField(max_length=32, verbose_name='SyncToken')),
]


class Migration(migrations.Migration):
    dependencies = [('syncjobs', '0030_plainer_labels')]

    operations = [
        migrations.AlterModelOptions(name='action', options={'verbose_name': 'write'}),
        migrations.AlterModelOptions(name='entryoverride', options={'verbose_name': 'decision about an entry', 'verbose_name_plural': 'decisions about entries'}),
        *(
            migrations.AlterField(model_name=model, name=name, field=field)
            for models_with_it, name, field in FIELDS
            for model in models_with_it.split()
        ),
    ]
