"""Labels of fields, as the pages of records and rules show them."""

from django.db import migrations, models

# Models, name and field. Only labels and help texts are new, so that no table changes.
FIELDS: list[tuple[str, str, models.Field]] = [
    ('decision', 'at', models.DateTimeField(db_index=True, verbose_name='when')),
    ('decision', 'verb', models.CharField(max_length=20, verbose_name='decision')),
    ('link', 'by', models.CharField(choices=[('rule', 'Rule'), ('person', 'Person')], max_length=10, verbose_name='made by')),
    ('link', 'client_id', models.CharField(blank=True, max_length=64, verbose_name='client when it was linked')),
    ('link', 'made_at', models.DateTimeField(verbose_name='since')),
    ('link', 'parent_id', models.CharField(blank=True, max_length=64, verbose_name='parent when it was linked')),
    ('link', 'quickbooks_id', models.CharField(max_length=64, verbose_name='QuickBooks id')),
    ('link', 'quickbooks_kind', models.CharField(choices=[('employee', 'Employee'), ('vendor', 'Vendor'), ('customer', 'Customer')], max_length=10, verbose_name='kind in QuickBooks')),
    ('link mismatch', 'quickbooks_name', models.CharField(blank=True, max_length=500, verbose_name='QuickBooks name')),
    ('mappingoverride', 'at', models.DateTimeField(verbose_name='when')),
    ('mismatch', 'blocked_entries', models.IntegerField(default=0, verbose_name='entries held')),
    ('mismatch', 'blocked_minutes', models.IntegerField(default=0, verbose_name='minutes held')),
    ('mismatch', 'clockify_client', models.CharField(blank=True, max_length=500, verbose_name='under the client')),
    ('mismatch', 'detail', models.JSONField(default=dict, verbose_name='what its sentence is made from')),
    ('mismatch', 'first_seen_at', models.DateTimeField(verbose_name='first seen')),
    ('mismatch', 'oldest_date', models.DateField(blank=True, null=True, verbose_name='oldest of them')),
    ('mismatch', 'quickbooks_parent', models.CharField(blank=True, max_length=500, verbose_name='under the customer')),
    ('mismatch', 'seen_at', models.DateTimeField(help_text='When the check that found it ran.', verbose_name='last seen')),
    ('mismatch', 'suggestions', models.JSONField(default=list, verbose_name='likely partners')),
    ('mismatch partnerwrite', 'quickbooks_id', models.CharField(blank=True, max_length=64, verbose_name='QuickBooks id')),
    ('partnerwrite', 'asked', models.JSONField(default=dict, help_text='What the person filled in.', verbose_name='what the person filled in')),
    ('partnerwrite', 'body', models.TextField(help_text='Exactly what is sent.', verbose_name='exactly what is sent')),
    ('partnerwrite', 'entity', models.CharField(choices=[('user', 'User'), ('client', 'Client'), ('project', 'Project'), ('employee', 'Employee'), ('vendor', 'Vendor'), ('customer', 'Customer')], help_text='What is written.', max_length=10, verbose_name='kind')),
    ('partnerwrite', 'error_code', models.CharField(blank=True, max_length=60, verbose_name='code of the refusal')),
    ('partnerwrite', 'error_message', models.TextField(blank=True, verbose_name='words of the refusal')),
    ('partnerwrite', 'intuit_tid', models.CharField(blank=True, max_length=80, verbose_name='Intuit id (intuit_tid)')),
    ('partnerwrite', 'read_before', models.JSONField(default=dict, help_text='The record as it was; for creates, ids of namesakes.', verbose_name='what was there before')),
    ('partnerwrite', 'said', models.TextField(blank=True, help_text='What came of it, in a sentence or two.', verbose_name='what came of it')),
    ('partnerwrite', 'side', models.CharField(choices=[('quickbooks', 'QuickBooks'), ('clockify', 'Clockify')], max_length=10, verbose_name='where')),
    ('partnerwrite', 'target', models.CharField(help_text='The record it is for, as kind and id; one write at a time.', max_length=80, verbose_name='for')),
]


class Migration(migrations.Migration):
    dependencies = [('mapping', '0009_open_partner_write_per_company')]

    operations = [
        migrations.AlterModelOptions(name='mappingoverride', options={'verbose_name': 'ignored or unlinked record', 'verbose_name_plural': 'ignored or unlinked'}),
        migrations.AlterModelOptions(name='partnerwrite', options={'verbose_name': 'created customer or employee', 'verbose_name_plural': 'created customers and employees'}),
        *(
            migrations.AlterField(model_name=model, name=name, field=field)
            for models_with_it, name, field in FIELDS
            for model in models_with_it.split()
        ),
    ]
