"""Labels of mismatches and of created customers and employees, as their pages show them. No table changes."""


import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('mapping', '0011_many_partner_writes'),
    ]

    operations = [
        migrations.AlterField(
            model_name='mismatch',
            name='clockify_client',
            field=models.CharField(blank=True, max_length=500, verbose_name='client in Clockify'),
        ),
        migrations.AlterField(
            model_name='mismatch',
            name='detail',
            field=models.JSONField(default=dict, verbose_name='details'),
        ),
        migrations.AlterField(
            model_name='mismatch',
            name='oldest_date',
            field=models.DateField(blank=True, null=True, verbose_name='oldest entry held'),
        ),
        migrations.AlterField(
            model_name='mismatch',
            name='quickbooks_parent',
            field=models.CharField(blank=True, max_length=500, verbose_name='parent customer in QuickBooks'),
        ),
        migrations.AlterField(
            model_name='mismatch',
            name='suggestions',
            field=models.JSONField(default=list, verbose_name='suggestions'),
        ),
        migrations.AlterField(
            model_name='partnerwrite',
            name='asked',
            field=models.JSONField(default=dict, help_text='What the person filled in.', verbose_name='as filled in'),
        ),
        migrations.AlterField(
            model_name='partnerwrite',
            name='created_at',
            field=models.DateTimeField(db_index=True, verbose_name='requested'),
        ),
        migrations.AlterField(
            model_name='partnerwrite',
            name='ended_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='completed'),
        ),
        migrations.AlterField(
            model_name='partnerwrite',
            name='error_code',
            field=models.CharField(blank=True, max_length=60),
        ),
        migrations.AlterField(
            model_name='partnerwrite',
            name='error_message',
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name='partnerwrite',
            name='in_doubt',
            field=models.BooleanField(default=False, help_text='Tried, without a clear answer.'),
        ),
        migrations.AlterField(
            model_name='partnerwrite',
            name='name',
            field=models.CharField(max_length=500),
        ),
        migrations.AlterField(
            model_name='partnerwrite',
            name='read_before',
            field=models.JSONField(default=dict, help_text='The record as it was; for creates, ids of namesakes.', verbose_name='as it was before'),
        ),
        migrations.AlterField(
            model_name='partnerwrite',
            name='request_id',
            field=models.UUIDField(default=uuid.uuid4, unique=True),
        ),
        migrations.AlterField(
            model_name='partnerwrite',
            name='said',
            field=models.TextField(blank=True, verbose_name='result'),
        ),
        migrations.AlterField(
            model_name='partnerwrite',
            name='state',
            field=models.CharField(choices=[('waiting', 'Waiting for its turn'), ('sending', 'On its way'), ('done', 'Done'), ('refused', 'Refused'), ('abandoned', 'Did not happen')], default='sending', max_length=10),
        ),
        migrations.AlterField(
            model_name='partnerwrite',
            name='target',
            field=models.CharField(help_text='The record it is for, by its kind and id.', max_length=80, verbose_name='for'),
        ),
        migrations.AlterField(
            model_name='partnerwrite',
            name='tried_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='last tried'),
        ),
    ]
