"""Likely partners, ranked, each with a reason. Similarity never decides anything. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import Any

import numpy
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from mapping.matching.names import difference, identical, plain_words, without_legal_form
from mapping.matching.records import ClockifyRecord, Likely, Obstacle, QuickBooksRecord, Suggestion

MAX_SUGGESTIONS = 5
MIN_RATIO = 75  # of 100; "Bob Stone" and "Rob Stone" are at 89
SAME_WORDS = 0.97
SAME_EMAIL = 0.95
BESIDE_SAME_EMAIL = 0.9  # the most for others where a record has the very same address, which is one person's
MAX_SIMILAR = 0.94  # the most that names with different letters can reach
SAME_CORE = 0.9
ELSEWHERE = 0.75  # factor for records under another parent, so that they rank below the right parent's

CHUNK_SIZE = 500  # names compared with all candidates in one table
NUMBERS = re.compile(r"\d+")
# Parts of a suggestion's `why`.
SAME_ADDRESS = "same e-mail address"
OBSTACLE_WORDS = {Obstacle.TAKEN: "already linked", Obstacle.UNDONE: "but a person undid this link"}


@dataclass(frozen=True, slots=True)
class _Words:
    """The forms of one name, computed once for comparing it with many others."""

    plain: tuple[str, ...]
    joined: str  # in order, without spaces: a typo in a first letter does not matter
    sorted: str  # with spaces: the order of words does not matter
    core: str  # sorted, without the legal form
    numbers: str

    @classmethod
    def of(cls, name: str) -> _Words:
        """Return the forms of a name."""
        words = plain_words(name)
        sorted_words = sorted(words)
        numbers = [number.lstrip("0") or "0" for word in sorted_words for number in NUMBERS.findall(word)]
        core = " ".join(without_legal_form(sorted_words))
        return cls(tuple(words), "".join(words), " ".join(sorted_words), core, " ".join(numbers))

    def may_match(self, other: _Words) -> bool:
        # Names with other numbers are other names, however similar their letters: "Phase 2" is not "Phase 3".
        return not self.numbers or other.numbers in {self.numbers, ""}

    def same(self, other: _Words) -> bool:
        return self.joined == other.joined or self.sorted == other.sorted


class _Pool:
    """The records that may be suggested at one place, compared with all requested names at once."""

    def __init__(self, records: Sequence[QuickBooksRecord], requested: Iterable[_Words]) -> None:
        self._records = records
        self.words = [_Words.of(record.name) for record in records]
        self._joined, self._sorted = [words.joined for words in self.words], [words.sorted for words in self.words]
        self._by_core: dict[str, list[int]] = defaultdict(list)
        self._by_email: dict[str, list[int]] = defaultdict(list)
        for position, words in enumerate(self.words):
            self._by_core[words.core].append(position)
            self._by_email[_address(records[position].email)].append(position)
        self._hits: dict[_Words, list[tuple[int, float]]] = {}
        self._compare([words for words in dict.fromkeys(requested) if words.joined])

    def scored(self, words: _Words, *, email: str) -> list[tuple[int, float]]:
        """Return positions and scores of at most MAX_SUGGESTIONS likely records, the likeliest first."""
        scores: dict[int, float] = defaultdict(float)
        if words.joined and words not in self._hits:
            self._compare([words])
        for position, score in self._hits.get(words, ()):
            scores[position] = SAME_WORDS if words.same(self.words[position]) else min(score, MAX_SIMILAR)
        for position in self._by_core.get(words.core, [])[:MAX_SUGGESTIONS] if words.core else ():
            scores[position] = max(scores[position], SAME_CORE)
        for position in self._by_email.get(_address(email), [])[:MAX_SUGGESTIONS] if _address(email) else ():
            scores[position] = max(scores[position], SAME_EMAIL)
        return sorted(scores.items(), key=lambda scored: (-scored[1], self._order(scored[0])))[:MAX_SUGGESTIONS]

    def record(self, position: int) -> QuickBooksRecord:
        return self._records[position]

    def _order(self, position: int) -> tuple[str, str, str]:
        record = self._records[position]
        return record.kind, record.name, record.id

    def _compare(self, requested: Sequence[_Words]) -> None:
        """Keep the most similar records of each name; of its two forms the more similar one counts."""
        if not self._records:
            return
        # In chunks, because the table has a cell for each pair of names.
        for start in range(0, len(requested), CHUNK_SIZE):
            chunk = requested[start : start + CHUNK_SIZE]
            joined_ratios = self._table([words.joined for words in chunk], self._joined)
            sorted_ratios = self._table([words.sorted for words in chunk], self._sorted)
            ratios = numpy.maximum(joined_ratios, sorted_ratios)
            hits: list[list[tuple[int, float]]] = [[] for _ in chunk]
            for chunk_position, position in zip(*(axis.tolist() for axis in ratios.nonzero()), strict=True):
                if chunk[chunk_position].may_match(self.words[position]):
                    hits[chunk_position].append((position, int(ratios[chunk_position, position]) / 100))
            for words, name_hits in zip(chunk, hits, strict=True):
                self._hits[words] = nsmallest(
                    MAX_SUGGESTIONS, name_hits, key=lambda hit: (-hit[1], self._order(hit[0]))
                )

    @staticmethod
    def _table(texts: list[str], candidates: list[str]) -> Any:
        return cdist(texts, candidates, scorer=fuzz.ratio, score_cutoff=MIN_RATIO, dtype="uint8")


class LikelyPartners:
    """Likely partners for the Clockify records of one kind, among active records that kind has not taken.

    Users: employees and vendors. Clients and projects without a client: top-level customers. Projects with a
    client: children of the client's customer, then sub-customers of the same name under other parents.

    `asked`: the records that will be looked up, each with the parent id where the partner is needed. Giving them in
    advance changes no result; many are compared at once far faster than one by one. `earlier`: results of an earlier
    search by Clockify id, used again where name and parent are the same, without partners that are taken by now; they
    stay as they were found, so that a partner who becomes free again is suggested again.
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
        self._by_parent: dict[str, list[QuickBooksRecord]] = defaultdict(list)
        for record in records:
            if record.kind in kinds and (record.kind, record.id) not in taken:
                self._by_parent[record.parent_id].append(record)
        self._earlier = earlier or {}
        self._free = {(record.kind, record.id) for records in self._by_parent.values() for record in records}
        self.found: dict[str, Likely] = {}
        self._requested: dict[str, list[str]] = defaultdict(list)
        for clockify, parent_id in asked:
            if not self.is_known(clockify, parent_id):
                self._requested[parent_id].append(clockify.name)
        self._pools: dict[str, _Pool] = {}
        self._subs: dict[str, list[tuple[QuickBooksRecord, _Words]]] | None = None

    def of(self, clockify: ClockifyRecord, *, parent_id: str) -> tuple[Suggestion, ...]:
        """Return at most five suggestions, the likeliest first; without a name only the e-mail address counts."""
        if not clockify.name.strip() and not _address(clockify.email):
            return ()
        if self.is_known(clockify, parent_id):
            self.found[clockify.id] = self._earlier[clockify.id]
            return self._free_ones(clockify)
        suggestions = self._look_for(clockify, parent_id)
        self.found[clockify.id] = Likely(clockify.name, parent_id, suggestions)
        return suggestions

    def is_known(self, clockify: ClockifyRecord, parent_id: str) -> bool:
        """Return whether an earlier search had the same name and parent, so that nothing has to be compared."""
        known = self._earlier.get(clockify.id)
        return known is not None and (known.name, known.under) == (clockify.name, parent_id)

    def _free_ones(self, clockify: ClockifyRecord) -> tuple[Suggestion, ...]:
        return tuple(
            suggestion
            for suggestion in self._earlier[clockify.id].found
            if (suggestion.kind, suggestion.id) in self._free
        )

    def _look_for(self, clockify: ClockifyRecord, parent_id: str) -> tuple[Suggestion, ...]:
        words = _Words.of(clockify.name)
        pool = self._pool(parent_id)
        likely = [
            _suggestion(clockify, words, pool.record(place), pool.words[place], score=score)
            for place, score in pool.scored(words, email=clockify.email)
        ]
        if parent_id:
            likely += [
                _suggestion(clockify, words, record, record_words, score=SAME_WORDS, elsewhere=True)
                for record, record_words in self._sub_customers_named(words.joined)
                if record.parent_id != parent_id
            ]
        return ranked(likely)

    def _pool(self, parent_id: str) -> _Pool:
        if parent_id not in self._pools:
            requested = map(_Words.of, self._requested.get(parent_id, ()))
            self._pools[parent_id] = _Pool(self._by_parent.get(parent_id, []), requested)
        return self._pools[parent_id]

    def _sub_customers_named(self, joined: str) -> list[tuple[QuickBooksRecord, _Words]]:
        """Return a few of the sub-customers with the same words in the same order, under any parent."""
        if self._subs is None:
            self._subs = defaultdict(list)
            subs = [record for parent_id, records in self._by_parent.items() if parent_id for record in records]
            # In the order of their ids, so that which few of them come does not depend on any other record.
            for record in sorted(subs, key=lambda record: record.id):
                words = _Words.of(record.name)
                self._subs[words.joined].append((record, words))
        return self._subs.get(joined, [])[: 2 * MAX_SUGGESTIONS] if joined else []


