from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0021_time_that_is_not_billable'),
    ]

    operations = [
        migrations.AddField(
            model_name='timeentry',
            name='cost_rate',
            field=models.DecimalField(blank=True, decimal_places=4, help_text="Of an hour, as far as the API key sees it.", max_digits=14, null=True),
        ),
        migrations.AddField(
            model_name='workspace',
            name='send_cost_rate',
            field=models.BooleanField(default=False, help_text="Whether time goes with Clockify's cost rate."),
        ),
    ]
