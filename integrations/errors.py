"""Errors of the vendors' APIs, sorted by what to do next. An answer that is not understood is `Unexpected`."""

from __future__ import annotations

from config.scrubber import scrub, scrub_known

# A vendor's words are quoted this far.
QUOTED_LENGTH = 300
# The widths of the columns that keep them.
MESSAGE_LENGTH, CODE_LENGTH, TID_LENGTH = 1000, 60, 80


def quoted_words(text: object, limit: int = QUOTED_LENGTH) -> str:
    """Return what a vendor wrote, scrubbed, as one printable line cut to `limit`; "" for anything but text.

    Whatever a vendor wrote passes through here before it reaches a message, the log or the journal: a body may hold
    megabytes, lines that look like our own, control characters that terminals obey, and the key or token of the call.
    """
    if not isinstance(text, str):
        return ""
    # Cut twice, since cleaning is slow and may shorten it; scrubbed twice, since cleaning may join what was apart.
    printable = "".join(char if char.isprintable() else " " for char in scrub_known(text, limit * 4))
    words = scrub(" ".join(printable.split()))
    return words if len(words) <= limit else f"{words[: limit - 1]}…"


class ApiError(Exception):
    """A call that failed. The message is safe to show: it holds no secret, and is one line.

    `outcome_known`: a write surely did not happen. `fix`: who resolves it, and where.
    """

    outcome_known = True
    word = "FAILED"

    def __init__(
        self,
        message: str,
        *,
        vendor: str,
        code: str = "",
        status: int | None = None,
        tid: str = "",
        fix: str = "",
    ) -> None:
        self.message = quoted_words(message, MESSAGE_LENGTH)
        super().__init__(self.message)
        self.vendor = vendor
        self.code = quoted_words(code, CODE_LENGTH)
        self.status = status
        self.tid = quoted_words(tid, TID_LENGTH)
        self.fix = fix

    @property
    def name(self) -> str:
        """The code that commands and runs show; our own, since the vendors' numbers differ from page to page."""
        return self.code if self.code.isupper() else self.word


class TryLater(ApiError):
    """Throttled: nothing was done, and the same call may be sent after `after` seconds (None: not stated)."""

    word = "THROTTLED"

    def __init__(self, message: str, *, after: float | None = None, **details: object) -> None:
        super().__init__(message, **details)  # type: ignore[arg-type]
        self.after = after


class NoAnswer(ApiError):
    """Timed out, cut off, or a server error: the outcome of a write is unknown."""

    word = "NO_ANSWER"
    outcome_known = False


class ReconnectNeeded(ApiError):
    """The connection is lost: its own address refuses the key or the newest token."""

    word = "NOT_CONNECTED"


class NotConfigured(ApiError):
    """Settings of this installation are missing or wrong; connecting again does not help."""

    word = "NOT_CONFIGURED"


class Rejected(ApiError):
    """This record is at fault: record the refusal and continue with the next one."""

    word = "REJECTED"


class Gone(ApiError):
    """The record no longer exists. A fact, not a failure."""

    word = "GONE"


class Unexpected(ApiError):
    """An answer that is not understood: this record, later. The outcome of a write is unknown."""

    word = "UNEXPECTED"
    outcome_known = False


class AccessRefused(Unexpected):
    """A call that was refused as not allowed: this address alone, or the whole connection, which its client asks.

    `lost`: the error to raise where the connection is lost. `by_vendor`: False for a page of a gateway in between.
    """

    def __init__(self, message: str, *, lost: ReconnectNeeded, by_vendor: bool, **details: object) -> None:
        super().__init__(message, **details)  # type: ignore[arg-type]
        self.lost = lost
        self.by_vendor = by_vendor
