"""The cost and quality of suggestions for unmatched names, compared with rapidfuzz's table of all pairs."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterator, Mapping

from rapidfuzz import fuzz
from rapidfuzz.process import cdist

from mapping.matching.acceptance import is_clear
from mapping.matching.records import ClockifyRecord, QuickBooksRecord, Suggestion
from mapping.matching.suggest import LikelyPartners
from tests.bench import name_pairs
from tests.bench.name_pairs import Names
from tests.bench.table import Row

CHUNK = 500


def measure(details: Namespace) -> Iterator[Row]:
    """Measure the processor time of both, then the precision and recall of suggestions for known pairs."""
    names = name_pairs.make(details.unmatched, details.candidates)
    began = time.process_time()
    suggestions = _suggested(names)
    seconds = time.process_time() - began
    began = time.process_time()
    best = _cdist(names)
    reference = time.process_time() - began
    note = f"{len(names.pairs):,} of them have a partner; reference: rapidfuzz.process.cdist, token_sort_ratio, uint8"
    figure = f"suggestions for {len(names.left):,} names among {len(names.right):,}"
    yield Row(figure, seconds, "s", reference, most=2, note=note)
    first = {key: rows[0].id for key, rows in suggestions.items() if rows}
    clear = {key: rows[0].id for key, rows in suggestions.items() if is_clear(rows)}
    in_list = sum(names.pairs[key] in {suggestion.id for suggestion in suggestions[key]} for key in names.pairs)
    yield Row("suggestions, recall: partner among the five", in_list / len(names.pairs), "")
    yield from _worth("first suggestion", first, names, best)
    yield from _worth("one press may accept", clear, names, None)


def _worth(label: str, chosen: Mapping[str, str], names: Names, best: Mapping[str, str] | None) -> Iterator[Row]:
    reference = _precision(best, names), _recall(best, names)
    note = "reference: the highest score of cdist, from 75" if best else ""
    yield Row(f"suggestions, precision: {label}", _precision(chosen, names) or 0, "", reference[0], note=note)
    yield Row(f"suggestions, recall: {label}", _recall(chosen, names) or 0, "", reference[1])


def _precision(chosen: Mapping[str, str] | None, names: Names) -> float | None:
    """Return the share of suggestions that are right; None without suggestions."""
    return None if chosen is None else _right(chosen, names) / max(len(chosen), 1)


def _recall(chosen: Mapping[str, str] | None, names: Names) -> float | None:
    """Return the share of known partners that were suggested; None without suggestions."""
    return None if chosen is None else _right(chosen, names) / len(names.pairs)


def _right(chosen: Mapping[str, str], names: Names) -> int:
    return sum(names.pairs.get(key) == partner for key, partner in chosen.items())


def _suggested(names: Names) -> dict[str, tuple[Suggestion, ...]]:
    """Return suggestions by client id, computed as a check does: clients among top-level customers."""
    records = [QuickBooksRecord("customer", key, name) for key, name in names.right.items()]
    clients = [ClockifyRecord("client", key, name) for key, name in names.left.items()]
    likely = LikelyPartners(records, kind="client", taken=frozenset(), asked=[(client, "") for client in clients])
    return {client.id: likely.of(client, parent_id="") for client in clients}


def _cdist(names: Names) -> dict[str, str]:
    """Return the best candidate of each name, in chunks, since the whole table would take 100 MB."""
    keys, texts = list(names.right), list(names.right.values())
    left, best = list(names.left), {}
    for start in range(0, len(left), CHUNK):
        keys_of_chunk = left[start : start + CHUNK]
        table = cdist([names.left[key] for key in keys_of_chunk], texts, scorer=fuzz.token_sort_ratio, dtype="uint8")
        for key, row in zip(keys_of_chunk, table, strict=True):
            index = int(row.argmax())
            if row[index] >= 75:
                best[key] = keys[index]
    return best
