"""Labels of what was read of both sides, in plainer words. No table changes."""


from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0026_plainer_help_of_policy'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='workspace',
            options={'permissions': [('map_records', 'Can decide which records belong together'), ('send_time', 'Can sync, undo, and decide about time entries'), ('connect_accounts', 'Can connect, disconnect and archive Clockify and QuickBooks'), ('allow_plan', 'Can allow a QuickBooks plan that is otherwise not supported'), ('download_names', 'Can download the support bundle with names')]},
        ),
        migrations.AlterField(
            model_name='class',
            name='gone_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='no longer listed since'),
        ),
        migrations.AlterField(
            model_name='class',
            name='raw',
            field=models.JSONField(default=dict, verbose_name='as it was received'),
        ),
        migrations.AlterField(
            model_name='clockifyclient',
            name='from_entries',
            field=models.BooleanField(default=False, help_text='On no list in Clockify; known from time entries only, by the name they show.', verbose_name='known from time entries only'),
        ),
        migrations.AlterField(
            model_name='clockifyclient',
            name='gone_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='no longer listed since'),
        ),
        migrations.AlterField(
            model_name='clockifyclient',
            name='raw',
            field=models.JSONField(default=dict, verbose_name='as it was received'),
        ),
        migrations.AlterField(
            model_name='clockifyproject',
            name='from_entries',
            field=models.BooleanField(default=False, help_text='On no list in Clockify; known from time entries only, by the name they show.', verbose_name='known from time entries only'),
        ),
        migrations.AlterField(
            model_name='clockifyproject',
            name='gone_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='no longer listed since'),
        ),
        migrations.AlterField(
            model_name='clockifyproject',
            name='raw',
            field=models.JSONField(default=dict, verbose_name='as it was received'),
        ),
        migrations.AlterField(
            model_name='clockifytag',
            name='from_entries',
            field=models.BooleanField(default=False, help_text='On no list in Clockify; known from time entries only, by the name they show.', verbose_name='known from time entries only'),
        ),
        migrations.AlterField(
            model_name='clockifytag',
            name='gone_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='no longer listed since'),
        ),
        migrations.AlterField(
            model_name='clockifytag',
            name='raw',
            field=models.JSONField(default=dict, verbose_name='as it was received'),
        ),
        migrations.AlterField(
            model_name='clockifytask',
            name='from_entries',
            field=models.BooleanField(default=False, help_text='On no list in Clockify; known from time entries only, by the name they show.', verbose_name='known from time entries only'),
        ),
        migrations.AlterField(
            model_name='clockifytask',
            name='gone_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='no longer listed since'),
        ),
        migrations.AlterField(
            model_name='clockifytask',
            name='raw',
            field=models.JSONField(default=dict, verbose_name='as it was received'),
        ),
        migrations.AlterField(
            model_name='clockifyuser',
            name='from_entries',
            field=models.BooleanField(default=False, help_text='On no list in Clockify; known from time entries only, by the name they show.', verbose_name='known from time entries only'),
        ),
        migrations.AlterField(
            model_name='clockifyuser',
            name='gone_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='no longer listed since'),
        ),
        migrations.AlterField(
            model_name='clockifyuser',
            name='raw',
            field=models.JSONField(default=dict, verbose_name='as it was received'),
        ),
        migrations.AlterField(
            model_name='company',
            name='book_close_date',
            field=models.DateField(blank=True, null=True, verbose_name='books closed through'),
        ),
        migrations.AlterField(
            model_name='company',
            name='changes_read_to',
            field=models.DateTimeField(blank=True, help_text="QuickBooks' own time of the last reading; later changes are asked for.", null=True, verbose_name='changes read through'),
        ),
        migrations.AlterField(
            model_name='company',
            name='lists_read_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='lists last read in full'),
        ),
        migrations.AlterField(
            model_name='company',
            name='plan_read_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='plan last read'),
        ),
        migrations.AlterField(
            model_name='company',
            name='refresh_expires_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='connection lapses unless used before'),
        ),
        migrations.AlterField(
            model_name='customer',
            name='gone_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='no longer listed since'),
        ),
        migrations.AlterField(
            model_name='customer',
            name='raw',
            field=models.JSONField(default=dict, verbose_name='as it was received'),
        ),
        migrations.AlterField(
            model_name='department',
            name='gone_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='no longer listed since'),
        ),
        migrations.AlterField(
            model_name='department',
            name='raw',
            field=models.JSONField(default=dict, verbose_name='as it was received'),
        ),
        migrations.AlterField(
            model_name='employee',
            name='gone_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='no longer listed since'),
        ),
        migrations.AlterField(
            model_name='employee',
            name='raw',
            field=models.JSONField(default=dict, verbose_name='as it was received'),
        ),
        migrations.AlterField(
            model_name='item',
            name='gone_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='no longer listed since'),
        ),
        migrations.AlterField(
            model_name='item',
            name='raw',
            field=models.JSONField(default=dict, verbose_name='as it was received'),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='gone_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='no longer listed since'),
        ),
        migrations.AlterField(
            model_name='vendor',
            name='raw',
            field=models.JSONField(default=dict, verbose_name='as it was received'),
        ),
        migrations.AlterField(
            model_name='workspace',
            name='currency',
            field=models.CharField(blank=True, help_text='Of time whose row and client have none.', max_length=3),
        ),
    ]
