"""The codes of reasons, and facts that others decide by. Stored rows and JSON have their values. Pure."""

from __future__ import annotations

from enum import StrEnum


class Code(StrEnum):
    """Why an entry does not go, or what holds its time in QuickBooks; `reasons.WORDINGS` has the words of each."""

    NOT_FINISHED = "NOT_FINISHED"
    NOT_WORK_TIME = "NOT_WORK_TIME"
    NOT_BILLABLE = "NOT_BILLABLE"
    NO_PROJECT = "NO_PROJECT"
    USER_NOT_MAPPED = "USER_NOT_MAPPED"
    CLIENT_NOT_MAPPED = "CLIENT_NOT_MAPPED"
    PROJECT_NOT_MAPPED = "PROJECT_NOT_MAPPED"
    EMPLOYEE_INACTIVE = "EMPLOYEE_INACTIVE"
    CUSTOMER_INACTIVE = "CUSTOMER_INACTIVE"
    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    BOOKS_CLOSED = "BOOKS_CLOSED"
    PERIOD_SIGNED = "PERIOD_SIGNED"
    CURRENCY_DIFFERS = "CURRENCY_DIFFERS"
    NOT_APPROVED = "NOT_APPROVED"
    INVOICED_IN_CLOCKIFY = "INVOICED_IN_CLOCKIFY"
    ALREADY_IN_QUICKBOOKS = "ALREADY_IN_QUICKBOOKS"
    IGNORED = "IGNORED"
    PLAN_NOT_SUPPORTED = "PLAN_NOT_SUPPORTED"
    PAYROLL_ENABLED = "PAYROLL_ENABLED"
    NOT_CONNECTED = "NOT_CONNECTED"
    QUICKBOOKS_REFUSED = "QUICKBOOKS_REFUSED"
    UNREADABLE = "UNREADABLE"
    LINE_RULE_BROKEN = "LINE_RULE_BROKEN"
    OUTCOME_UNKNOWN = "OUTCOME_UNKNOWN"
    MANY_MISSING = "MANY_MISSING"
    BILLED_IN_QUICKBOOKS = "BILLED_IN_QUICKBOOKS"
    CHANGED_IN_QUICKBOOKS = "CHANGED_IN_QUICKBOOKS"
    INVOICES_NOT_READ = "INVOICES_NOT_READ"


class ByHand(StrEnum):
    """How time differs in QuickBooks from what was sent: the fact `how` of CHANGED_IN_QUICKBOOKS, in its sentence."""

    CHANGED = "changed"
    DELETED = "deleted"
    # Where only the conflict of its receipt is known.
    CHANGED_OR_DELETED = "changed or deleted"
    CORRECTED = "corrected by a second activity"
    CORRECTED_SINCE = "corrected by a second activity, which counts as a change"
