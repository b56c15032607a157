"""Days of which nothing may be created, changed or deleted: closed books, and signed periods that are kept. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from syncjobs.rules.codes import Code
from syncjobs.rules.reasons import Reason

# Codes of the reasons that speak of the day alone.
CODES = {Code.BOOKS_CLOSED, Code.PERIOD_SIGNED}
AFTERWARDS: dict[str, str] = {Code.BOOKS_CLOSED: "its books are closed", Code.PERIOD_SIGNED: "its period is signed"}


@dataclass(frozen=True, slots=True)
class SignedPeriod:
    """Days that somebody signed, both included."""

    first: date
    last: date
    by: str


@dataclass(frozen=True, slots=True)
class ClosedPeriods:
    """`book_close_date`: QuickBooks', itself closed as well. `signed`: empty where signed periods are not kept."""

    book_close_date: date | None = None
    signed: tuple[SignedPeriod, ...] = ()

    def reasons(self, day: date) -> tuple[Reason, ...]:
        """Return why time of this day stays as it is; () if it may change."""
        found = []
        if self.book_close_date is not None and day <= self.book_close_date:
            facts = {"closed": self.book_close_date.isoformat(), "day": day.isoformat()}
            found.append(Reason(Code.BOOKS_CLOSED, facts))
        period = next((signed for signed in self.signed if signed.first <= day <= signed.last), None)
        if period is not None:
            days = {"first": period.first.isoformat(), "last": period.last.isoformat(), "day": day.isoformat()}
            found.append(Reason(Code.PERIOD_SIGNED, {"by": period.by, **days}))
        return tuple(found)


NONE_CLOSED = ClosedPeriods()


def closed_text(reasons: tuple[Reason, ...]) -> str:
    """Return what became of the day, for the plan's sentence: `its books are closed`."""
    return next((AFTERWARDS[reason.code] for reason in reasons if reason.code in AFTERWARDS), "")
