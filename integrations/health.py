"""Who is to blame for a refused call: this address alone, or the whole connection. It is asked, not guessed."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from integrations.errors import AccessRefused, ApiError, ReconnectNeeded, Unexpected

log = logging.getLogger("hourbridge.health")

# However many records are refused meanwhile, the connection's own address is asked once.
ASK_EVERY_SECONDS = 60


class HealthCheck:
    """The last answer of a connection's own address; one instance per client, shared by the threads of a run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._lost: ReconnectNeeded | None = None

    @property
    def is_recent(self) -> bool:
        """True while the last answer still counts: asking again, or for a new token, would bring nothing new."""
        return time.monotonic() - self._asked_at < ASK_EVERY_SECONDS

    def error_for(self, refusal: AccessRefused, ask: Callable[[], None], *, is_write: bool) -> ApiError:
        """Return the error that a refused call stands for: ReconnectNeeded, or Unexpected of this call alone.

        `ask` asks the connection's own address; it raises ReconnectNeeded where that refuses as well, and any other
        ApiError where it gives no clear answer.
        """
        with self._lock:
            if not self.is_recent:
                self._lost = _answer_of(ask)
                self._asked_at = time.monotonic()
            lost = self._lost
        # A gateway's page does not prove that a write was not carried out; the next call says that the connection is
        # lost.
        if lost is not None and (refusal.by_vendor or not is_write):
            return ReconnectNeeded(lost.message, **_details(lost))
        return Unexpected(refusal.message, **_details(refusal))


def _answer_of(ask: Callable[[], None]) -> ReconnectNeeded | None:
    try:
        ask()
    except ReconnectNeeded as lost:
        return lost
    except ApiError as error:
        log.warning("Whether %s still lets us in is not clear: %s", error.vendor, error.message)
    return None


def _details(error: ApiError) -> dict[str, Any]:
    return {"vendor": error.vendor, "code": error.code, "status": error.status, "tid": error.tid, "fix": error.fix}
