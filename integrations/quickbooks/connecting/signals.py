"""Signals of the QuickBooks connection, for apps that build on it."""

from django.dispatch import Signal

# Sent with `workspace`, `person` and `again` (connected before) after a consent in the browser was verified.
connected_in_browser = Signal()
