"""What suggestions cost and are worth: unmatched names against candidates, beside rapidfuzz's table of all pairs."""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterator, Mapping

from rapidfuzz import fuzz
from rapidfuzz.process import cdist

from mapping.matching.acceptance import is_clear
from mapping.matching.records import ClockifyRecord, QuickBooksRecord
from mapping.matching.suggest import LikelyPartners
from tests.bench import name_pairs
from tests.bench.name_pairs import Names
from tests.bench.table import Row

CHUNK = 500


def measure(details: Namespace) -> Iterator[Row]:
    """Processor time of this process for both, then how good the first suggestions are on pairs that are known."""
    names = name_pairs.make(details.unmatched, details.candidates)
    began = time.process_time()
    found = _ours(names)
    ours = time.process_time() - began
    began = time.process_time()
    theirs = _cdist(names)
    reference = time.process_time() - began
    note = f"{len(names.pairs):,} of them have a partner; reference: rapidfuzz.process.cdist, token_sort_ratio, uint8"
    figure = f"suggestions for {len(names.left):,} names among {len(names.right):,}"
    yield Row(figure, ours, "s", reference, most=2, note=note)
    first = {key: rows[0]["id"] for key, rows in found.items() if rows}
    clear = {key: rows[0]["id"] for key, rows in found.items() if is_clear(rows)}
    anywhere = sum(names.pairs[key] in {one["id"] for one in found[key]} for key in names.pairs)
    yield Row("suggestions, recall: partner among the five", anywhere / len(names.pairs), "")
    yield from _worth("first suggestion", first, names, theirs)
    yield from _worth("one press may accept", clear, names, None)


def _worth(what: str, chosen: Mapping[str, str], names: Names, theirs: Mapping[str, str] | None) -> Iterator[Row]:
    reference = _precision(theirs, names), _recall(theirs, names)
    note = "reference: the highest score of cdist, from 75" if theirs else ""
    yield Row(f"suggestions, precision: {what}", _precision(chosen, names) or 0, "", reference[0], note=note)
    yield Row(f"suggestions, recall: {what}", _recall(chosen, names) or 0, "", reference[1])


def _precision(chosen: Mapping[str, str] | None, names: Names) -> float | None:
    """Of what was suggested, how much is right; names without a partner have nothing right."""
    return None if chosen is None else _right(chosen, names) / max(len(chosen), 1)


def _recall(chosen: Mapping[str, str] | None, names: Names) -> float | None:
    """Of the partners there are, how many were suggested."""
    return None if chosen is None else _right(chosen, names) / len(names.pairs)


def _right(chosen: Mapping[str, str], names: Names) -> int:
    return sum(names.pairs.get(key) == partner for key, partner in chosen.items())


def _ours(names: Names) -> dict[str, list[dict[str, object]]]:
    """As a check works them out: clients among top-level customers."""
    records = [QuickBooksRecord("customer", key, name) for key, name in names.right.items()]
    clients = [ClockifyRecord("client", key, name) for key, name in names.left.items()]
    likely = LikelyPartners(records, kind="client", taken=frozenset(), asked=[(one, "") for one in clients])
    return {
        client.id: [{"id": one.id, "score": one.score, "why": one.why} for one in likely.of(client, parent_id="")]
        for client in clients
    }


def _cdist(names: Names) -> dict[str, str]:
    """The highest score of each row, piece by piece, since the whole table would take 100 MB."""
    keys, texts = list(names.right), list(names.right.values())
    left, best = list(names.left), {}
    for start in range(0, len(left), CHUNK):
        some = left[start : start + CHUNK]
        table = cdist([names.left[key] for key in some], texts, scorer=fuzz.token_sort_ratio, dtype="uint8")
        for key, row in zip(some, table, strict=True):
            place = int(row.argmax())
            if row[place] >= 75:
                best[key] = keys[place]
    return best
