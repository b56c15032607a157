from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0020_plainer_labels'),
    ]

    operations = [
        migrations.AddField(
            model_name='workspace',
            name='send_nonbillable',
            field=models.BooleanField(default=False, help_text='Whether time that is not billable goes as well, as NotBillable.'),
        ),
    ]
