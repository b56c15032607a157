"""What a person asked for and can't have."""

from __future__ import annotations


class Refused(Exception):
    """The decision was not taken; the message says why and what to do."""
