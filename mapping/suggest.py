"""Who is probably meant, ranked, with a why. Likeness never decides anything. Pure."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Levenshtein

from mapping.match_records import ClockifyRecord, QuickBooksRecord, Suggestion
from mapping.names import difference, identical, plain_words, without_legal_form

MOST = 5
LEAST_ALIKE = 75  # of 100; "Bob Stone" and "Rob Stone" are at 89
SAME_WORDS = 0.97
SAME_EMAIL = 0.95
ALMOST = 0.94  # the most that names with unlike letters can reach
SAME_CORE = 0.9
ELSEWHERE = 0.75  # factor for records under another parent, so that they rank below the right parent's

# Two texts whose lengths are further apart than this cannot be as alike as LEAST_ALIKE.
LENGTH_RATIO = LEAST_ALIKE / (200 - LEAST_ALIKE)
NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class _Words:
    """A name taken apart once, for comparing it with many."""

    joined: str  # in order, without spaces: a slip in a first letter does not matter
    sorted: str  # with spaces: the order of words does not matter
    core: str  # sorted, without the legal form
    numbers: str

    @classmethod
    def of(cls, name: str) -> _Words:
        words = plain_words(name)
        in_order = sorted(words)
        numbers = [number.lstrip("0") or "0" for word in in_order for number in NUMBERS.findall(word)]
        core = " ".join(without_legal_form(in_order))
        return cls("".join(words), " ".join(in_order), core, " ".join(numbers))


class _Shelf:
    """Names sorted by length, so that only those of a length that can be alike are compared."""

    def __init__(self, entries: Iterable[tuple[str, QuickBooksRecord]]) -> None:
        ordered = sorted(
            entries,
            key=lambda entry: (len(entry[0]), entry[0], entry[1].kind, entry[1].id),
        )
        self._texts = [text for text, _ in ordered]
        self._records = [record for _, record in ordered]
        self._lengths = [len(text) for text in self._texts]

    def alike(self, text: str) -> list[tuple[QuickBooksRecord, float]]:
        start = bisect_left(self._lengths, int(len(text) * LENGTH_RATIO))
        stop = bisect_right(self._lengths, int(len(text) / LENGTH_RATIO) + 1)
        hits = process.extract(
            text,
            self._texts[start:stop],
            scorer=fuzz.ratio,
            score_cutoff=LEAST_ALIKE,
            limit=MOST,
        )
        return [(self._records[start + position], score / 100) for _, score, position in hits]


class _Shelves:
    """Names by both of their forms; a name is as alike as the form that is more so."""

    def __init__(self, entries: Iterable[tuple[_Words, QuickBooksRecord]]) -> None:
        entries = list(entries)
        self._joined = _Shelf((words.joined, record) for words, record in entries)
        self._sorted = _Shelf((words.sorted, record) for words, record in entries)

    def alike(self, words: _Words) -> list[tuple[QuickBooksRecord, float]]:
        return self._joined.alike(words.joined) + self._sorted.alike(words.sorted)


class _Pool:
    """The records that may be suggested at one place."""

    def __init__(self, records: Iterable[QuickBooksRecord]) -> None:
        entries = [(_Words.of(record.name), record) for record in records]
        self._by_core: dict[str, list[QuickBooksRecord]] = defaultdict(list)
        self._by_email: dict[str, list[QuickBooksRecord]] = defaultdict(list)
        by_numbers: dict[str, list[tuple[_Words, QuickBooksRecord]]] = defaultdict(list)
        for words, record in entries:
            self._by_core[words.core].append(record)
            self._by_email[_address(record.email)].append(record)
            by_numbers[words.numbers].append((words, record))
        self._all = _Shelves(entries)
        self._by_numbers = {numbers: _Shelves(some) for numbers, some in by_numbers.items()}

    def scored(self, words: _Words, *, email: str) -> dict[QuickBooksRecord, float]:
        scores: dict[QuickBooksRecord, float] = defaultdict(float)
        for record, score in self._alike(words) if words.joined else ():
            scores[record] = max(scores[record], SAME_WORDS if score == 1 else min(score, ALMOST))
        for record in self._by_core.get(words.core, [])[:MOST] if words.core else ():
            scores[record] = max(scores[record], SAME_CORE)
        for record in self._by_email.get(_address(email), [])[:MOST] if _address(email) else ():
            scores[record] = max(scores[record], SAME_EMAIL)
        return scores

    def _alike(self, words: _Words) -> list[tuple[QuickBooksRecord, float]]:
        """Names with other numbers are other names: "Phase 2" is not nearly "Phase 3"."""
        if not words.numbers:
            return self._all.alike(words)
        shelves = [self._by_numbers.get(numbers) for numbers in (words.numbers, "")]
        return [hit for shelf in shelves if shelf for hit in shelf.alike(words)]


class LikelyPartners:
    """Likely partners for the Clockify records of one kind, among active records that kind has not taken.

    Users: employees and vendors. Clients and projects without a client: top-level customers. Projects with a
    client: children of the client's customer, then sub-customers of the same name under other parents.
    """

    def __init__(
        self,
        records: Iterable[QuickBooksRecord],
        *,
        kind: str,
        taken: Collection[tuple[str, str]],
    ) -> None:
        kinds = ("employee", "vendor") if kind == "user" else ("customer",)
        self._at: dict[str, list[QuickBooksRecord]] = defaultdict(list)
        for record in records:
            if record.kind in kinds and (record.kind, record.id) not in taken:
                self._at[record.parent_id].append(record)
        self._pools: dict[str, _Pool] = {}
        self._subs: dict[str, list[QuickBooksRecord]] | None = None

    def of(self, clockify: ClockifyRecord, *, parent_id: str) -> tuple[Suggestion, ...]:
        """At most five, the likeliest first; where the name is missing, the e-mail address alone may tell."""
        if not clockify.name.strip() and not _address(clockify.email):
            return ()
        words = _Words.of(clockify.name)
        here = self._pool(parent_id).scored(words, email=clockify.email)
        likely = [_suggestion(clockify, record, score=score) for record, score in here.items()]
        if parent_id:
            likely += [
                _suggestion(clockify, record, score=SAME_WORDS, elsewhere=True)
                for record in self._subs_named(words.joined)
                if record.parent_id != parent_id
            ]
        return ranked(likely)

    def _pool(self, parent_id: str) -> _Pool:
        if parent_id not in self._pools:
            self._pools[parent_id] = _Pool(self._at.get(parent_id, ()))
        return self._pools[parent_id]

    def _subs_named(self, joined: str) -> list[QuickBooksRecord]:
        """A few of the sub-customers with the same words in the same order, wherever they sit."""
        if self._subs is None:
            self._subs = defaultdict(list)
            for parent_id, records in self._at.items():
                for record in records if parent_id else ():
                    self._subs[_Words.of(record.name).joined].append(record)
        return self._subs.get(joined, [])[: 2 * MOST] if joined else []


def ranked(suggestions: Iterable[Suggestion]) -> tuple[Suggestion, ...]:
    """The best five, each record once, equal scores by name and id."""
    best: dict[tuple[str, str], Suggestion] = {}
    for suggestion in suggestions:
        key = (suggestion.kind, suggestion.id)
        if key not in best or suggestion.score > best[key].score:
            best[key] = suggestion
    return tuple(sorted(best.values(), key=lambda s: (-s.score, s.kind, s.name, s.id))[:MOST])


def same_name(name: str, record: QuickBooksRecord, *, note: str = "", factor: float = 1.0) -> Suggestion:
    """A record whose name is the same under the mode, with what keeps the rule from linking it."""
    score = 1.0 if identical(name, record.name) else SAME_WORDS
    why = _spelling(name, record.name)
    return Suggestion(
        record.id,
        record.name,
        round(score * factor, 2),
        f"{why}, {note}" if note else why,
        record.kind,
    )


def _suggestion(
    clockify: ClockifyRecord,
    record: QuickBooksRecord,
    *,
    score: float,
    elsewhere: bool = False,
) -> Suggestion:
    if identical(clockify.name, record.name):
        score = 1.0
    if elsewhere:
        score *= ELSEWHERE
    return Suggestion(
        record.id,
        record.name,
        round(score, 2),
        _why(clockify, record, elsewhere=elsewhere),
        record.kind,
    )


def _why(clockify: ClockifyRecord, record: QuickBooksRecord, *, elsewhere: bool) -> str:
    reasons = []
    if _address(clockify.email) and _address(clockify.email) == _address(record.email):
        reasons.append("same e-mail address")
    likeness = _likeness(clockify.name, record.name)
    # Beside an equal address, "similar name" would claim a likeness that may not be there.
    if not reasons or likeness != "similar name":
        reasons.append(likeness)
    if elsewhere:
        reasons.append("under another parent")
    if record.kind == "vendor":
        reasons.append("a vendor")
    return ", ".join(reasons)


def _likeness(one: str, other: str) -> str:
    mine, theirs = plain_words(one), plain_words(other)
    if difference(one, other) != "letters":
        return _spelling(one, other)
    if sorted(mine) == sorted(theirs):
        return "same name in another spelling" if mine == theirs else "same words in another order"
    if without_legal_form(mine) and without_legal_form(mine) == without_legal_form(theirs):
        return "same name apart from the legal form"
    letters = Levenshtein.distance(" ".join(mine), " ".join(theirs), score_cutoff=2)
    return {1: "one letter differs", 2: "two letters differ"}.get(letters, "similar name")


def _spelling(one: str, other: str) -> str:
    apart = difference(one, other)
    if not apart:
        return "same name"
    return "same name in another spelling" if apart == "letters" else f"same name apart from {apart}"


def _address(email: str) -> str:
    return email.strip().casefold()
