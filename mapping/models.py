"""Models of links, people's decisions about them, mismatches, and names written to a vendor."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from integrations.fields import ScrubbedTextField
from integrations.write_ahead import WriteAhead

KINDS = [("user", "User"), ("client", "Client"), ("project", "Project")]
QUICKBOOKS_KINDS = [("employee", "Employee"), ("vendor", "Vendor"), ("customer", "Customer")]


class Link(models.Model):
    """One Clockify record and its QuickBooks partner.

    A link of a record that is gone from Clockify ends when another record takes its partner; its row stays as history,
    with `given_back_at`.

    A link follows ids. Names and parents are stored as they were when it was made or last confirmed, so that renaming
    and moving are noticed.
    """

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="links")
    company = models.ForeignKey("integrations.Company", models.CASCADE, related_name="links")
    kind = models.CharField(max_length=10, choices=KINDS)
    clockify_id = models.CharField(max_length=64)
    quickbooks_kind = models.CharField("kind in QuickBooks", max_length=10, choices=QUICKBOOKS_KINDS)
    quickbooks_id = models.CharField("QuickBooks id", max_length=64)
    by = models.CharField("made by", max_length=10, choices=[("rule", "Rule"), ("person", "Person")])
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    why = models.TextField(blank=True)
    made_at = models.DateTimeField("since")
    clockify_name = models.CharField(max_length=500, blank=True)
    client_id = models.CharField("client when it was linked", max_length=64, blank=True)
    quickbooks_name = models.CharField("QuickBooks name", max_length=500, blank=True)
    parent_id = models.CharField("parent when it was linked", max_length=64, blank=True)
    suspended = models.CharField(max_length=40, blank=True, help_text="Reason code; empty while the link works.")
    suspended_at = models.DateTimeField(null=True, blank=True)
    given_back_at = models.DateTimeField(null=True, blank=True, help_text="Since when another record has its partner.")
    given_back_to = models.CharField(max_length=64, blank=True, help_text="Clockify id of that other record.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "company", "kind", "clockify_id"],
                condition=models.Q(given_back_at=None),
                name="link_once_per_clockify_record",
            ),
            # By rule a QuickBooks record has at most one partner of each kind; by hand several may share one.
            models.UniqueConstraint(
                fields=["workspace", "company", "kind", "quickbooks_kind", "quickbooks_id"],
                condition=models.Q(by="rule", given_back_at=None),
                name="link_by_rule_is_exclusive",
            ),
        ]
        indexes = [
            models.Index(fields=["workspace", "company", "quickbooks_kind", "quickbooks_id"], name="link_by_partner")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.clockify_id} = {self.quickbooks_kind} {self.quickbooks_id}"


class MappingOverride(models.Model):
    """A person's decision that a record is not linked by rule: unlinked, or ignored with its time.

    An employee or customer that only QuickBooks has can also be ignored: then it is not listed as missing in
    Clockify. The rule still links it once Clockify has its partner.
    """

    class Choice(models.TextChoices):
        UNLINKED = "unlinked", "Unlinked"
        IGNORED = "ignored", "Ignored"

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="mapping_overrides")
    company = models.ForeignKey("integrations.Company", models.CASCADE, related_name="mapping_overrides")
    kind = models.CharField(max_length=10, choices=[*KINDS, *QUICKBOOKS_KINDS])
    clockify_id = models.CharField(max_length=64, help_text="The record's id; of an employee or customer, its own.")
    choice = models.CharField(max_length=10, choices=Choice)
    note = models.TextField(blank=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField("when")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "company", "kind", "clockify_id"], name="stance_once_per_clockify_record"
            )
        ]
        verbose_name = "ignored or unlinked record"
        verbose_name_plural = "ignored or unlinked"
        # The model's first name; the table keeps it.
        db_table = "mapping_stance"

    def __str__(self) -> str:
        return f"{self.kind} {self.clockify_id} {self.choice}"


class Mismatch(models.Model):
    """The reason why a record has no working partner. One row per record, not per entry; resolved rows are deleted."""

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="mismatches")
    company = models.ForeignKey("integrations.Company", models.CASCADE, related_name="mismatches")
    kind = models.CharField(max_length=10, choices=[*KINDS, ("employee", "Employee"), ("customer", "Customer")])
    reason = models.CharField(max_length=40, db_index=True)
    clockify_id = models.CharField(max_length=64, blank=True)
    clockify_name = models.CharField(max_length=500, blank=True)
    clockify_client = models.CharField("client in Clockify", max_length=500, blank=True)
    archived = models.BooleanField(default=False, help_text="Archived, deactivated or gone in Clockify.")
    quickbooks_id = models.CharField("QuickBooks id", max_length=64, blank=True)
    quickbooks_name = models.CharField("QuickBooks name", max_length=500, blank=True)
    quickbooks_parent = models.CharField("parent customer in QuickBooks", max_length=500, blank=True)
    suggestions = models.JSONField("suggestions", default=list)
    detail = models.JSONField("details", default=dict)
    blocked_minutes = models.IntegerField("minutes held", default=0)
    blocked_entries = models.IntegerField("entries held", default=0)
    oldest_date = models.DateField("oldest entry held", null=True, blank=True)
    has_link = models.BooleanField(default=False, help_text="It is linked; the link rests, or there is news of it.")
    suggested = models.BooleanField(default=False, help_text="Its first suggestion may be accepted in one press.")
    order_key = models.CharField(
        max_length=250, blank=True, help_text="Its place among the rows of its kind on the desk."
    )
    group_minutes = models.IntegerField(default=0, help_text="Held by the rows that stand together with it.")
    search_left = models.TextField(blank=True, help_text="What a filter on Clockify's side looks through.")
    search_right = models.TextField(blank=True, help_text="What a filter on QuickBooks' side looks through.")
    seen_at = models.DateTimeField("last seen", help_text="When the check that found it ran.")
    first_seen_at = models.DateTimeField("first seen")

    class Meta:
        verbose_name_plural = "mismatches"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "company", "kind", "clockify_id", "quickbooks_id"], name="mismatch_once_per_record"
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "company", "kind", "order_key"], name="mismatch_by_order"),
            # All columns that the desk's counts use, so that counting does not read the wide rows.
            models.Index(
                fields=[
                    "workspace",
                    "company",
                    "kind",
                    "reason",
                    "has_link",
                    "suggested",
                    "blocked_minutes",
                    "clockify_id",
                    "quickbooks_id",
                ],
                name="mismatch_counts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.clockify_name or self.quickbooks_name}: {self.reason}"


class LikelyFound(models.Model):
    """Who was likely for a Clockify record when names were compared last, some of whom may be taken by now."""

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="+")
    company = models.ForeignKey("integrations.Company", models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=KINDS)
    clockify_id = models.CharField(max_length=64)
    name = models.CharField(max_length=500, blank=True, help_text="The name that was compared.")
    under = models.CharField(max_length=64, blank=True, help_text="Id of the customer under which it was looked for.")
    found = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "company", "kind", "clockify_id"], name="likely_once_per_clockify_record"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class NameIndex(models.Model):
    """What a workspace's index of names was made from; a decision uses the index only while that is as it was."""

    workspace = models.OneToOneField("integrations.Workspace", models.CASCADE, related_name="+")
    made_from = models.CharField(max_length=200, help_text="Company, rules of matching, and versions of the lists.")
    decision = models.BigIntegerField(help_text="Id of the last decision that counts in the saved rows.")
    link = models.BigIntegerField(help_text="Id of the last link that counts in the saved rows.")

    def __str__(self) -> str:
        return self.made_from


