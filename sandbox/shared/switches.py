"""Vendor behavior that no source settles, each as a switch with a default and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class UnknownSwitch(ValueError):
    """An unknown switch, or a value that a switch cannot take."""


@dataclass(frozen=True)
class Switch:
    """One unsettled behavior; `choices` empty means any value of the default's type."""

    default: object
    sentence: str
    choices: tuple[object, ...] = ()

    def check(self, name: str, value: object) -> None:
        """Raise UnknownSwitch when the switch cannot take that value."""
        if self.choices and value not in self.choices:
            raise UnknownSwitch(f"{name} must be one of {', '.join(map(str, self.choices))}")
        numbers = isinstance(self.default, int | float) and not isinstance(self.default, bool)
        wanted = (int, float) if numbers else type(self.default)
        if not isinstance(value, wanted) or (isinstance(value, bool) and not isinstance(self.default, bool)):
            raise UnknownSwitch(f"{name} takes a value like {self.default!r}")


class Switches:
    """All switches and their values; `switches["name"]` reads one."""

    def __init__(self, known: dict[str, Switch] | None = None) -> None:
        self._known = dict(known or {})
        self._values: dict[str, object] = {}

    def declare(self, known: dict[str, Switch]) -> None:
        """Add switches to the known ones."""
        self._known.update(known)

    def __getitem__(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        return self._known[name].default

    def set(self, name: str, value: object) -> None:
        """Set a switch, or raise UnknownSwitch."""
        if name not in self._known:
            raise UnknownSwitch(f"no switch is called {name}")
        self._known[name].check(name, value)
        self._values[name] = value

    def reset(self) -> None:
        """Set every switch back to its default."""
        self._values.clear()

    def values(self) -> dict[str, object]:
        """Return the values that were set."""
        return dict(self._values)

    def to_json(self) -> dict[str, dict[str, object]]:
        return {
            name: {"default": switch.default, "value": self[name], "sentence": switch.sentence}
            for name, switch in sorted(self._known.items())
        }
