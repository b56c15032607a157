"""Each piece of work is in QuickBooks exactly once, whatever happens, as soon as the vendors answer again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integrations.models import ApiCall
from syncjobs.models import Action, Run, RunItem
from syncjobs.sending import execute
from tests.support.oracle import actual, assert_books_agree
from tests.support.scene import Result, Scene

COUNT = 8
QUICK_FAULTS = ["cut_before", "cut_after_commit", "500_html", "500_html_after_commit", "503"]
MEMORIES: dict[str, dict[str, Any]] = {
    "replays": {},
    "forgets at once": {"requestid_memory_seconds": 0},
    "answers 600": {"requestid_replay_answers_600": True},
    "remembers refusals": {"errors_remembered": True},
}


def create(scene: Scene, ada: str, site: str) -> str:
    scene.entries(ada, site, COUNT)
    return "sent"


def update(scene: Scene, ada: str, site: str) -> str:
    entries = scene.entries(ada, site, COUNT)
    scene.sync()
    for entry in entries:
        scene.edit_entry(entry, description="Rework")
    return "updated"


def delete(scene: Scene, ada: str, site: str) -> str:
    entries = scene.entries(ada, site, COUNT)
    scene.sync()
    for entry in entries:
        scene.edit_entry(entry, billable=False)
    return "deleted"


def delete_gone(scene: Scene, ada: str, site: str) -> str:
    entries = scene.entries(ada, site, COUNT)
    scene.sync()
    scene.delete_entry(*entries)
    return "deleted"


WRITES = [create, update, delete, delete_gone]


@pytest.fixture(params=WRITES, ids=[write.__name__ for write in WRITES])
def writes(request: pytest.FixtureRequest) -> Callable[..., str]:
    """Return a function that prepares COUNT writes of one kind and returns the run counter that shows them."""
    arrange: Callable[..., str] = request.param
    return arrange


# --- trouble that passes -----------------------------------------------------------------------------------
def assert_settled_in_one_run(scene: Scene, ada: str, site: str, writes: Callable[..., str], kind: str) -> None:
    counter = writes(scene, ada, site)
    scene.fault(kind, skip=2, times=2)

    run = scene.sync()

    assert scene.hits() == 2
    assert (run.code, run["status"], run.counts) == (0, "succeeded", {counter: COUNT})
    assert_books_agree(scene)
    assert scene.open_actions() == 0
    expected_state = {"create": "unchanged", "update": "unchanged", "delete": "blocked", "delete_gone": ""}[
        writes.__name__
    ]
    assert scene.sync().counts == ({expected_state: COUNT} if expected_state else {})


@pytest.mark.sample(6)
@pytest.mark.parametrize("kind", QUICK_FAULTS)
@pytest.mark.parametrize("memory", MEMORIES)
def test_an_uncertain_create_is_settled_by_the_same_run_whatever_quickbooks_remembers(
    scene: Scene, ada: str, site: str, memory: str, kind: str
) -> None:
    scene.switch(**MEMORIES[memory])

    assert_settled_in_one_run(scene, ada, site, create, kind)


@pytest.mark.sample(5)
@pytest.mark.parametrize("kind", QUICK_FAULTS)
@pytest.mark.parametrize("change", [update, delete, delete_gone], ids=lambda write: write.__name__)
def test_an_uncertain_change_is_settled_by_the_same_run_though_quickbooks_forgets(
    scene: Scene, ada: str, site: str, change: Callable[..., str], kind: str
) -> None:
    scene.switch(**MEMORIES["forgets at once"])

    assert_settled_in_one_run(scene, ada, site, change, kind)


@pytest.mark.sample(4)
@pytest.mark.parametrize("kind", ["429", "429_xml", "429_retry_after"])
def test_being_throttled_only_costs_time(
    scene: Scene, ada: str, site: str, writes: Callable[..., str], kind: str
) -> None:
    counter = writes(scene, ada, site)
    scene.fault(kind, skip=2, times=2, seconds=0.2)

    run = scene.sync()

    assert (run.code, run.counts) == (0, {counter: COUNT})
    assert_books_agree(scene)


@pytest.mark.sample(4)
@pytest.mark.parametrize("kind", ["cut_before", "500_html", "429_xml"])
def test_trouble_while_reading_quickbooks_is_tried_again(
    scene: Scene, ada: str, site: str, writes: Callable[..., str], kind: str
) -> None:
    counter = writes(scene, ada, site)
    scene.fault(kind, "/query", method="", times=1, seconds=0.2)

    run = scene.sync()

    assert (run.code, run.counts, scene.hits()) == (0, {counter: COUNT}, 1)
    assert_books_agree(scene)


@pytest.mark.sample(4)
@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *(("reports/detailed", kind) for kind in ("cut_before", "500_html", "503", "429", "429_retry_after")),
        ("time-entries/", "cut_before"),
        ("time-entries/", "429"),
        ("/users", "503"),
        ("/projects", "500_html"),
    ],
)
def test_trouble_with_clockify_is_tried_again(scene: Scene, ada: str, site: str, path: str, kind: str) -> None:
    entries = scene.entries(ada, site, COUNT)
    scene.fault(kind, path, vendor="clockify", times=1, seconds=0.2)
    assert scene.sync().counts == {"sent": COUNT}
    scene.delete_entry(entries[0])

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"deleted": 1, "unchanged": COUNT - 1})
    assert scene.hits() == 1
    assert_books_agree(scene)


# --- trouble that stays ------------------------------------------------------------------------------------
@pytest.fixture
def short_timeouts(settings: Any) -> None:
    settings.GIVE_UP_SECONDS = 1


def assert_adds_up(run: Result) -> None:
    assert run["seen"] == sum(run[name] for name in ("sent", "updated", "unchanged", "blocked", "failed", "unknown"))


@pytest.mark.parametrize("kind", QUICK_FAULTS)
@pytest.mark.parametrize("memory", [pytest.param("replays", marks=pytest.mark.slow), "forgets at once"])
def test_a_quickbooks_that_answers_no_write_stops_the_run_and_loses_nothing(
    scene: Scene, ada: str, site: str, memory: str, kind: str, short_timeouts: None
) -> None:
    scene.switch(**MEMORIES[memory])
    scene.entries(ada, site, 60)
    scene.fault(kind, times=0)

    run = scene.sync()

    assert run.code == 4
    assert_adds_up(run)
    assert (run["seen"], run["unknown"] + run["failed"]) == (60, 60)
    assert scene.calls()["POST timeactivity"] < 60
    assert sum(actual(scene).values()) <= 60
    scene.clear_faults()
    assert scene.sync().code == 0
    assert_books_agree(scene)


@pytest.mark.parametrize("path", ["/query", "timeactivity|/query"])
@pytest.mark.parametrize("kind", ["cut_before", "500_html"])
def test_a_quickbooks_that_answers_nothing_is_given_up(
    scene: Scene, ada: str, site: str, kind: str, path: str, short_timeouts: None
) -> None:
    scene.entries(ada, site, COUNT)
    scene.fault(kind, path, method="", times=0)

    run = scene.sync()

    assert (run.code, run["sent"], run["error"]["code"]) == (3, 0, "NO_ANSWER")
    assert scene.activities() == []
    scene.clear_faults()
    assert scene.sync().counts == {"sent": COUNT}
    assert_books_agree(scene)


@pytest.mark.parametrize("kind", ["cut_before", "500_html"])
def test_a_clockify_that_answers_nothing_is_given_up_and_nothing_is_deleted(
    scene: Scene, ada: str, site: str, kind: str, short_timeouts: None
) -> None:
    scene.entries(ada, site, COUNT)
    scene.sync()
    scene.fault(kind, "reports/detailed", vendor="clockify", times=0)

    run = scene.sync()

    assert (run.code, run["error"]["code"], run["seen"]) == (3, "NO_ANSWER", 0)
    scene.clear_faults()
    assert scene.sync().counts == {"unchanged": COUNT}
    assert_books_agree(scene)


def test_a_vendor_whose_budget_is_used_up_lets_the_run_wait(scene: Scene, ada: str, site: str) -> None:
    scene.entries(ada, site, 20)
    scene.fault("429_retry_after", skip=5, times=0, seconds=900)

    run = scene.sync()

    assert (run.code, run["status"]) == (4, "waiting")
    assert run["unknown"] == 0
    assert run["sent"] == len(scene.activities()) > 0
    assert_adds_up(run)
    row = Run.objects.get(pk=run["run"])
    assert row.not_before is not None and row.owner == ""


# --- silence -----------------------------------------------------------------------------------------------
@pytest.fixture
def stuck_for(scene: Scene, short_timeouts: None) -> Iterator[float]:
    """Yield seconds that are longer than we wait for an answer."""
    yield 1.6


def wait_out_silence(scene: Scene, seconds: float) -> None:
    """Wait until what hung at the sandbox has been carried out."""
    time.sleep(seconds + 0.2)
    scene.clear_faults()


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    ("write", "memory", "kind"),
    [
        (create, "forgets at once", "hang_before"),
        (create, "forgets at once", "hang_after_commit"),
        (update, "forgets at once", "hang_after_commit"),
        (delete, "forgets at once", "hang_before"),
        *(
            pytest.param(write, memory, kind, marks=pytest.mark.slow)
            for write, memory in [
                (create, "replays"),
                (create, "answers 600"),
                (update, "replays"),
                (delete, "replays"),
            ]
            for kind in ("hang_before", "hang_after_commit")
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value.__name__,
)
def test_a_write_that_hangs_arrives_once(
    scene: Scene, ada: str, site: str, write: Callable[..., str], memory: str, kind: str, stuck_for: float
) -> None:
    scene.switch(**MEMORIES[memory])
    write(scene, ada, site)
    scene.fault(kind, skip=1, times=1, seconds=stuck_for)

    run = scene.sync()

    assert run.code in {0, 4}
    wait_out_silence(scene, stuck_for)
    assert scene.sync().code == 0
    assert_books_agree(scene)
    assert scene.open_actions() == 0


def test_an_uncertain_write_is_explained_as_unknown(scene: Scene, ada: str, site: str, stuck_for: float) -> None:
    entry = scene.entry(ada, site)
    scene.fault("hang_after_commit", seconds=stuck_for)

    run = scene.sync()

    assert (run.code, run.counts) == (4, {"unknown": 1})
    explained = scene.explain(entry)
    assert (explained["state"], explained.codes) == ("unknown", {"OUTCOME_UNKNOWN"})
    dry = scene.sync(dry_run=True)
    assert dry.code in {0, 4}
    assert len(scene.activities()) == 1
    assert scene.sync().counts == {"unchanged": 1}
    assert scene.explain(entry)["state"] == "sent"


def test_one_slow_answer_among_many_good_ones_does_not_stop_the_run(
    scene: Scene, ada: str, site: str, short_timeouts: None
) -> None:
    scene.entries(ada, site, 60)
    scene.fault("hang_after_commit", skip=3, seconds=1.3)
    # The others are answered, though not at once.
    scene.fault("hang_before", times=0, seconds=0.06)

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"sent": 60})
    assert_books_agree(scene)


# --- meanwhile ---------------------------------------------------------------------------------------------
@pytest.fixture
def outcome_unknown(scene: Scene, ada: str, site: str, stuck_for: float) -> str:
    """Create an hour on 4 March that is in QuickBooks, though no answer confirmed it."""
    entry = scene.entry(ada, site, "2026-03-04 09:00", description="Review")
    scene.fault("hang_after_commit", seconds=stuck_for)
    assert scene.sync().counts == {"unknown": 1}
    scene.clear_faults()
    assert len(scene.activities()) == 1
    return entry


@pytest.fixture
def never_arrived(scene: Scene, ada: str, site: str, stuck_for: float) -> str:
    """Create an hour on 4 March that we tried to send, and that did not arrive."""
    entry = scene.entry(ada, site, "2026-03-04 09:00", description="Review")
    scene.fault("cut_before", times=0)
    scene.fault("cut_before", "query.*TimeActivity", method="GET", skip=1, times=0)
    assert scene.sync().counts == {"unknown": 1}
    scene.clear_faults()
    assert scene.activities() == []
    return entry


def test_edited_while_the_outcome_is_unknown(scene: Scene, outcome_unknown: str) -> None:
    scene.stretch(outcome_unknown, 90)

    assert scene.sync().counts == {"updated": 1}
    assert_books_agree(scene)


@pytest.mark.parametrize(
    "odd",
    [{"Id": None}, {"Id": 7}, {"Id": "x" * 65}, {"TxnDate": "soon"}, {"Hours": "NaN", "Description": ""}],
    ids=str,
)
def test_what_may_have_arrived_but_cannot_be_read_is_not_sent_again(
    scene: Scene, outcome_unknown: str, odd: dict[str, Any]
) -> None:
    scene.switch(**MEMORIES["forgets at once"])
    [arrived] = scene.activities()
    scene.fault("answer_after_commit", "", method="", record=arrived["Id"], change=odd, times=0)

    assert scene.sync().counts == {"unknown": 1}
    scene.clear_faults()
    assert scene.sync().counts == {"unchanged": 1}
    assert_books_agree(scene)


def test_deleted_while_the_outcome_is_unknown(scene: Scene, outcome_unknown: str) -> None:
    scene.delete_entry(outcome_unknown)

    run = scene.sync()

    assert (run.code, run["seen"], run.counts) == (0, 0, {"deleted": 1})
    assert_books_agree(scene)


def test_made_unbillable_while_the_outcome_is_unknown(scene: Scene, outcome_unknown: str) -> None:
    scene.edit_entry(outcome_unknown, billable=False)

    assert scene.sync().counts == {"deleted": 1}
    assert_books_agree(scene)


def test_billed_while_the_outcome_is_unknown(scene: Scene, outcome_unknown: str) -> None:
    scene.bill(scene.activities()[0]["Id"])

    assert scene.sync().counts == {"unchanged": 1}
    assert scene.explain(outcome_unknown)["state"] == "sent"
    assert len(scene.activities()) == 1


def _edit(scene: Scene, entry: str) -> None:
    scene.stretch(entry, 90)


def _correct_link(scene: Scene, entry: str) -> None:
    other = scene.put("Customer", {"DisplayName": "The right one"})["Id"]
    project = scene.place.entries[entry].project_id
    scene.check()
    scene.decide("link", "project", project, other)
    scene.customers[project] = other


def _correct_rate(scene: Scene, entry: str) -> None:
    scene.edit_project(scene.place.entries[entry].project_id, hourlyRate=15000)


def _unlink(scene: Scene, entry: str) -> None:
    project = scene.place.entries[entry].project_id
    scene.decide("unlink", "project", project)
    del scene.customers[project]


def _ignore_project(scene: Scene, entry: str) -> None:
    project = scene.place.entries[entry].project_id
    scene.decide("ignore", "project", project)
    del scene.customers[project]


def _make_unbillable(scene: Scene, entry: str) -> None:
    scene.edit_entry(entry, billable=False)


def _delete(scene: Scene, entry: str) -> None:
    scene.delete_entry(entry)


GROUNDS_GONE = [_edit, _correct_link, _correct_rate, _unlink, _ignore_project, _make_unbillable, _delete]


@pytest.mark.parametrize("happens", GROUNDS_GONE, ids=lambda happens: happens.__name__.strip("_"))
def test_a_stored_write_is_never_carried_out_after_its_grounds_are_gone(
    scene: Scene, ada: str, site: str, never_arrived: str, happens: Callable[[Scene, str], None], settings: Any
) -> None:
    other = scene.entry(ada, scene.project("Elsewhere"), "2026-03-20 09:00")
    scene.check()
    happens(scene, never_arrived)

    dry, waiting = scene.sync(dry_run=True), scene.sync()

    # It alone waits: the first attempt may still arrive. Another entry does not.
    assert (waiting.code, waiting["sent"]) == (4, 1), waiting.json
    assert scene.activity(other)
    assert scene.open_actions() == 1
    assert "may" in RunItem.objects.get(run_id=dry["run"], entry_id=never_arrived).why
    settings.SETTLE_SECONDS = 0
    later = scene.sync()
    assert later.code == 0, later.json
    assert_books_agree(scene)
    assert scene.open_actions() == 0


@pytest.mark.sample(4)
@pytest.mark.parametrize("happens", GROUNDS_GONE, ids=lambda happens: happens.__name__.strip("_"))
def test_an_attempt_that_arrives_after_its_grounds_are_gone_is_found(
    scene: Scene, outcome_unknown: str, happens: Callable[[Scene, str], None]
) -> None:
    happens(scene, outcome_unknown)

    run = scene.sync()

    assert run.code == 0, run.json
    assert scene.open_actions() == 0
    assert len(scene.activities()) <= 1


def test_an_attempt_that_arrives_after_it_was_closed_is_taken_back(
    scene: Scene, never_arrived: str, settings: Any
) -> None:
    late = json.loads(Action.objects.get().body)
    scene.stretch(never_arrived, 90)
    settings.SETTLE_SECONDS = 0.1
    time.sleep(0.2)
    assert scene.sync().counts == {"sent": 1}
    scene.put("TimeActivity", late)

    run = scene.sync()

    assert (run.code, run["warnings"].get("LATE_DOUBLE")) == (0, 1)
    assert_books_agree(scene)


def test_what_never_arrived_is_sent_by_the_next_run(scene: Scene, never_arrived: str) -> None:
    run = scene.sync()

    assert (run.code, run.counts, run["seen"]) == (0, {"sent": 1}, 1)
    assert_books_agree(scene)


@pytest.mark.sample(4)
@pytest.mark.parametrize("memory", MEMORIES)
@pytest.mark.parametrize("settled_by", ["the same run", "the next run"])
def test_equal_work_of_which_only_a_part_arrived_is_completed(
    scene: Scene, ada: str, site: str, memory: str, settled_by: str, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Equal activities cannot be told apart: here the second arrived, and it counts as the first."""
    scene.switch(**MEMORIES[memory])
    settings.SETTLE_SECONDS = 0
    monkeypatch.setattr(execute, "THREADS", 1)
    for _ in range(3):
        scene.entry(ada, site, "2026-03-04 09:00", description="Stand-up")
    scene.fault("cut_before", times=1)
    scene.fault("cut_after_commit", times=2)
    if settled_by == "the next run":
        settings.GIVE_UP_SECONDS = 1
        scene.fault("cut_before", "query.*TimeActivity", method="GET", skip=1, times=0)
    scene.sync()
    scene.clear_faults()

    # An id that QuickBooks calls a duplicate is looked for once more before a new one takes its place.
    for _ in range(3):
        run = scene.sync()

    assert (run.code, run.counts) == (0, {"unchanged": 3})
    assert_books_agree(scene)