class IndexTerm(models.Model):
    """One thing that a record is found by: a form of its name, a partner that it names, or its place on the desk."""

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=[*KINDS, *QUICKBOOKS_KINDS])
    record_id = models.CharField(max_length=64)
    term = models.CharField(max_length=80)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "term", "kind", "record_id"], name="index_term_once")
        ]
        indexes = [models.Index(fields=["workspace", "kind", "record_id"], name="index_terms_of_record")]

    def __str__(self) -> str:
        return f"{self.kind} {self.record_id}: {self.term}"


class Decision(models.Model):
    """One line of the desk's history: person, action, record, time, and the record's state before and after."""

    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="decisions")
    company = models.ForeignKey("integrations.Company", models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=10, choices=[*KINDS, *QUICKBOOKS_KINDS])
    clockify_id = models.CharField(max_length=64, help_text="The record's id; of an employee or customer, its own.")
    verb = models.CharField("decision", max_length=20)
    batch = models.UUIDField(null=True, blank=True, db_index=True, help_text="Decisions of one press share it.")
    undoes = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="undone_by")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField("when", db_index=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.verb} {self.kind} {self.clockify_id}"


class PartnerWrite(WriteAhead):
    """One write of a name to QuickBooks or Clockify that a person requested; also the journal of these writes.

    Committed with its exact body before the call, ended by the response or by reading; never sent again by itself,
    except one of many that QuickBooks took no call for.
    """

    class Side(models.TextChoices):
        QUICKBOOKS = "quickbooks", "QuickBooks"
        CLOCKIFY = "clockify", "Clockify"

    class Verb(models.TextChoices):
        CREATE = "create", "Create"
        REACTIVATE = "reactivate", "Reactivate"
        RENAME = "rename", "Rename"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting for its turn"
        SENDING = "sending", "On its way"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        ABANDONED = "abandoned", "Did not happen"

    side = models.CharField("where", max_length=10, choices=Side)
    verb = models.CharField(max_length=10, choices=Verb)
    entity = models.CharField("kind", max_length=10, choices=[*KINDS, *QUICKBOOKS_KINDS], help_text="What is written.")
    target = models.CharField("for", max_length=80, help_text="The record it is for, by its kind and id.")
    asked = models.JSONField("as filled in", default=dict, help_text="What the person filled in.")
    version = models.CharField(
        max_length=80, blank=True, help_text="Of the record as the person saw it; it is linked only if nothing moved."
    )
    name = models.CharField(max_length=500)
    read_before = models.JSONField(
        "as it was before", default=dict, help_text="The record as it was; for creates, ids of namesakes."
    )
    clockify_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.SENDING)
    batch = models.UUIDField(
        null=True, blank=True, db_index=True, help_text="Writes of one press share it, and so do their links."
    )
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    note = models.TextField(blank=True)
    created_at = models.DateTimeField("requested", db_index=True)
    in_doubt = models.BooleanField(default=False, help_text="Tried, without a clear answer.")
    said = ScrubbedTextField("result", blank=True)

    class Meta:
        verbose_name = "created customer or employee"
        verbose_name_plural = "created customers and employees"
        constraints = [
            # Submitting one form twice must not create two records.
            models.UniqueConstraint(
                fields=["workspace", "company", "side", "target"],
                condition=models.Q(state="sending"),
                name="partner_write_one_open_per_record",
            )
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.entity} {self.name} in {self.get_side_display()} ({self.state})"
