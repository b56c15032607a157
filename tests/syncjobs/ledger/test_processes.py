"""Commands that are killed, suspended, stopped or started twice, as processes of their own."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import pytest

from syncjobs.models import Run, WriterLease
from tests.support.commands import SHORT_LEASE, Command, until
from tests.support.oracle import assert_books_agree
from tests.support.scene import Scene
from tests.syncjobs.ledger.conftest import COUNT


# --- killed ------------------------------------------------------------------------------------------------
def reading_clockify(scene: Scene) -> Callable[[], object]:
    scene.fault("hang_before", "reports/detailed", vendor="clockify", seconds=3)
    return scene.hits


def reading_quickbooks(scene: Scene) -> Callable[[], object]:
    scene.fault("hang_before", "query.*TimeActivity", method="GET", seconds=3)
    return scene.hits


def before_any_write_arrived(scene: Scene) -> Callable[[], object]:
    scene.fault("hang_before", times=0, seconds=1.5)
    return lambda: scene.hits() >= 4


def writes_on_their_way(scene: Scene) -> Callable[[], object]:
    scene.fault("hang_before", skip=6, times=0, seconds=1.5)
    return lambda: scene.hits() >= 4 and len(scene.activities()) >= 6


def answers_on_their_way(scene: Scene) -> Callable[[], object]:
    scene.fault("hang_after_commit", skip=6, times=0, seconds=1.5)
    return lambda: scene.hits() >= 4 and len(scene.activities()) >= 10


def settling(scene: Scene) -> Callable[[], object]:
    scene.fault("cut_before", skip=2, times=3)
    scene.fault("hang_before", "query.*TimeActivity", method="GET", skip=1, seconds=1.5)
    return lambda: scene.hits() >= 4


MOMENTS = [
    reading_clockify,
    pytest.param(reading_quickbooks, marks=pytest.mark.slow),
    pytest.param(before_any_write_arrived, marks=pytest.mark.slow),
    writes_on_their_way,
    answers_on_their_way,
    pytest.param(settling, marks=pytest.mark.slow),
]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_command_killed_outright_loses_and_doubles_nothing(
    large_month: Scene, start: Callable[..., Command], moment: Callable[[Scene], Callable[[], object]]
) -> None:
    reached = moment(large_month)
    command = start(**SHORT_LEASE)
    until(reached)
    command.signal(signal.SIGKILL)
    command.process.wait()
    large_month.clear_faults()

    run = large_month.sync()

    assert (run.code, run["status"]) == (0, "succeeded"), run.stderr
    assert run["sent"] + run["unchanged"] == run["seen"] == COUNT
    assert_books_agree(large_month)
    assert large_month.open_actions() == 0
    killed = Run.objects.order_by("pk").first()
    assert killed is not None and (killed.status, killed.error_code) == (Run.Status.FAILED, "PROCESS_GONE")
    assert large_month.sync().counts == {"unchanged": COUNT}


@pytest.mark.slow
def test_a_run_killed_again_and_again_still_ends_with_each_piece_once(
    large_month: Scene, start: Callable[..., Command]
) -> None:
    large_month.switch(requestid_memory_seconds=0)
    large_month.fault("hang_after_commit", times=0, seconds=0.2)
    for arrived in (5, 12, 18):
        command = start(**SHORT_LEASE)
        until(lambda arrived=arrived: len(large_month.activities()) >= arrived)
        command.signal(signal.SIGKILL)
        command.process.wait()
    large_month.clear_faults()

    assert large_month.sync().code == 0
    assert_books_agree(large_month)


def test_a_command_killed_while_updating_leaves_every_record_as_wanted(
    large_month: Scene, start: Callable[..., Command]
) -> None:
    large_month.sync()
    for entry in list(large_month.place.entries):
        large_month.edit_entry(entry, description="Rework")
    large_month.fault("hang_after_commit", skip=6, times=0, seconds=1.5)
    command = start(**SHORT_LEASE)
    until(lambda: large_month.hits() >= 4)
    command.signal(signal.SIGKILL)
    command.process.wait()
    large_month.clear_faults()

    run = large_month.sync()

    assert (run.code, run["updated"] + run["unchanged"]) == (0, COUNT)
    assert_books_agree(large_month)


# --- stopped and suspended ---------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "number",
    [pytest.param(signal.SIGTERM, id="SIGTERM"), pytest.param(signal.SIGINT, id="Ctrl-C", marks=pytest.mark.slow)],
)
def test_a_command_that_is_stopped_finishes_the_records_at_hand(
    large_month: Scene, start: Callable[..., Command], number: int
) -> None:
    large_month.fault("hang_before", times=0, seconds=0.3)
    command = start()
    until(lambda: len(large_month.activities()) >= 4)
    command.signal(number)

    run = command.result()

    assert (run.code, run["status"], run["unknown"]) == (4, "cancelled", 0)
    assert run["sent"] == len(large_month.activities()) < COUNT
    assert run["sent"] + run["failed"] == run["seen"] == COUNT
    assert "Traceback" not in run.stderr
    assert large_month.open_actions() == 0
    large_month.clear_faults()
    assert large_month.sync().counts == {"sent": COUNT - run["sent"], "unchanged": run["sent"]}
    assert_books_agree(large_month)


def test_a_command_that_slept_past_its_lease_leaves_the_rest_to_others(
    large_month: Scene, start: Callable[..., Command]
) -> None:
    large_month.fault("hang_before", times=0, seconds=0.2)
    command = start(**SHORT_LEASE)
    until(lambda: len(large_month.activities()) >= 4)
    command.suspend()
    time.sleep(0.5)  # what had left already arrives
    large_month.clear_faults()
    later_run = large_month.sync()
    assert later_run.code == 0, later_run.stderr
    assert_books_agree(large_month)
    large_month.zero_calls()
    command.signal(signal.SIGCONT)

    run = command.result()

    assert run.code == 4
    assert run["status"] in {"partial", "failed", "cancelled"}
    assert run["error"]["message"]
    assert "Traceback" not in run.stderr
    # At most the writes in flight when it fell asleep, under the request ids that others sent for them meanwhile.
    assert large_month.calls().get("POST timeactivity", 0) <= 4
    assert not Run.objects.filter(status=Run.Status.RUNNING).exists()
    assert_books_agree(large_month)


# --- two at once -------------------------------------------------------------------------------------------
def test_of_two_commands_at_once_the_second_says_who_is_at_work(
    large_month: Scene, start: Callable[..., Command]
) -> None:
    large_month.fault("hang_before", times=0, seconds=0.3)
    first = start()
    until(lambda: len(large_month.activities()) >= 2)
    holder = WriterLease.objects.get()

    second, check = large_month.sync(), large_month.check()

    assert (check.code, check["error"]["code"]) == (3, "ANOTHER_RUN")
    assert (second.code, second["error"]["code"], second["seen"]) == (3, "ANOTHER_RUN", 0)
    message = second["error"]["message"]
    assert f"Time sync {holder.run_id}" in message
    assert holder.since is not None and f"{holder.since:%H:%M:%S}" in message
    assert message in second.stderr
    large_month.clear_faults()
    assert first.result().counts == {"sent": COUNT}
    assert_books_agree(large_month)


def test_many_commands_at_once_send_each_piece_once(large_month: Scene, start: Callable[..., Command]) -> None:
    large_month.switch(requestid_memory_seconds=0)
    commands = [start() for _ in range(3)]

    results = [command.result() for command in commands]

    assert_books_agree(large_month)
    # As one text, which pytest shows whole.
    odd = "\n".join(f"{result.code}: {result.stderr}" for result in results if result.code not in {0, 3})
    assert not odd, odd
    assert sum(result["sent"] for result in results) == COUNT