def test_time_that_almost_fits_waits_for_a_person(scene: Scene, ada: str, site: str, outcome_unknown: str) -> None:
    key = scene.activities()[0]["Id"]
    scene.put("TimeActivity", {"Id": key, "Minutes": 7})

    run = scene.sync()

    assert (run.code, run.counts) == (4, {"unknown": 1})
    assert Action.objects.get(state=Action.State.SENDING).needs_person
    assert len(scene.activities()) == 1
    # The other entries are not held up by it.
    scene.entry(ada, site, "2026-03-20 09:00")
    assert scene.sync().counts == {"sent": 1, "unknown": 1}
    # Once corrected, it is recognized.
    scene.put("TimeActivity", {"Id": key, "Minutes": 0})
    assert scene.sync().counts == {"unchanged": 2}
    assert_books_agree(scene)


def test_an_unsupported_subscription_lets_uncertain_writes_be_settled_by_reading_only(
    scene: Scene, ada: str, site: str, outcome_unknown: str
) -> None:
    scene.configure(PayrollFeature="true")
    scene.check()
    scene.zero_calls()

    run = scene.sync()

    assert run.code == 3
    # By our journal: the sandbox may still be counting the write that hung before.
    assert not ApiCall.objects.filter(run_id=run["run"], method="POST").exists()
    assert scene.explain(outcome_unknown)["state"] == "sent"
    assert len(scene.activities()) == 1


