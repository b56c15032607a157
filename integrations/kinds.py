"""The kinds of records that belong together. Links, mismatches, reasons and commands keep their values. Pure."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """A kind of record: Clockify's three, and QuickBooks' three."""

    USER = "user"
    CLIENT = "client"
    PROJECT = "project"
    EMPLOYEE = "employee"
    VENDOR = "vendor"
    CUSTOMER = "customer"
