"""The final comparison: what QuickBooks and our receipts say against what the rules say."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from syncjobs.models import Action, Receipt, Run
from tests.crash.life import Life, name_of
from tests.syncjobs.oracle import Fact, actual


@dataclass
class Verdict:
    expected: int
    found: int
    doubled: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    wrong_receipts: list[str] = field(default_factory=list)
    loose_ends: list[str] = field(default_factory=list)

    @property
    def differences(self) -> list[str]:
        named = {
            "doubled": self.doubled,
            "missing": self.missing,
            "not as the rules say": self.unlike,
            "wrong receipt": self.wrong_receipts,
            "loose end": self.loose_ends,
        }
        return [f"{name}: {one}" for name, ones in named.items() for one in ones]


def judge(life: Life) -> Verdict:
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
