"""A check for new users and customers: both mirrors, the window's entries, the mapping."""

from __future__ import annotations

from datetime import datetime

from integrations.clockify import pull, tasks_and_tags, unknown_zones
from integrations.clockify.client import ClockifyApiClient
from integrations.models import Workspace
from integrations.quickbooks import pull as quickbooks_pull
from integrations.quickbooks.client import QuickBooksApiClient
from integrations.quickbooks.connecting import connection
from integrations.reading import shrunk_lists
from integrations.reading.unreadable import Reading
from mapping import queries as mapping
from syncjobs import run_counters
from syncjobs.models import Run
from syncjobs.partner_writes import submit
from syncjobs.planning import evaluate, lines, window
from syncjobs.rules.steps.many_deletions import MANY_MISSING
from syncjobs.run_counters import Counters


def perform(
    run: Run, clockify: ClockifyApiClient, quickbooks: QuickBooksApiClient, *, reading: Reading, now: datetime
) -> None:
    """Read both sides, then match, and count what was found. An unsupported subscription is no failure.

    What can't be read is noted in `reading`.
    """
    workspace = run.workspace
    company = mapping.company_of(workspace)
    quickbooks_counts, answers = quickbooks_pull.pull_lists(
        company, quickbooks, reading=reading, with_subscription=True, now=now
    )
    subscription = connection.keep_subscription(company, answers["CompanyInfo"], answers["Preferences"], now=now)
    quickbooks_pull.pull_new_lists(company, quickbooks, quickbooks_counts, reading=reading, now=now)
    clockify_counts = pull.pull_workspace(workspace, clockify, reading=reading, now=now)
    tasks_and_tags.pull(workspace, clockify, lines.kinds_named(workspace), reading=reading, now=now)
    warnings = pull_entries(workspace, clockify, reading=reading, now=now)
    # Writes from the desk with an unknown outcome; no time sync settles these.
    submit.settle(workspace)
    evaluate.refresh(workspace, now=now, compare_names=True)
    warnings |= reading.warnings | shrunk_lists.warnings(workspace) | unknown_zones.warnings(workspace)
    warnings |= workspace.rounding_warnings
    run.warnings = warnings | ({"RESTRICTED": 1} if subscription.warning else {})
    counted: Counters = {
        "clockify": {name: counts.as_json() for name, counts in clockify_counts.items()},
        "quickbooks": {name: counts.as_json() for name, counts in quickbooks_counts.items()},
        "mapping": mapping.counts(workspace),
        "plan": {
            "sku": company.sku,
            "payroll": company.payroll,
            "supported": subscription.supported,
            "reason": subscription.reason,
            "message": subscription.warning or subscription.sentence,
        },
    }
    # All of them at once: a check that was cut short shows zeros.
    run_counters.count(run, **counted)


def pull_entries(
    workspace: Workspace, clockify: ClockifyApiClient, *, reading: Reading, now: datetime
) -> dict[str, int]:
    """Pull the entries from the start date to today and mark deletions; return warnings by code."""
    first, last = workspace.start_date, workspace.today(now)
    # The start date is in the future.
    if first > last:
        return {}
    report_rows = window.read(workspace, clockify, first, last)
    time_window = window.store(workspace, clockify, report_rows, reading=reading, now=now)
    if time_window.many_missing:
        return {**time_window.warnings, MANY_MISSING: time_window.many_missing}
    evaluate.mark_deleted(workspace, time_window.gone, now=now)
    return time_window.warnings
