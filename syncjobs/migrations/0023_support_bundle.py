"""Support bundles that a worker makes, and the groups' right to see that there are some."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from integrations import roles


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0014_signed_periods'),
        ('syncjobs', '0022_comparisons_and_sign_offs'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SupportBundle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('replaces_names', models.BooleanField(default=True)),
                ('state', models.CharField(choices=[('queued', 'Waiting for a worker'), ('making', 'Being made'), ('ready', 'Ready'), ('failed', 'Failed')], default='queued', max_length=10)),
                ('problem', models.TextField(blank=True)),
                ('size', models.PositiveBigIntegerField(default=0, help_text='In bytes.')),
                ('requested_at', models.DateTimeField(db_index=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='support_bundles', to='integrations.workspace')),
            ],
        ),
        migrations.CreateModel(
            name='SupportBundlePart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('data', models.BinaryField()),
                ('bundle', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='syncjobs.supportbundle')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('bundle', 'number'), name='bundle_part_once')],
            },
        ),
        migrations.RunPython(roles.set_up, migrations.RunPython.noop),
    ]
