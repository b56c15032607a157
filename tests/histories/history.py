"""One history: events, runs that may meet trouble, and clean runs after which both sides are compared."""

from __future__ import annotations

from collections import Counter
from typing import Any

from integrations.models import TimeEntry
from tests.histories.books import WRITES
from tests.histories.events import Events
from tests.histories.rules import Verdict
from tests.support.scene import Result

FIRST, LAST = "2026-03-02", "2026-03-28"
MAX_RUNS_TO_SETTLE = 5
COUNTED = {"send": "sent", "update": "updated", "delete": "deleted", "keep": "unchanged", "hold": "blocked"}


class History(Events):
    # --- runs ----------------------------------------------------------------------------------------------
    def troubled_run(self, *faults: tuple[str, str, int, int]) -> Result:
        """A sync during which calls go wrong: kind, path, how many go well before, how many go wrong."""
        self.look()
        vendors = {"reports/detailed": "clockify", "time-entries/": "clockify"}
        for kind, path, skip, times in faults:
            details: dict[str, Any] = {"seconds": 1.4} if kind.startswith("hang") else {}
            vendor = vendors.get(path, "quickbooks")
            self.scene.fault(kind, path, vendor=vendor, method="", skip=skip, times=times, **details)
        run = self._sync()
        self.scene.clear_faults()
        return run

    def lose_answers(self, *, arrived: bool) -> Result:
        """A run whose every write stays in doubt: no answer comes, and afterwards nobody can look."""
        kind = "cut_after_commit" if arrived else "cut_before"
        looking = 2 if self.books.doubts else 1
        return self.troubled_run((kind, "timeactivity", 0, 0), ("500_html", "query.*TimeActivity", looking, 0))

    def _sync(self) -> Result:
        due = self.books.verdicts()
        if not self.settings.whole:
            self.books.expect(due)
        run = self.scene.sync(FIRST, LAST)
        assert run.code in {0, 3, 4}, run.stderr
        self.books.follow()
        kinds = ("sent", "updated", "unchanged", "blocked", "failed", "unknown")
        assert run.code == 3 or 0 <= run["seen"] - sum(run[kind] for kind in kinds) <= run["deleted"]
        return run

    def dry_run(self) -> None:
        """Says what the next run would do, and does nothing."""
        if self.books.doubts:
            return
        self.check()
        before = self.scene.activities()
        run = self.scene.sync(FIRST, LAST, dry_run=True)
        assert self.scene.activities() == before
        self._compare_counters(run, self.books.verdicts())

    def clean_run(self) -> None:
        """Check and sync without trouble; afterwards everything is as the rules say."""
        self.check()
        for _ in range(MAX_RUNS_TO_SETTLE):
            if not self.books.doubts:
                break
            self._sync()
        assert not self.books.doubts or self.settings.whole, "in doubt, however often one looks"
        due = self.books.verdicts()
        run = self._sync()
        if not self.books.doubts:
            self._compare_counters(run, due)
            self.compare()

    # --- comparing -----------------------------------------------------------------------------------------
    def _compare_counters(self, run: Result, due: dict[str, Verdict]) -> None:
        if self.settings.whole:
            assert (run.code, run["status"], run["seen"], run["error"]["code"]) == (
                3,
                "blocked",
                0,
                *self.settings.whole,
            )
            return
        entries = self.scene.place.entries
        listed = {key for key in due if key in entries and (entries[key].end is not None or key in self.books.sent)}
        gone = {key for key in due if key not in entries}
        counts = Counter(COUNTED[due[key].verb] for key in listed)
        counts["deleted"] += sum(due[key].verb == "delete" for key in gone)
        assert (run.code, run["status"], run["seen"]) == (0, "succeeded", len(listed)), run.stderr
        assert run.counts == {name: number for name, number in counts.items() if number}
        sends = [one.time for one in due.values() if one.verb == "send" and one.time]
        assert run["minutes_sent"] == sum(time.minutes for time in sends)
        rateless = sum(
            one.verb in {"send", "update"} and one.time is not None and not one.time.rate for one in due.values()
        )
        assert run["warnings"] == ({"NO_RATE": rateless} if rateless else {})
        self._compare_reasons(run, [due[key] for key in listed | gone if due[key].verb == "hold"])

    def _compare_reasons(self, run: Result, holds: list[Verdict]) -> None:
        least = Counter(code for one in holds for code in one.must)
        most = Counter(code for one in holds for code in one.must | one.may)
        said = Counter(run["blocked_reasons"])
        assert least <= said <= most, f"{dict(said)} is not between {dict(least)} and {dict(most)}"

    def compare(self) -> None:
        """Nothing is left to do, every entry explains itself, and the minutes of both sides add up."""
        after = self.books.verdicts()
        left = {key: one for key, one in after.items() if one.verb in WRITES}
        assert not left, f"not done: {left}"
        mirrored = set(TimeEntry.objects.values_list("clockify_id", flat=True))
        for key in sorted(mirrored | set(self.scene.place.entries)):
            self._compare_explanation(key, after.get(key))
        self._compare_minutes(after)

    def _compare_explanation(self, key: str, verdict: Verdict | None) -> None:
        told = self.scene.explain(key)
        sent = self.books.sent.get(key)
        assert told.code == 0, told.stderr
        assert told["quickbooks_id"] == (sent.key if sent else None)
        if verdict is None:
            assert (told["state"], told.codes) == ("deleted", set())
            return
        assert told["state"] == verdict.state, f"{told.json} instead of {verdict}"
        assert verdict.allows(told.codes), f"{told.json} instead of {verdict}"
        assert told.json.get("not_asked", []) == [] or self.settings.whole

    def _compare_minutes(self, after: dict[str, Verdict]) -> None:
        """QuickBooks' minutes are Clockify's, but for what was held back and what people did there."""
        entries, books = self.scene.place.entries, self.books
        kept = {key for key, one in after.items() if one.verb == "keep"}
        untouched = {key for key in kept if (there := books.there.get(books.sent[key].key)) and not there.changed}
        ours = sum(self._minutes_there(books.sent[key].key) for key in untouched)
        assert ours == sum(books.sent[key].time.minutes for key in untouched)
        others = {key for key in books.there if books.there[key].entry not in untouched}
        total = sum(one["Hours"] * 60 + one["Minutes"] for one in self.scene.activities())
        assert total == ours + sum(self._minutes_there(key) for key in others)
        assert all(entries[key].end is not None for key in untouched)

    def _minutes_there(self, key: str) -> int:
        raw = self.books.there[key].raw
        return int(raw["Hours"] * 60 + raw["Minutes"])
