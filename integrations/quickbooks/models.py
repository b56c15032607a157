"""One QuickBooks company with its tokens and subscription, and our copy of its lists."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from integrations.connection_state import Connection
from integrations.fields import EncryptedTextField, ScrubbedTextField
from integrations.list_versions import Versioned


class Company(Connection):
    """One QuickBooks company (realm). Tokens are encrypted; both are saved before either is used."""

    class State(models.TextChoices):
        CONNECTED = "connected", "Connected"
        RECONNECT = "reconnect", "Needs to be reconnected"
        DISCONNECTED = "disconnected", "Disconnected"

    LOST = State.RECONNECT
    SECRETS = ("access_token", "refresh_token")

    # Not a column: tokens.StoredTokens as this process last read them, which spares a query per call.
    stored_tokens: Any = None

    realm_id = models.CharField("company id", max_length=32, unique=True)
    name = models.CharField(max_length=250, blank=True)
    state = models.CharField("connection", max_length=20, choices=State, default=State.CONNECTED)
    state_reason = ScrubbedTextField(blank=True)
    state_since = models.DateTimeField("since", null=True, blank=True)
    connected_at = models.DateTimeField(null=True, blank=True)
    pulled_at = models.DateTimeField(
        "last read", null=True, blank=True, help_text="When employees and customers were last read."
    )

    lists_read_at = models.DateTimeField("lists last read in full", null=True, blank=True)
    changes_read_to = models.DateTimeField(
        "changes read through",
        null=True,
        blank=True,
        help_text="QuickBooks' own time of the last reading; later changes are asked for.",
    )

    access_token = EncryptedTextField(blank=True)
    access_expires_at = models.DateTimeField("access token works until", null=True, blank=True)
    refresh_token = EncryptedTextField(blank=True)
    refresh_expires_at = models.DateTimeField("connection lapses unless used before", null=True, blank=True)
    token_owner = models.CharField(max_length=80, blank=True, help_text="Who is refreshing the tokens now.")
    token_until = models.DateTimeField(null=True, blank=True)

    # The subscription as QuickBooks reports it. Empty or null: not reported.
    sku = models.CharField("plan", max_length=100, blank=True)
    subscription = models.CharField(max_length=40, blank=True)
    payroll = models.BooleanField("Payroll is on", null=True, blank=True)
    time_tracking = models.BooleanField("time tracking is on", null=True, blank=True)
    book_close_date = models.DateField("books closed through", null=True, blank=True)
    home_currency = models.CharField(max_length=3, blank=True)
    # Whether time may have a class or a location there.
    tracks_classes = models.BooleanField(null=True, blank=True)
    tracks_locations = models.BooleanField(null=True, blank=True)
    default_time_item = models.CharField(
        max_length=64, blank=True, help_text="Id of the item for time in QuickBooks' settings, or empty."
    )
    plan_problem = models.TextField(blank=True, help_text="What of the plan could not be read.")
    plan_read_at = models.DateTimeField("plan last read", null=True, blank=True)
    # Exceptions that an administrator allowed for this company.
    allow_sku = models.CharField(
        "allow another plan",
        max_length=100,
        blank=True,
        help_text="The exact name of a plan other than Essentials and Plus, as QuickBooks spells it. For this company.",
    )
    allow_unstated_payroll = models.BooleanField(
        "allow unstated Payroll",
        default=False,
        help_text="Send even if QuickBooks does not say whether Payroll is on.",
    )
    allowed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    allowed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "QuickBooks company"
        verbose_name_plural = "QuickBooks companies"

    def __str__(self) -> str:
        return self.name or f"company {self.realm_id}"


class Listed(Versioned):
    """The columns of every mirror row. `gone_at` is set when QuickBooks no longer lists the record (merged away)."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+")
    quickbooks_id = models.CharField("QuickBooks id", max_length=64)
    name = models.CharField(max_length=500, help_text="DisplayName as stored; inactive ones end in “ (deleted)”.")
    active = models.BooleanField(default=True)
    raw = models.JSONField("as it was received", default=dict)
    first_seen_at = models.DateTimeField("first seen")
    last_seen_at = models.DateTimeField("last seen")
    inactive_since = models.DateTimeField(null=True, blank=True, help_text="When we first saw it inactive.")
    gone_at = models.DateTimeField("no longer listed since", null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(fields=["company", "quickbooks_id"], name="%(class)s_once_per_company")]

    def __str__(self) -> str:
        return f"{self.name} ({self.quickbooks_id})"


class Employee(Listed):
    email = models.CharField(max_length=320, blank=True)


class Vendor(Listed):
    email = models.CharField(max_length=320, blank=True)


class Customer(Listed):
    parent_id = models.CharField("id of its parent", max_length=64, blank=True, db_index=True)
    full_name = models.CharField(max_length=2500, blank=True, help_text="FullyQualifiedName.")
    currency = models.CharField(max_length=3, blank=True)
    is_project = models.BooleanField("project in QuickBooks", default=False)


class Nested(Listed):
    """A record of a list with levels, which people know by its full name."""

    full_name = models.CharField(max_length=2500, blank=True, help_text="FullyQualifiedName.")

    class Meta(Listed.Meta):
        abstract = True


class Item(Nested):
    type = models.CharField(max_length=40, blank=True)

    class Meta(Nested.Meta):
        verbose_name = "service item"


class Class(Nested):
    class Meta(Nested.Meta):
        verbose_name_plural = "classes"


class Department(Nested):
    """A location, as people call it; the API's name is Department."""

    class Meta(Nested.Meta):
        verbose_name = "location"
