from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0022_cost_rates'),
    ]

    operations = [
        migrations.AddField(
            model_name='company',
            name='default_time_item',
            field=models.CharField(blank=True, help_text="Id of the item for time in QuickBooks' settings, or empty.", max_length=64),
        ),
        migrations.AddField(
            model_name='workspace',
            name='service_item_declined',
            field=models.BooleanField(default=False, help_text='Whether a person left the service item to QuickBooks.'),
        ),
    ]
