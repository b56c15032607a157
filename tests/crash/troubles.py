"""Failures besides kills: of the network, tokens, disks, the sandbox and the database."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from django.db import connections
from django.utils import timezone

from integrations.models import Company
from tests.crash.adversary import Adversary
from tests.crash.database import Database
from tests.crash.stage import Stage


class Troubles:
    """Causes and counts failures, and fixes what people would fix."""

    def __init__(self, stage: Stage, database: Database, adversary: Adversary) -> None:
        self._stage, self._database, self._adversary = stage, database, adversary
        self.counts: Counter[str] = Counter()

    def lay_faults(self) -> None:
        """Replace the network faults of the round before by new ones."""
        self._stage.count_faults()
        for options in self._adversary.faults():
            self._stage.scene.fault(options.pop("kind"), options.pop("path"), **options)

    def make_access_token_old(self) -> None:
        """Let the access token expire soon, so that the next call to QuickBooks has to refresh first."""
        connections.close_all()
        Company.objects.update(access_expires_at=timezone.now() + timedelta(minutes=1))
        self.counts["tokens about to run out"] += 1

    def make(self, kind: str) -> None:
        if kind == "tokens expired":
            self._stage.scene.tokens(expire_access=True)
        elif kind == "tokens refused":
            self._stage.scene.tokens(expire_access=True, refuse_refresh=True)
        elif kind == "sandbox restarted":
            self._stage.restart_sandbox()
        else:
            connections.close_all()
            self._database.conflict(kind)
        self.counts[kind] += 1

    def end_disk_trouble(self) -> None:
        self._database.heal()

    def heal(self) -> None:
        """Make disks work again, and connect QuickBooks if it is disconnected."""
        self._database.heal()
        connections.close_all()
        if self._stage.scene.company.state != Company.State.CONNECTED:
            self._stage.count_faults()
            result = self._stage.connect_again()
            assert result.code == 0, result.stderr

    def end(self) -> None:
        """End all faults and complete the count."""
        self._stage.count_faults()
        self.counts += self._stage.struck
        self.heal()
