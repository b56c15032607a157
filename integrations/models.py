"""Workspaces, connection events and the call journal; imports both vendors' models for Django."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import models

from integrations.audit import ConnectionEvent
from integrations.clockify.models import (
    ClockifyClient,
    ClockifyProject,
    ClockifyTag,
    ClockifyTask,
    ClockifyUser,
    EntryMove,
    TimeEntry,
)
from integrations.connection_state import Connection
from integrations.fields import EncryptedTextField, ScrubbedTextField
from integrations.limits.throttle import RateBucket
from integrations.list_versions import ListVersion
from integrations.quickbooks.models import Class, Company, Customer, Department, Employee, Item, Vendor
from integrations.reading_models import RecordChange, ShrunkList, UnreadableRecord

__all__ = [
    "ApiCall",
    "ArchivedConnection",
    "Class",
    "ClockifyClient",
    "ClockifyProject",
    "ClockifyTag",
    "ClockifyTask",
    "ClockifyUser",
    "Company",
    "ConnectionEvent",
    "Customer",
    "Department",
    "Employee",
    "EntryMove",
    "Item",
    "ListVersion",
    "RateBucket",
    "RecordChange",
    "ShrunkList",
    "TimeEntry",
    "UnreadableRecord",
    "Vendor",
    "Workspace",
]


# Help text of the start date, on every page that asks for it.
START_DATE_RULE = "Time before this day is never sent automatically."


class Workspace(Connection):
    """One Clockify workspace: its key, its addresses, and the policy that its users chose."""

    class State(models.TextChoices):
        CONNECTED = "connected", "Connected"
        REFUSED = "refused", "Clockify refuses the key"
        DISCONNECTED = "disconnected", "Disconnected"

    LOST = State.REFUSED
    SECRETS = ("api_key",)

    class Matching(models.TextChoices):
        STRICT = "strict", "Exact match"
        FORGIVING = "forgiving", "Forgiving: ignores case and extra spaces"

    clockify_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=250)
    state = models.CharField("connection", max_length=20, choices=State, default=State.CONNECTED)
    state_reason = ScrubbedTextField(blank=True, help_text="Why Clockify refuses the key, in its words.")
    state_since = models.DateTimeField("since", null=True, blank=True)
    api_key = EncryptedTextField(blank=True)
    api_url = models.CharField("Clockify's address", max_length=300)
    reports_url = models.CharField("Clockify's address for reports", max_length=300)
    key_owner_id = models.CharField(max_length=64, blank=True)
    key_owner_name = models.CharField("key of", max_length=250, blank=True)
    clockify_plan = models.CharField(max_length=60, blank=True, help_text="Clockify's featureSubscriptionType.")
    report_rounding = models.JSONField(
        "how Clockify's reports round",
        default=dict,
        blank=True,
        help_text='Rounding of Clockify\'s reports: {"on": true, "direction": "near", "minutes": 15}.',
    )
    currency = models.CharField(max_length=3, blank=True, help_text="Of time whose row and client have none.")
    connected_at = models.DateTimeField(null=True, blank=True)
    pulled_at = models.DateTimeField(
        "last read", null=True, blank=True, help_text="When users, clients and projects were last read."
    )
    company = models.ForeignKey(
        "integrations.Company",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="workspaces",
        verbose_name="sends to",
    )

    # Policy, in the order and in the words of the page Rules
    matching = models.CharField(
        "same name",
        max_length=12,
        choices=Matching,
        default=Matching.STRICT,
        help_text="Whether names that differ only in capitalization and spacing are linked automatically, or only "
        "suggested.",
    )
    people_to_vendors = models.BooleanField(
        "match people to vendors",
        default=True,
        help_text="Contractors are vendors in QuickBooks: suggest vendors for people and let them be linked by hand. "
        "Existing links stay.",
    )
    start_date = models.DateField("send time from", help_text=START_DATE_RULE)
    time_zone = models.CharField(
        max_length=64, default="UTC", help_text="Used for people without one in Clockify, and for times on pages."
    )
    rounding = models.CharField(
        max_length=40,
        default="minute",
        help_text="minute: to the nearest minute, half up. clockify: as Clockify's reports round. nearest:15, up:6, "
        "down:5: to a multiple of that many minutes. A minimum may follow, as in up:6,minimum:15.",
    )
    approved_only = models.BooleanField(
        "approved time only", default=False, help_text="Time that is not approved in Clockify is held."
    )
    block_invoiced = models.BooleanField(
        "exclude invoiced time",
        default=True,
        help_text="Time that Clockify has invoiced already would be billed twice.",
    )
    send_nonbillable = models.BooleanField(
        "send non-billable time",
        default=False,
        help_text="Only billable time is sent, as Clockify's own QuickBooks integration does. Yes sends the rest too, "
        "as not billable: it counts in job costing and is never invoiced.",
    )
    send_cost_rate = models.BooleanField(
        "send cost rates",
        default=False,
        help_text="Whether time is sent with Clockify's cost rate, so that QuickBooks knows what it costs. Where this "
        "API key can see no cost rate, none is sent.",
    )
    keep_signed = models.BooleanField(
        "keep signed periods",
        default=False,
        help_text="Whether time of a signed period is held instead of sent, changed or deleted, until the sign-off is "
        "withdrawn.",
    )
    longest_hours = models.DecimalField(
        "longest entry, hours",
        max_digits=6,
        decimal_places=2,
        default=24,
        help_text="Longer entries wait for review, since a timer may have been left running.",
    )
    # What time has that no line rule decides about; each may be empty.
    service_item = models.CharField(
        max_length=64,
        blank=True,
        help_text="The item that time is booked to where no line rule sets one. If left to QuickBooks, it uses the "
        "item for time in its settings, or picks one.",
    )
    service_item_declined = models.BooleanField(
        default=False, help_text="Whether a person left the service item to QuickBooks."
    )
    default_class = models.CharField(
        "class",
        max_length=64,
        blank=True,
        help_text="For time without a class from a line rule: id or full name in QuickBooks. Leave empty for none.",
    )
    default_location = models.CharField(
        "location",
        max_length=64,
        blank=True,
        help_text="For time without a location from a line rule: id or full name in QuickBooks. Leave empty for none.",
    )
    default_description = models.CharField(
        "description",
        max_length=4000,
        blank=True,
        help_text="For time without a description from a line rule, such as {project}: {description}. Leave empty to "
        "send Clockify's.",
    )

    # Set by `clockify.connection.connect`: why its time zone is not the key owner's.
    zone_warning = ""

    class Meta:
        # What people may do (roles.py), besides what Django defines for each model.
        permissions = [
            ("map_records", "Can decide which records belong together"),
            ("send_time", "Can sync, undo, and decide about time entries"),
            ("connect_accounts", "Can connect, disconnect and archive Clockify and QuickBooks"),
            ("allow_plan", "Can allow a QuickBooks plan that is otherwise not supported"),
            ("download_names", "Can download the support bundle with names"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def rounds_as_clockify(self) -> bool:
        """Whether time is rounded as Clockify's reports round it."""
        return self.rounding.partition(",")[0] == "clockify"

    @property
    def rounding_warnings(self) -> dict[str, int]:
        """A warning where Clockify's reports round in a way that is not understood here; time goes to the minute."""
        rule = self.report_rounding
        is_known = rule.get("direction") in {"near", "up", "down"} and rule.get("minutes", 0) > 0
        return {"ROUNDING_UNKNOWN": 1} if self.rounds_as_clockify and rule.get("on") and not is_known else {}

    def today(self, now: datetime) -> date:
        """Return the date of `now` in the workspace's time zone."""
        return now.astimezone(ZoneInfo(self.time_zone)).date()


