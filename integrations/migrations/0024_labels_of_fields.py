"""Labels of fields, as the pages of records and rules show them."""

import django.db.models.deletion
from django.db import migrations, models

# Models, name and field. Only labels and help texts are new, so that no table changes.
FIELDS: list[tuple[str, str, models.Field]] = [
    ('apicall', 'account', models.CharField(blank=True, help_text='Workspace id or realm.', max_length=64, verbose_name='workspace or company')),
    ('apicall', 'intuit_tid', models.CharField(blank=True, max_length=80, verbose_name='Intuit id (intuit_tid)')),
    ('apicall', 'milliseconds', models.PositiveIntegerField(verbose_name='took, ms')),
    ('apicall', 'run_id', models.BigIntegerField(blank=True, db_index=True, null=True, verbose_name='run')),
    ('apicall', 'status', models.PositiveSmallIntegerField(blank=True, help_text='Empty when no answer came.', null=True, verbose_name='answer')),
    ('apicall connectionevent', 'at', models.DateTimeField(db_index=True, verbose_name='when')),
    ('archivedconnection', 'at', models.DateTimeField(db_index=True, verbose_name='archived')),
    ('archivedconnection', 'default_class', models.CharField(blank=True, max_length=64, verbose_name='class then')),
    ('archivedconnection', 'default_location', models.CharField(blank=True, max_length=64, verbose_name='location then')),
    ('archivedconnection', 'in_doubt', models.PositiveIntegerField(help_text='How many writes had no clear answer then.', verbose_name='writes in doubt')),
    ('archivedconnection', 'sent_entries', models.PositiveIntegerField(help_text='How many entries of the workspace were in QuickBooks then.', verbose_name='entries sent')),
    ('archivedconnection', 'sent_minutes', models.PositiveIntegerField(verbose_name='minutes sent')),
    ('archivedconnection', 'service_item', models.CharField(blank=True, help_text="The workspace's item then, which only this company has.", max_length=64, verbose_name='service item then')),
    ('archivedconnection', 'taken_up_at', models.DateTimeField(blank=True, help_text='When the company was connected again.', null=True, verbose_name='connected again')),
    ('class clockifyclient clockifyproject clockifytag clockifytask clockifyuser customer department employee item vendor', 'first_seen_at', models.DateTimeField(verbose_name='first seen')),
    ('class clockifyclient clockifyproject clockifytag clockifytask clockifyuser customer department employee item vendor', 'gone_at', models.DateTimeField(blank=True, null=True, verbose_name='not listed any more since')),
    ('class clockifyclient clockifyproject clockifytag clockifytask clockifyuser customer department employee item vendor', 'last_seen_at', models.DateTimeField(verbose_name='last seen')),
    ('class clockifyclient clockifyproject clockifytag clockifytask clockifyuser customer department employee item vendor', 'raw', models.JSONField(default=dict, verbose_name='as it was sent to us')),
    ('class customer department employee item vendor', 'quickbooks_id', models.CharField(max_length=64, verbose_name='QuickBooks id')),
    ('clockifyclient clockifyproject clockifytag clockifytask clockifyuser', 'from_entries', models.BooleanField(default=False, help_text='In no list of Clockify: known from time entries only, with the name they have.', verbose_name='known from time entries only')),
    ('clockifyclient clockifyproject clockifytag clockifytask clockifyuser', 'retired_at', models.DateTimeField(blank=True, help_text='Since when it is in no list and holds no unsent time: its partner is free.', null=True, verbose_name='gone, without unsent time, since')),
    ('company', 'access_expires_at', models.DateTimeField(blank=True, null=True, verbose_name='access token works until')),
    ('company', 'allow_sku', models.CharField(blank=True, help_text='The exact text of a plan besides Essentials and Plus, as QuickBooks names it. For this company.', max_length=100, verbose_name='allow another plan')),
    ('company', 'allow_unstated_payroll', models.BooleanField(default=False, help_text='Send although QuickBooks does not say whether Payroll is on.', verbose_name='allow unstated Payroll')),
    ('company', 'book_close_date', models.DateField(blank=True, null=True, verbose_name='books closed up to')),
    ('company', 'payroll', models.BooleanField(blank=True, null=True, verbose_name='Payroll is on')),
    ('company', 'pulled_at', models.DateTimeField(blank=True, help_text='When employees and customers were last read.', null=True, verbose_name='last read')),
    ('company', 'realm_id', models.CharField(max_length=32, unique=True, verbose_name='company id')),
    ('company', 'refresh_expires_at', models.DateTimeField(blank=True, null=True, verbose_name='connection has to be used before')),
    ('company', 'sku', models.CharField(blank=True, max_length=100, verbose_name='plan')),
    ('company', 'state', models.CharField(choices=[('connected', 'Connected'), ('reconnect', 'Needs to be reconnected'), ('disconnected', 'Disconnected')], default='connected', max_length=20, verbose_name='connection')),
    ('company', 'time_tracking', models.BooleanField(blank=True, null=True, verbose_name='time tracking is on')),
    ('company workspace', 'ask_again_at', models.DateTimeField(blank=True, help_text='When it is asked again automatically; empty while lost: at once, or never again.', null=True, verbose_name='asked again automatically')),
    ('company workspace', 'state_since', models.DateTimeField(blank=True, null=True, verbose_name='since')),
    ('connectionevent', 'message', models.TextField(verbose_name='what happened')),
    ('customer', 'is_project', models.BooleanField(default=False, verbose_name='project in QuickBooks')),
    ('customer', 'parent_id', models.CharField(blank=True, db_index=True, max_length=64, verbose_name='id of its parent')),
    ('shrunklist', 'first_at', models.DateTimeField(help_text="When it was first read so, by the database's clock.", verbose_name='first read so')),
    ('shrunklist', 'known', models.PositiveIntegerField(help_text='How many records were known.', verbose_name='known before')),
    ('shrunklist', 'missing_ids', models.JSONField(help_text='Ids of the known records that it does not have.', verbose_name='ids that it came without')),
    ('workspace', 'api_url', models.CharField(max_length=300, verbose_name="Clockify's address")),
    ('workspace', 'approved_only', models.BooleanField(default=False, help_text='Time that is not approved in Clockify waits.', verbose_name='approved time only')),
    ('workspace', 'block_invoiced', models.BooleanField(default=True, help_text='Time that Clockify has invoiced already would be billed twice.', verbose_name='exclude invoiced time')),
    ('workspace', 'company', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='workspaces', to='integrations.company', verbose_name='sends to')),
    ('workspace', 'default_class', models.CharField(blank=True, help_text='The QuickBooks class of time that no line rule gives one, by id or full name. Empty for none.', max_length=64, verbose_name='class')),
    ('workspace', 'default_description', models.CharField(blank=True, help_text="The words of time that no line rule gives any, such as {project}: {description}. Empty for Clockify's text.", max_length=4000, verbose_name='description')),
    ('workspace', 'default_location', models.CharField(blank=True, help_text='The QuickBooks location of time that no line rule gives one, by id or full name. Empty for none.', max_length=64, verbose_name='location')),
    ('workspace', 'keep_signed', models.BooleanField(default=False, help_text='Whether time of a signed period is held instead of sent, changed or deleted, until the sign-off is withdrawn.', verbose_name='keep signed periods')),
    ('workspace', 'key_owner_name', models.CharField(blank=True, max_length=250, verbose_name='key of')),
    ('workspace', 'longest_hours', models.DecimalField(decimal_places=2, default=24, help_text='Longer entries wait for a person, since a timer may have been left running.', max_digits=6, verbose_name='longest entry, hours')),
    ('workspace', 'matching', models.CharField(choices=[('strict', 'Exact match'), ('forgiving', 'Forgiving: ignores case and extra spaces')], default='strict', help_text='Whether names that differ only in case and inner spaces are linked automatically, or only suggested.', max_length=12, verbose_name='same name')),
    ('workspace', 'people_to_vendors', models.BooleanField(default=True, help_text='Contractors are vendors in QuickBooks: suggest vendors for people and let them be linked by hand. Existing links stay.')),
    ('workspace', 'pulled_at', models.DateTimeField(blank=True, help_text='When users, clients and projects were last read.', null=True, verbose_name='last read')),
    ('workspace', 'report_rounding', models.JSONField(blank=True, default=dict, help_text='Rounding of Clockify\'s reports: {"on": true, "direction": "near", "minutes": 15}.', verbose_name="how Clockify's reports round")),
    ('workspace', 'reports_url', models.CharField(max_length=300, verbose_name="Clockify's address for reports")),
    ('workspace', 'rounding', models.CharField(default='minute', help_text="minute: to the nearest minute, half up. clockify: as Clockify's reports round. nearest:15, up:6, down:5: to a multiple of that many minutes. A minimum may follow, as in up:6,minimum:15.", max_length=40)),
    ('workspace', 'send_cost_rate', models.BooleanField(default=False, help_text="Whether time goes with Clockify's cost rate, so that QuickBooks knows what it costs. Where Clockify shows none to this API key, time goes without one.", verbose_name='send cost rates')),
    ('workspace', 'send_nonbillable', models.BooleanField(default=False, help_text="Only billable time is sent, as Clockify's own QuickBooks integration does. Yes sends the rest too, as not billable: it counts in job costing and goes on no invoice.", verbose_name='send unbillable time')),
    ('workspace', 'service_item', models.CharField(blank=True, help_text='What sent time is booked on where no line rule says it. Left to QuickBooks, it is the item for time in its own settings, or one that it chooses.', max_length=64)),
    ('workspace', 'start_date', models.DateField(help_text='Time before this day is never sent automatically.', verbose_name='send time from')),
    ('workspace', 'state', models.CharField(choices=[('connected', 'Connected'), ('refused', 'Clockify refuses the key'), ('disconnected', 'Disconnected')], default='connected', max_length=20, verbose_name='connection')),
    ('workspace', 'time_zone', models.CharField(default='UTC', help_text='For people who have none in Clockify; pages show times in it.', max_length=64)),
]


class Migration(migrations.Migration):
    dependencies = [('integrations', '0023_item_left_to_quickbooks')]

    operations = [
        migrations.AlterModelOptions(name='company', options={'verbose_name': 'QuickBooks company', 'verbose_name_plural': 'QuickBooks companies'}),
        migrations.AlterModelOptions(name='item', options={'verbose_name': 'service item'}),
        *(
            migrations.AlterField(model_name=model, name=name, field=field)
            for models_with_it, name, field in FIELDS
            for model in models_with_it.split()
        ),
    ]
