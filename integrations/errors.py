"""What a vendor's refusal means for us, sorted by what to do next. Closed by default: the unknown is `Unexpected`."""

from __future__ import annotations


class ApiError(Exception):
    """A call that did not give what was asked for. The message is safe to show: it holds no secret.

    `outcome_known` says whether a write can be taken as not having happened. `fix` says who mends it where.
    """

    outcome_known = True

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


class TryLater(ApiError):
    """Throttled: nothing was done, the same call is welcome after `after` seconds (None: not said)."""

    def __init__(self, message: str, *, after: float | None = None, **details: object) -> None:
        super().__init__(message, **details)  # type: ignore[arg-type]
        self.after = after


class NoAnswer(ApiError):
    """Timed out, cut off, or a server error: a write may or may not have happened."""

    outcome_known = False


class ReconnectNeeded(ApiError):
    """The key or the newest token is refused; a person has to connect again."""


class NotConfigured(ApiError):
    """Settings of this installation are missing or wrong; connecting again can't cure it."""


class Rejected(ApiError):
    """This record is at fault: write it down, carry on with the next."""


class Gone(ApiError):
    """No such object any more. A fact, not a failure."""


class Unexpected(ApiError):
    """An answer that is not understood. A write may have happened."""

    outcome_known = False
