"""Vendor behaviour that no source settles: each is a switch with a default and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class UnknownSwitch(ValueError):
    """No such switch, or not a value it can take."""


@dataclass(frozen=True)
class Switch:
    """One unsettled behaviour; `choices` empty means any value of the default's type."""

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
    """All switches and where they stand; `switches["name"]` reads one."""

    def __init__(self, known: dict[str, Switch] | None = None) -> None:
        self._known = dict(known or {})
        self._values: dict[str, object] = {}

    def declare(self, known: dict[str, Switch]) -> None:
        """Make further switches known."""
        self._known.update(known)

    def __getitem__(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        return self._known[name].default

    def set(self, name: str, value: object) -> None:
        """Turn one switch; raises UnknownSwitch."""
        if name not in self._known:
            raise UnknownSwitch(f"no switch is called {name}")
        self._known[name].check(name, value)
        self._values[name] = value

    def reset(self) -> None:
        """Turn every switch back to its default."""
        self._values.clear()

    def values(self) -> dict[str, object]:
        """Those turned away from their default."""
        return dict(self._values)

    def to_json(self) -> dict[str, dict[str, object]]:
        return {
            name: {"default": switch.default, "value": self[name], "sentence": switch.sentence}
            for name, switch in sorted(self._known.items())
        }
