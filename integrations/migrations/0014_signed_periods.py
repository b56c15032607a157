from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('integrations', '0013_indexes_of_search'),
    ]

    operations = [
        migrations.AddField(
            model_name='timeentry',
            name='edited_at',
            field=models.DateTimeField(blank=True, help_text='When a reading last found other content than the one before.', null=True),
        ),
        migrations.AddField(
            model_name='workspace',
            name='keep_signed',
            field=models.BooleanField(default=False, help_text='Whether time of a signed period is held instead of sent, changed or deleted.'),
        ),
    ]
