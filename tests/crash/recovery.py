"""After the attack: runs until nothing is left to do, then what QuickBooks and our receipts say against the rules."""

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
from tests.crash.outcome import Verdict
from tests.crash.stage import Stage
from tests.support.oracle import Fact, actual
from tests.support.scene import FIRST, LAST, run_command

MAX_ROUNDS = 25
WRITES = ("sent", "updated", "deleted", "failed", "unknown")


def rounds_until_quiet(
    stage: Stage, *, heal: Callable[[], None], say: Callable[[str], None] = lambda text: None
) -> int | None:
    """Commands run, undisturbed, until one has nothing to do and nothing is watched; None when that never comes."""
    # What hung at the sandbox, or was late, has its time to arrive.
    time.sleep(float(stage.patience["SETTLE_SECONDS"]))
    for number in range(1, MAX_ROUNDS + 1):
        heal()
        result = run_command("sync_time", "--from", FIRST, "--to", LAST)
        say(f"recovery {number}: exit code {result.code}, {result.counts if result.json else result.stderr}")
        watched = Action.objects.filter(watch_until__isnull=False).exists()
        if result.code == 0 and not watched and not any(result[name] for name in WRITES):
            return number
        time.sleep(0.5)
    return None


def judge(life: Life) -> Verdict:
    # As a worker does every few seconds: killed commands' runs are ended.
    queue.sweep(now=timezone.now() + timedelta(seconds=settings.LEASE_SECONDS))
    wanted, there = life.expected(), actual(life.scene)
    verdict = Verdict(sum(wanted.values()), sum(there.values()))
    verdict.doubled = life.doubled()
    lacking = Counter(_name(fact) for fact in (wanted - there).elements())
    surplus = Counter(_name(fact) for fact in (there - wanted).elements())
    verdict.missing = sorted((lacking - surplus).elements())
    verdict.unlike = sorted(set((surplus + Counter()) - Counter(verdict.doubled)))
    verdict.wrong_receipts = _wrong_receipts(life)
    verdict.loose_ends = _loose_ends()
    return verdict


def _name(fact: Fact) -> str:
    return fact[6].partition(".")[0] + "."


def _wrong_receipts(life: Life) -> list[str]:
    """Every receipt names the activity of its very entry and says what it holds; every activity has its receipt."""
    there = {one["Id"]: one for one in life.scene.activities()}
    wrong = []
    for receipt in Receipt.objects.order_by("pk"):
        name, activity = life.names[receipt.entry_id], there.get(receipt.quickbooks_id)
        if receipt.state == Receipt.State.DELETED:
            if activity is not None:
                wrong.append(f"{name} said to be deleted, but {receipt.quickbooks_id} is there")
        elif activity is None:
            wrong.append(f"{name} said to be {receipt.quickbooks_id}, which is not there")
        elif name_of(activity) != name or not _says_the_same(receipt.draft, activity):
            wrong.append(f"{name} said to be {receipt.quickbooks_id} with {receipt.draft}, which is {activity}")
    named = set(Receipt.objects.filter(state=Receipt.State.SENT).values_list("quickbooks_id", flat=True))
    wrong += [f"{name_of(one)} {key} has no receipt" for key, one in there.items() if key not in named]
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
    opened = Action.objects.filter(state=Action.State.SENDING)
    running = Run.objects.filter(status__in=[Run.Status.QUEUED, Run.Status.RUNNING, Run.Status.WAITING])
    ends = [f"action {one.pk} is still open: {one} {one.error_message}" for one in opened]
    return ends + [f"run {one.pk} is still {one.status}" for one in running]
