"""Stored comparisons of both sides, what people said about them, and periods that they signed."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from integrations.fields import ScrubbedTextField


class Reconciliation(models.Model):
    """Both sides of some days as they were read at one moment. Never changed; replaced by a later one unless signed."""

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="reconciliations")
    company = models.ForeignKey("integrations.Company", models.CASCADE, related_name="+")
    run = models.OneToOneField(
        "syncjobs.Run", models.SET_NULL, null=True, blank=True, help_text="Empty: made by the command."
    )
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    from_date = models.DateField()
    to_date = models.DateField()
    compared_at = models.DateTimeField(help_text="When the reading began: later changes are not in it.")
    clockify_seconds = models.BigIntegerField()
    quickbooks_seconds = models.BigIntegerField()
    unreadable = models.JSONField(default=list, help_text="A sentence for each record that could not be read.")
    cut_message = ScrubbedTextField(blank=True, help_text="Why a side may not be whole.")
    open_seconds = models.BigIntegerField(
        null=True, help_text="What nothing explains, in either direction, notes included; null: not counted."
    )
    api_calls = models.JSONField(default=dict, help_text="HTTP requests by vendor; empty where they were not counted.")

    class Meta:
        indexes = [models.Index(fields=["workspace", "from_date", "to_date"], name="reconciliation_by_period")]

    def __str__(self) -> str:
        return f"Comparison of {self.from_date} to {self.to_date}"


class ReconciliationRow(models.Model):
    """The time of one person, customer and day on both sides, in exact seconds."""

    reconciliation = models.ForeignKey(Reconciliation, models.CASCADE, related_name="rows")
    # Names of several records joined, each as long as its vendor lets it be.
    user = models.TextField()
    customer = models.TextField(blank=True)
    date = models.DateField()
    clockify = models.BigIntegerField()
    quickbooks = models.BigIntegerField()
    causes = models.JSONField(default=list, help_text="[code, words, seconds, whether they explain], in order.")
    amounts = models.JSONField(default=dict, help_text="By currency: Clockify's and QuickBooks' amount, as text.")
    activities = models.JSONField(default=list, help_text="[id, seconds, code, whether a person is asked].")
    forms = models.JSONField(default=list, help_text="Facts of invoices that billed it, each with its seconds.")
    keys = models.JSONField(
        default=dict,
        help_text='Whose it is, by ids: {"people": ["employee:55"], "customers": ["customer:7"]}; empty in older rows.',
    )

    class Meta:
        indexes = [models.Index(fields=["reconciliation", "date"], name="reconciliation_row_by_day")]

    def __str__(self) -> str:
        return f"{self.user}, {self.customer}, {self.date}"


class ActivityNote(models.Model):
    """What a person said about time in QuickBooks that nothing known explains. It holds while its length stays."""

    company = models.ForeignKey("integrations.Company", models.CASCADE, related_name="activity_notes")
    activity_id = models.CharField(max_length=64)
    seconds = models.BigIntegerField(help_text="The difference that it explains.")
    note = models.TextField()
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    person_name = models.CharField(max_length=200, help_text="As it was then; it stays when the account goes.")
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["company", "activity_id"], name="note_by_activity")]

    def __str__(self) -> str:
        return f"{self.activity_id}: {self.note}"


class SignOffQuerySet(models.QuerySet["SignOff"]):
    def standing(self) -> SignOffQuerySet:
        """Return those that nobody withdrew."""
        return self.filter(withdrawn_at=None)


class SignOff(models.Model):
    """A bookkeeper's word for a period of a stored comparison, with its figures and their hash. Never changed.

    Only a second person's signature, or a withdrawal with its reason, is added later.
    """

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="sign_offs")
    company = models.ForeignKey("integrations.Company", models.CASCADE, related_name="+")
    reconciliation = models.ForeignKey(Reconciliation, models.RESTRICT, related_name="sign_offs")
    from_date = models.DateField()
    to_date = models.DateField()
    figures = models.JSONField(help_text="Seconds of both sides and of each cause, and amounts by currency.")
    document = models.TextField(help_text="What was signed, as canonical JSON.")
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of the document in UTF-8.")
    reason = models.TextField(blank=True, help_text="Why it was signed with time that is not explained.")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    person_name = models.CharField(max_length=200)
    at = models.DateTimeField()
    countersigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    countersigned_name = models.CharField(max_length=200, blank=True)
    countersigned_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    withdrawn_name = models.CharField(max_length=200, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)

    objects = SignOffQuerySet.as_manager()

    class Meta:
        permissions = [("sign_period", "Can sign periods, and explain what is not explained")]
        constraints = [
            models.CheckConstraint(
                condition=Q(countersigned_by=None) | Q(person=None) | ~Q(countersigned_by=F("person")),
                name="countersigned_by_another_person",
            )
        ]
        indexes = [
            models.Index(fields=["workspace"], condition=Q(withdrawn_at=None), name="sign_off_standing"),
        ]

    def __str__(self) -> str:
        return f"Sign-off of {self.from_date} to {self.to_date}"

    def covers(self, day: date) -> bool:
        return self.from_date <= day <= self.to_date
