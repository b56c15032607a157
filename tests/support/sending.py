"""A run that sends a small plan to the sandbox, without reading Clockify or planning before."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from integrations.quickbooks.client import QuickBooksApiClient
from syncjobs.ledger import journal
from syncjobs.ledger.lease import Heartbeat
from syncjobs.models import Action, Run, RunItem
from syncjobs.sending import execute
from syncjobs.sending.circuit_breaker import CircuitBreaker
from syncjobs.sending.responses import Outcomes
from syncjobs.sending.work_queue import SendContext, WorkQueue
from tests.support.factories import ReceiptFactory, RunFactory, RunItemFactory
from tests.support.scene import Scene

DAY = date(2026, 3, 2)


class Plan:
    """The items of one run, time of Ada at Site, and what sends them."""

    def __init__(self, scene: Scene, ada: str, site: str) -> None:
        self.scene = scene
        self.run: Run = RunFactory(workspace=scene.workspace, status=Run.Status.RUNNING)
        self.client = QuickBooksApiClient(scene.company)
        self.heartbeat = Heartbeat(self.run, scene.company, "a test")
        self.breaker = CircuitBreaker()
        self.steps = 0
        self._draft = {
            "person_kind": "employee",
            "person_id": scene.partner_of(ada),
            "customer_id": scene.partner_of(site),
            "txn_date": DAY.isoformat(),
            "minutes": 60,
            "description": "",
            "rate": "80",
        }

    def create(self, **values: Any) -> RunItem:
        """Plan a new activity; each has another description."""
        number = RunItem.objects.count()
        draft = {**self._draft, "description": f"Task {number}", **values.pop("draft", {})}
        snapshot = {"content_hash": "content", "start_at": "2026-03-02T09:00:00-05:00", **values.pop("snapshot", {})}
        fields = {"verb": "create", "outcome": "planned", "entry_id": f"entry{number}", "txn_date": DAY, **values}
        item: RunItem = RunItemFactory(run=self.run, draft=draft, source_snapshot=snapshot, **fields)
        return item

    def creates(self, count: int) -> list[RunItem]:
        return [self.create() for _ in range(count)]

    def change(self, verb: str) -> RunItem:
        """Plan the update (to 75 minutes) or the delete of time that was sent."""
        sent = self.create(outcome="sent")
        action = journal.open_action(sent, run=self.run)
        record = self.scene.put("TimeActivity", json.loads(action.body))
        journal.accept(action, record)
        sent.delete()
        known = {"quickbooks_id": record["Id"], "snapshot": {"record": record}}
        return self.create(verb=verb, entry_id=sent.entry_id, draft={**sent.draft, "minutes": 75}, **known)

    def sent_before(self, item: RunItem, *, arrives: bool = False) -> Action:
        """Give the item a write of an earlier run that got no answer, and perhaps arrived; return that write."""
        action = journal.open_action(item, run=RunFactory(workspace=self.run.workspace))
        item.source_snapshot[RunItem.ACTION] = action.pk
        item.save()
        if arrives:
            answer = self.client.write("TimeActivity", action.body, request_id=str(action.request_id))
            ReceiptFactory(workspace=self.run.workspace, quickbooks_id=answer.record["Id"])
        return action

    def context(self) -> SendContext:
        """Return what sends the items that are planned by now."""
        queue, outcomes = WorkQueue(self.run), Outcomes(self.run, self.client, self.breaker)
        return SendContext(self.run, self.client, self.heartbeat, self.breaker, queue, outcomes)

    def carry_out(self) -> dict[str, int]:
        """Send all by threads; return the number of items by outcome."""
        execute.carry_out(self.run, self.client, self.heartbeat, breaker=self.breaker, progress=self.progress)
        return self.outcomes()

    def progress(self) -> None:
        self.steps += 1

    def outcomes(self) -> dict[str, int]:
        found = [item.outcome for item in RunItem.objects.filter(run=self.run)]
        return {outcome: found.count(outcome) for outcome in sorted(set(found))}

    def actions(self) -> list[str]:
        """Return the states of all writes, sorted."""
        return sorted(Action.objects.values_list("state", flat=True))
