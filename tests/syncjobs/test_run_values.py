"""Options and counters of a run: stored as before, and read from rows of any version."""

from __future__ import annotations

from typing import Any

import pytest

from syncjobs import run_counters
from syncjobs.models import Run
from syncjobs.run_options import RunOptions

STORED: dict[str, dict[str, Any]] = {
    "none": {},
    "narrowed": {"users": ["u1"], "projects": ["p1", "p2"], "entries": ["e1"], "resend": True},
    "answered": {"entries": ["e1"], "believe_deletions": True, "answers": 7},
    "kept": {"keep_deletions": True},
    "corrected": {"entries": ["e1"], "amend": "override", "shown": {"verb": "update", "draft": None}},
    "undo": {"undo": 12, "ignore": True},
}


@pytest.mark.parametrize("name", STORED)
def test_options_are_stored_under_the_keys_they_always_had(name: str) -> None:
    stored = STORED[name]

    assert RunOptions.of(Run(options=stored)).as_row() == stored


def test_what_an_earlier_version_stored_is_read_too() -> None:
    # A preview that showed nothing, options that were left off, and one that is no longer known.
    earlier = {"entries": ["e1"], "amend": "correct", "shown": None, "resend": False, "formerly": 1}

    assert RunOptions.of(Run(options=earlier)) == RunOptions(entries=("e1",), amend="correct")


def test_an_option_that_is_not_set_has_no_key() -> None:
    # Queries ask for keys: runs of chosen entries are not the latest of their workspace.
    assert RunOptions(users=(), amend="", answers=None).as_row() == {}


def test_what_is_counted_stays_until_it_is_counted_again() -> None:
    run = Run(counters={"seen": 3, "unchanged": 1})

    run_counters.count(run, unchanged=2, attempted=False)

    assert run.counters == {"seen": 3, "unchanged": 2, "attempted": False}
    assert run_counters.of(Run(counters={"formerly": 1})).get("seen", 0) == 0