def ranked(suggestions: Iterable[Suggestion], *, most: int = MAX_SUGGESTIONS) -> tuple[Suggestion, ...]:
    """Return the best suggestions, each record once, equal scores by name and id; the same address beats any name."""
    best: dict[tuple[str, str], Suggestion] = {}
    for suggestion in suggestions:
        key = (suggestion.kind, suggestion.id)
        if key not in best or suggestion.score > best[key].score:
            best[key] = suggestion
    if any(suggestion.same_address for suggestion in best.values()):
        best = {key: _beside_same_address(suggestion) for key, suggestion in best.items()}
    return tuple(
        sorted(
            best.values(), key=lambda suggestion: (-suggestion.score, suggestion.kind, suggestion.name, suggestion.id)
        )[:most]
    )


def _beside_same_address(suggestion: Suggestion) -> Suggestion:
    if suggestion.same_address or suggestion.score <= BESIDE_SAME_EMAIL:
        return suggestion
    return replace(suggestion, score=BESIDE_SAME_EMAIL)


def same_name(
    clockify: ClockifyRecord,
    record: QuickBooksRecord,
    *,
    note: str = "",
    factor: float = 1.0,
    obstacle: Obstacle | None = None,
) -> Suggestion:
    """Return a suggestion of a record with the same name; `note` or `obstacle` says why the rule does not link it."""
    score = 1.0 if identical(clockify.name, record.name) else SAME_WORDS
    same_address = _share_address(clockify, record)
    note = OBSTACLE_WORDS[obstacle] if obstacle else note
    reasons = [SAME_ADDRESS if same_address else "", _spelling(clockify.name, record.name), note]
    why = ", ".join(filter(None, reasons))
    return Suggestion(record.id, record.name, round(score * factor, 2), why, record.kind, obstacle, same_address)


