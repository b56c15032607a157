"""What readings of the vendors' lists leave behind: lists that shrank, values that changed, records set aside."""

from __future__ import annotations

from django.apps import apps
from django.db import models

from integrations.fields import ScrubbedTextField


class ShrunkList(models.Model):
    """A list of a vendor that lost many records at once and is not believed yet (`reading.shrunk_lists`)."""

    workspace = models.ForeignKey(
        "integrations.Workspace", models.CASCADE, null=True, blank=True, related_name="shrunk_lists"
    )
    company = models.ForeignKey(
        "integrations.Company", models.CASCADE, null=True, blank=True, related_name="shrunk_lists"
    )
    kind = models.CharField(max_length=20, help_text="Name of the mirror's model, such as ClockifyUser.")
    missing_ids = models.JSONField("ids of missing records", help_text="Known records that it does not have.")
    known = models.PositiveIntegerField("known before", help_text="How many records were known.")
    first_at = models.DateTimeField(
        "missing since", help_text="When it was first read without them, by the database's clock."
    )

    class Meta:
        verbose_name = "list to confirm"
        verbose_name_plural = "lists to confirm"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "kind"], name="shrunk_list_once_per_workspace"),
            models.UniqueConstraint(fields=["company", "kind"], name="shrunk_list_once_per_company"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} without {len(self.missing_ids)} of {self.known}"

    @property
    def records(self) -> str:
        """What the list contains, for people: Clockify users, QuickBooks customers."""
        plural = str(apps.get_model("integrations", self.kind)._meta.verbose_name_plural)
        return plural if self.workspace_id else f"QuickBooks {plural}"

    @property
    def sentence(self) -> str:
        """What happened, for people."""
        return f"The list of {self.records} is missing {len(self.missing_ids):,} of {self.known:,} known records."


class RecordChange(models.Model):
    """A value of a mirrored record that a reading found changed: its name, its parent, whether it is active."""

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, null=True, blank=True, related_name="+")
    company = models.ForeignKey("integrations.Company", models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=20, help_text="Name of the mirror's model, such as ClockifyUser.")
    vendor_id = models.CharField(max_length=64)
    at = models.DateTimeField(help_text="When it was read so first.")
    column = models.CharField(max_length=20)
    before = models.CharField(max_length=500, blank=True)
    after = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "kind", "vendor_id"], name="change_by_clockify_record"),
            models.Index(fields=["company", "kind", "vendor_id"], name="change_by_quickbooks_record"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.vendor_id}: {self.column}"


class UnreadableRecord(models.Model):
    """A record of a vendor's list that could not be read and was set aside. Reading it well clears the row."""

    class Kind(models.TextChoices):
        USER = "user", "Clockify user"
        CLIENT = "client", "Clockify client"
        PROJECT = "project", "Clockify project"
        TASK = "task", "Clockify task"
        TAG = "tag", "Clockify tag"
        ENTRY = "entry", "Time entry"
        EMPLOYEE = "employee", "Employee"
        VENDOR = "vendor", "Vendor"
        CUSTOMER = "customer", "Customer"
        ITEM = "item", "Service item"
        CLASS = "class", "Class"
        DEPARTMENT = "department", "Location"
        INVOICE = "invoice", "Invoice"
        SALES_RECEIPT = "sales_receipt", "Sales receipt"

    workspace = models.ForeignKey(
        "integrations.Workspace", models.CASCADE, null=True, blank=True, related_name="unreadable"
    )
    company = models.ForeignKey(
        "integrations.Company", models.CASCADE, null=True, blank=True, related_name="unreadable"
    )
    kind = models.CharField(max_length=20, choices=Kind)
    vendor_id = models.CharField(
        "id", max_length=64, blank=True, help_text="Clockify's or QuickBooks' own; empty where it can't be read."
    )
    reason = ScrubbedTextField("what is wrong")
    raw_text = ScrubbedTextField("as it came", help_text="The start of the record's JSON.")
    first_seen_at = models.DateTimeField("first seen")
    last_seen_at = models.DateTimeField("last seen")

    class Meta:
        verbose_name = "record that could not be read"
        verbose_name_plural = "records that could not be read"
        indexes = [models.Index(fields=["workspace", "kind"], name="unreadable_by_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.vendor_id or 'without an id'}"
