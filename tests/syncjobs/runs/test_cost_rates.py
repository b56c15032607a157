"""Cost rates along with time, where the policy sends them: what is not known never holds time, people's stay."""

from __future__ import annotations

import pytest

from integrations.models import Company
from syncjobs.models import RunItem
from tests.support.scene import Scene, run_command


@pytest.fixture
def on(scene: Scene, ada: str, site: str) -> Scene:
    cost(scene, ada, 3000)
    scene.check()
    scene.policy(send_cost_rate="on")
    return scene


def cost(scene: Scene, user: str, amount: int | None) -> None:
    """Set a user's cost rate, in minor units."""
    with scene.world.lock:
        scene.product.put_user({"id": user, "costRate": amount})


def cost_of(scene: Scene, entry: str) -> float:
    return float(scene.activity(entry).get("CostRate") or 0)


def test_it_goes_along_only_where_the_policy_says_so(scene: Scene, ada: str, site: str) -> None:
    cost(scene, ada, 3050)
    first = scene.entry(ada, site)
    scene.sync()
    assert "CostRate" not in scene.activity(first)
    scene.policy(send_cost_rate="on", send_nonbillable="on")
    second = scene.entry(ada, site, "2026-03-05 09:00")
    meeting = scene.entry(ada, site, "2026-03-06 09:00", billable=False)

    run = scene.sync()

    assert (run.counts, run["warnings"]) == ({"sent": 2, "unchanged": 1}, {})
    assert (cost_of(scene, first), cost_of(scene, second), cost_of(scene, meeting)) == (0, 30.5, 30.5)
    # What would be sent today is told of the first one, and resent where a person asks for it.
    [difference] = scene.explain(first)["differences"]
    assert (difference["field"], difference["sent"], difference["now"]) == ("cost_rate", "", "30.50")
    assert run_command("sync_time", "--resend", "--from", "2026-03-01").counts == {"updated": 1, "unchanged": 2}
    assert cost_of(scene, first) == 30.5


@pytest.mark.parametrize("shown", ["zero", "null", "absent"])
def test_a_key_that_sees_none_sends_time_without_and_takes_none_away(
    on: Scene, ada: str, site: str, shown: str
) -> None:
    sent = on.entry(ada, site)
    assert on.sync()["warnings"] == {}
    on.switch(clockify_report_cost_rates=shown)
    new = on.entry(ada, site, "2026-03-05 09:00")
    on.stretch(sent, 90)

    run = on.sync()

    assert (run.code, run.counts, run["warnings"]) == (0, {"sent": 1, "updated": 1}, {"NO_COST_RATE": 1})
    assert (cost_of(on, sent), on.activity(sent)["Minutes"], "CostRate" in on.activity(new)) == (30, 30, False)
    assert "differences" not in on.explain(sent).json


@pytest.mark.parametrize("odd", ["a lot", True, [3000], {"amount": "3000"}, -5, 10**15], ids=str)
def test_what_cannot_be_read_holds_no_time_and_is_not_sent(on: Scene, ada: str, site: str, odd: object) -> None:
    entry = on.entry(ada, site)
    row = {"_id": entry, "userId": ada, "projectId": site, "billable": True, "type": "REGULAR", "rate": 8000}
    times = {"start": "2026-03-04T14:00:00Z", "end": "2026-03-04T15:00:00Z", "duration": 3600}
    with on.world.lock:
        on.place.keep_row(entry, {**row, "timeInterval": times, "clientId": "", "costRate": odd})

    run = on.sync()

    assert (run.code, run.counts, run["warnings"]) == (0, {"sent": 1}, {"NO_COST_RATE": 1})
    assert "CostRate" not in on.activity(entry)


def test_a_cost_rate_of_another_currency_than_the_books_is_not_sent(on: Scene, ada: str, site: str) -> None:
    Company.objects.update(home_currency="EUR")
    entry = on.entry(ada, site)

    assert on.sync()["warnings"] == {"NO_COST_RATE": 1}

    assert "CostRate" not in on.activity(entry)


def test_a_cost_rate_changed_alone_touches_nothing_until_an_edit_takes_it_along(on: Scene, ada: str, site: str) -> None:
    entry = on.entry(ada, site)
    on.sync()
    before = on.activities()
    cost(on, ada, 4000)

    run = on.sync()

    assert (run.counts, run["warnings"], on.activities()) == ({"unchanged": 1}, {}, before)
    [difference] = on.explain(entry)["differences"]
    assert (difference["field"], difference["sent"], difference["now"]) == ("cost_rate", "30.00", "40.00")
    on.stretch(entry, 90)
    preview = on.sync(dry_run=True)
    assert preview.counts == {"updated": 1}
    assert "the cost rate is now 40.00, it was 30.00" in run_why(entry)
    assert on.sync().counts == {"updated": 1}
    assert cost_of(on, entry) == 40


def run_why(entry: str) -> str:
    """Return the plan's sentence for an entry in the last run."""
    return RunItem.objects.filter(entry_id=entry).latest("pk").why


@pytest.mark.parametrize("ours", [True, False])
def test_what_people_set_in_quickbooks_stays(on: Scene, ada: str, site: str, ours: bool) -> None:
    if not ours:
        on.policy(send_cost_rate="off")
    entry = on.entry(ada, site)
    on.sync()
    on.annotate(on.receipt(entry).quickbooks_id, cost_rate=55)
    on.policy(send_cost_rate="on")
    cost(on, ada, 4000)
    for minutes in (75, 80):
        on.stretch(entry, minutes)
        assert on.sync().counts == {"updated": 1}
        assert (cost_of(on, entry), on.activity(entry)["Minutes"]) == (55, minutes - 60)
    [difference] = on.explain(entry)["differences"]
    assert (difference["field"], difference["sent"], difference["quickbooks"]) == ("cost_rate", "40.00", "55.00")


def test_switching_it_off_takes_none_away(on: Scene, ada: str, site: str) -> None:
    entry = on.entry(ada, site)
    on.sync()
    on.policy(send_cost_rate="off")
    assert on.sync().counts == {"unchanged": 1}
    on.stretch(entry, 90)
    assert on.sync().counts == {"updated": 1}
    assert cost_of(on, entry) == 30


def test_a_company_that_ignores_it_gets_time_once(on: Scene, ada: str, site: str) -> None:
    """Whether QuickBooks keeps it everywhere is not settled: a create without an answer must be found all the same."""
    on.switch(timeactivity_cost_rate="ignored")
    entry = on.entry(ada, site)
    on.fault("cut_after_commit")

    assert on.sync().counts == {"sent": 1}

    assert (len(on.activities()), on.sync().counts) == (1, {"unchanged": 1})
    [difference] = on.explain(entry)["differences"]
    assert (difference["field"], difference["sent"], difference["quickbooks"]) == ("cost_rate", "30.00", "")
    on.stretch(entry, 90)
    assert on.sync().counts == {"updated": 1}
