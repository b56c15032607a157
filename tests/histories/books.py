"""The model's view of QuickBooks: what was sent for which entry, and what people did to it there."""

from __future__ import annotations

from typing import Any

from sandbox.clockify.records import Entry
from sandbox.quickbooks.companies import sales_forms
from syncjobs.models import Receipt
from tests.histories.rules import (
    NO_WORK,
    Activity,
    Content,
    ExpectedStatus,
    Rules,
    Sent,
    Time,
    content_of,
    has,
    time_of,
)
from tests.histories.who_is_who import ExpectedMapping
from tests.support.scene import Scene

# Verb, the activity that was to be written, and the entry's content and start that it was made from.
UncertainWrite = tuple[str, Time | None, Content, int]
WRITES = {"send", "update", "delete"}
# What people add in QuickBooks and no update of ours may take away.
NOT_OURS = ("ClassRef", "CostRate", "ProjectRef")
# More deletions in one run wait for review.
MANY = 2
NO_CONTENT = (Time("", "", "", "", 0, 0, "", ""), (), 0)


def almost_fits(actual: Time, expected: Time) -> bool:
    if (actual.name_of, actual.person, actual.day) != (expected.name_of, expected.person, expected.day):
        return False
    same_text = bool(expected.text) and actual.text.strip() == expected.text.strip()
    return (actual.customer == expected.customer) + (actual.minutes == expected.minutes) + same_text >= 2


