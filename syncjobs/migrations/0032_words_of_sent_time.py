"""Labels of sent time and of changes sent to QuickBooks, as their lists and pages show them. No table changes."""


import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('syncjobs', '0031_labels_of_fields'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='action',
            options={'verbose_name': 'change sent to QuickBooks', 'verbose_name_plural': 'changes sent to QuickBooks'},
        ),
        migrations.AlterModelOptions(
            name='receipt',
            options={'verbose_name': 'sent time entry', 'verbose_name_plural': 'sent time entries'},
        ),
        migrations.AlterField(
            model_name='action',
            name='batch_id',
            field=models.UUIDField(blank=True, help_text='Changes are sent in batches of up to 30.', null=True, verbose_name='request id of its batch'),
        ),
        migrations.AlterField(
            model_name='action',
            name='batch_item',
            field=models.CharField(blank=True, max_length=10, verbose_name='number in its batch'),
        ),
        migrations.AlterField(
            model_name='action',
            name='created_at',
            field=models.DateTimeField(verbose_name='sent'),
        ),
        migrations.AlterField(
            model_name='action',
            name='duplicate_id_said',
            field=models.BooleanField(default=False, help_text='QuickBooks answered with error 600 or 6000.', verbose_name='known to QuickBooks when sent again'),
        ),
        migrations.AlterField(
            model_name='action',
            name='ended_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='completed'),
        ),
        migrations.AlterField(
            model_name='action',
            name='entry_id',
            field=models.CharField(max_length=64, verbose_name='Clockify id'),
        ),
        migrations.AlterField(
            model_name='action',
            name='error_code',
            field=models.CharField(blank=True, max_length=60, verbose_name='error code'),
        ),
        migrations.AlterField(
            model_name='action',
            name='error_message',
            field=models.TextField(blank=True, verbose_name='QuickBooks message'),
        ),
        migrations.AlterField(
            model_name='action',
            name='needs_person',
            field=models.BooleanField(default=False, help_text='QuickBooks has similar activities; someone has to decide.', verbose_name='needs review'),
        ),
        migrations.AlterField(
            model_name='action',
            name='quickbooks_id',
            field=models.CharField(blank=True, max_length=64, verbose_name='activity'),
        ),
        migrations.AlterField(
            model_name='action',
            name='request_id',
            field=models.UUIDField(default=uuid.uuid4, unique=True),
        ),
        migrations.AlterField(
            model_name='action',
            name='source_snapshot',
            field=models.JSONField(db_column='basis', default=dict, help_text='What the receipt will say: content, start, minutes, draft.', verbose_name='what it was made from'),
        ),
        migrations.AlterField(
            model_name='action',
            name='state',
            field=models.CharField(choices=[('sending', 'On its way'), ('done', 'Done'), ('refused', 'Refused'), ('abandoned', 'Did not happen'), ('missing', 'Did not arrive'), ('given_up', 'Given up after several runs')], default='sending', max_length=10),
        ),
        migrations.AlterField(
            model_name='action',
            name='tried_in',
            field=models.BigIntegerField(blank=True, null=True, verbose_name='last tried by run'),
        ),
        migrations.AlterField(
            model_name='action',
            name='tried_runs',
            field=models.PositiveSmallIntegerField(default=1, help_text='Runs that tried to send this without an answer, this one included.', verbose_name='tried by how many runs'),
        ),
        migrations.AlterField(
            model_name='action',
            name='verb',
            field=models.CharField(max_length=8, verbose_name='change'),
        ),
        migrations.AlterField(
            model_name='action',
            name='watch_until',
            field=models.DateTimeField(blank=True, help_text='An attempt that was not found may arrive until then.', null=True, verbose_name='may still arrive until'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='answered',
            field=models.JSONField(blank=True, help_text='Our fields as QuickBooks answered them; null in older receipts.', null=True, verbose_name='as QuickBooks saved it'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='changed_at',
            field=models.DateTimeField(verbose_name='last changed'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='conflict',
            field=models.CharField(blank=True, db_column='trouble', help_text='As QuickBooks had it when it was last read.', max_length=40, verbose_name='billed or changed in QuickBooks'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='corrections',
            field=models.PositiveSmallIntegerField(default=0, help_text='How many activities correct this one.'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='differences',
            field=models.JSONField(default=list, help_text="Where QuickBooks' answer differed from what was sent.", verbose_name='saved differently by QuickBooks'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='entry_id',
            field=models.CharField(max_length=64, verbose_name='Clockify id'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='noted',
            field=models.JSONField(blank=True, default=dict, help_text='Differences a person took note of: {"rate": {"now": value, "by": name, "at": time}}.', verbose_name='acknowledged differences'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='part',
            field=models.PositiveSmallIntegerField(default=0, help_text="0: the entry's own activity; otherwise one that corrects it.", verbose_name='number of the correction'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='sent_at',
            field=models.DateTimeField(verbose_name='sent'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='source',
            field=models.JSONField(blank=True, default=dict, help_text='Clockify ids it was made from: {"user": id, "project": id}; empty in older receipts.', verbose_name='user and project it was made from'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='start_at',
            field=models.DateTimeField(help_text='Its day stays until this changes.', verbose_name='work began'),
        ),
        migrations.AlterField(
            model_name='receipt',
            name='state',
            field=models.CharField(choices=[('sent', 'In QuickBooks'), ('deleted', 'Deleted from here')], default='sent', max_length=10),
        ),
    ]
