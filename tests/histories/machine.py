"""The state machine that draws the events and runs of a history."""

from __future__ import annotations

import sys
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.histories.books import MANY
from tests.histories.events import DECISIONS
from tests.histories.history import MOST_TROUBLED_RUNS, History

NUMBER = st.integers(0, 40)
EDITS = ["length", "start", "text", "person", "project", "billable", "type", "timer", "invoiced", "approved"]
SETTINGS = ["books", "payroll", "rounding", "item", "longest_hours", "approved_only", "block_invoiced"]
SETTINGS += ["send_nonbillable", "send_nonbillable"]
KINDS = ["cut_before", "cut_after_commit", "500_html", "500_html_after_commit", "503", "429", "hang_after_commit"]
PATHS = ["timeactivity|/batch", "timeactivity|/batch", "query.*TimeActivity", "operation=delete", "reports/detailed"]
FAULTS = st.tuples(st.sampled_from(KINDS), st.sampled_from(PATHS), st.integers(0, 3), st.integers(1, 4))
SWITCHES: dict[str, list[object]] = {
    "requestid_memory_seconds": [86_400, 0],
    "requestid_replay_answers_600": [False, True],
    "billing_moves_sync_token": [True, False],
    "billable_status_lags": [True, True, False],
    "billed_time_has_linked_txn": [False, True],
    "inactive_ref_error": ["2500", "610"],
    "closed_books_code": ["6210", "6200"],
    "book_close_date_readable": [True, True, False],
    "clockify_report_missing_rate": ["zero", "null"],
}
MAX_ENTRIES = 7


