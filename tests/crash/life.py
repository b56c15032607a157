"""People's work while Hourbridge is under attack, and the activities that QuickBooks must hold because of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from random import Random

from syncjobs.models import Action, Run
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
        # By entry, what a person decided about it, and what that adds in QuickBooks. Nobody works on it afterwards.
        self.decided: dict[str, str] = {}
        self.added: dict[str, Fact] = {}
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
        if random.random() < 0.4 and not _is_undoing():
            self._bill()

    def _singles(self) -> list[str]:
        return [
            key for key in self.scene.place.entries if self.names[key].startswith("Work") and key not in self.decided
        ]

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
        taken = {*self.duplicated(), *(self.names[entry] for entry in self.decided)}
        owners = {name: entry for entry, name in self.names.items()}
        with self.scene.world.lock:
            activities = self.scene.activities()
            billable = [
                activity for activity in activities if self._may_be_billed(activity) and name_of(activity) not in taken
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

    # --- what needs a decision ------------------------------------------------------------------------------
    def outgrow_an_invoice(self, ids: Collection[str]) -> str | None:
        """Let one of these entries, which is on an invoice, become longer in Clockify; return it, if there is one."""
        entries = [entry for entry in self._singles() if entry in self.billed and entry in ids]
        if not entries:
            return None
        entry, more = self._random.choice(entries), self._random.randrange(5, 60)
        *who, minutes, rate, text, _ = self.billed[entry]
        project = next(key for key in self.projects if self.scene.customers[key] == who[2])
        self.scene.edit_entry(entry, billable=True, projectId=project, description=text)
        self.scene.stretch(entry, minutes + more)
        self.decided[entry] = "correct"
        person_kind, person, customer, day = who
        self.added[entry] = (person_kind, person, customer, day, more, rate, text, "Billable")
        return entry

    def change_by_hand(self, ids: Collection[str]) -> str | None:
        """Change the activity of one of these entries in QuickBooks; return the entry, if there is one."""
        by_name = {name_of(activity): activity for activity in self.scene.activities()}
        doubled, place = self.duplicated(), self.scene.place
        entries = [
            entry
            for entry in self._singles()
            if entry in ids and entry not in self.billed and place.entries[entry].billable
            if self.names[entry] in by_name and self.names[entry] not in doubled
        ]
        if not entries:
            return None
        entry = self._random.choice(entries)
        self.scene.put("TimeActivity", {"Id": by_name[self.names[entry]]["Id"], "Hours": 9, "Minutes": 1})
        self.decided[entry] = "override"
        return entry

    def open_decisions(self) -> dict[str, str]:
        """Return what was decided and is not in QuickBooks, by entry."""
        lacking = {fact[6].partition(".")[0] + "." for fact in self.expected() - oracle.actual(self.scene)}
        return {entry: option for entry, option in self.decided.items() if self.names[entry] in lacking}

    # --- what it comes to ----------------------------------------------------------------------------------
    def expected(self) -> Counter[Fact]:
        return oracle.expected(self.scene, leave_out=self.billed) + Counter(
            [*self.billed.values(), *self.added.values()]
        )

    def duplicated(self) -> list[str]:
        """Return the names that QuickBooks holds more often than they were ever tracked."""
        tracked = Counter([*self.names.values(), *(self.names[entry] for entry in self.added)])
        counts = Counter(map(name_of, self.scene.activities()))
        return sorted(name for name, count in counts.items() if count > tracked[name])


def _is_undoing() -> bool:
    """Return whether an undo may delete in this moment: it asks for invoices once, when it begins."""
    in_doubt = Action.objects.filter(run__kind=Run.Kind.UNDO, state=Action.State.SENDING)
    return in_doubt.exists() or Run.objects.filter(kind=Run.Kind.UNDO).open().exists()


def name_of(activity: dict[str, object]) -> str:
    """Return the entry's name, e.g. `Work 12.` of the description `Work 12. Draft 3`."""
    return str(activity.get("Description", "")).partition(".")[0] + "."
