"""The error for decisions of people that cannot be taken."""

from __future__ import annotations


class Refused(Exception):
    """The decision was not taken; the message says why and what to do."""