def machine_of(begin: Callable[[], History]) -> type[RuleBasedStateMachine]:
    """Return a state machine whose every history starts from `begin`: an empty, connected world."""

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.history = begin()
            self.history.work(0, 0, 1)
            self.history.work(1, 2, 4)
            self.has_changes = self.may_preview = True
            self.is_restored = False

        @property
        def changed_history(self) -> History:
            """Note that the history changes, so that another run is worthwhile."""
            self.has_changes = self.may_preview = True
            return self.history

        def has_entries(self) -> bool:
            return bool(self.history.scene.place.entries)

        @precondition(lambda self: len(self.history.scene.place.entries) < MAX_ENTRIES)
        @rule(user=NUMBER, project=NUMBER, moment=NUMBER, length=NUMBER, text=NUMBER)
        def work(self, user: int, project: int, moment: int, length: int, text: int) -> None:
            self.changed_history.work(user, project, moment, length, text)

        @precondition(has_entries)
        @rule(number=NUMBER, how=st.sampled_from(EDITS), value=NUMBER)
        def edit(self, number: int, how: str, value: int) -> None:
            self.changed_history.edit(number, how, value)

        @precondition(has_entries)
        @rule(number=NUMBER, how=st.sampled_from(EDITS), value=NUMBER)
        def edit_again(self, number: int, how: str, value: int) -> None:
            self.changed_history.edit(number, how, value)

        @precondition(lambda self: 0 < len(self.history.scene.place.entries) < MAX_ENTRIES)
        @rule(number=NUMBER)
        def split(self, number: int) -> None:
            self.changed_history.split(number)

        @precondition(has_entries)
        @rule(number=NUMBER)
        def delete(self, number: int) -> None:
            self.changed_history.delete(number)

        @precondition(lambda self: len(self.history.books.sent) > MANY)
        @rule(gone=st.integers(0, 3), value=NUMBER)
        def many_deletions(self, gone: int, value: int) -> None:
            self.changed_history.many_deletions(gone, value)

        @precondition(lambda self: len(self.history.books.planned_deletions()) > MANY)
        @rule(delete=st.booleans())
        def answer_many_deletions(self, delete: bool) -> None:
            self.changed_history.answer_many_deletions(delete=delete)

        @precondition(lambda self: bool(self.history.removed))
        @rule(number=NUMBER)
        def restore(self, number: int) -> None:
            self.changed_history.restore(number)

        @rule(how=st.sampled_from(["archive", "reparent", "rate", "leave", "zone", "rename"]), value=NUMBER)
        def clockify_lists(self, how: str, value: int) -> None:
            self.changed_history.clockify_lists(how, value)

        @rule(how=st.sampled_from(["deactivate", "deactivate", "rename", "reparent", "merge"]), value=NUMBER)
        def quickbooks_lists(self, how: str, value: int) -> None:
            self.changed_history.quickbooks_lists(how, value)

        @precondition(lambda self: bool(self.history.books.activities))
        @rule(how=st.sampled_from(["bill", "catch up", "change", "remove", "annotate"]), value=NUMBER)
        def by_hand(self, how: str, value: int) -> None:
            self.changed_history.by_hand(how, value)

        @precondition(has_entries)
        @rule(value=NUMBER)
        def enter_time_by_hand(self, value: int) -> None:
            self.changed_history.by_hand("enter", value)

        @rule(number=NUMBER, other=st.none() | NUMBER)
        def link(self, number: int, other: int | None) -> None:
            self.changed_history.link(number, other)

        @rule(number=NUMBER, forever=st.booleans())
        def unlink_or_ignore(self, number: int, forever: bool) -> None:
            (self.changed_history.ignore if forever else self.changed_history.unlink)(number)

        @rule(number=NUMBER, first=st.sampled_from(["ignore", "unlink"]), second=st.sampled_from(["ignore", "unlink"]))
        def two_people(self, number: int, first: str, second: str) -> None:
            self.changed_history.two_people(number, first, second)

        @precondition(lambda self: bool(self.history.books.sent))
        @rule(number=NUMBER)
        def undo(self, number: int) -> None:
            self.changed_history.undo(number)

        @precondition(lambda self: bool(self.history.books.sent) and self.history.backup is None)
        @rule()
        def back_up(self) -> None:
            self.history.back_up()

        # Once a history: it takes long, and what it forgets leaves little to do.
        @precondition(lambda self: self.history.backup is not None and not self.is_restored)
        @rule()
        def restore_backup(self) -> None:
            self.is_restored = True
            self.changed_history.restore_backup()

        @rule(how=st.sampled_from(SETTINGS), value=NUMBER)
        def configure(self, how: str, value: int) -> None:
            self.changed_history.configure(how, value)

        @rule(name=st.sampled_from(sorted(SWITCHES)), value=NUMBER)
        def other_quickbooks(self, name: str, value: int) -> None:
            values = SWITCHES[name]
            self.changed_history.scene.switch(**{name: values[value % len(values)]})
            self.history.needs_check = True

        @precondition(has_entries)
        @rule(number=NUMBER)
        def explain(self, number: int) -> None:
            assert self.history.scene.explain(self.history.entry(number)).code == 0

        def may_trouble(self) -> bool:
            return self.history.troubled_runs < MOST_TROUBLED_RUNS

        @precondition(may_trouble)
        @rule(faults=st.lists(FAULTS, min_size=1, max_size=3))
        def troubled_run(self, faults: list[tuple[str, str, int, int]]) -> None:
            self.changed_history.troubled_run(*faults)

        @precondition(may_trouble)
        @rule(arrived=st.booleans())
        def lose_answers(self, arrived: bool) -> None:
            self.changed_history.lose_answers(arrived=arrived)

        @precondition(may_trouble)
        @rule()
        def late_duplicate(self) -> None:
            self.changed_history.late_duplicate()

        @precondition(lambda self: self.has_entries() and self.history.troubled_runs < MOST_TROUBLED_RUNS - 1)
        @rule(
            decision=st.sampled_from(DECISIONS), number=NUMBER, value=NUMBER, arrived=st.booleans(), again=st.booleans()
        )
        def decide_between_attempts(self, decision: str, number: int, value: int, arrived: bool, again: bool) -> None:
            self.changed_history.decide_between_attempts(decision, number, value, arrived=arrived, again=again)

        @precondition(lambda self: self.has_entries() and self.history.troubled_runs < MOST_TROUBLED_RUNS - 1)
        @rule(number=NUMBER, arrived=st.booleans(), again=st.booleans())
        def switch_option_between_attempts(self, number: int, arrived: bool, again: bool) -> None:
            """Lose the answer about time that is billable no more, or again, and switch the option on or off."""
            self.changed_history.edit(number, "billable")
            self.history.decide_between_attempts("option", number, 0, arrived=arrived, again=again)

        @precondition(lambda self: self.may_preview)
        @rule()
        def dry_run(self) -> None:
            self.may_preview = False
            self.history.dry_run()

        @precondition(lambda self: self.has_changes)
        @rule(disconnected=st.sampled_from([False, False, False, True]))
        def clean_run(self, disconnected: bool) -> None:
            self.has_changes = False
            if disconnected:
                self.changed_history.disconnect()
            self.history.clean_run()
            if disconnected:
                self.history.connect()

        def teardown(self) -> None:
            self.history.scene.clear_faults()
            if sys.exc_info()[0] is None:  # a clean run after a failure would hide the first error
                self.history.clean_run()

    return Machine
