"""After the attack: runs until nothing is left to do, then QuickBooks and our receipts compared with the rules."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from syncjobs.models import Action, Receipt, Run
from syncjobs.runs import queue
from tests.crash.life import Life, name_of
from tests.crash.outcome import Comparison
from tests.crash.stage import Stage
from tests.support.oracle import Fact, actual
from tests.support.scene import FIRST, LAST, run_command

MAX_ROUNDS = 25
WRITES = ("sent", "updated", "deleted", "failed", "unknown")


def rounds_until_quiet(
    stage: Stage, *, heal: Callable[[], None], say: Callable[[str], None] = lambda text: None
) -> int | None:
    """Run commands until one has nothing to do and no write is watched. Return their number; None if never."""
    # Calls that hang at the sandbox must arrive first, or a late write would be missed by the comparison.
    time.sleep(float(stage.patience["SETTLE_SECONDS"]))
    for number in range(1, MAX_ROUNDS + 1):
        heal()
        # Many deletions at once wait for review, who says here that they are meant.
        result = run_command("sync_time", "--from", FIRST, "--to", LAST, "--believe-deletions")
        say(f"recovery {number}: exit code {result.code}, {result.counts if result.json else result.stderr}")
        watched = Action.objects.filter(watch_until__isnull=False).exists()
        if result.code == 0 and not watched and not any(result[name] for name in WRITES):
            return number
        time.sleep(0.5)
    return None


def compare(life: Life) -> Comparison:
    # End the runs of killed commands, as a worker does every few seconds; else they would count as loose ends.
    queue.sweep(now=timezone.now() + timedelta(seconds=settings.LEASE_SECONDS))
    expected, found = life.expected(), actual(life.scene)
    comparison = Comparison(sum(expected.values()), sum(found.values()))
    comparison.duplicated = life.duplicated()
    lacking = Counter(_name(fact) for fact in (expected - found).elements())
    surplus = Counter(_name(fact) for fact in (found - expected).elements())
    comparison.missing = sorted((lacking - surplus).elements())
    comparison.unlike = sorted(set((surplus + Counter()) - Counter(comparison.duplicated)))
    comparison.wrong_receipts = _wrong_receipts(life)
    comparison.loose_ends = _loose_ends()
    return comparison


def _name(fact: Fact) -> str:
    return fact[6].partition(".")[0] + "."


def _wrong_receipts(life: Life) -> list[str]:
    """Return what is wrong where a receipt's activity is missing or differs, or an activity has no receipt."""
    activities = {record["Id"]: record for record in life.scene.activities()}
    wrong = []
    for receipt in Receipt.objects.order_by("pk"):
        name, activity = life.names[receipt.entry_id], activities.get(receipt.quickbooks_id)
        if receipt.state == Receipt.State.DELETED:
            if activity is not None:
                wrong.append(f"{name} said to be deleted, but {receipt.quickbooks_id} is there")
        elif activity is None:
            wrong.append(f"{name} said to be {receipt.quickbooks_id}, which is not there")
        elif name_of(activity) != name or not _says_the_same(receipt.draft, activity):
            wrong.append(f"{name} said to be {receipt.quickbooks_id} with {receipt.draft}, which is {activity}")
    named_ids = set(Receipt.objects.filter(state=Receipt.State.SENT).values_list("quickbooks_id", flat=True))
    wrong += [f"{name_of(record)} {key} has no receipt" for key, record in activities.items() if key not in named_ids]
    return wrong


def _says_the_same(draft: dict[str, Any], activity: dict[str, Any]) -> bool:
    return (
        draft["customer_id"] == activity["CustomerRef"]["value"]
        and draft["txn_date"] == activity["TxnDate"]
        and draft["minutes"] == activity["Hours"] * 60 + activity["Minutes"]
        and draft["description"] == activity.get("Description", "")
        and float(draft["rate"]) == float(activity["HourlyRate"])
        and draft["person_id"] == activity[f"{activity['NameOf']}Ref"]["value"]
    )


def _loose_ends() -> list[str]:
    open_actions = Action.objects.filter(state=Action.State.SENDING)
    open_runs = Run.objects.filter(status__in=[Run.Status.QUEUED, Run.Status.RUNNING, Run.Status.WAITING])
    ends = [f"action {action.pk} is still open: {action} {action.error_message}" for action in open_actions]
    return ends + [f"run {run.pk} is still {run.status}" for run in open_runs]
