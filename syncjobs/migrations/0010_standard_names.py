"""Fields get standard names. Only names change: columns and their rows stay."""

from django.db import migrations, models

CONFLICT = models.CharField(
    blank=True,
    db_column="trouble",
    help_text="BILLED_IN_QUICKBOOKS or CHANGED_IN_QUICKBOOKS when last read.",
    max_length=40,
)
OF_ITEM = models.JSONField(
    db_column="basis", default=dict, help_text="What the plan was made from: content, receipt, record as read."
)
OF_ACTION = models.JSONField(
    db_column="basis", default=dict, help_text="What the receipt will say: content, start, minutes, draft."
)
EXCLUDED_IDS = models.JSONField(
    db_column="not_ours",
    default=list,
    help_text="Ids of equal activities that were there before the first attempt.",
)
NEEDS_PERSON = models.BooleanField(
    default=False, help_text="Activities in QuickBooks that almost fit; a person decides."
)


class Migration(migrations.Migration):
    dependencies = [("syncjobs", "0009_entry_status")]

    operations = [
        # Each field is given the name that its column has, and may then be renamed without the column.
        migrations.AlterField("receipt", "trouble", CONFLICT),
        migrations.RenameField("receipt", "trouble", "conflict"),
        migrations.AlterField("runitem", "basis", OF_ITEM),
        migrations.RenameField("runitem", "basis", "source_snapshot"),
        migrations.AlterField("action", "basis", OF_ACTION),
        migrations.RenameField("action", "basis", "source_snapshot"),
        migrations.AlterField("action", "not_ours", EXCLUDED_IDS),
        migrations.RenameField("action", "not_ours", "excluded_ids"),
        migrations.AlterField("action", "needs_person", NEEDS_PERSON),
    ]
