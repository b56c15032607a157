"""Everything that goes wrong besides kills: on the network, with tokens, disks, the sandbox and the database."""

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
    """Makes them, counts them, and mends what people would mend."""

    def __init__(self, stage: Stage, database: Database, adversary: Adversary) -> None:
        self._stage, self._database, self._adversary = stage, database, adversary
        self.made: Counter[str] = Counter()

    def lay_faults(self) -> None:
        """New faults on the network in place of those of the round before."""
        self._stage.count_faults()
        for options in self._adversary.faults():
            self._stage.scene.fault(options.pop("kind"), options.pop("path"), **options)

    def make_access_token_old(self) -> None:
        """The next call to QuickBooks has to refresh first."""
        connections.close_all()
        Company.objects.update(access_expires_at=timezone.now() + timedelta(minutes=1))
        self.made["tokens about to run out"] += 1

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
        self.made[kind] += 1

    def end_disk_trouble(self) -> None:
        self._database.heal()

    def heal(self) -> None:
        """Disks work again, and somebody connects QuickBooks where it has to be."""
        self._database.heal()
        connections.close_all()
        if self._stage.scene.company.state != Company.State.CONNECTED:
            self._stage.count_faults()
            done = self._stage.connect_again()
            assert done.code == 0, done.stderr

    def end(self) -> None:
        """No more faults; the count is complete."""
        self._stage.count_faults()
        self.made += self._stage.struck
        self.heal()