def test_an_unsupported_subscription_sends_nothing_that_did_not_arrive(scene: Scene, never_arrived: str) -> None:
    scene.configure(PayrollFeature="true")
    scene.check()

    assert scene.sync().code == 3

    assert scene.activities() == []
    scene.configure(PayrollFeature="false")
    assert scene.sync().counts == {"sent": 1}
    assert_books_agree(scene)


def test_a_dry_run_sends_nothing_that_did_not_arrive(scene: Scene, never_arrived: str) -> None:
    run = scene.sync(dry_run=True)

    assert run.counts == {"unknown": 1}
    assert scene.activities() == []


def test_a_window_elsewhere_settles_uncertain_writes_all_the_same(scene: Scene, outcome_unknown: str) -> None:
    assert scene.sync("2026-05-01", "2026-05-31").code == 0

    assert scene.explain(outcome_unknown)["state"] == "sent"


def test_an_id_that_quickbooks_calls_a_duplicate_is_looked_for_before_it_is_given_up(
    scene: Scene, never_arrived: str, settings: Any
) -> None:
    """QuickBooks says that it knows the request, and yet there is no record: it may still be at work."""
    settings.SETTLE_SECONDS = 3600
    body = {"Fault": {"Error": [{"Message": "Duplicate", "Detail": "Duplicate request id", "code": "600"}]}}
    scene.fault("status_before", status=400, body=body)

    run = scene.sync()

    assert (run.code, run.counts) == (4, {"unknown": 1})
    assert scene.sync().counts == {"unknown": 1}
    assert scene.activities() == []
    settings.SETTLE_SECONDS = 0
    scene.sync()
    assert scene.sync().code == 0
    assert_books_agree(scene)


