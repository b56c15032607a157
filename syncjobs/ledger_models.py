"""Writes to QuickBooks, and the receipts of those that arrived."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from django.db import models

from integrations.fields import ScrubbedTextField
from integrations.models import Company, Workspace
from integrations.write_ahead import WriteAhead
from syncjobs.rules.codes import Code
from syncjobs.run_models import Run, RunItem


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    def live(self) -> Self:
        """Return the receipts of time that is in QuickBooks, of any company, corrections included."""
        return self.filter(state=Receipt.State.SENT)

    def changed_by_hand(self) -> Self:
        """Return those of entries' own activities that people changed or deleted in QuickBooks, when last read."""
        return self.live().filter(part=0, conflict=Code.CHANGED_IN_QUICKBOOKS)

    def in_quickbooks(self, workspace: Workspace) -> Self:
        """Return the workspace's receipts of time in QuickBooks: entries' own activities and corrections."""
        return self.live().filter(workspace=workspace, company=workspace.company)

    def own_activities(self, workspace: Workspace) -> Self:
        """Return the receipts of entries' own activities alone, one per entry at most."""
        return self.in_quickbooks(workspace).filter(part=0)

    def owned_ids(self, company: Company, activity_ids: Iterable[str]) -> set[str]:
        """Return the ids that have a receipt, of any workspace of the company: several may share one company."""
        ids = list(activity_ids)
        owned: set[str] = set()
        # In chunks: SQLite limits the parameters of one query.
        for start in range(0, len(ids), 500):
            rows = self.filter(company=company, quickbooks_id__in=ids[start : start + 500])
            owned.update(rows.values_list("quickbooks_id", flat=True))
        return owned


class Receipt(models.Model):
    """Proof of what was posted for one entry to one company, and of the content it was made from.

    Part 0 is the entry's own activity. Where that may not be changed, a person may add the missing time as further
    parts (corrections), each an activity of its own.
    """

    class State(models.TextChoices):
        SENT = "sent", "In QuickBooks"
        DELETED = "deleted", "Deleted from here"

    company = models.ForeignKey("integrations.Company", models.CASCADE, related_name="receipts")
    workspace = models.ForeignKey("integrations.Workspace", models.CASCADE, related_name="receipts")
    entry_id = models.CharField("Clockify id", max_length=64)
    part = models.PositiveSmallIntegerField(
        "number of the correction", default=0, help_text="0: the entry's own activity; otherwise one that corrects it."
    )
    corrections = models.PositiveSmallIntegerField(default=0, help_text="How many activities correct this one.")
    quickbooks_id = models.CharField("activity in QuickBooks", max_length=64)
    sync_token = models.CharField("SyncToken", max_length=32)
    state = models.CharField(max_length=10, choices=State, default=State.SENT)
    content_hash = models.CharField(max_length=64, help_text="The entry's content that the draft was made from.")
    start_at = models.DateTimeField("work began", help_text="Its day stays until this changes.")
    txn_date = models.DateField("day")
    minutes = models.PositiveIntegerField()
    draft = models.JSONField("what was last sent", help_text="What was last sent.")
    # Renamed fields keep their first column name, here and below.
    conflict = models.CharField(
        "billed or changed in QuickBooks",
        max_length=40,
        blank=True,
        db_column="trouble",
        help_text="As QuickBooks had it when it was last read.",
    )
    billed_on = models.JSONField(
        null=True, blank=True, help_text="The invoice or sales receipt that billed it: transaction, id, number, date."
    )
    differences = models.JSONField(
        "saved differently by QuickBooks",
        default=list,
        help_text="Where QuickBooks' answer differed from what was sent.",
    )
    answered = models.JSONField(
        "as QuickBooks saved it",
        null=True,
        blank=True,
        help_text="Our fields as QuickBooks answered them; null in older receipts.",
    )
    source = models.JSONField(
        "user and project it was made from",
        default=dict,
        blank=True,
        help_text='Clockify ids it was made from: {"user": id, "project": id}; empty in older receipts.',
    )
    noted = models.JSONField(
        "acknowledged differences",
        default=dict,
        blank=True,
        help_text='Differences a person took note of: {"rate": {"now": value, "by": name, "at": time}}.',
    )
    sent_at = models.DateTimeField("sent")
    changed_at = models.DateTimeField("last changed")
    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="sent by")

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        verbose_name = "sent time entry"
        verbose_name_plural = "sent time entries"
        constraints = [
            models.UniqueConstraint(fields=["company", "workspace", "entry_id", "part"], name="receipt_once_per_part"),
            # No activity may stand for two entries, since each of them could update or delete it.
            models.UniqueConstraint(fields=["company", "quickbooks_id"], name="receipt_once_per_activity"),
        ]
        indexes = [
            models.Index(fields=["workspace", "txn_date"], name="receipt_by_day"),
            # Few were changed in QuickBooks, and every page counts those that wait for a person.
            models.Index(fields=["workspace"], condition=~models.Q(conflict=""), name="receipt_in_conflict"),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} = {self.quickbooks_id}"