class ArchivedConnection(models.Model):
    """A connection of a workspace to a company that a person archived; its runs, receipts and links stay.

    The workspace is free for another company meanwhile. Connecting the same company again takes the history up.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="archived_connections")
    company = models.ForeignKey(Company, models.CASCADE, related_name="archived_connections")
    at = models.DateTimeField("archived", db_index=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    taken_up_at = models.DateTimeField(
        "connected again", null=True, blank=True, help_text="When the company was connected again."
    )
    service_item = models.CharField(
        "service item then",
        max_length=64,
        blank=True,
        help_text="The workspace's item then, which only this company has.",
    )
    default_class = models.CharField("class then", max_length=64, blank=True)
    default_location = models.CharField("location then", max_length=64, blank=True)
    sent_entries = models.PositiveIntegerField(
        "entries sent", help_text="How many entries of the workspace were in QuickBooks then."
    )
    sent_minutes = models.PositiveIntegerField("minutes sent")
    in_doubt = models.PositiveIntegerField("writes in doubt", help_text="How many writes had no clear answer then.")

    def __str__(self) -> str:
        return f"{self.company} of {self.workspace}"


class ApiCall(models.Model):
    """One HTTP request to Clockify or QuickBooks. No header, no body, no secret."""

    # For people, a vendor is a contractor in QuickBooks.
    vendor = models.CharField("system", max_length=12, choices=[("clockify", "Clockify"), ("quickbooks", "QuickBooks")])
    account = models.CharField("workspace or company", max_length=64, blank=True, help_text="Workspace id or realm.")
    # Not a foreign key: runs belong to an app that builds on this one.
    run_id = models.BigIntegerField("run", null=True, blank=True, db_index=True)
    at = models.DateTimeField("when", db_index=True)
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=500)
    status = models.PositiveSmallIntegerField("answer", null=True, blank=True, help_text="Empty when no answer came.")
    milliseconds = models.PositiveIntegerField("took, ms")
    attempt = models.PositiveSmallIntegerField(default=1)
    intuit_tid = models.CharField("Intuit id (intuit_tid)", max_length=80, blank=True)
    problem = models.CharField(max_length=300, blank=True)

    class Meta:
        verbose_name = "API call"
        indexes = [models.Index(fields=["intuit_tid"], name="api_call_by_intuit_tid")]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status or 'no answer'}"
