"""What the QuickBooks connection tells those who work on top of it."""

from django.dispatch import Signal

# Sent with `workspace`, `person` and `again` (it was connected before) after a consent in the browser was proven.
connected_in_browser = Signal()
