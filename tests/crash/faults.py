"""Faults: files that tell a process to kill itself at an injection point (hooks/sitecustomize.py takes them)."""

from __future__ import annotations

import json
from pathlib import Path


class Faults:
    """The folder of prepared faults, one at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last = 0
        self._prepared: Path | None = None

    def prepare(self, point: str, *, place: str, skip: int, victim: str) -> None:
        self._last += 1
        order = {"id": self._last, "place": place, "skip": skip, "victim": victim}
        draft = self._folder / "fault.new"
        draft.write_text(json.dumps(order))
        self._prepared = self._folder / point
        draft.rename(self._prepared)

    def withdraw(self) -> None:
        """Remove the prepared fault. A process that is just taking it may still die of it."""
        if self._prepared is not None:
            self._prepared.unlink(missing_ok=True)

    @property
    def fired(self) -> bool:
        return (self._folder / f"fired-{self._last}").exists()
