"""Clockify's time against QuickBooks', and what explains each difference. Pure; all lengths are exact seconds.

Entries and activities are matched by receipt. Where both lie in one place (person, customer and day), they are one
line; where they do not, each is a line of its own that names the other, so that nothing is compared by likeness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, NamedTuple

from syncjobs.rules import reasons, rounding
from syncjobs.rules.codes import Code
from syncjobs.rules.rounding import TO_THE_MINUTE, Rounding

MINUTE = 60
IN_DOUBT, CHANGED, BILLED = Code.OUTCOME_UNKNOWN, Code.CHANGED_IN_QUICKBOOKS, Code.BILLED_IN_QUICKBOOKS
NOT_OURS = "NOT_OURS"
CENT = Decimal("0.01")


class Place(NamedTuple):
    """Whose time it is, for which customer and on which day; person and customer are keys, not names."""

    person: str
    customer: str
    day: date


@dataclass(frozen=True, slots=True)
class Cause:
    """What explains so many seconds of a difference (Clockify − QuickBooks). Not `known`: they stay unexplained."""

    code: str
    words: str
    seconds: int
    known: bool = True


class Money(NamedTuple):
    """An amount of billable time at its hourly rate."""

    currency: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class OpenActivity:
    """An activity that leaves so many seconds of a difference to a person: unexplained, or not sent from here.

    `asks`: somebody has to say what it is. Time that was not sent from here asks only where it is of a person who
    tracks time in Clockify: there it may be the same work twice.
    """

    id: str
    seconds: int
    code: str
    asks: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """The time of one entry, of one activity, or of both. `form`: facts of the invoice that billed it."""

    place: Place
    clockify: int
    quickbooks: int
    causes: tuple[Cause, ...] = ()
    clockify_money: Money | None = None
    quickbooks_money: Money | None = None
    activity: OpenActivity | None = None
    form: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Worked:
    """A finished REGULAR entry as Clockify has it now, with its state here and its stored reason rows.

    `words`: what to say where neither of these explains it. `edited`: its content is not what was sent. `adopted`: a
    person said that time which was in QuickBooks already is this entry's.
    """

    place: Place
    seconds: int
    state: str
    reasons: tuple[Mapping[str, Any], ...] = ()
    words: str = "Pending the next sync"
    edited: bool = False
    adopted: bool = False
    money: Money | None = None


@dataclass(frozen=True, slots=True)
class Booked:
    """A TimeActivity as QuickBooks has it now; `seconds` is None where its length can't be read."""

    id: str
    place: Place
    seconds: int | None
    billed: bool = False
    money: Money | None = None
    form: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """Place and length that a receipt proves.

    `corrected`: what its corrections have in QuickBooks now; `correction_changed`: one is not as it was sent.
    """

    place: Place
    seconds: int
    corrected: int = 0
    correction_changed: bool = False


def money(currency: str, rate: Decimal | None, seconds: int | None) -> Money | None:
    """Return the amount of so much time at an hourly rate, to the cent; None where rate or time are not known."""
    if rate is None or seconds is None:
        return None
    try:
        return Money(currency, (rate * seconds / 3600).quantize(CENT, ROUND_HALF_UP))
    except InvalidOperation:
        # More digits than any amount has: the rate is no rate.
        return None


def only_in_clockify(worked: Worked) -> Line:
    """Return the line of an entry that has no time in QuickBooks."""
    code, words = _held(worked)
    return _line(worked, None, _cause(code, words, worked.seconds))


def only_in_quickbooks(booked: Booked, code: str, words: str, *, known: bool = True, asks: bool = False) -> Line:
    """Return the line of an activity without time in Clockify, for the reason that is given.

    `asks`: whether a person has to say what it is although it has a name (see OpenActivity).
    """
    seconds = -(booked.seconds or 0)
    open_activity = OpenActivity(booked.id, seconds, code, asks=asks or not known)
    line = _line(None, booked, _cause(code, words, seconds, known=known))
    return replace(line, activity=open_activity) if seconds and (code == NOT_OURS or not known) else line


def deleted_by_hand(worked: Worked) -> Line:
    """Return the line of a sent entry whose activity QuickBooks no longer has."""
    return _line(worked, None, _cause(CHANGED, "Deleted by hand in QuickBooks", worked.seconds))


def sent_lines(
    worked: Worked, booked: Booked, sent: Sent, name: Callable[[Place], str], rule: Rounding = TO_THE_MINUTE
) -> list[Line]:
    """Return the lines of a sent entry: one, or one for each side where they lie in different places."""
    if booked.seconds is None:
        words = f"Activity {booked.id} can't be read in QuickBooks"
        return [_line(worked, None, _cause(Code.UNREADABLE, words, worked.seconds))]
    if worked.place == booked.place:
        line = _line(worked, booked, tuple(_causes(worked, booked, sent, rule)))
        left = line.clockify - line.quickbooks - sum(cause.seconds for cause in line.causes)
        return [replace(line, activity=OpenActivity(booked.id, left, "")) if left else line]
    code, why = _moved(worked, booked, sent)
    there = f"In QuickBooks as {name(booked.place)}: {why}"
    here = f"In Clockify as {name(worked.place)}: {why}"
    return [
        _line(worked, None, _cause(code, there, worked.seconds)),
        only_in_quickbooks(booked, code, here),
    ]


