"""Clockify behavior that no source settles, or that exists in two forms, each as a switch."""

from __future__ import annotations

from sandbox.clockify.entities import CHOICES
from sandbox.shared.switches import Switch

SWITCHES = {
    "clockify_rate_limit": Switch(
        "50_per_second",
        "Requests a workspace may make before 429: paid plans 50 a second, new free workspaces 30 an hour.",
        ("off", "50_per_second", "30_per_hour"),
    ),
    "clockify_retry_after": Switch(False, "A 429 carries Retry-After."),
    "clockify_last_page_header": Switch(True, "Lists carry the Last-Page header."),
    "clockify_max_page_size": Switch(5000, "Larger page-size values are cut to this on lists."),
    "clockify_max_report_page_size": Switch(1000, "Larger pageSize values are cut to this in reports."),
    "clockify_window": Switch(
        "wall_clock",
        "Windows are read as wall clock of a zone whatever their suffix, or by their suffix (none: UTC).",
        ("wall_clock", "literal"),
    ),
    "clockify_user_status": Switch(
        "account",
        "The status in a user's body is the account's, or the membership's.",
        ("account", "membership"),
    ),
    "clockify_users_without_status": Switch(
        "ALL", "Which members a user list without the status parameter shows.", ("ALL", "ACTIVE")
    ),
    "clockify_users_listed": Switch(
        "all", "Whom a user list shows; reports have everybody's time.", ("all", "owner_of_key")
    ),
    "clockify_entities_in_api": Switch(
        "off", "Texts of the regular API come as HTML (R&amp;D): descriptions, or names as well.", CHOICES
    ),
    "clockify_entities_in_reports": Switch("off", "The same in reports.", CHOICES),
    "clockify_members_see_team": Switch(False, "A regular member may list the workspace's users."),
    "clockify_project_names": Switch(
        "client", "A project name is unique within its client, or in the workspace.", ("client", "workspace")
    ),
    "clockify_delete_answers_body": Switch(False, "DELETE of a time entry answers 200 and the entry, not 204."),
    "clockify_free_range_status": Switch(
        400, "HTTP status of a report over more than a free plan's 31 days.", (400, 402, 403)
    ),
    "clockify_paid_range_days": Switch(366, "Most days a report may span on plans below Pro; 0: any."),
    "clockify_report_running": Switch(False, "The detailed report lists running timers."),
    "clockify_report_range_by": Switch(
        "start", "An entry is in a report's range by its start, or by any overlap.", ("start", "overlap")
    ),
    "clockify_report_users_without_status": Switch(
        "ACTIVE_WITH_PENDING",
        "Whose time a report without users.status shows.",
        ("ACTIVE_WITH_PENDING", "ALL"),
    ),
    "clockify_report_empty_ids": Switch(
        "no_filter", "An id filter with no ids lets everything pass, or nothing.", ("no_filter", "nothing")
    ),
    "clockify_report_missing_rate": Switch(
        "zero", "The rate and amount of an entry without any rate.", ("zero", "null")
    ),
    "clockify_report_cost_rates": Switch(
        "shown", "Cost rates in report rows, which a key may not see.", ("shown", "zero", "null", "absent")
    ),
    "clockify_report_missing_refs": Switch(
        "null", "Project, client and task of an entry without one: null or empty text.", ("null", "empty")
    ),
    "clockify_report_totals_excluded": Switch(
        "empty", "The totals of a report that excludes them: [] or [null].", ("empty", "null_row")
    ),
    "clockify_report_not_invoiced": Switch(
        "null", "invoicingInfo of an entry that is on no invoice.", ("null", "absent", "empty_list")
    ),
    "clockify_report_currency": Switch(True, "Report rows carry a currency; recorded ones did not."),
    "clockify_report_keys": Switch(
        "live", "Report keys _id and isLocked as seen live, or id and locked.", ("live", "plain")
    ),
    "clockify_page_shift": Switch(
        "off",
        "Each report page after the first begins one row early or late, as if rows came or went in between.",
        ("off", "repeat", "skip"),
    ),
}
