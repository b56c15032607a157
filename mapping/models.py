"""Saved pairs, what people decided about them, and why the rest has no pair."""

from __future__ import annotations

from django.conf import settings
from django.db import models

KINDS = [("user", "User"), ("client", "Client"), ("project", "Project")]
QUICKBOOKS_KINDS = [("employee", "Employee"), ("vendor", "Vendor"), ("customer", "Customer")]


class Link(models.Model):
    """One Clockify record and its QuickBooks partner. Follows ids; names and places are kept as they were confirmed."""

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="links")
    company = models.ForeignKey("integrations.Company", models.CASCADE, related_name="links")
    kind = models.CharField(max_length=10, choices=KINDS)
    clockify_id = models.CharField(max_length=64)
    quickbooks_kind = models.CharField(max_length=10, choices=QUICKBOOKS_KINDS)
    quickbooks_id = models.CharField(max_length=64)
    by = models.CharField(max_length=10, choices=[("rule", "Rule"), ("person", "Person")])
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    why = models.TextField(blank=True)
    made_at = models.DateTimeField()
    clockify_name = models.CharField(max_length=500, blank=True)
    client_id = models.CharField(max_length=64, blank=True)
    quickbooks_name = models.CharField(max_length=500, blank=True)
    parent_id = models.CharField(max_length=64, blank=True)
    suspended = models.CharField(max_length=40, blank=True, help_text="Reason code; empty while the link works.")
    suspended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "company", "kind", "clockify_id"], name="link_once_per_clockify_record"
            ),
            # By rule a QuickBooks record has at most one partner of each kind; by hand several may share one.
            models.UniqueConstraint(
                fields=["workspace", "company", "kind", "quickbooks_kind", "quickbooks_id"],
                condition=models.Q(by="rule"),
                name="link_by_rule_is_exclusive",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.clockify_id} = {self.quickbooks_kind} {self.quickbooks_id}"


class Stance(models.Model):
    """A person's word that a record is not to be linked by rule: unlinked, or ignored with its time."""

    class Choice(models.TextChoices):
        UNLINKED = "unlinked", "Unlinked"
        IGNORED = "ignored", "Ignored"

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="stances")
    company = models.ForeignKey("integrations.Company", models.CASCADE, related_name="stances")
    kind = models.CharField(max_length=10, choices=KINDS)
    clockify_id = models.CharField(max_length=64)
    choice = models.CharField(max_length=10, choices=Choice)
    note = models.TextField(blank=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "company", "kind", "clockify_id"], name="stance_once_per_clockify_record"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.clockify_id} {self.choice}"


class Mismatch(models.Model):
    """Why a record has no working partner. One row per record, not per entry; closed rows are deleted."""

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="mismatches")
    company = models.ForeignKey("integrations.Company", models.CASCADE, related_name="mismatches")
    kind = models.CharField(max_length=10, choices=[*KINDS, ("employee", "Employee"), ("customer", "Customer")])
    reason = models.CharField(max_length=40, db_index=True)
    clockify_id = models.CharField(max_length=64, blank=True)
    clockify_name = models.CharField(max_length=500, blank=True)
    clockify_client = models.CharField(max_length=500, blank=True)
    archived = models.BooleanField(default=False, help_text="Archived, deactivated or gone in Clockify.")
    quickbooks_id = models.CharField(max_length=64, blank=True)
    quickbooks_name = models.CharField(max_length=500, blank=True)
    quickbooks_parent = models.CharField(max_length=500, blank=True)
    suggestions = models.JSONField(default=list)
    detail = models.JSONField(default=dict)
    blocked_minutes = models.IntegerField(default=0)
    blocked_entries = models.IntegerField(default=0)
    oldest_date = models.DateField(null=True, blank=True)
    seen_at = models.DateTimeField(help_text="When the check that found it ran.")
    first_seen_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "mismatches"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "company", "kind", "clockify_id", "quickbooks_id"], name="mismatch_once_per_record"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.clockify_name or self.quickbooks_name}: {self.reason}"


class Decision(models.Model):
    """History of the desk: who did what to which record, when, and what it was before."""

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="decisions")
    kind = models.CharField(max_length=10, choices=KINDS)
    clockify_id = models.CharField(max_length=64)
    verb = models.CharField(max_length=20)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField(db_index=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.verb} {self.kind} {self.clockify_id}"
