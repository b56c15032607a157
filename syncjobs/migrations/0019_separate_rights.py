"""What one right allowed needs one of four now: to map, to send, to connect, to allow a plan. Nobody loses anything."""

from django.db import migrations

from integrations import roles


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("integrations", "0012_rights_of_people"),
        ("mapping", "0009_open_partner_write_per_company"),
        ("syncjobs", "0018_entry_status_cause"),
    ]
    operations = [migrations.RunPython(roles.split_act_right, migrations.RunPython.noop)]