def _line(worked: Worked | None, booked: Booked | None, causes: tuple[Cause, ...]) -> Line:
    """Return the line of an entry, of an activity, or of both where they lie in one place."""
    place = worked.place if worked else booked.place  # type: ignore[union-attr]
    return Line(
        place,
        worked.seconds if worked else 0,
        (booked.seconds or 0) if booked else 0,
        causes,
        clockify_money=worked.money if worked else None,
        quickbooks_money=booked.money if booked else None,
        form=booked.form if booked else None,
    )


def _cause(code: str, words: str, seconds: int, *, known: bool = True) -> tuple[Cause, ...]:
    return (Cause(code, words, seconds, known),) if seconds else ()


def _titles(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the titles of stored reasons, as `Not billable, no project`."""
    titles = list(dict.fromkeys(reasons.title(str(row.get("code"))) for row in rows))
    return ", ".join(titles[:1] + [title[:1].lower() + title[1:] for title in titles[1:]])


def _held(worked: Worked) -> tuple[str, str]:
    if worked.reasons:
        return str(worked.reasons[0].get("code")), _titles(worked.reasons)
    return worked.state.upper(), worked.words


def _edited(worked: Worked, booked: Booked) -> tuple[str, str]:
    """Return why an edit is not in QuickBooks yet."""
    if worked.reasons:
        code, words = _held(worked)
        return code, words if code in {
            BILLED,
            Code.UNREADABLE,
        } else f"Edited since it was sent: {words[:1].lower()}{words[1:]}"
    if worked.state == "sent":
        return "KEPT", "A person keeps what is in QuickBooks"
    if booked.billed:
        return BILLED, reasons.title(BILLED)
    if worked.adopted:
        return "ADOPTED", "Adopted as it is in QuickBooks; the next sync brings it up to date"
    return "EDITED", "Edited since it was sent; pending the next sync"


def _moved(worked: Worked, booked: Booked, sent: Sent) -> tuple[str, str]:
    if worked.state == "unknown":
        return IN_DOUBT, "a write is in doubt"
    if booked.place != sent.place:
        return CHANGED, "changed by hand in QuickBooks"
    if worked.edited:
        code, words = _edited(worked, booked)
        return code, f"{words[:1].lower()}{words[1:]}"
    return "LINK_CHANGED", "the link was changed after sending"


def _causes(worked: Worked, booked: Booked, sent: Sent, rule: Rounding) -> list[Cause]:
    """Return what explains the difference of an entry and its activity in one place."""
    quickbooks = booked.seconds or 0
    if worked.state == "unknown":
        return [*_cause(IN_DOUBT, reasons.title(IN_DOUBT), worked.seconds - quickbooks)]
    if sent.corrected or sent.correction_changed:
        return _corrected_causes(worked, booked, sent, rule)
    causes: list[Cause] = []
    by_hand = sent.seconds - quickbooks
    if abs(by_hand) < MINUTE and (quickbooks + MINUTE // 2) // MINUTE * MINUTE == sent.seconds:
        causes += _cause("ROUNDING", "Rounding", by_hand)
    else:
        causes += _cause(CHANGED, reasons.title(CHANGED), by_hand)
    rest, sent_minutes = worked.seconds - sent.seconds, sent.seconds // MINUTE
    if rounding.minutes(worked.seconds, rule) == sent_minutes:
        causes += _cause("ROUNDING", "Rounding", rest)
    elif worked.edited:
        causes += _cause(*_edited(worked, booked), rest)
    elif rounding.explains(worked.seconds, sent_minutes):
        causes += _cause("ROUNDING", "Rounding", rest)
    elif worked.adopted:
        causes += _cause("ADOPTED", "Adopted as it is in QuickBooks", rest)
    # Whatever is left stays unexplained.
    return causes


def _corrected_causes(worked: Worked, booked: Booked, sent: Sent, rule: Rounding) -> list[Cause]:
    """Return what explains an entry's own activity beside its corrections, whose lines take their part off again."""
    quickbooks = (booked.seconds or 0) + sent.corrected
    rest = worked.seconds - quickbooks
    causes = [*_cause("CORRECTION", "Corrected by a second activity", sent.corrected)]
    if quickbooks % MINUTE == 0 and rounding.explains(worked.seconds, quickbooks // MINUTE, rule):
        return [*causes, *_cause("ROUNDING", "Rounding", rest)]
    if worked.edited:
        return [*causes, *_cause(*_edited(worked, booked), rest)]
    if sent.correction_changed or booked.seconds != sent.seconds:
        return [*causes, *_cause(CHANGED, reasons.title(CHANGED), rest)]
    return causes