class Books:
    """The expected content of QuickBooks, updated after each run and checked against the rules."""

    def __init__(self, scene: Scene, rules: Rules, mapping: ExpectedMapping) -> None:
        self.scene, self.rules, self.mapping = scene, rules, mapping
        self.sent: dict[str, Sent] = {}
        self.activities: dict[str, Activity] = {}
        self.uncertain_writes: dict[str, list[UncertainWrite]] = {}
        # What was due when the last run began: a run writes nothing else, whatever was tried before.
        self.due_writes: dict[str, UncertainWrite] = {}

    # --- expected statuses ---------------------------------------------------------------------------------
    def expected_status(self, entry_id: str) -> ExpectedStatus | None:
        """Return None for an entry that is neither in Clockify nor in QuickBooks as one of our activities."""
        entry, sent = self.scene.place.entries.get(entry_id), self.sent.get(entry_id)
        activity = self.activities.get(sent.key) if sent else None
        if entry is not None:
            return self.rules.decide(entry, sent, activity, self._has_equal_activity(entry))
        return self.rules.decide_deleted(entry_id, sent, activity) if sent else None

    def expected_statuses(self) -> dict[str, ExpectedStatus]:
        statuses = {key: self.expected_status(key) for key in sorted({*self.scene.place.entries, *self.sent})}
        return {key: status for key, status in statuses.items() if status is not None}

    def expected_undo(self, entry_id: str) -> ExpectedStatus:
        """Return what the undo of the run that created the entry's activity does with it."""
        sent = self.sent[entry_id]
        return self.rules.undo(sent, self.activities.get(sent.key))

    def expected_plan(self) -> dict[str, ExpectedStatus]:
        """Return the statuses that a run gives when nobody answers: many deletions at once wait."""
        statuses = self.expected_statuses()
        deletions = self.planned_deletions()
        # What is in doubt may turn out to be one deletion more or fewer.
        if len(deletions) <= MANY or self.uncertain_writes or self.rules.settings.global_codes:
            return statuses
        return statuses | {key: self._waiting(key) for key in deletions}

    def planned_deletions(self) -> list[str]:
        """Return what a run plans to delete: it knows of closed books only where their date can be read."""
        settings = self.rules.settings
        close_date = settings.close_date
        if not self.scene.world.switches["book_close_date_readable"]:
            settings.close_date = ""
        deletions = [key for key, status in self.expected_statuses().items() if status.verb == "delete"]
        settings.close_date = close_date
        return deletions

    def _waiting(self, key: str) -> ExpectedStatus:
        entry = self.scene.place.entries.get(key)
        codes = self.rules.codes(entry, self.sent[key]) & NO_WORK if entry else {"MANY_MISSING"}
        return ExpectedStatus("wait", "changed", frozenset(codes))

    def _has_equal_activity(self, entry: Entry) -> bool:
        """Return whether somebody entered almost this time: same person and day, two of customer, time and text."""
        pairs = self.mapping.pairs
        if ("user", entry.user_id) not in pairs or ("project", entry.project_id or "") not in pairs:
            return False
        expected = self.rules.time(entry, None)
        return any(
            almost_fits(time_of(activity.raw), expected) for activity in self.activities.values() if activity.by_hand
        )

    # --- what people do ------------------------------------------------------------------------------------
    def note_manual_change(self, key: str, *, ours: bool = True) -> None:
        """Note that somebody entered, changed, billed, annotated or removed this activity in QuickBooks.

        `ours`: a field that we send was changed, so that the activity is left alone from now on.
        """
        raw = self.scene.books.records["TimeActivity"].get(key)
        if raw is None:
            self.activities.pop(key, None)
            return
        activity = self.activities.setdefault(key, Activity("", dict(raw), by_hand=True))
        activity.raw = dict(raw)
        activity.changed = activity.changed or ours
        activity.invoiced = key in sales_forms.billed_ids(self.scene.books)

    def forget_what_was_sent_since(self) -> None:
        """Follow a restored backup: what it has no receipt of is anybody's, and what was updated since was changed."""
        owners = {sent.key: (entry, sent) for entry, sent in self.sent.items()}
        for key, activity in self.activities.items():
            owner = owners.get(key)
            activity.entry, activity.by_hand = (owner[0], False) if owner else ("", True)
            if owner:
                activity.changed = activity.changed or not has(activity.raw, owner[1].time)

    # --- what a run did ------------------------------------------------------------------------------------
    def expect(self, due: dict[str, ExpectedStatus]) -> None:
        """Note every due write as uncertain: a run may have it on its way from now on."""
        self.due_writes = {
            key: self._uncertain_write(key, status) for key, status in due.items() if status.verb in WRITES
        }
        for key, write in self.due_writes.items():
            self.uncertain_writes.setdefault(key, []).append(write)

    def _uncertain_write(self, key: str, status: ExpectedStatus) -> UncertainWrite:
        entry = self.scene.place.entries.get(key)
        return status.verb, status.time, content_of(entry) if entry else (), entry.start if entry else 0

    def follow(self) -> None:
        """Record what a run left in QuickBooks. Raises AssertionError for a change that no rule asked for."""
        records = {record["Id"]: record for record in self.scene.activities()}
        receipts = dict(Receipt.objects.filter(state="sent").values_list("quickbooks_id", "entry_id"))
        for key in sorted({*self.activities, *records}, key=int):
            activity = self.activities.get(key)
            if activity is None or not (activity.entry or activity.by_hand):
                self._follow_stray(key, records.get(key), receipts.get(key, ""))
            elif key not in records:
                self._follow_deletion(key, activity)
            elif activity.raw != records[key]:
                self._follow_update(key, activity, records[key])
        self._note_invisible_edits()
        if not self.scene.open_actions():
            self.uncertain_writes.clear()

    def _follow_stray(self, key: str, raw: dict[str, Any] | None, receipt_entry: str) -> None:
        """Match an activity without a known entry (it is new, or its answer was lost) to an uncertain write."""
        known = self.activities.get(key)
        if raw is None:
            owners = [owner for owner in self.uncertain_writes if self._may_delete(owner, key)]
            assert owners, f"{self.activities[key].raw} was deleted for no reason"
            del self.activities[key]
            return
        is_written_now = known is None or known.raw != raw
        for owner in [receipt_entry] if receipt_entry else list(self.uncertain_writes):
            earlier = [] if is_written_now else self.uncertain_writes.get(owner, [])
            for verb, time, content, start in [*reversed(earlier), *self._writes_now(owner, key)]:
                if verb != "delete" and time and has(raw, time):
                    self.activities[key] = Activity(receipt_entry, raw)
                    if receipt_entry:
                        assert owner not in self.sent or self.sent[owner].key not in self.activities, (
                            f"{owner} went twice"
                        )
                        self.sent[owner] = Sent(key, time, content, start)
                    return
        raise AssertionError(f"{raw} was sent and nobody asked for it (claimed by {receipt_entry or 'nobody'})")

    def _follow_deletion(self, key: str, activity: Activity) -> None:
        del self.activities[key]
        assert not (activity.by_hand or activity.billed or activity.changed), (
            f"{activity.raw} was deleted, and is not ours by now"
        )
        assert self._may_delete(activity.entry, key), f"{activity.raw} was deleted for no reason"
        if self.sent.get(activity.entry, Sent("", *NO_CONTENT)).key == key:
            del self.sent[activity.entry]

    def _follow_update(self, key: str, activity: Activity, raw: dict[str, Any]) -> None:
        assert not (activity.by_hand or activity.billed or activity.changed), (
            f"{activity.raw} became {raw}, and is not ours by now"
        )
        assert {name: raw.get(name) for name in NOT_OURS} == {name: activity.raw.get(name) for name in NOT_OURS}
        for verb, time, content, start in self._writes_now(activity.entry, key):
            if verb != "delete" and time and has(raw, time):
                self.sent[activity.entry] = Sent(key, time, content, start)
                activity.raw = raw
                return
        raise AssertionError(f"{activity.raw} became {raw}, and nobody asked for it")

    def _may_delete(self, owner: str, key: str) -> bool:
        return any(verb == "delete" for verb, *_ in self._writes_now(owner, key))

    def _writes_now(self, owner: str, key: str) -> list[UncertainWrite]:
        """Return the writes that this run may have made to an entry's activity.

        These are the write that was due when it began, then those that became due once an uncertain one was found.
        Never the stored body of an earlier attempt, which people may not want any more.
        """
        before, followups = self.sent.get(owner), []
        for _, time, content, start in self.uncertain_writes.get(owner, []):
            if time is not None:
                self.sent[owner] = Sent(key, time, content, start)
                status = self.expected_status(owner)
                followups += [self._uncertain_write(owner, status)] if status and status.verb in WRITES else []
        self.sent.pop(owner, None)
        if before is not None:
            self.sent[owner] = before
        return [*([self.due_writes[owner]] if owner in self.due_writes else []), *followups]

    def _note_invisible_edits(self) -> None:
        """Count an edit that changes no sent field as sent once a run has noted it."""
        for key, sent in self.sent.items():
            entry, status = self.scene.place.entries.get(key), self.expected_status(key)
            if entry and status and status.verb == "keep" and self._is_noted(key, entry):
                sent.content, sent.start = content_of(entry), entry.start
                if status.time is not None:
                    # QuickBooks' copy was taken as what was sent.
                    sent.time, self.activities[sent.key].changed = status.time, False

    def _is_noted(self, key: str, entry: Entry) -> bool:
        row, receipt = self.scene.mirrored(key), self.scene.receipt(key)
        end = int(row.end_at.timestamp()) if row.end_at else None
        start = int(row.start_at.timestamp())
        mirrored = (row.user_id, row.project_id, start, end, row.billable, row.description, row.type)
        return mirrored == content_of(entry) and receipt.content_hash == row.content_hash
