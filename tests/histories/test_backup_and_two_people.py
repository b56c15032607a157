"""A restored backup, and two people at one record, each played step by step."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.histories.history import History

Begin = Callable[[], History]


def test_what_was_sent_updated_and_deleted_since_a_backup_is_neither_doubled_nor_overwritten(begin: Begin) -> None:
    history = begin()
    for moment in (1, 4, 7):
        history.work(moment=moment, text=2)
    history.clean_run()
    history.back_up()
    history.edit(0, "length", 2)  # updated
    history.edit(1, "billable")  # deleted
    history.work(1, 2, 4, text=2)  # sent
    history.clean_run()
    before = history.scene.activities()

    history.restore_backup()

    history.dry_run()
    history.clean_run()
    assert history.scene.activities() == before
    run = history.scene.sync()
    assert run.counts == {"unchanged": 2, "blocked": 2}
    assert run["blocked_reasons"] == {"ALREADY_IN_QUICKBOOKS": 1, "CHANGED_IN_QUICKBOOKS": 1}
    # The update is taken as sent, so that a later edit goes.
    history.edit(0, "length", 3)
    history.clean_run()


@pytest.mark.parametrize("first", ["ignore", "unlink"])
@pytest.mark.parametrize("second", ["ignore", "unlink"])
def test_the_second_of_two_people_changes_nothing(begin: Begin, first: str, second: str) -> None:
    history = begin()
    history.work(moment=4)
    history.clean_run()
    history.work(moment=1)

    history.two_people(5, first, second)

    history.clean_run()
    assert history.scene.sync()["blocked"] == 1