def _suggestion(
    clockify: ClockifyRecord,
    clockify_words: _Words,
    record: QuickBooksRecord,
    record_words: _Words,
    *,
    score: float,
    elsewhere: bool = False,
) -> Suggestion:
    if identical(clockify.name, record.name):
        score = 1.0
    if elsewhere:
        score *= ELSEWHERE
    why = _why(clockify, clockify_words, record, record_words, elsewhere=elsewhere)
    same_address = _share_address(clockify, record)
    return Suggestion(record.id, record.name, round(score, 2), why, record.kind, same_address=same_address)


def _why(
    clockify: ClockifyRecord, clockify_words: _Words, record: QuickBooksRecord, record_words: _Words, *, elsewhere: bool
) -> str:
    reasons = []
    if _share_address(clockify, record):
        reasons.append(SAME_ADDRESS)
    similarity = _similarity(clockify.name, clockify_words, record.name, record_words)
    # Beside an equal address, "similar name" would claim a similarity that may not be there.
    if not reasons or similarity != "similar name":
        reasons.append(similarity)
    if elsewhere:
        reasons.append("under another parent")
    if record.kind == "vendor":
        reasons.append("a vendor")
    return ", ".join(reasons)


def _similarity(clockify_name: str, clockify_words: _Words, quickbooks_name: str, quickbooks_words: _Words) -> str:
    # Finding the one difference that explains them is slow, and useless where the letters differ anyway.
    may_be_spelling = clockify_words.joined == quickbooks_words.joined or "&" in clockify_name or "&" in quickbooks_name
    if may_be_spelling and difference(clockify_name, quickbooks_name) != "letters":
        return _spelling(clockify_name, quickbooks_name)
    if clockify_words.sorted == quickbooks_words.sorted:
        return (
            "same name in another spelling"
            if clockify_words.plain == quickbooks_words.plain
            else "same words in another order"
        )
    if clockify_words.core and clockify_words.core == quickbooks_words.core:
        return "same name apart from the legal form"
    distance = Levenshtein.distance(" ".join(clockify_words.plain), " ".join(quickbooks_words.plain), score_cutoff=2)
    return {1: "one letter differs", 2: "two letters differ"}.get(distance, "similar name")


def _spelling(clockify_name: str, quickbooks_name: str) -> str:
    differs = difference(clockify_name, quickbooks_name)
    if not differs:
        return "same name"
    return "same name in another spelling" if differs == "letters" else f"same name apart from {differs}"


def _share_address(clockify: ClockifyRecord, record: QuickBooksRecord) -> bool:
    return _address(clockify.email) != "" and _address(clockify.email) == _address(record.email)


def _address(email: str) -> str:
    return email.strip().casefold()
