"""The answers remembered by requestid (Intuit: 2015 blog on request ids; memory span unknown, so a switch)."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

MAX_LENGTH = 50


@dataclass
class Remembered:
    """An answer kept under a requestid: when, to what operation and body, and the answer itself."""

    at: float
    asked: str
    status: int
    body: dict[str, Any]


class RequestMemory:
    """The remembered answers of one company, oldest first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Remembered] = OrderedDict()

    def recall(self, key: str, *, now: float, span: float) -> Remembered | None:
        """Return the answer remembered under a key, if it is not older than `span` seconds."""
        self._forget(now - span)
        return self._kept.get(key)

    def keep(self, key: str, remembered: Remembered) -> None:
        self._kept[key] = remembered

    def _forget(self, before: float) -> None:
        while self._kept:
            key, oldest = next(iter(self._kept.items()))
            if oldest.at >= before:
                return
            del self._kept[key]

    def to_json(self) -> dict[str, Any]:
        # Not copied deeply: answers are never changed, and this runs under the world's lock.
        return {key: vars(kept) for key, kept in self._kept.items()}

    def from_json(self, data: dict[str, Any]) -> None:
        self._kept = OrderedDict((key, Remembered(**kept)) for key, kept in data.items())
