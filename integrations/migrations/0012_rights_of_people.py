"""What people may do besides looking: rights of their own, which the groups get in syncjobs 0019."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("integrations", "0011_invoices_that_could_not_be_read")]

    operations = [
        migrations.AlterModelOptions(
            name="workspace",
            options={
                "permissions": [
                    ("map_records", "Can decide which records belong together"),
                    ("send_time", "Can sync, undo, and decide about time entries"),
                    ("connect_accounts", "Can connect, disconnect and archive Clockify and QuickBooks"),
                    ("allow_plan", "Can allow a QuickBooks plan that is not supported by itself"),
                    ("download_names", "Can download the support bundle with names"),
                ]
            },
        ),
    ]
