"""Runs and their items, entries' statuses, writes on their way, and receipts of those that arrived.

Django wants all of an app's models in one module, so those of `proof_models` are imported here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Cast
from django.db.models.lookups import Contains

from integrations.fields import ScrubbedTextField
from integrations.models import Company, Workspace
from integrations.write_ahead import WriteAhead
from syncjobs.proof_models import ActivityNote, Reconciliation, ReconciliationRow, SignOff
from syncjobs.rules.codes import Code
from syncjobs.rules.verbs import Verb

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
    "Schedule",
    "SignOff",
    "WriterLease",
    "has_reason",
]


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
