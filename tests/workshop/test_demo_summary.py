"""The demo's summary, and the conditions for its success."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.demo import summary

CHECK: dict[str, Any] = {
    "run": 1,
    "status": "succeeded",
    "clockify": {kind: {"seen": 4, "new": 4, "changed": 0, "gone": 0} for kind in ("users", "clients", "projects")},
    "quickbooks": {kind: {"seen": 1_200, "new": 3, "changed": 0, "gone": 0} for kind in ("employees", "customers")},
    "mapping": {kind: {"mapped": 3, "unmapped": 1} for kind in ("users", "clients", "projects")},
    "plan": {"sku": "QuickBooks Online Plus", "payroll": False, "supported": True, "reason": ""},
    "api_calls": {"clockify": 5, "quickbooks": 5},
}
SYNC: dict[str, Any] = {
    "run": 2,
    "status": "succeeded",
    "dry_run": False,
    "from": "2026-10-01",
    "to": "2026-10-31",
    "seen": 10,
    "sent": 6,
    "updated": 0,
    "deleted": 0,
    "unchanged": 0,
    "blocked": 4,
    "failed": 0,
    "unknown": 0,
    "minutes_sent": 3_605,
    "blocked_reasons": {"NOT_BILLABLE": 1, "USER_NOT_MAPPED": 3},
    "warnings": {"NO_RATE": 2},
    "api_calls": {"clockify": 1, "quickbooks": 7},
}


def test_the_summary_says_what_was_matched_sent_and_blocked() -> None:
    mismatches = [{"reason": "NO_EMPLOYEE"}, {"reason": "NO_CUSTOMER"}, {"reason": "NO_CUSTOMER"}]

    assert summary.lines(CHECK, mismatches, SYNC) == [
        "Check for new users and customers",
        "  Clockify    4 users, 4 clients, 4 projects",
        "  QuickBooks  1,200 employees, 1,200 customers",
        "  Plan        QuickBooks Online Plus, Payroll off: supported",
        "  Matched     3 of 4 people, 3 of 4 clients, 3 of 4 projects",
        "  Mismatches  3:",
        "         2  no customer",
        "         1  no employee",
        "",
        "Time sync, 2026-10-01 to 2026-10-31: succeeded",
        "  Seen        10 time entries in Clockify",
        "  Sent        6 entries, 60 h 05 min",
        "  Unchanged   0 sent before",
        "  Blocked     4 entries, by reason (one entry may have several):",
        "         3  user not mapped",
        "         1  not billable",
        "  Warning     no rate: 2",
    ]


def test_a_run_that_sent_and_accounts_for_every_entry_did_its_work() -> None:
    assert summary.did_its_work(CHECK, SYNC)


def test_a_second_start_that_finds_everything_sent_did_its_work() -> None:
    assert summary.did_its_work(CHECK, SYNC | {"sent": 0, "unchanged": 6})


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "partial"},
        {"status": "failed"},
        {"seen": 11},
        {"seen": 9},
        {"seen": 4, "sent": 0},
    ],
    ids=["partial", "failed", "an entry unaccounted for", "an entry too many", "nothing sent"],
)
def test_a_sync_that_went_wrong_is_no_success(wrong: dict[str, Any]) -> None:
    assert not summary.did_its_work(CHECK, SYNC | wrong)


def test_a_check_that_failed_is_no_success() -> None:
    assert not summary.did_its_work(CHECK | {"status": "failed"}, SYNC)
