"""Plays what may happen to time that is not billable, before or after it was sent (decision 20), as `after_sending`.

The option `send_nonbillable` is on, but for what was sent before it was, and in the world in which it is off again.
"""

from __future__ import annotations

from collections.abc import Iterable

from tests.support.after_sending import DELETED, EDITED, ENTRY_EVENTS, EntryEvent, Outcome, Stage
from tests.support.scene import Scene

NEVER, BEFORE = "never sent, not billable", "sent before the option"
BILLABLE, NOT_BILLABLE = "sent as Billable, option on", "sent as NotBillable"
OFF = "sent as NotBillable, option off again"
STATES = (NEVER, BEFORE, BILLABLE, NOT_BILLABLE, OFF)
# Every way in which Clockify's entry stops being work.
NO_WORK = ("project taken away", "made a break", "cut to some seconds", "deleted in Clockify")
BY_HAND = ("rate added in QuickBooks", "made billable in QuickBooks", "made billable and billed in QuickBooks")
OF_NOT_BILLABLE = (
    *("nothing", "rate changed", "length edited", "text edited", "made billable", *NO_WORK),
    *(event + suffix for event in BY_HAND for suffix in ("", EDITED, DELETED)),
)
PAIRS = {
    NEVER: ("nothing", "made billable", *NO_WORK),
    BEFORE: ("nothing", "text edited", "made unbillable", *NO_WORK),
    BILLABLE: ("nothing", "made unbillable", "made unbillable on both sides", "billed, and made unbillable", *NO_WORK),
    NOT_BILLABLE: OF_NOT_BILLABLE,
    OFF: OF_NOT_BILLABLE,
}


def pairs() -> list[tuple[str, str]]:
    return [(event, state) for state in STATES for event in PAIRS[state]]


def worlds() -> dict[str, list[tuple[str, str]]]:
    """Return the (event, state) pairs to play together, by world."""
    by_world: dict[str, list[tuple[str, str]]] = {"not billable, option on": [], "not billable, option off again": []}
    for event, state in pairs():
        by_world["not billable, option off again" if state == OFF else "not billable, option on"].append((event, state))
    return by_world


def play(scene: Scene, played: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Outcome]:
    stage = NotBillableStage(scene)
    stage.begin(played)
    stage.happen()
    return stage.outcomes(stage.run())


def _put(stage: Stage, entry: str, **values: object) -> None:
    stage.scene.put("TimeActivity", {"Id": stage.key_of(entry), **values})


def _made_billable_there(stage: Stage, entry: str) -> None:
    _put(stage, entry, BillableStatus="Billable", HourlyRate=50)


def _made_billable_and_billed(stage: Stage, entry: str) -> None:
    # QuickBooks offers billable time alone for an invoice.
    _made_billable_there(stage, entry)
    assert stage.scene.bill(stage.key_of(entry))


def _made_unbillable_on_both_sides(stage: Stage, entry: str) -> None:
    _put(stage, entry, BillableStatus="NotBillable")
    stage.scene.edit_entry(entry, billable=False)


def _billed_and_made_unbillable(stage: Stage, entry: str) -> None:
    assert stage.scene.bill(stage.key_of(entry))
    stage.scene.edit_entry(entry, billable=False)


class NotBillableStage(Stage):
    """A world in which time that is not billable is sent; the option is off again at the end where that is played."""

    entry_events: dict[str, EntryEvent] = {
        **ENTRY_EVENTS,
        "made billable": lambda stage, entry: stage.scene.edit_entry(entry, billable=True),
        "rate added in QuickBooks": lambda stage, entry: _put(stage, entry, HourlyRate=50),
        "made billable in QuickBooks": _made_billable_there,
        "made billable and billed in QuickBooks": _made_billable_and_billed,
        "made unbillable on both sides": _made_unbillable_on_both_sides,
        "billed, and made unbillable": _billed_and_made_unbillable,
    }

    def begin(self, pairs: Iterable[tuple[str, str]]) -> None:
        pairs = list(pairs)
        self._send(pairs, BEFORE)
        self.scene.policy(send_nonbillable="on")
        self._send(pairs, BILLABLE, NOT_BILLABLE, OFF)
        for event, state in pairs:
            if state == NEVER:
                self._enter(event, state, billable=False)
        if any(state == OFF for _, state in pairs):
            self.scene.policy(send_nonbillable="off")

    def _send(self, pairs: Iterable[tuple[str, str]], *states: str) -> None:
        entered = [
            self._enter(event, state, billable=state not in {NOT_BILLABLE, OFF})
            for event, state in pairs
            if state in states
        ]
        if entered:
            assert self._sync()["sent"] == len(entered)