class ActionQuerySet(models.QuerySet["Action"]):
    def of(self, workspace: Workspace) -> Self:
        """Return the workspace's writes to the company that it is connected to."""
        return self.filter(workspace=workspace, company=workspace.company)

    def open(self) -> Self:
        """Return the writes whose outcome is not known yet, those on their way included."""
        return self.filter(state=Action.State.SENDING)

    def uncertain(self) -> Self:
        """Return the open writes that no running call will answer: the next run has to find out."""
        return self.open().exclude(models.Exists(_items_on_the_way()))

    def with_in_flight(self) -> Self:
        """Return the actions with `in_flight`: their call is not answered yet, and the run that makes it is running."""
        return self.annotate(in_flight=models.Exists(_items_on_the_way()))

    def in_flight(self) -> Self:
        return self.open().filter(models.Exists(_items_on_the_way()))


def _items_on_the_way() -> models.QuerySet[RunItem]:
    # An item is planned until its call is answered, or ends without an answer.
    return RunItem.objects.filter(
        run_id=models.OuterRef("tried_in"),
        run__status=Run.Status.RUNNING,
        entry_id=models.OuterRef("entry_id"),
        outcome=RunItem.Outcome.PLANNED,
    )


class Action(WriteAhead):
    """One create, update or delete, committed with its exact body before the call."""

    class State(models.TextChoices):
        SENDING = "sending", "On its way"
        DONE = "done", "Done"
        REFUSED = "refused", "Refused"
        ABANDONED = "abandoned", "Did not happen"
        MISSING = "missing", "Did not arrive"
        GIVEN_UP = "given_up", "Given up after several runs"

    # Set by `with_in_flight`.
    in_flight = False

    run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="actions")
    entry_id = models.CharField("Clockify id", max_length=64)
    verb = models.CharField("change", max_length=8)
    batch_id = models.UUIDField(
        "request id of its batch", null=True, blank=True, help_text="Changes are sent in batches of up to 30."
    )
    batch_item = models.CharField("number in its batch", max_length=10, blank=True)
    source_snapshot = models.JSONField(
        "what it was made from",
        default=dict,
        db_column="basis",
        help_text="What the receipt will say: content, start, minutes, draft.",
    )
    quickbooks_id = models.CharField("activity", max_length=64, blank=True)
    sync_token = models.CharField(
        "SyncToken", max_length=32, blank=True, help_text="Of the record as read before an update or delete."
    )
    txn_date = models.DateField("day")
    excluded_ids = models.JSONField(
        "duplicates that were there before",
        default=list,
        db_column="not_ours",
        help_text="Ids of equal activities that were there before the first attempt.",
    )
    state = models.CharField(max_length=10, choices=State, default=State.SENDING)
    needs_person = models.BooleanField(
        "needs review", default=False, help_text="QuickBooks has similar activities; someone has to decide."
    )
    tried_runs = models.PositiveSmallIntegerField(
        "tried by how many runs",
        default=1,
        help_text="Runs that tried to send this without an answer, this one included.",
    )
    tried_in = models.BigIntegerField("last tried by run", null=True, blank=True)
    created_at = models.DateTimeField("sent")
    watch_until = models.DateTimeField(
        "may still arrive until",
        null=True,
        blank=True,
        help_text="An attempt that was not found may arrive until then.",
    )
    duplicate_id_said = models.BooleanField(
        "known to QuickBooks when sent again", default=False, help_text="QuickBooks answered with error 600 or 6000."
    )
    error_message = ScrubbedTextField("QuickBooks message", blank=True)

    objects = ActionQuerySet.as_manager()

    class Meta:
        verbose_name = "change sent to QuickBooks"
        verbose_name_plural = "changes sent to QuickBooks"
        constraints = [
            # A second write while the outcome of the first is unknown could book the time twice.
            models.UniqueConstraint(
                fields=["company", "workspace", "entry_id"],
                condition=models.Q(state="sending"),
                name="action_one_on_its_way_per_entry",
            )
        ]
        indexes = [
            models.Index(fields=["company", "state"], name="action_by_state"),
            # Lists and pages of entries ask for each of theirs.
            models.Index(fields=["workspace", "entry_id"], name="action_by_entry"),
            # Few actions are watched, and every run that may write looks for them.
            models.Index(fields=["company"], condition=models.Q(watch_until__isnull=False), name="action_watched"),
            # Few need review, and the overview counts them.
            models.Index(fields=["workspace"], condition=models.Q(needs_person=True), name="action_needs_review"),
            # Few actions stay without an answer, and every plan looks for them.
            models.Index(
                fields=["workspace"],
                condition=models.Q(state__in=["missing", "given_up"]),
                name="action_unanswered",
            ),
            # What people search for: ids that QuickBooks or Intuit's support told them.
            models.Index(fields=["intuit_tid"], name="action_by_intuit_tid"),
            models.Index(fields=["quickbooks_id"], name="action_by_quickbooks_id"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.entry_id} ({self.state})"

    @property
    def shown_state(self) -> str:
        """The state as pages show it: a call that is not answered yet is on its way, not in doubt."""
        return "on_the_way" if self.in_flight and self.state == self.State.SENDING else self.state
