"""Who is probably meant, ranked, with a why. Likeness never decides anything. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

import numpy
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from mapping.matching.names import difference, identical, plain_words, without_legal_form
from mapping.matching.records import ClockifyRecord, Likely, QuickBooksRecord, Suggestion

MAX_SUGGESTIONS = 5
LEAST_ALIKE = 75  # of 100; "Bob Stone" and "Rob Stone" are at 89
SAME_WORDS = 0.97
SAME_EMAIL = 0.95
ALMOST = 0.94  # the most that names with unlike letters can reach
SAME_CORE = 0.9
ELSEWHERE = 0.75  # factor for records under another parent, so that they rank below the right parent's

AT_ONCE = 500  # names compared with a whole side in one table
NUMBERS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class _Words:
    """A name taken apart once, for comparing it with many."""

    plain: tuple[str, ...]
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
        return cls(tuple(words), "".join(words), " ".join(in_order), core, " ".join(numbers))

    def might_be(self, other: _Words) -> bool:
        """Names with other numbers are other names: "Phase 2" is not nearly "Phase 3"."""
        return not self.numbers or other.numbers in {self.numbers, ""}

    def same(self, other: _Words) -> bool:
        return self.joined == other.joined or self.sorted == other.sorted


class _Pool:
    """The records that may be suggested at one place, and the names that will be asked about, compared all at once."""

    def __init__(self, records: Sequence[QuickBooksRecord], asked: Iterable[_Words]) -> None:
        self._records = records
        self.words = [_Words.of(record.name) for record in records]
        self._joined, self._sorted = [words.joined for words in self.words], [words.sorted for words in self.words]
        self._by_core: dict[str, list[int]] = defaultdict(list)
        self._by_email: dict[str, list[int]] = defaultdict(list)
        for place, words in enumerate(self.words):
            self._by_core[words.core].append(place)
            self._by_email[_address(records[place].email)].append(place)
        self._hits: dict[_Words, list[tuple[int, float]]] = {}
        self._compare([words for words in dict.fromkeys(asked) if words.joined])

    def scored(self, words: _Words, *, email: str) -> list[tuple[int, float]]:
        """Places of likely records with their scores, at most so many as are shown, the likeliest first."""
        scores: dict[int, float] = defaultdict(float)
        if words.joined and words not in self._hits:
            self._compare([words])
        for place, score in self._hits.get(words, ()):
            scores[place] = SAME_WORDS if words.same(self.words[place]) else min(score, ALMOST)
        for place in self._by_core.get(words.core, [])[:MAX_SUGGESTIONS] if words.core else ():
            scores[place] = max(scores[place], SAME_CORE)
        for place in self._by_email.get(_address(email), [])[:MAX_SUGGESTIONS] if _address(email) else ():
            scores[place] = max(scores[place], SAME_EMAIL)
        return sorted(scores.items(), key=lambda one: (-one[1], self._order(one[0])))[:MAX_SUGGESTIONS]

    def record(self, place: int) -> QuickBooksRecord:
        return self._records[place]

    def _order(self, place: int) -> tuple[str, str, str]:
        record = self._records[place]
        return record.kind, record.name, record.id

    def _compare(self, asked: Sequence[_Words]) -> None:
        """A name is as alike as the form that is more so. So many names at a time: the table stays small."""
        if not self._records:
            return
        for start in range(0, len(asked), AT_ONCE):
            some = asked[start : start + AT_ONCE]
            joined = self._table([words.joined for words in some], self._joined)
            in_order = self._table([words.sorted for words in some], self._sorted)
            table = numpy.maximum(joined, in_order)
            hits: list[list[tuple[int, float]]] = [[] for _ in some]
            for row, place in zip(*(found.tolist() for found in table.nonzero()), strict=True):
                if some[row].might_be(self.words[place]):
                    hits[row].append((place, int(table[row, place]) / 100))
            for words, found in zip(some, hits, strict=True):
                self._hits[words] = nsmallest(MAX_SUGGESTIONS, found, key=lambda one: (-one[1], self._order(one[0])))

    @staticmethod
    def _table(asked: list[str], there: list[str]) -> Any:
        return cdist(asked, there, scorer=fuzz.ratio, score_cutoff=LEAST_ALIKE, dtype="uint8")


class LikelyPartners:
    """Likely partners for the Clockify records of one kind, among active records that kind has not taken.

    Users: employees and vendors. Clients and projects without a client: top-level customers. Projects with a
    client: children of the client's customer, then sub-customers of the same name under other parents.

    `asked`: who will be asked about, each with the parent id where the partner is needed. Naming them beforehand
    changes no answer; many are compared at once far quicker than one by one. `earlier`: what was found before, by
    Clockify id; it is taken over, less those that somebody has by now, where name and parent are the same.
    """

    def __init__(
        self,
        records: Iterable[QuickBooksRecord],
        *,
        kind: str,
        taken: Collection[tuple[str, str]],
        asked: Iterable[tuple[ClockifyRecord, str]] = (),
        earlier: Mapping[str, Likely] | None = None,
    ) -> None:
        kinds = ("employee", "vendor") if kind == "user" else ("customer",)
        self._at: dict[str, list[QuickBooksRecord]] = defaultdict(list)
        for record in records:
            if record.kind in kinds and (record.kind, record.id) not in taken:
                self._at[record.parent_id].append(record)
        self._earlier = earlier or {}
        self._free = {(record.kind, record.id) for records in self._at.values() for record in records}
        self.found: dict[str, Likely] = {}
        self._asked: dict[str, list[str]] = defaultdict(list)
        for clockify, parent_id in asked:
            if not self.knows(clockify, parent_id):
                self._asked[parent_id].append(clockify.name)
        self._pools: dict[str, _Pool] = {}
        self._subs: dict[str, list[tuple[QuickBooksRecord, _Words]]] | None = None

    def of(self, clockify: ClockifyRecord, *, parent_id: str) -> tuple[Suggestion, ...]:
        """At most five, the likeliest first; where the name is missing, the e-mail address alone may tell."""
        if not clockify.name.strip() and not _address(clockify.email):
            return ()
        found = self._taken_over(clockify, parent_id)
        if found is None:
            found = self._look_for(clockify, parent_id)
        self.found[clockify.id] = Likely(clockify.name, parent_id, found)
        return found

    def knows(self, clockify: ClockifyRecord, parent_id: str) -> bool:
        """Whether it was looked for before, so that nothing has to be compared."""
        known = self._earlier.get(clockify.id)
        return known is not None and (known.name, known.under) == (clockify.name, parent_id)

    def _taken_over(self, clockify: ClockifyRecord, parent_id: str) -> tuple[Suggestion, ...] | None:
        if not self.knows(clockify, parent_id):
            return None
        return tuple(one for one in self._earlier[clockify.id].found if (one.kind, one.id) in self._free)

    def _look_for(self, clockify: ClockifyRecord, parent_id: str) -> tuple[Suggestion, ...]:
        words = _Words.of(clockify.name)
        pool = self._pool(parent_id)
        likely = [
            _suggestion(clockify, words, pool.record(place), pool.words[place], score=score)
            for place, score in pool.scored(words, email=clockify.email)
        ]
        if parent_id:
            likely += [
                _suggestion(clockify, words, record, theirs, score=SAME_WORDS, elsewhere=True)
                for record, theirs in self._subs_named(words.joined)
                if record.parent_id != parent_id
            ]
        return ranked(likely)

    def _pool(self, parent_id: str) -> _Pool:
        if parent_id not in self._pools:
            asked = map(_Words.of, self._asked.get(parent_id, ()))
            self._pools[parent_id] = _Pool(self._at.get(parent_id, []), asked)
        return self._pools[parent_id]

    def _subs_named(self, joined: str) -> list[tuple[QuickBooksRecord, _Words]]:
        """A few of the sub-customers with the same words in the same order, wherever they sit."""
        if self._subs is None:
            self._subs = defaultdict(list)
            for parent_id, records in self._at.items():
                for record in records if parent_id else ():
                    words = _Words.of(record.name)
                    self._subs[words.joined].append((record, words))
        return self._subs.get(joined, [])[: 2 * MAX_SUGGESTIONS] if joined else []


def ranked(suggestions: Iterable[Suggestion]) -> tuple[Suggestion, ...]:
    """The best five, each record once, equal scores by name and id."""
    best: dict[tuple[str, str], Suggestion] = {}
    for suggestion in suggestions:
        key = (suggestion.kind, suggestion.id)
        if key not in best or suggestion.score > best[key].score:
            best[key] = suggestion
    return tuple(sorted(best.values(), key=lambda s: (-s.score, s.kind, s.name, s.id))[:MAX_SUGGESTIONS])


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
    mine: _Words,
    record: QuickBooksRecord,
    theirs: _Words,
    *,
    score: float,
    elsewhere: bool = False,
) -> Suggestion:
    if identical(clockify.name, record.name):
        score = 1.0
    if elsewhere:
        score *= ELSEWHERE
    why = _why(clockify, mine, record, theirs, elsewhere=elsewhere)
    return Suggestion(record.id, record.name, round(score, 2), why, record.kind)


def _why(clockify: ClockifyRecord, mine: _Words, record: QuickBooksRecord, theirs: _Words, *, elsewhere: bool) -> str:
    reasons = []
    if _address(clockify.email) and _address(clockify.email) == _address(record.email):
        reasons.append("same e-mail address")
    likeness = _likeness(clockify.name, mine, record.name, theirs)
    # Beside an equal address, "similar name" would claim a likeness that may not be there.
    if not reasons or likeness != "similar name":
        reasons.append(likeness)
    if elsewhere:
        reasons.append("under another parent")
    if record.kind == "vendor":
        reasons.append("a vendor")
    return ", ".join(reasons)


def _likeness(one: str, mine: _Words, other: str, theirs: _Words) -> str:
    # Looking for the one difference that explains them is slow, and in vain where other letters are left.
    may_be_spelling = mine.joined == theirs.joined or "&" in one or "&" in other
    if may_be_spelling and difference(one, other) != "letters":
        return _spelling(one, other)
    if mine.sorted == theirs.sorted:
        return "same name in another spelling" if mine.plain == theirs.plain else "same words in another order"
    if mine.core and mine.core == theirs.core:
        return "same name apart from the legal form"
    letters = Levenshtein.distance(" ".join(mine.plain), " ".join(theirs.plain), score_cutoff=2)
    return {1: "one letter differs", 2: "two letters differ"}.get(letters, "similar name")


def _spelling(one: str, other: str) -> str:
    apart = difference(one, other)
    if not apart:
        return "same name"
    return "same name in another spelling" if apart == "letters" else f"same name apart from {apart}"


def _address(email: str) -> str:
    return email.strip().casefold()
