"""One history: events, runs during which calls may fail, and clean runs after which both sides are compared."""

from __future__ import annotations

from collections import Counter
from typing import Any

from integrations.models import TimeEntry
from syncjobs.models import Action, EntryOverride
from tests.histories.books import WRITES
from tests.histories.rare_events import RareEvents
from tests.histories.rules import ExpectedStatus
from tests.support.scene import Result, run_command

FIRST, LAST = "2026-03-02", "2026-03-28"
MAX_RUNS_TO_SETTLE = 5
COUNTED = {
    "send": "sent",
    "update": "updated",
    "delete": "deleted",
    "keep": "unchanged",
    "hold": "blocked",
    "wait": "unknown",
}


# In the fifth run in which a write was tried without success it is given up, until a person says otherwise (contract).
MOST_TROUBLED_RUNS = 4


class History(RareEvents):
    # Runs in trouble since the last one after which nothing was in doubt.
    troubled_runs = 0

    # --- runs ----------------------------------------------------------------------------------------------
    def troubled_run(self, *faults: tuple[str, str, int, int]) -> Result:
        """Sync while calls fail. A fault is its kind, a path, how many calls pass before it and how many it hits."""
        self.troubled_runs += 1
        self.check_if_needed()
        vendors = {"reports/detailed": "clockify", "time-entries/": "clockify"}
        for kind, path, skip, times in faults:
            details: dict[str, Any] = {"seconds": 1.4} if kind.startswith("hang") else {}
            vendor = vendors.get(path, "quickbooks")
            self.scene.fault(kind, path, vendor=vendor, method="", skip=skip, times=times, **details)
        run = self._sync()
        self.scene.clear_faults()
        return run

    def lose_answers(self, *, arrived: bool) -> Result:
        """Sync without answers: every write's outcome stays unknown, since the queries that look for it fail, too."""
        kind = "cut_after_commit" if arrived else "cut_before"
        queries_before = 2 if self.books.uncertain_writes else 1
        return self.troubled_run((kind, "timeactivity", 0, 0), ("500_html", "query.*TimeActivity", queries_before, 0))

    def decide_between_attempts(self, decision: str, number: int, value: int, *, arrived: bool, again: bool) -> None:
        """Lose the answers, let a person decide, and sync: with answers, or (`again`) once more without."""
        self.lose_answers(arrived=arrived)
        self.decide(decision, number, value)
        if again:
            self.lose_answers(arrived=arrived)
        else:
            self.check_if_needed()
            self._sync()

    def late_duplicate(self) -> None:
        """Lose a call, so that its write is sent again, and let the first attempt arrive as well.

        The next run deletes it: nothing has asked for it, so the model refuses it if it is there after the run.
        """
        self.troubled_run(("cut_before", "timeactivity", 0, 1))
        sent_again = Action.objects.filter(verb="create", state="done", watch_until__isnull=False).first()
        record = self.scene.books.records["TimeActivity"].get(sent_again.quickbooks_id) if sent_again else None
        if record is None or self.settings.global_codes:
            return
        late = {name: value for name, value in record.items() if name not in {"Id", "SyncToken", "MetaData"}}
        self.scene.put("TimeActivity", late)
        self._sync()

    def answer_many_deletions(self, *, delete: bool) -> None:
        """Sync, and say what is to become of the deletions: many or few, none of them is asked about."""
        self.check_if_needed()
        if self.books.uncertain_writes or self.settings.global_codes:
            return
        if not delete:
            self.settings.kept |= set(self.books.planned_deletions())
        due = self.books.expected_statuses()
        self.books.expect(due)
        answer = "--believe-deletions" if delete else "--keep-deletions"
        run = run_command("sync_time", "--from", FIRST, "--to", LAST, answer)
        self.books.follow()
        self._follow_kept()
        self._compare_counters(run, due)

    def _follow_kept(self) -> None:
        """Note what is kept no more. Raises AssertionError unless it is billable work again."""
        kept = set(EntryOverride.objects.filter(kept=True).values_list("clockify_id", flat=True))
        assert kept <= self.settings.kept
        for key in self.settings.kept - kept:
            entry = self.scene.place.entries[key]
            assert not self.rules.is_no_work(entry, self.books.sent.get(key)), f"{key} was to be kept"
        self.settings.kept = kept

    def _sync(self) -> Result:
        due = self.books.expected_plan()
        self.books.expect({} if self.settings.global_codes else due)
        run = self.scene.sync(FIRST, LAST)
        assert run.code in {0, 3, 4}, run.stderr
        self.books.follow()
        self._follow_kept()
        kinds = ("sent", "updated", "unchanged", "blocked", "failed", "unknown")
        assert run.code == 3 or 0 <= run["seen"] - sum(run[kind] for kind in kinds) <= run["deleted"]
        return run

    def dry_run(self) -> None:
        """Check that a dry run counts what the next run would do and writes nothing to QuickBooks."""
        if self.books.uncertain_writes:
            return
        self.check()
        before = self.scene.activities()
        run = self.scene.sync(FIRST, LAST, dry_run=True)
        assert self.scene.activities() == before
        self._compare_counters(run, self.books.expected_plan())

    def clean_run(self) -> None:
        """Check and sync without faults, then compare QuickBooks and every explanation with the rules."""
        self.check()
        for _ in range(MAX_RUNS_TO_SETTLE):
            if not self.books.uncertain_writes:
                break
            self._sync()
        assert not self.books.uncertain_writes or self.settings.global_codes, "in doubt, however often one looks"
        due = self.books.expected_plan()
        run = self._sync()
        if not self.books.uncertain_writes:
            self.troubled_runs = 0
            self._compare_counters(run, due)
            self.compare()

    # --- comparing -----------------------------------------------------------------------------------------
    def _compare_counters(self, run: Result, due: dict[str, ExpectedStatus]) -> None:
        if self.settings.global_codes:
            assert (run.code, run["status"], run["seen"], run["error"]["code"]) == (
                3,
                "blocked",
                0,
                *self.settings.global_codes,
            )
            return
        entries = self.scene.place.entries
        listed = {key for key in due if key in entries and (entries[key].end is not None or key in self.books.sent)}
        gone = {key for key in due if key not in entries}
        counts = Counter(COUNTED[due[key].verb] for key in listed)
        counts["deleted"] += sum(due[key].verb == "delete" for key in gone)
        waiting = {key for key in due if due[key].verb == "wait"}
        ends = (4, "partial") if waiting else (0, "succeeded")
        assert (run.code, run["status"], run["seen"]) == (*ends, len(listed)), run.stderr
        assert run.counts == {name: number for name, number in counts.items() if number}
        sends = [status.time for status in due.values() if status.verb == "send" and status.time]
        assert run["minutes_sent"] == sum(time.minutes for time in sends)
        warnings = Counter(code for key in listed if due[key].verb == "keep" for code in self._warnings(key))
        rateless = sum(
            status.verb in {"send", "update"} and not status.time.rate
            for status in due.values()
            if status.time is not None and status.time.status == "Billable"
        )
        many = {"MANY_MISSING": len(waiting & gone), "MANY_DELETIONS": len(waiting - gone)}
        others = {name: count for name, count in {"NO_RATE": rateless, **many}.items() if count}
        assert run["warnings"] == warnings | others
        self._compare_reasons(run, [due[key] for key in listed | gone if due[key].verb == "hold"])

    def _warnings(self, key: str) -> set[str]:
        return self.rules.warnings(self.scene.place.entries[key], self.books.sent[key])

    def _compare_reasons(self, run: Result, holds: list[ExpectedStatus]) -> None:
        required = Counter(code for status in holds for code in status.must)
        allowed = Counter(code for status in holds for code in status.must | status.may)
        reported = Counter(run["blocked_reasons"])
        assert required <= reported <= allowed, f"{dict(reported)} is not between {dict(required)} and {dict(allowed)}"

    def compare(self) -> None:
        """Assert that no write is due, every entry's explanation is right and the minutes of both sides add up."""
        after = self.books.expected_plan()
        remaining = {key: status for key, status in after.items() if status.verb in WRITES}
        assert not remaining, f"not done: {remaining}"
        mirrored = set(TimeEntry.objects.values_list("clockify_id", flat=True))
        for key in sorted(mirrored | set(self.scene.place.entries)):
            self._compare_explanation(key, after.get(key))
        self._compare_minutes(after)

    def _compare_explanation(self, key: str, status: ExpectedStatus | None) -> None:
        explanation = self.scene.explain(key)
        sent = self.books.sent.get(key)
        assert explanation.code == 0, explanation.stderr
        assert explanation["quickbooks_id"] == (sent.key if sent else None)
        if status is None:
            assert (explanation["state"], explanation.codes) == ("deleted", set())
            return
        assert explanation["state"] == status.state, f"{explanation.json} instead of {status}"
        assert status.allows(explanation.codes), f"{explanation.json} instead of {status}"
        warned = self._warnings(key) if status.verb == "keep" and key in self.scene.place.entries else set()
        assert set(explanation.json.get("warnings", [])) == warned, f"{explanation.json} instead of {warned}"
        assert explanation.json.get("not_asked", []) == [] or self.settings.global_codes

    def _compare_minutes(self, after: dict[str, ExpectedStatus]) -> None:
        """Compare QuickBooks' minutes with Clockify's, except for held entries and manual changes."""
        entries, books = self.scene.place.entries, self.books
        unchanged = {key for key, status in after.items() if status.verb == "keep"}
        untouched = {
            key for key in unchanged if (activity := books.activities.get(books.sent[key].key)) and not activity.changed
        }
        sent_minutes = sum(self._minutes_of(books.sent[key].key) for key in untouched)
        assert sent_minutes == sum(books.sent[key].time.minutes for key in untouched)
        others = {key for key in books.activities if books.activities[key].entry not in untouched}
        total = sum(activity["Hours"] * 60 + activity["Minutes"] for activity in self.scene.activities())
        assert total == sent_minutes + sum(self._minutes_of(key) for key in others)
        assert all(entries[key].end is not None for key in untouched - self.settings.kept)

    def _minutes_of(self, key: str) -> int:
        raw = self.books.activities[key].raw
        return int(raw["Hours"] * 60 + raw["Minutes"])