@pytest.mark.parametrize("code", ["600", "6000"])
def test_a_duplicate_that_arrived_late_is_recognized(
    scene: Scene, never_arrived: str, code: str, settings: Any
) -> None:
    settings.SETTLE_SECONDS = 3600
    body = {"Fault": {"Error": [{"Message": "Duplicate", "Detail": "Request in progress", "code": code}]}}
    scene.fault("status_after_commit", status=400, body=body)

    scene.sync()

    assert scene.sync().code == 0
    assert_books_agree(scene)


def test_a_write_still_at_work_is_not_doubled_even_where_ids_are_forgotten(
    scene: Scene, ada: str, site: str, short_timeouts: None
) -> None:
    scene.switch(requestid_memory_seconds=0)
    scene.entry(ada, site)
    scene.fault("hang_before", seconds=4)
    scene.sync()
    scene.sync()
    deadline = time.monotonic() + 30
    while len(scene.activities()) < 2 and time.monotonic() < deadline:
        time.sleep(0.1)

    scene.sync()

    assert_books_agree(scene)


def test_a_write_still_at_work_is_not_doubled_where_ids_are_remembered(
    scene: Scene, ada: str, site: str, short_timeouts: None
) -> None:
    scene.entry(ada, site)
    scene.fault("hang_before", seconds=3)
    scene.sync()

    scene.sync()

    time.sleep(2)
    scene.sync()
    assert_books_agree(scene)


@pytest.mark.sample(3)
@pytest.mark.parametrize("field", ["Id", "Hours", "TxnDate"])
@pytest.mark.parametrize("value", [float("nan"), "", {}], ids=["NaN", "empty", "object"])
def test_an_activity_that_cannot_be_read_may_be_the_one_that_is_looked_for(
    scene: Scene, outcome_unknown: str, field: str, value: Any
) -> None:
    key = scene.activities()[0]["Id"]
    scene.switch(requestid_memory_seconds=0)
    change = {field: value, "Minutes": value}
    scene.fault("answer_after_commit", "query", method="", record=key, change=change, times=0)

    waiting = scene.sync()

    assert (waiting.code, waiting.counts) == (4, {"unknown": 1})
    assert len(scene.activities()) == 1
    scene.clear_faults()
    assert scene.sync().counts == {"unchanged": 1}
    assert_books_agree(scene)
