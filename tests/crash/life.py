"""People's work while Hourbridge is under attack, and the activities that QuickBooks must hold because of it."""

from __future__ import annotations

from collections import Counter
from random import Random

from tests.crash.stage import Stage
from tests.support import oracle
from tests.support.oracle import Fact
from tests.support.scene import Scene

ZONES = ("America/New_York", "Europe/Berlin", "UTC")
DAYS = range(2, 29)
# Clockify deletions that are missing at once make a run ask a person (more than 20 of a window).
MAX_DELETED = 15


class Life:
    """Tracks, edits, deletes and bills time. Every entry has a name of its own, except for some equal pairs."""

    def __init__(self, stage: Stage, random: Random, *, entries: int) -> None:
        self._stage, self._random = stage, random
        scene = stage.scene
        people = [scene.user(name, zone=zone) for name, zone in zip(("Ada", "Ben", "Cleo"), ZONES, strict=True)]
        client = scene.client("Acme")
        projects = [
            scene.project("Site", client=client, hourlyRate=8000),
            scene.project("Shop", client=client, hourlyRate=9550),
            scene.project("Internal", hourlyRate=0),
        ]
        self.people, self.projects = people, projects
        self.names: dict[str, str] = {}
        self.billed: dict[str, Fact] = {}
        self.deleted = 0
        self._work_count = 0
        self.pair_count = 0
        for _ in range(entries):
            self.track()
        for _ in range(3):
            self.track_equal_pair()

    @property
    def scene(self) -> Scene:
        return self._stage.scene

    # --- in Clockify ---------------------------------------------------------------------------------------
    def track(self) -> None:
        """Enter a new time entry with a name of its own."""
        random, name = self._random, f"Work {self._work_count}."
        self._work_count += 1
        start = f"2026-03-{random.choice(DAYS):02d} {random.randrange(6, 20):02d}:{random.randrange(60):02d}"
        person, project = random.choice(self.people), random.choice(self.projects)
        entry = self.scene.entry(person, project, start, minutes=random.randrange(2, 240), description=name)
        self.names[entry] = name

    def track_equal_pair(self) -> None:
        """Enter two equal time entries: both must be sent, neither counts as a duplicate of the other."""
        self.pair_count += 1
        name = f"Twin {self.pair_count}."
        person, project = self._random.choice(self.people), self._random.choice(self.projects)
        for _ in range(2):
            entry = self.scene.entry(person, project, "2026-03-10 09:00", minutes=33, description=name)
            self.names[entry] = name

    def go_on(self, *, busy: int) -> None:
        """Enter some time and edit some; now and then delete or bill an entry."""
        random = self._random
        for _ in range(random.randrange(busy // 4 + 1)):
            self.track()
        editable = self._singles()
        for entry in random.sample(editable, min(busy, len(editable))):
            self._edit(entry)
        if self.deleted < MAX_DELETED and editable and random.random() < 0.3:
            self.scene.delete_entry(random.choice(editable))
            self.deleted += 1
        if random.random() < 0.4:
            self._bill()

    def _singles(self) -> list[str]:
        return [key for key in self.scene.place.entries if self.names[key].startswith("Work")]

    def _edit(self, entry: str) -> None:
        random, chance = self._random, self._random.random()
        if chance < 0.1:
            self.scene.edit_entry(entry, billable=not self.scene.place.entries[entry].billable)
        elif chance < 0.3:
            self.scene.stretch(entry, random.randrange(2, 300))
        elif chance < 0.4:
            self.scene.edit_entry(entry, projectId=random.choice(self.projects))
        else:
            self.scene.edit_entry(entry, description=f"{self.names[entry]} Draft {random.randrange(1000)}")

    # --- in QuickBooks -------------------------------------------------------------------------------------
    def _bill(self) -> None:
        """Put an activity on an invoice: from now on it stays as it is, whatever happens in Clockify."""
        duplicated = set(self.duplicated())
        owners = {name: entry for entry, name in self.names.items()}
        with self.scene.world.lock:
            activities = self.scene.activities()
            billable = [
                activity
                for activity in activities
                if self._may_be_billed(activity) and name_of(activity) not in duplicated
            ]
            if not billable:
                return
            chosen = self._random.choice(billable)
            self.scene.bill(chosen["Id"])
            billed = {**chosen, "BillableStatus": "HasBeenBilled"}
        self.billed[owners[name_of(chosen)]] = oracle.fact(billed)

    @staticmethod
    def _may_be_billed(activity: dict[str, object]) -> bool:
        return activity["BillableStatus"] == "Billable" and name_of(activity).startswith("Work")

    # --- what it comes to ----------------------------------------------------------------------------------
    def expected(self) -> Counter[Fact]:
        return oracle.expected(self.scene, leave_out=self.billed) + Counter(self.billed.values())

    def duplicated(self) -> list[str]:
        """Return the names that QuickBooks holds more often than they were ever tracked."""
        tracked = Counter(self.names.values())
        counts = Counter(map(name_of, self.scene.activities()))
        return sorted(name for name, count in counts.items() if count > tracked[name])


def name_of(activity: dict[str, object]) -> str:
    """Return the entry's name, e.g. `Work 12.` of the description `Work 12. Draft 3`."""
    return str(activity.get("Description", "")).partition(".")[0] + "."
