"""Every row of docs/after-sending.md, which gives the outcome for each event and state, is played."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support import after_sending, not_billable
from tests.support.after_sending import Outcome
from tests.support.scene import Scene

PAGE = Path(__file__).resolve().parents[3] / "docs" / "after-sending.md"
# Played in each `make test`; the others take longer and show less.
ALWAYS = ("sent", "disconnected", "run undone")
STATES = (*after_sending.STATES, *not_billable.STATES)
WORLDS = {**after_sending.worlds(), **not_billable.worlds()}


def table() -> list[tuple[str, str, Outcome]]:
    """Return every row of the document, one for each of its events."""
    rows = re.findall(r"^\| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    table_rows = []
    for row in rows:
        events, state, *outcome = (cell.strip() for cell in row.split(" | "))
        table_rows += [(event, state, Outcome(*outcome)) for event in events.split(" · ") if state in STATES]
    return table_rows


def test_the_table_has_each_event_in_each_state_once() -> None:
    expected = Counter(pair for pairs in WORLDS.values() for pair in pairs)

    assert Counter((event, state) for event, state, _ in table()) == expected
    assert set(expected.values()) == {1}


@pytest.mark.parametrize(
    "world", [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.slow) for name in WORLDS]
)
def test_what_the_table_says_is_what_happens(scene: Scene, settings: Any, world: str) -> None:
    settings.SETTLE_SECONDS = 0
    documented = {(event, state): outcome for event, state, outcome in table()}
    stage = not_billable if world in not_billable.worlds() else after_sending

    played = stage.play(scene, WORLDS[world])

    wrong = {
        pair: (documented[pair], outcome) for pair, outcome in played.items() if not same(documented[pair], outcome)
    }
    assert not wrong


def same(documented: Outcome, outcome: Outcome) -> bool:
    """Compare two outcomes; an ellipsis in the document stands for whatever differs each time."""
    reads = ".*".join(map(re.escape, documented.reads.split("…")))
    return documented[:2] == outcome[:2] and re.fullmatch(reads, outcome.reads) is not None
