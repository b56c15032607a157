import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from integrations.roles import set_up


class Migration(migrations.Migration):
    """Stored comparisons, notes and sign-offs; the groups may view them."""

    dependencies = [
        ('integrations', '0014_signed_periods'),
        ('syncjobs', '0021_since_when_and_what_happened'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name='run',
            name='kind',
            field=models.CharField(choices=[('check', 'Check for new users and customers'), ('sync', 'Time sync'), ('undo', 'Undo'), ('reconcile', 'Comparison of both sides')], max_length=10),
        ),
        migrations.CreateModel(
            name='Reconciliation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_date', models.DateField()),
                ('to_date', models.DateField()),
                ('compared_at', models.DateTimeField(help_text='When the reading began: later changes are not in it.')),
                ('clockify_seconds', models.BigIntegerField()),
                ('quickbooks_seconds', models.BigIntegerField()),
                ('unreadable', models.JSONField(default=list, help_text='A sentence for each record that could not be read.')),
                ('cut_message', models.TextField(blank=True, help_text='Why a side may not be whole.')),
                ('api_calls', models.JSONField(default=dict, help_text='HTTP requests by vendor; empty where they were not counted.')),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='integrations.company')),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('run', models.OneToOneField(blank=True, help_text='Empty: made by the command.', null=True, on_delete=django.db.models.deletion.SET_NULL, to='syncjobs.run')),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reconciliations', to='integrations.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='ReconciliationRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.TextField()),
                ('customer', models.TextField(blank=True)),
                ('date', models.DateField()),
                ('clockify', models.BigIntegerField()),
                ('quickbooks', models.BigIntegerField()),
                ('causes', models.JSONField(default=list, help_text='[code, words, seconds, whether they explain], in order.')),
                ('amounts', models.JSONField(default=dict, help_text="By currency: Clockify's and QuickBooks' amount, as text.")),
                ('activities', models.JSONField(default=list, help_text='[id, seconds, code, whether a person is asked].')),
                ('forms', models.JSONField(default=list, help_text='Facts of invoices that billed it, each with its seconds.')),
                ('reconciliation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rows', to='syncjobs.reconciliation')),
            ],
        ),
        migrations.CreateModel(
            name='SignOff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('from_date', models.DateField()),
                ('to_date', models.DateField()),
                ('figures', models.JSONField(help_text='Seconds of both sides and of each cause, and amounts by currency.')),
                ('document', models.TextField(help_text='What was signed, as canonical JSON.')),
                ('sha256', models.CharField(help_text='SHA-256 of the document in UTF-8.', max_length=64)),
                ('reason', models.TextField(blank=True, help_text='Why it was signed with time that is not explained.')),
                ('person_name', models.CharField(max_length=200)),
                ('at', models.DateTimeField()),
                ('countersigned_name', models.CharField(blank=True, max_length=200)),
                ('countersigned_at', models.DateTimeField(blank=True, null=True)),
                ('withdrawn_name', models.CharField(blank=True, max_length=200)),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True)),
                ('withdrawn_reason', models.TextField(blank=True)),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='integrations.company')),
                ('countersigned_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('reconciliation', models.ForeignKey(on_delete=django.db.models.deletion.RESTRICT, related_name='sign_offs', to='syncjobs.reconciliation')),
                ('withdrawn_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sign_offs', to='integrations.workspace')),
            ],
            options={
                'permissions': [('sign_period', 'Can sign periods, and explain what is not explained')],
            },
        ),
        migrations.CreateModel(
            name='ActivityNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('activity_id', models.CharField(max_length=64)),
                ('seconds', models.BigIntegerField(help_text='The difference that it explains.')),
                ('note', models.TextField()),
                ('person_name', models.CharField(help_text='As it was then; it stays when the account goes.', max_length=200)),
                ('at', models.DateTimeField()),
                ('company', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='activity_notes', to='integrations.company')),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['company', 'activity_id'], name='note_by_activity')],
            },
        ),
        migrations.AddIndex(
            model_name='reconciliation',
            index=models.Index(fields=['workspace', 'from_date', 'to_date'], name='reconciliation_by_period'),
        ),
        migrations.AddIndex(
            model_name='reconciliationrow',
            index=models.Index(fields=['reconciliation', 'date'], name='reconciliation_row_by_day'),
        ),
        migrations.AddIndex(
            model_name='signoff',
            index=models.Index(condition=models.Q(('withdrawn_at', None)), fields=['workspace'], name='sign_off_standing'),
        ),
        migrations.AddConstraint(
            model_name='signoff',
            constraint=models.CheckConstraint(condition=models.Q(('countersigned_by', None), ('person', None), models.Q(('countersigned_by', models.F('person')), _negated=True), _connector='OR'), name='countersigned_by_another_person'),
        ),
        migrations.RunPython(set_up, migrations.RunPython.noop),
    ]
