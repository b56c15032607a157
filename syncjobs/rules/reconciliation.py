"""Clockify's time against QuickBooks', and what explains each difference. Pure; all lengths are exact seconds.

Entries and activities are matched by receipt. Where both lie in one place (person, customer and day), they are one
line; where they do not, each is a line of its own that names the other, so that nothing is compared by likeness.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from syncjobs.rules import reasons, rounding
from syncjobs.rules.rounding import TO_THE_MINUTE, Rounding

MINUTE = 60
IN_DOUBT, CHANGED, BILLED = "OUTCOME_UNKNOWN", "CHANGED_IN_QUICKBOOKS", "BILLED_IN_QUICKBOOKS"


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


@dataclass(frozen=True, slots=True)
class Line:
    """The time of one entry, of one activity, or of both."""

    place: Place
    clockify: int
    quickbooks: int
    causes: tuple[Cause, ...] = ()


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
    words: str = "Goes with the next sync"
    edited: bool = False
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Booked:
    """A TimeActivity as QuickBooks has it now; `seconds` is None where its length can't be read."""

    id: str
    place: Place
    seconds: int | None
    billed: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """Place and length that a receipt proves.

    `corrected`: what its corrections have in QuickBooks now; `correction_changed`: one is not as it was sent.
    """

    place: Place
    seconds: int
    corrected: int = 0
    correction_changed: bool = False


def only_in_clockify(worked: Worked) -> Line:
    """Return the line of an entry that has no time in QuickBooks."""
    code, words = _held(worked)
    return Line(worked.place, worked.seconds, 0, _cause(code, words, worked.seconds))


def only_in_quickbooks(booked: Booked, code: str, words: str, *, known: bool = True) -> Line:
    """Return the line of an activity without time in Clockify, for the reason that is given."""
    seconds = booked.seconds or 0
    return Line(booked.place, 0, seconds, _cause(code, words, -seconds, known=known))


def deleted_by_hand(worked: Worked) -> Line:
    """Return the line of a sent entry whose activity QuickBooks no longer has."""
    return Line(worked.place, worked.seconds, 0, _cause(CHANGED, "Deleted by hand in QuickBooks", worked.seconds))


def sent_lines(
    worked: Worked, booked: Booked, sent: Sent, name: Callable[[Place], str], rule: Rounding = TO_THE_MINUTE
) -> list[Line]:
    """Return the lines of a sent entry: one, or one for each side where they lie in different places."""
    if booked.seconds is None:
        words = f"Activity {booked.id} can't be read in QuickBooks"
        return [Line(worked.place, worked.seconds, 0, _cause("UNREADABLE", words, worked.seconds))]
    if worked.place == booked.place:
        return [Line(worked.place, worked.seconds, booked.seconds, tuple(_causes(worked, booked, sent, rule)))]
    code, why = _moved(worked, booked, sent)
    there = f"In QuickBooks as {name(booked.place)}: {why}"
    here = f"In Clockify as {name(worked.place)}: {why}"
    return [
        Line(worked.place, worked.seconds, 0, _cause(code, there, worked.seconds)),
        only_in_quickbooks(booked, code, here),
    ]


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
            "UNREADABLE",
        } else f"Edited since it was sent: {words[:1].lower()}{words[1:]}"
    if worked.state == "sent":
        return "KEPT", "A person keeps what is in QuickBooks"
    if booked.billed:
        return BILLED, reasons.title(BILLED)
    if worked.adopted:
        return "ADOPTED", "Adopted as it is in QuickBooks; the next sync brings it up to date"
    return "EDITED", "Edited since it was sent; goes with the next sync"


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


@dataclass
class Row:
    """The lines of one person, customer and day, added up."""

    user: str
    customer: str
    day: date
    clockify: int = 0
    quickbooks: int = 0
    causes: dict[tuple[str, str, bool], int] = field(default_factory=dict)

    @property
    def difference(self) -> int:
        return self.clockify - self.quickbooks

    @property
    def explained(self) -> int:
        return sum(seconds for (_, _, known), seconds in self.causes.items() if known)

    @property
    def unexplained(self) -> int:
        return self.difference - self.explained

    @property
    def explanation(self) -> str:
        """Each cause with its signed minutes, and what none explains; "" where both sides are equal."""
        texts = [f"{words} {signed(seconds)}" for (_, words, _), seconds in self.causes.items()]
        left = self.difference - sum(self.causes.values())
        return "; ".join([*texts, *([f"Not explained {signed(left)}"] if left else [])])

    def add(self, line: Line) -> None:
        self.clockify += line.clockify
        self.quickbooks += line.quickbooks
        for cause in line.causes:
            key = cause.code, cause.words, cause.known
            self.causes[key] = self.causes.get(key, 0) + cause.seconds


@dataclass(frozen=True)
class Reconciliation:
    """Both sides of a period.

    `unreadable`: a sentence for each record that could not be read; its time counts as far as that could be.
    `cut_message`: why a side may not be whole; "" if it is.
    """

    first: date
    last: date
    rows: list[Row] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    cut_message: str = ""

    @property
    def clockify(self) -> int:
        return sum(row.clockify for row in self.rows)

    @property
    def quickbooks(self) -> int:
        return sum(row.quickbooks for row in self.rows)

    @property
    def difference(self) -> int:
        return self.clockify - self.quickbooks

    @property
    def explained(self) -> int:
        return sum(row.explained for row in self.rows)

    @property
    def unexplained(self) -> int:
        return self.difference - self.explained

    @property
    def is_proven(self) -> bool:
        """Whether every difference of every row is explained; opposite ones do not cancel out."""
        return not self.cut_message and not any(row.unexplained for row in self.rows)

    @property
    def summary(self) -> str:
        """Whether both sides add up, as a sentence."""
        if self.is_proven:
            return f"Both sides add up: {'every difference is explained' if self.difference else 'they are equal'}."
        if self.cut_message:
            return "Whether both sides add up is not known: not everything could be read."
        return f"Both sides do not add up: {signed(self.unexplained)} in all not explained."


def rows_of(lines: Iterable[Line], names: Callable[[Place], tuple[str, str]]) -> list[Row]:
    """Add the lines up by the names of person and customer and by day, in that order."""
    rows: dict[tuple[str, str, date], Row] = {}
    for line in lines:
        person, customer = names(line.place)
        key = person, customer, line.place.day
        rows.setdefault(key, Row(*key)).add(line)
    return [rows[key] for key in sorted(rows)]


def minutes(seconds: int) -> float | int:
    """Return seconds as minutes, whole ones as a whole number."""
    return seconds // MINUTE if seconds % MINUTE == 0 else seconds / MINUTE


def signed(seconds: int) -> str:
    """Return seconds as minutes of a difference, as `+7.50 min`."""
    return f"{'−' if seconds < 0 else '+'}{abs(seconds) / MINUTE:.2f} min"
