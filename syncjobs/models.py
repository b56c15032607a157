"""The app's models, all in one module as Django wants them; those of runs, writes and proofs are defined beside it."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Cast
from django.db.models.lookups import Contains

from integrations.fields import ScrubbedTextField
from syncjobs.ledger_models import Action, Receipt
from syncjobs.proof_models import ActivityNote, Reconciliation, ReconciliationRow, SignOff
from syncjobs.run_models import Run, RunItem, RunQuerySet, Schedule, WriterLease

__all__ = [
    "Action",
    "ActivityNote",
    "EntryOverride",
    "EntryStatus",
    "Receipt",
    "Reconciliation",
    "ReconciliationRow",
    "Run",
    "RunItem",
    "RunQuerySet",
    "Schedule",
    "SignOff",
    "WriterLease",
    "has_reason",
]


def has_reason(code: str, path: str = "reasons") -> Contains:
    """Return the condition that the reasons at `path`, of an `EntryStatus`, include `code`."""
    # Only PostgreSQL can search JSON lists; their text is the same on both databases.
    return Contains(Cast(path, models.TextField()), f'"code": "{code}"')


class EntryStatus(models.Model):
    """The current state of one time entry, with every reason. Rewritten by each check and sync."""

    class State(models.TextChoices):
        READY = "ready", "Ready"
        BLOCKED = "blocked", "Blocked"
        SENT = "sent", "Sent"
        CHANGED = "changed", "Changed after sending"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "In doubt"
        IGNORED = "ignored", "Ignored"
        DELETED = "deleted", "Deleted"

    entry = models.OneToOneField("integrations.TimeEntry", models.CASCADE, related_name="status")
    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="+")
    state = models.CharField(max_length=10, choices=State)
    reasons = models.JSONField(default=list, help_text='Every reason: [{"code": …, facts for its sentence}].')
    warnings = models.JSONField(
        default=list,
        blank=True,
        help_text="Codes of what is different today from what was sent, and nobody took note of.",
    )
    held = models.BooleanField(default=False, help_text="Blocked by something a person can resolve.")
    cause = models.CharField(
        max_length=80,
        blank=True,
        help_text="What a person has to do something about: a reason's code, or kind and id of a record.",
    )
    minutes = models.IntegerField(default=0, help_text="Minutes after rounding.")
    content_hash = models.CharField(max_length=64, blank=True, help_text="The entry's content that was evaluated.")
    evaluated_at = models.DateTimeField()
    since = models.DateTimeField(
        null=True, blank=True, help_text="Since when state and cause are these; empty where that was not noted."
    )

    class Meta:
        indexes = [
            models.Index(fields=["workspace", "state"], name="verdict_by_state"),
            # Most time needs nobody, and every page counts the rest.
            models.Index(fields=["workspace", "state", "cause"], condition=~models.Q(cause=""), name="status_by_cause"),
        ]
        # The model's first name, kept so that the table need not be renamed.
        db_table = "syncjobs_entryverdict"

    def __str__(self) -> str:
        return f"{self.entry_id} {self.state}"


class EntryOverrideQuerySet(models.QuerySet["EntryOverride"]):
    def left_as_is(self) -> Self:
        """Return the decisions after which what was sent stays as it is: the entry is ignored, or its time is kept."""
        return self.filter(models.Q(ignored=True) | models.Q(kept=True))


class EntryOverride(models.Model):
    """A person's decision about one entry: leave it out, send it in spite of some reasons, or keep what was sent."""

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="+")
    clockify_id = models.CharField(max_length=64)
    ignored = models.BooleanField(default=False)
    send_anyway = models.JSONField("reasons set aside", default=list, help_text="Reason codes that a person set aside.")
    kept = models.BooleanField(
        default=False,
        help_text="Its time stays in QuickBooks although it is no billable work any more, or deleted in Clockify.",
    )
    note = models.TextField(blank=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField("when")

    objects = EntryOverrideQuerySet.as_manager()

    class Meta:
        verbose_name = "decision about an entry"
        verbose_name_plural = "decisions about entries"
        constraints = [models.UniqueConstraint(fields=["workspace", "clockify_id"], name="override_once_per_entry")]

    def __str__(self) -> str:
        return self.clockify_id


class LineRule(models.Model):
    """A rule of a workspace: which item, class, location and words time gets that meets all of its conditions.

    Conditions are Clockify ids, results ids of the company's records and a template; empty ones say nothing.
    """

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="line_rules")
    # The records that it gives are this company's alone.
    company = models.ForeignKey("integrations.Company", models.CASCADE, related_name="+")
    user_id = models.CharField(max_length=64, blank=True)
    client_id = models.CharField(max_length=64, blank=True)
    project_id = models.CharField(max_length=64, blank=True)
    task_id = models.CharField(max_length=64, blank=True)
    tag_id = models.CharField(max_length=64, blank=True)
    item_id = models.CharField(max_length=64, blank=True)
    class_id = models.CharField(max_length=64, blank=True)
    department_id = models.CharField("location", max_length=64, blank=True)
    description = models.CharField(max_length=4000, blank=True, help_text="Template.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"rule {self.pk}"


class SupportBundle(models.Model):
    """A support bundle that the worker makes, since it takes too long for a page. Kept for a day."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        MAKING = "making", "Being made"
        READY = "ready", "Ready"
        FAILED = "failed", "Failed"

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="support_bundles")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    replaces_names = models.BooleanField(default=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    problem = ScrubbedTextField(blank=True)
    size = models.PositiveBigIntegerField(default=0, help_text="In bytes.")
    owner = models.CharField(max_length=80, blank=True, help_text="Process that makes it.")
    lease_until = models.DateTimeField(null=True, blank=True)
    enqueued_at = models.DateTimeField(null=True, blank=True, help_text="When the queue was last told of it.")
    requested_at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"support bundle {self.pk} of {self.workspace}"


class SupportBundlePart(models.Model):
    """A piece of a bundle's zip: in the database, since worker and web site may be on different machines."""

    bundle = models.ForeignKey(SupportBundle, models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bundle", "number"], name="bundle_part_once")]

    def __str__(self) -> str:
        return f"part {self.number} of support bundle {self.bundle_id}"
