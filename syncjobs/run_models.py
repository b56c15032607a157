"""Runs and their items, who may write, and when runs start by themselves."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models

from integrations.fields import ScrubbedTextField
from integrations.models import Company
from syncjobs.rules.verbs import Verb


class RunQuerySet(models.QuerySet["Run"]):
    def open(self) -> Self:
        """Return the runs that wait or are at work, as opposed to those that are over."""
        return self.filter(status__in=Run.OPEN)

    def over(self) -> Self:
        return self.exclude(status__in=Run.OPEN)


class Run(models.Model):
    """One pass of a check, a sync, an undo or a comparison. The row is the truth; the queue only carries its id."""

    class Kind(models.TextChoices):
        CHECK = "check", "Check for new users and customers"
        SYNC = "sync", "Time sync"
        UNDO = "undo", "Undo"
        RECONCILE = "reconcile", "Comparison of both sides"

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "Running"
        WAITING = "waiting", "Waiting to go on"
        SUCCEEDED = "succeeded", "Done"
        PARTIAL = "partial", "Partly done"
        FAILED = "failed", "Failed"
        BLOCKED = "blocked", "Blocked"
        CANCELLED = "cancelled", "Cancelled"

    OPEN = (Status.QUEUED, Status.RUNNING, Status.WAITING)
    # Its `error_code` while it waits for another run of the company, as opposed to a vendor.
    ANOTHER_RUN = "ANOTHER_RUN"

    class Trigger(models.TextChoices):
        BUTTON = "button"
        SCHEDULE = "schedule"
        WEBHOOK = "webhook"
        # Nobody restarts it: no worker works on a command's run.
        COMMAND = "command"

    kind = models.CharField(max_length=10, choices=Kind)
    status = models.CharField(max_length=12, choices=Status, default=Status.QUEUED, db_index=True)
    trigger = models.CharField(
        max_length=12,
        choices=Trigger,
    )
    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="runs")
    company = models.ForeignKey("integrations.Company", models.CASCADE, null=True, blank=True, related_name="runs")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    dry_run = models.BooleanField(default=False)
    from_date = models.DateField(null=True, blank=True)
    to_date = models.DateField(null=True, blank=True)
    options = models.JSONField(
        default=dict,
        blank=True,
        help_text='What narrows or widens it: {"users": [ids], "projects": [ids], "entries": [ids], '
        '"resend": true, "believe_deletions": true, "keep_deletions": true, "amend": "override" or "correct"}; '
        'of an undo {"undo": run, "ignore": true}.',
    )
    cancel_asked_at = models.DateTimeField(null=True, blank=True)
    cancel_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(db_index=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    enqueued_at = models.DateTimeField(null=True, blank=True, help_text="When the queue was last told of it.")
    not_before = models.DateTimeField(null=True, blank=True, help_text="A waiting run goes on from here.")
    owner = models.CharField(max_length=80, blank=True, help_text="Process that works on it.")
    lease_until = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="Starts without progress since the last progress.")
    stage = models.CharField(max_length=60, blank=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    counters = models.JSONField(default=dict)
    warnings = models.JSONField(default=dict)
    error_code = models.CharField(max_length=60, blank=True)
    error_message = ScrubbedTextField(blank=True)
    error_fix = ScrubbedTextField(blank=True)
    waits = models.PositiveSmallIntegerField(default=0, help_text="How often it waited for a vendor's limit.")
    wait_message = ScrubbedTextField(blank=True, help_text="What the vendor said when it waited last.")
    takeovers = models.PositiveSmallIntegerField(
        default=0, help_text="How often another process went on with it, since its own was gone."
    )

    objects = RunQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["workspace", "-created_at"], name="run_by_workspace")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def former_company(self) -> Company | None:
        """The company that it belongs to, if the workspace is not connected to that one any more."""
        if self.company_id is None or self.company_id == self.workspace.company_id:
            return None
        # Without its tokens, which pages have no use for.
        return Company.objects.defer(*Company.SECRETS).get(pk=self.company_id)

    @property
    def has_items(self) -> bool:
        """Whether it plans and writes entries; a check and a comparison only read."""
        return self.kind in {self.Kind.SYNC, self.Kind.UNDO}

    @property
    def only_reads(self) -> bool:
        return self.kind in {self.Kind.CHECK, self.Kind.RECONCILE}

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def waits_for_vendor(self) -> bool:
        """True where a vendor asked for the wait, which a person may end; False where another run is at work."""
        return self.status == self.Status.WAITING and self.error_code != self.ANOTHER_RUN


class RunItem(models.Model):
    """One entry in one run: what was planned for it, and the outcome. Unchanged entries are counted, not listed."""

    class Outcome(models.TextChoices):
        PLANNED = "planned", "Planned"
        SENT = "sent", "Sent"
        UPDATED = "updated", "Updated"
        DELETED = "deleted", "Deleted"
        BLOCKED = "blocked", "Blocked"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "In doubt"
        # One of many deletions at once (`runs.many_deletions`).
        WAITING = "waiting", "Waits for a person"

    # Outcomes of items that QuickBooks has taken.
    WRITTEN = (Outcome.SENT, Outcome.UPDATED, Outcome.DELETED)
    # Key in `source_snapshot`: a person chose the activity, maybe somebody else's, so an undo must not delete it.
    TAKEN = "taken_by_person"
    # Key in `source_snapshot`: the earlier write, without an answer, that is sent again.
    ACTION = "action"
    # Key in `source_snapshot`: how many runs tried this content without an answer, and which did last.
    TRIED = "tried"

    run = models.ForeignKey(Run, models.CASCADE, related_name="items")
    entry_id = models.CharField(max_length=64)
    verb = models.CharField(
        max_length=8,
        choices=[(verb.value, verb.capitalize()) for verb in (Verb.CREATE, Verb.UPDATE, Verb.DELETE, Verb.BLOCK)],
    )
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.PLANNED)
    gone = models.BooleanField(default=False, help_text="The entry is no longer in Clockify.")
    why = models.TextField(blank=True, help_text="The plan's sentence.")
    reasons = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    draft = models.JSONField(null=True, blank=True)
    # A renamed field keeps its first column name.
    source_snapshot = models.JSONField(
        default=dict, db_column="basis", help_text="What the plan was made from: content, receipt, record as read."
    )
    minutes = models.IntegerField(default=0)
    txn_date = models.DateField(null=True, blank=True)
    user_name = models.CharField(max_length=500, blank=True)
    project_name = models.CharField(max_length=500, blank=True)
    quickbooks_id = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    error_code = models.CharField(max_length=60, blank=True)
    error_message = ScrubbedTextField(blank=True)
    intuit_tid = models.CharField(max_length=80, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "entry_id"], name="item_once_per_run_and_entry")]
        indexes = [
            models.Index(fields=["run", "outcome"], name="item_by_outcome"),
            models.Index(fields=["entry_id"], name="item_by_entry"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.entry_id}: {self.outcome}"


class WriterLease(models.Model):
    """The right to write to one company, for one process at a time. Taken and renewed by single updates."""

    company = models.OneToOneField("integrations.Company", models.CASCADE, related_name="writer")
    owner = models.CharField(max_length=80, blank=True)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True)
    since = models.DateTimeField(null=True, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"writer of {self.company_id}: {self.owner or 'nobody'}"


class Schedule(models.Model):
    """When a workspace's checks, syncs or comparisons start by themselves. The worker's tick compares `next_at`."""

    class Mode(models.TextChoices):
        OFF = "off", "Off"
        MINUTES = "minutes", "Every N minutes"
        HOURS = "hours", "Every N hours"
        DAILY = "daily", "Daily at a time"

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="schedules")
    kind = models.CharField(
        max_length=10,
        choices=[(kind.value, kind.label) for kind in (Run.Kind.CHECK, Run.Kind.SYNC, Run.Kind.RECONCILE)],
    )
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.OFF)
    every = models.PositiveSmallIntegerField(default=1, help_text="How many minutes or hours.")
    at = models.TimeField(null=True, blank=True, help_text="For daily ones, in the workspace's time zone.")
    next_at = models.DateTimeField(null=True, blank=True, db_index=True)
    last_run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "kind"], name="schedule_once_per_kind")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.workspace}: {self.get_mode_display()}"
