"""Faults: files that tell a process to kill itself at an injection point (hooks/sitecustomize.py takes them)."""

from __future__ import annotations

import json
from pathlib import Path


class Faults:
    """One lies ready at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._last = 0
        self._lying: Path | None = None

    def prepare(self, point: str, *, place: str, skip: int, victim: str) -> None:
        self._last += 1
        order = {"id": self._last, "place": place, "skip": skip, "victim": victim}
        aside = self._folder / "fault.new"
        aside.write_text(json.dumps(order))
        self._lying = self._folder / point
        aside.rename(self._lying)

    def withdraw(self) -> None:
        """Take it back. Who is just taking it may still die of it."""
        if self._lying is not None:
            self._lying.unlink(missing_ok=True)

    @property
    def fired(self) -> bool:
        return (self._folder / f"fired-{self._last}").exists()
