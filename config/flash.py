"""Messages on pages, scrubbed: they may quote a vendor."""

from __future__ import annotations

from typing import Any

from django.contrib.messages.storage.fallback import FallbackStorage
from django.utils.safestring import SafeString, mark_safe

from config.scrubber import scrub


class ScrubbedStorage(FallbackStorage):
    """Django's own storage; every message is scrubbed as it is added."""

    def add(self, level: int, message: Any, extra_tags: str | None = "") -> None:
        """Queue a message. HTML that is safe stays so, since scrubbing takes away and adds no markup."""
        text = scrub(str(message))
        super().add(level, mark_safe(text) if isinstance(message, SafeString) else text, extra_tags)
