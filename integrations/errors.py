"""What a vendor's refusal means for us, sorted by what to do next. Closed by default: the unknown is `Unexpected`."""

from __future__ import annotations


class ApiError(Exception):
    """A call that did not give what was asked for. The message is safe to show: it holds no secret.

    `outcome_known` says whether a write can be taken as not having happened. `fix` says who mends it where.
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
        super().__init__(message)
        self.message = message
        self.vendor = vendor
        self.code = code
        self.status = status
        self.tid = tid
        self.fix = fix

    @property
    def name(self) -> str:
        """The code that commands and runs show: our own word; the vendors' numbers differ from page to page."""
        return self.code if self.code.isupper() else self.word


class TryLater(ApiError):
    """Throttled: nothing was done, the same call is welcome after `after` seconds (None: not said)."""

    word = "THROTTLED"

    def __init__(self, message: str, *, after: float | None = None, **details: object) -> None:
        super().__init__(message, **details)  # type: ignore[arg-type]
        self.after = after


class NoAnswer(ApiError):
    """Timed out, cut off, or a server error: a write may or may not have happened."""

    word = "NO_ANSWER"
    outcome_known = False


class ReconnectNeeded(ApiError):
    """The key or the newest token is refused; a person has to connect again."""

    word = "NOT_CONNECTED"


class NotConfigured(ApiError):
    """Settings of this installation are missing or wrong; connecting again can't cure it."""

    word = "NOT_CONFIGURED"


class Rejected(ApiError):
    """This record is at fault: write it down, carry on with the next."""

    word = "REJECTED"


class Gone(ApiError):
    """No such object any more. A fact, not a failure."""

    word = "GONE"


class Unexpected(ApiError):
    """An answer that is not understood. A write may have happened."""

    word = "UNEXPECTED"
    outcome_known = False
