"""The mirror of a Clockify workspace, written by pulls only."""

from __future__ import annotations

from datetime import date
from typing import Self

from django.db import models

from integrations.list_versions import Versioned
from integrations.unnamed import named


class Mirrored(Versioned):
    """The columns of every mirror row.

    `gone_at` is set when Clockify no longer lists the record, or when no entry names one that no list had.
    """

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="+")
    clockify_id = models.CharField(max_length=64)
    name = models.CharField(max_length=500, blank=True, help_text="Empty where Clockify has no name.")
    raw = models.JSONField("as it was received", default=dict)
    first_seen_at = models.DateTimeField("first seen")
    last_seen_at = models.DateTimeField("last seen")
    gone_at = models.DateTimeField("no longer listed since", null=True, blank=True)
    from_entries = models.BooleanField(
        "known from time entries only",
        default=False,
        help_text="On no list in Clockify; known from time entries only, by the name they show.",
    )
    retired_at = models.DateTimeField(
        "gone, without unsent time, since",
        null=True,
        blank=True,
        help_text="Since when it is in no list and holds no unsent time: its partner is free.",
    )

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["workspace", "clockify_id"], name="%(class)s_once_per_workspace")
        ]

    def __str__(self) -> str:
        kind = str(self._meta.verbose_name).rpartition(" ")[2]
        return f"{named(self.name, kind)} ({self.clockify_id})"


class ClockifyUser(Mirrored):
    email = models.CharField(max_length=320, blank=True)
    active = models.BooleanField(default=True)
    time_zone = models.CharField(max_length=64, blank=True)

    class Meta(Mirrored.Meta):
        verbose_name = "Clockify user"


class ClockifyClient(Mirrored):
    archived = models.BooleanField(default=False)
    currency = models.CharField(max_length=3, blank=True)

    class Meta(Mirrored.Meta):
        verbose_name = "Clockify client"


class ClockifyProject(Mirrored):
    archived = models.BooleanField(default=False)
    client_id = models.CharField(max_length=64, blank=True, help_text="Clockify id of the client, or empty.")
    client_name = models.CharField(max_length=500, blank=True)
    billable = models.BooleanField(default=False)

    class Meta(Mirrored.Meta):
        verbose_name = "Clockify project"
        indexes = [models.Index(fields=["workspace", "client_id"], name="project_by_client")]


class ClockifyTask(Mirrored):
    project_id = models.CharField(max_length=64, blank=True, help_text="Clockify id of the project.")
    active = models.BooleanField(default=True)

    class Meta(Mirrored.Meta):
        verbose_name = "Clockify task"


class ClockifyTag(Mirrored):
    archived = models.BooleanField(default=False)

    class Meta(Mirrored.Meta):
        verbose_name = "Clockify tag"


class TimeEntryQuerySet(models.QuerySet["TimeEntry"]):
    def current(self, workspace: models.Model, first: date | None = None, last: date | None = None) -> Self:
        """Return the entries that Clockify still has, of these TxnDates, both included; without the raw JSON."""
        rows = self.filter(workspace=workspace, deleted_at=None).defer("raw")
        if first is not None:
            rows = rows.filter(txn_date__gte=first)
        return rows if last is None else rows.filter(txn_date__lte=last)


class TimeEntry(models.Model):
    """One time entry as Clockify has it. Times are UTC; `rate` is per hour, in major units of `currency`."""

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="+")
    clockify_id = models.CharField(max_length=64)
    user_id = models.CharField(max_length=64)
    user_name = models.CharField(max_length=500, blank=True)
    project_id = models.CharField(max_length=64, blank=True)
    project_name = models.CharField(max_length=500, blank=True)
    client_id = models.CharField(max_length=64, blank=True)
    client_name = models.CharField(max_length=500, blank=True)
    task_id = models.CharField(max_length=64, blank=True)
    task_name = models.CharField(max_length=500, blank=True)
    tags = models.JSONField(default=list, blank=True, help_text="Id and name of each.")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField(null=True, blank=True)
    txn_date = models.DateField(help_text="The day the work began, in its owner's time zone.")
    billable = models.BooleanField()
    type = models.CharField(max_length=20, default="REGULAR")
    description = models.TextField(blank=True)
    rate = models.DecimalField(max_digits=14, decimal_places=4, null=True, blank=True)
    cost_rate = models.DecimalField(
        max_digits=14, decimal_places=4, null=True, blank=True, help_text="Of an hour, as far as the API key sees it."
    )
    currency = models.CharField(max_length=3, blank=True)
    invoiced = models.BooleanField(default=False)
    approved = models.BooleanField(null=True, blank=True, help_text="Empty where nobody asked.")
    content_hash = models.CharField(max_length=64, help_text="Fingerprint of what counts as the entry's own content.")
    raw = models.JSONField(default=dict)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    edited_at = models.DateTimeField(
        null=True, blank=True, help_text="When a reading last found other content than the one before."
    )
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="When Clockify said that it is gone.")

    objects = TimeEntryQuerySet.as_manager()

    class Meta:
        verbose_name = "time entry"
        verbose_name_plural = "time entries"
        constraints = [
            models.UniqueConstraint(fields=["workspace", "clockify_id"], name="time_entry_once_per_workspace")
        ]
        indexes = [
            models.Index(fields=["workspace", "txn_date"], name="time_entry_by_day"),
            models.Index(fields=["workspace", "user_id", "txn_date"], name="time_entry_by_user_and_day"),
            models.Index(fields=["workspace", "project_id", "txn_date"], name="time_entry_by_project_and_day"),
            models.Index(fields=["workspace", "client_id", "txn_date"], name="time_entry_by_client_and_day"),
        ]

    def __str__(self) -> str:
        return self.clockify_id

    @property
    def seconds(self) -> int | None:
        """The exact length; None while the timer runs, negative where the end is before the start."""
        return None if self.end_at is None else int((self.end_at - self.start_at).total_seconds())


class EntryMove(models.Model):
    """A day that a time entry left, by an edit or by another time zone: whoever signed that day is told."""

    entry = models.ForeignKey(TimeEntry, models.CASCADE, related_name="moves")
    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="+")
    txn_date = models.DateField(help_text="The day that it was on before.")
    at = models.DateTimeField(help_text="When a reading found it on another day.")

    class Meta:
        indexes = [models.Index(fields=["workspace", "txn_date"], name="entry_move_by_day")]

    def __str__(self) -> str:
        return f"{self.entry_id} left {self.txn_date}"
