from django.conf import settings
from django.db import migrations, models

from integrations.roles import set_up


class Migration(migrations.Migration):
    """One open write of a name per record and company; and the groups may view archived connections."""

    dependencies = [
        ("integrations", "0009_archived_connections"),
        ("mapping", "0007_given_back_links"),
        ("syncjobs", "0013_decoded_texts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="partnerwrite", name="partner_write_one_on_its_way"),
        migrations.AddConstraint(
            model_name="partnerwrite",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "sending")),
                fields=("workspace", "company", "side", "target"),
                name="partner_write_one_open_per_record",
            ),
        ),
        migrations.RunPython(set_up, migrations.RunPython.noop),
    ]
