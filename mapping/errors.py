"""The errors for decisions of people that cannot be taken."""

from __future__ import annotations


class Refused(Exception):
    """The decision was not taken; the message says why and what to do."""


class Moved(Refused):
    """What the person saw has changed since; the message says who did what and when. Nothing was changed."""
