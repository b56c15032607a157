"""The kinds of writes that the sweep plays odd answers to, each with other records beside the one that is hit."""

from __future__ import annotations

import re

from django.utils import timezone

from syncjobs.models import Receipt, Run
from syncjobs.runs import correction
from syncjobs.runs import lifecycle as runs
from syncjobs.runs.execution import RunExecution
from tests.support.oracle import actual, assert_books_agree, expected
from tests.support.scene import Result, Scene, run_command

# In the text of the record that is hit, and in no other.
VICTIM = "victim"
SINGLES, BATCHED = 4, 40


class Write:
    """A write of one entry among others: `run` makes it, and again later.

    `path` and `match` are where to hit it, `first_path` where its first attempt goes.
    """

    name = ""
    first_path = path = "/timeactivity"
    others = SINGLES

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.ada = scene.user("Ada")
        self.site = scene.project("Site", client=scene.client("Acme"), hourlyRate=8000)
        self.match = VICTIM
        self.arrange()

    def arrange(self) -> None:
        raise NotImplementedError

    def enter(self) -> None:
        """Enter the time: half of the others, the victim, the rest."""
        half = self.others // 2
        self.beside = self.scene.entries(self.ada, self.site, half)
        self.victim = self.scene.entry(self.ada, self.site, "2026-03-19 09:00", description=f"The {VICTIM} 🎉")
        self.beside += self.scene.entries(self.ada, self.site, self.others - half, day=20)

    def send(self) -> Result:
        result = self.scene.sync()
        assert result.code == 0, result.stderr
        return result

    def hit_the_victims_id(self) -> None:
        """Recognize the write by its activity's id, since a delete holds nothing else."""
        self.match = rf'"Id": ?"{re.escape(self.scene.receipt(self.victim).quickbooks_id)}"'

    def other_id(self) -> str:
        """Return the id of an activity that belongs to another entry."""
        return Receipt.objects.exclude(entry_id=self.victim).earliest("pk").quickbooks_id

    def run(self) -> tuple[int, str]:
        """Make the write, or try again; return the exit code and stderr."""
        return ended(self.scene.sync())

    def assert_others_are_done(self) -> None:
        """Assert that QuickBooks is as it should be, apart from what concerns the victim."""
        there, due = actual(self.scene), expected(self.scene, leave_out=[self.victim])
        assert not due - there, "others were not done"
        assert [fact for fact in there - due if VICTIM not in fact[6]] == [], "others are there too often"

    def assert_all_is_done(self) -> None:
        assert_books_agree(self.scene)


def ended(result: Result) -> tuple[int, str]:
    return result.code, result.stderr


class Create(Write):
    name = "create"

    def arrange(self) -> None:
        self.scene.entry(self.ada, self.site, "2026-03-02 18:00", description="Sent before")
        self.send()
        self.enter()


class BatchCreate(Create):
    """A backlog of which batches take thirty at once; the victim is far enough behind the first single creates."""

    name = "create in a batch"
    first_path, path = "/batch", "/batch|/timeactivity"
    others = BATCHED


class Update(Write):
    name = "update"

    def arrange(self) -> None:
        self.enter()
        self.send()
        for entry in [*self.beside, self.victim]:
            self.scene.stretch(entry, 90)


class Delete(Write):
    name = "delete"

    def arrange(self) -> None:
        self.enter()
        self.send()
        self.hit_the_victims_id()
        for entry in [*self.beside, self.victim]:
            self.scene.edit_entry(entry, billable=False)
        # Something stays, whose id another record's answer may claim.
        self.scene.entry(self.ada, self.site, "2026-03-02 18:00", description="Sent meanwhile")


class Undo(Write):
    name = "undo"

    def arrange(self) -> None:
        self.enter()
        self.sent = self.send()
        self.hit_the_victims_id()

    def run(self) -> tuple[int, str]:
        return ended(run_command("undo_run", str(self.sent["run"])))

    def assert_others_are_done(self) -> None:
        assert all(VICTIM in activity["Description"] for activity in self.scene.activities()), "others were not undone"

    def assert_all_is_done(self) -> None:
        assert self.scene.activities() == []
        assert not Receipt.objects.filter(state="sent").exists()


class Correction(Write):
    """The 30 minutes that are missing beside an invoice, added by a person's decision."""

    name = "correction"
    others = 2

    def arrange(self) -> None:
        self.enter()
        self.send()
        self.scene.bill(self.scene.receipt(self.victim).quickbooks_id)
        self.scene.stretch(self.victim, 90)
        assert self.scene.sync()["blocked_reasons"] == {"BILLED_IN_QUICKBOOKS": 1}

    def run(self) -> tuple[int, str]:
        """Add what is missing, from a preview as a person presses it; once it is there, only sync."""
        if Receipt.objects.filter(entry_id=self.victim, part=1, state="sent").exists() or self.scene.open_actions():
            return ended(self.scene.sync())
        options = correction.run_details(self.scene.workspace, self.scene.mirrored(self.victim), "correct")
        preview = self._work(dry_run=True, **options)
        done = self._work(first=preview.from_date, last=preview.to_date, options=correction.as_shown(preview))
        return (0 if done.status == Run.Status.SUCCEEDED else 4), done.error_message

    def _work(self, **details: object) -> Run:
        run = runs.create_run("sync", self.scene.workspace, trigger="button", now=timezone.now(), **details)  # type: ignore[arg-type]
        return RunExecution(run).work()

    def assert_others_are_done(self) -> None:
        """Nothing else was due."""

    def assert_all_is_done(self) -> None:
        minutes = sorted(
            activity["Hours"] * 60 + activity["Minutes"]
            for activity in self.scene.activities()
            if VICTIM in activity["Description"]
        )
        assert minutes == [30, 60]
        assert len(self.scene.activities()) == self.others + 2
        assert Receipt.objects.filter(state="sent").count() == self.others + 2


WRITES: dict[str, type[Write]] = {
    write.name: write for write in (Create, BatchCreate, Update, Delete, Undo, Correction)
}
