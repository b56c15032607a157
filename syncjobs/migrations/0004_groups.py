"""Make the groups that people are put into, with their rights."""

from django.db import migrations

from integrations import roles


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("integrations", "0002_cache_table"),
        ("mapping", "0001_initial"),
        ("syncjobs", "0003_run_options"),
    ]
    operations = [migrations.RunPython(roles.set_up, migrations.RunPython.noop)]
