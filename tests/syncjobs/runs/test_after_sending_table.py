"""Every row of docs/after-sending.md, which gives the outcome for each event and state, is played."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.support.after_sending import STATES, Outcome, all_events, can_happen, play, worlds
from tests.support.scene import Scene

PAGE = Path(__file__).resolve().parents[3] / "docs" / "after-sending.md"
# Played in each `make test`; the others take longer and show less.
ALWAYS = ("sent", "disconnected", "run undone")


def table() -> list[tuple[str, str, Outcome]]:
    """Return every row of the document, one for each of its events."""
    rows = re.findall(r"^\| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    table_rows = []
    for row in rows:
        events, state, *outcome = (cell.strip() for cell in row.split(" | "))
        table_rows += [(event, state, Outcome(*outcome)) for event in events.split(" · ") if state in STATES]
    return table_rows


def test_the_table_has_each_event_in_each_state_once() -> None:
    expected = Counter((event, state) for event in all_events() for state in STATES if can_happen(event, state))

    assert Counter((event, state) for event, state, _ in table()) == expected


@pytest.mark.parametrize(
    "world", [name if name in ALWAYS else pytest.param(name, marks=pytest.mark.slow) for name in worlds()]
)
def test_what_the_table_says_is_what_happens(scene: Scene, settings: Any, world: str) -> None:
    settings.SETTLE_SECONDS = 0
    documented = {(event, state): outcome for event, state, outcome in table()}

    played = play(scene, worlds()[world])

    wrong = {
        pair: (documented[pair], outcome) for pair, outcome in played.items() if not same(documented[pair], outcome)
    }
    assert not wrong


def same(documented: Outcome, outcome: Outcome) -> bool:
    """Compare two outcomes; an ellipsis in the document stands for whatever differs each time."""
    reads = ".*".join(map(re.escape, documented.reads.split("…")))
    return documented[:2] == outcome[:2] and re.fullmatch(reads, outcome.reads) is not None
