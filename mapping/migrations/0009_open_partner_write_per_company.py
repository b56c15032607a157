from django.conf import settings
from django.db import migrations, models

from integrations.roles import set_up


class Migration(migrations.Migration):
    """One open write of a name per record and company; and the groups may view archived connections."""

    dependencies = [
        ("integrations", "0011_invoices_that_could_not_be_read"),
        ("mapping", "0008_partner_write_version"),
        ("syncjobs", "0018_entry_status_cause"),
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
