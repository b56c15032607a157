"""What narrows or widens a run: values, and the JSON of `Run.options` that they are written to and read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, TypedDict

from syncjobs.models import Run

# The options that narrow a run to some of the entries.
NARROWING = ("users", "projects", "entries")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of a run; a plain sync has none. The names are the keys of stored rows, which must not change.

    `users`, `projects`, `entries`: Clockify ids of those it is narrowed to. `resend`: time already sent is brought up
    to date. `believe_deletions`, `keep_deletions`: the two answers to many deletions at once; `answers`: of a preview,
    the run that asked. `amend`: how one entry is corrected (`corrections.WAYS`); `shown`: what its preview showed
    (`corrections.fingerprint`). `undo`: of an undo, the run that is undone; `ignore`: its entries are ignored as well.
    """

    users: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()
    resend: bool = False
    believe_deletions: bool = False
    keep_deletions: bool = False
    answers: int | None = None
    amend: str = ""
    shown: Mapping[str, object] | None = None
    undo: int | None = None
    ignore: bool = False

    @classmethod
    def of(cls, run: Run) -> RunOptions:
        """Return the options of a run, whichever version saved it; what it does not know is left out."""
        stored: dict[str, Any] = {}
        for name in (field.name for field in fields(cls)):
            if value := run.options.get(name):
                stored[name] = tuple(value) if name in NARROWING else value
        return cls(**stored)

    def as_row(self) -> dict[str, Any]:
        """Return the options that are set, as `Run.options` keeps them."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: list(value) if name in NARROWING else value for name, value in values.items() if value}

    @property
    def narrowed_to(self) -> dict[str, tuple[str, ...]]:
        """The ids of those that it is narrowed to, by the option's name; empty for all entries of its days."""
        return {name: ids for name in NARROWING if (ids := getattr(self, name))}

    @property
    def answers_deletions(self) -> bool:
        """Whether a person has said what is to become of many deletions."""
        return self.believe_deletions or self.keep_deletions


class RunDetails(TypedDict, total=False):
    """What a run is requested with besides its kind and workspace. Without days a sync goes from the start to today."""

    person: Any
    dry_run: bool
    first: date | None
    last: date | None
    options: RunOptions
