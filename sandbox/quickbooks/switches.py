"""QuickBooks behavior that no source settles (the reference's [U] facts), each as a switch."""

from __future__ import annotations

from sandbox.shared.switches import Switch

DAY = 86_400

SWITCHES = {
    "requestid_memory_seconds": Switch(DAY, "How long a requestid is remembered; 0 remembers nothing."),
    "requestid_replay_answers_600": Switch(False, "A repeated requestid answers fault 600, not the first answer."),
    "requestid_reuse": Switch("replay", "A requestid sent again with another body.", ("replay", "600")),
    "errors_remembered": Switch(False, "A refused write is remembered under its requestid as well."),
    "batch_requestid_replays": Switch(True, "A repeated batch item (requestid + bId) is replayed; false: 6000."),
    "billing_moves_sync_token": Switch(False, "Invoicing a TimeActivity raises its SyncToken."),
    "billable_status_lags": Switch(True, "BillableStatus stays Billable after time was invoiced, until it catches up."),
    "billed_time_has_linked_txn": Switch(False, "Invoiced time has a LinkedTxn of its own that names the invoice."),
    "void_keeps_links": Switch(True, "A voided invoice still names the time that it took."),
    "unique_names": Switch("fqn", "Names must be unique by full name or by DisplayName.", ("fqn", "displayname")),
    "maxresults_over_1000": Switch("clamp", "MAXRESULTS above 1000 is cut to 1000, or fault 4001.", ("clamp", "error")),
    "sparse_timeactivity_allowed": Switch(True, "sparse:true works on TimeActivity; false: fault 2010."),
    "employeeref_type_check": Switch(
        "strict",
        "A customer id in EmployeeRef: fault 2500, or a TimeActivity with NameOf Other.",
        ("strict", "other_quirk"),
    ),
    "delete_billed": Switch("refuse", "Deleting billed time: fault 6000, or it goes.", ("refuse", "allow")),
    "update_billed": Switch("refuse", "Updating billed time: fault 6000, or it changes.", ("refuse", "allow")),
    "timeactivity_on_simple_start": Switch("5020", "TimeActivity without time tracking.", ("5020", "5030", "allow")),
    "closed_books_code": Switch("6210", "The fault of a write into closed books.", ("6200", "6210")),
    "cdc_timeactivity": Switch("ignore", "CDC asked for TimeActivity: left out, or fault 4001.", ("ignore", "fault")),
    "cdc_refuses_over_30_days": Switch(False, "CDC refuses a changedSince more than 30 days back."),
    "inactive_ref_error": Switch("2500", "Reference to an inactive or missing record.", ("2500", "610")),
    "forbidden_name_error": Switch("2040", "A colon, tab or line break in a name.", ("2040", "6000")),
    "unbilled_time_blocks_deactivation": Switch(
        False, "A customer with unbilled billable time cannot be made inactive (6280)."
    ),
    "employee_sparse_allowed": Switch(True, "sparse:true works on Employee; false: fault 2010."),
    "timeactivity_refs_filterable": Switch(False, "EmployeeRef, VendorRef and CustomerRef work in WHERE."),
    "timeactivity_cost_rate": Switch(
        "kept", "CostRate in a write of a TimeActivity is kept, or ignored without a word.", ("kept", "ignored")
    ),
    "timeactivity_recorded_fields": Switch(
        False, "Every TimeActivity comes with CostRate and TimeChargeId, one of a length with Seconds, as recorded."
    ),
    "txn_date_with_time": Switch(False, "TxnDate of a TimeActivity comes with a time and an offset."),
    "default_time_item": Switch(True, "A TimeActivity without ItemRef gets the company's Hours item."),
    "connect_displaces": Switch(True, "A new consent for a company ends its earlier connections."),
    "rotate_every_refresh": Switch(False, "The refresh token changes at every refresh, not once in 24 hours."),
    "family_revoked_on_reuse": Switch(False, "Using a retired refresh token ends the whole connection."),
    "token_grace": Switch(0, "Seconds a retired refresh token still works; 0: it dies at once."),
    "invalid_client_status": Switch(401, "HTTP status of invalid_client.", (400, 401)),
    "retry_after_on_429": Switch(False, "Our own 429s carry Retry-After."),
    "enforce_limits": Switch(False, "Calls over Intuit's limits answer 429; off: they are only counted."),
    "latency_median_ms": Switch(0, "Half of QuickBooks' answers take longer than this; 0: all come at once."),
    "latency_tail_ms": Switch(2000, "One answer in a hundred takes longer than this, when there is a median."),
    "latency_per_item_ms": Switch(0, "A batch takes so much longer for each of its items."),
    "speed": Switch(1, "Latency and limits of QuickBooks run so many times faster (set before the first call)."),
    "batch_over_1000": Switch(
        "fault",
        "Queries of one batch that return over 1000 objects together: item fault 10100.",
        ("fault", "allow"),
    ),
    "shuffle_batch": Switch(True, "A batch answers its items in another order than asked."),
    "book_close_date_readable": Switch(True, "Preferences show BookCloseDate."),
    "parent_rename_moves_children": Switch(True, "Renaming a parent moves its children's LastUpdatedTime."),
    "lapsed_reads": Switch(True, "Reads still work when the subscription has lapsed."),
}
