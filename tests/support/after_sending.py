"""Plays each event that may happen to a time entry before or after it was sent, and reads the outcome.

Every event meets every state with an entry of its own; many entries share one world, so that few runs are needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from integrations.limits.retry import MAX_TRIED_RUNS
from integrations.models import TimeEntry
from syncjobs.models import RunItem
from syncjobs.rules.steps.differences import Difference
from tests.support.scene import Result, Scene, run_command

STATES = (
    "never sent",
    "sent",
    "sent and billed",
    "sent and changed by hand",
    "deleted by us",
    "in doubt",
    "in doubt, not arrived",
    "given up",
)
IN_DOUBT = STATES[5:7]
# The events of which the others are but more examples.
OF_GIVEN_UP = {"nothing", "text edited", "rate changed", "made unbillable", "deleted in Clockify", "ignored"}
IN_QUICKBOOKS = STATES[1:4]
DAY, CLOSED_DAY, CLOSED = "2026-03-12", "2026-03-09", "2026-03-10"
MAX_UNCERTAIN = 14
REFUSED = {"Fault": {"Error": [{"Message": "no", "Detail": "no", "code": "4000"}], "type": "ValidationFault"}}
ACTIONS = {
    "sent": "sends it",
    "updated": "updates it",
    "deleted": "deletes it",
    "blocked": "holds it",
    "failed": "holds it",
    "unknown": "holds it",
}
EDITED, DELETED = ", and edited", ", and deleted"


class Outcome(NamedTuple):
    """The last three columns of the table in docs/after-sending.md."""

    does: str
    state: str
    reads: str


class Played(NamedTuple):
    event: str
    state: str
    entry: str


class Stage:
    """A world in which each event that concerns a person or project has one of its own."""

    entry_events: dict[str, EntryEvent]

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        site = scene.client("Acme")
        self.projects = {name: scene.project(name, client=site, hourlyRate=8000) for name in ("Site", "Hall", "Rated")}
        self.users = {name: scene.user(name) for name in ("Ada", "Bea", "Una", "Lin", "Ina", "Ivo")}
        self.played: list[Played] = []
        self.first_run: Result | None = None
        scene.check()

    # --- how the states come about -------------------------------------------------------------------------
    def begin(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Enter and send an entry for each event and state.

        Entries whose outcome stays unknown are sent last, since any later run would settle them.
        """
        by_state: dict[str, list[str]] = {state: [] for state in STATES}
        pairs = sorted(pairs, key=lambda pair: STATES.index(pair[1]))
        for event, state in (pair for pair in pairs if pair[1] not in {"never sent", "given up", *IN_DOUBT}):
            by_state[state].append(self._enter(event, state))
        if self.played:
            self.first_run = self._sync()
            assert self.first_run.code == 0, self.first_run.stderr
        self.scene.bill(*map(self._key, by_state["sent and billed"]))
        for entry in by_state["sent and changed by hand"]:
            self.scene.put("TimeActivity", {"Id": self._key(entry), "Hours": 5})
        self._delete_and_restore(by_state["deleted by us"])
        for in_doubt, fault in zip(IN_DOUBT, ("cut_after_commit", "cut_before"), strict=True):
            self._leave_unknown([self._enter(event, state) for event, state in pairs if state == in_doubt], fault)
        self._give_up([self._enter(event, state) for event, state in pairs if state == "given up"])
        for event, state in (pair for pair in pairs if pair[1] == "never sent"):
            self._enter(event, state)

    def _enter(self, event: str, state: str, *, billable: bool = True) -> str:
        person = next((name for event_prefix, name in PERSONS.items() if event.startswith(event_prefix)), "Ada")
        project = "Rated" if event.startswith("rate changed") else "Site"
        day = CLOSED_DAY if event.startswith("books closed") else DAY
        # Every entry has another text, since it tells activities of unknown outcome apart.
        text = f"{event}, {state}"
        user, site = self.users[person], self.projects[project]
        entry = self.scene.entry(user, site, f"{day} 09:00", description=text, billable=billable)
        self.played.append(Played(event, state, entry))
        return entry

    def _delete_and_restore(self, entries: list[str]) -> None:
        if not entries:
            return
        for entry in entries:
            self.scene.edit_entry(entry, billable=False)
        # They may be so many that a sync asks first.
        run = run_command("sync_time", "--from", "2026-03-01", "--to", "2026-03-28", "--believe-deletions")
        assert run["deleted"] == len(entries)
        for entry in entries:
            self.scene.edit_entry(entry, billable=True)

    def _give_up(self, entries: list[str]) -> None:
        """Send these entries alone, five times without an answer."""
        if not entries:
            return
        self.scene.fault("500_html", times=0)
        counts = [self._sync().counts for _ in range(MAX_TRIED_RUNS)]
        self.scene.clear_faults()
        assert counts[-1] == {"failed": len(entries)}

    def _leave_unknown(self, entries: list[str], fault: str) -> None:
        """Send these entries alone, with answers and later queries lost, so that their outcome stays unknown."""
        if not entries:
            return
        others = [played.entry for played in self.played if played.state == "deleted by us"]
        for entry in others:
            self.scene.edit_entry(entry, billable=False)
        self.scene.fault(fault, times=0)
        self.scene.fault("status_before", "/query", method="", status=400, body=REFUSED, skip=1, times=0)
        assert self._sync()["unknown"] == len(entries)
        self.scene.clear_faults()
        for entry in others:
            self.scene.edit_entry(entry, billable=True)

    # --- what happens --------------------------------------------------------------------------------------
    def happen(self) -> None:
        """Apply each entry's own event, then the events of a person, a project, the books or everything."""
        for played in self.played:
            base = played.event.removesuffix(EDITED).removesuffix(DELETED)
            for part in (base, played.event.removeprefix(base)):
                if part in self.entry_events:
                    self.entry_events[part](self, played.entry)
        context = {played.event.removesuffix(EDITED).removesuffix(DELETED) for played in self.played}
        for event in sorted(context & set(CONTEXT_EVENTS)):
            CONTEXT_EVENTS[event](self)

    def run(self) -> Result:
        if self.played[0].event.startswith("run undone"):
            assert self.first_run is not None
            return run_command(
                "undo_run", str(self.first_run["run"]), *["--ignore"][: self.played[0].event.count("left out")]
            )
        return self._sync()

    def _sync(self) -> Result:
        return self.scene.sync("2026-03-01", "2026-03-28")

    # --- what came of it -----------------------------------------------------------------------------------
    def outcomes(self, run: Result) -> dict[tuple[str, str], Outcome]:
        items = {row.entry_id: row for row in RunItem.objects.filter(run_id=run["run"])}
        return {(row.event, row.state): self._outcome(row, items.get(row.entry)) for row in self.played}

    def _outcome(self, played: Played, item: RunItem | None) -> Outcome:
        explanation = self.scene.explain(played.entry)
        if explanation.code == 2:
            return Outcome("leaves it", "deleted", "—")
        texts = [reason["message"] for reason in explanation["reasons"]]
        texts += [f"Differs: {_difference(row)}." for row in explanation.json.get("differences", [])]
        does = (
            ACTIONS[item.outcome]
            if item
            else "finds it"
            if played.state == "in doubt" and explanation["state"] == "sent"
            else ""
        )
        reads = " ".join(texts) or (item.why if item else "") or "—"
        return Outcome(does or "leaves it", explanation["state"], reads)

    def _key(self, entry: str) -> str:
        return self.scene.receipt(entry).quickbooks_id

    def key_of(self, entry: str) -> str:
        """Return the id of the entry's activity, found by its text, since an uncertain write has no receipt."""
        row = TimeEntry.objects.filter(clockify_id=entry).first()
        text = self.scene.place.entries[entry].description if row is None else row.description
        return next(activity["Id"] for activity in self.scene.activities() if activity.get("Description") == text)


def _difference(row: dict[str, str]) -> str:
    # QuickBooks chooses an item by itself where none was sent.
    in_quickbooks = row["quickbooks"] != row["sent"] and row["field"] != "item"
    today = row["now"] != row["sent"] and row["field"] in {"rate", "person", "customer", "item"}
    return Difference(**row, in_quickbooks=in_quickbooks, today=today).sentence()


EntryEvent = Callable[[Stage, str], Any]
PERSONS = {"link taken away": "Una", "link changed": "Lin", "partner inactive": "Ina", "person ignored": "Ivo"}


def _restore(stage: Stage, entry: str) -> None:
    stage.scene.restore(stage.scene.delete_entry(entry))


def _enter_by_hand(stage: Stage, entry: str) -> None:
    """Enter the same time in QuickBooks, of a length that no other entry has, so that it equals only this one."""
    stage.scene.stretch(entry, 77)
    person = {"NameOf": "Employee", "EmployeeRef": {"value": stage.scene.partner_of(stage.users["Ada"])}}
    customer = {"CustomerRef": {"value": stage.scene.partner_of(stage.projects["Site"])}, "TxnDate": DAY}
    stage.scene.put("TimeActivity", {**person, **customer, "Hours": 1, "Minutes": 17, "HourlyRate": 1})


def _enter_almost_by_hand(stage: Stage, entry: str) -> None:
    """Enter it in QuickBooks with the entry's own text, which no other entry has, and another length."""
    person = {"NameOf": "Employee", "EmployeeRef": {"value": stage.scene.partner_of(stage.users["Ada"])}}
    customer = {"CustomerRef": {"value": stage.scene.partner_of(stage.projects["Site"])}, "TxnDate": DAY}
    text = stage.scene.place.entries[entry].description
    stage.scene.put("TimeActivity", {**person, **customer, "Hours": 1, "Minutes": 41, "Description": text})


ENTRY_EVENTS: dict[str, EntryEvent] = {
    "nothing": lambda stage, entry: None,
    "length edited": lambda stage, entry: stage.scene.stretch(entry, 90),
    "some seconds longer": lambda stage, entry: stage.scene.stretch(entry, 60.3),
    "text edited": lambda stage, entry: stage.scene.edit_entry(entry, description=f"Another text {entry}"),
    "moved to another day": lambda stage, entry: stage.scene.edit_entry(entry, start="2026-03-13 09:00"),
    "given to another person": lambda stage, entry: stage.scene.edit_entry(entry, userId=stage.users["Bea"]),
    "moved to another project": lambda stage, entry: stage.scene.edit_entry(entry, projectId=stage.projects["Hall"]),
    "made unbillable": lambda stage, entry: stage.scene.edit_entry(entry, billable=False),
    "project taken away": lambda stage, entry: stage.scene.edit_entry(entry, projectId=""),
    "made a break": lambda stage, entry: stage.scene.edit_entry(entry, type="BREAK"),
    "cut to some seconds": lambda stage, entry: stage.scene.stretch(entry, 0.2),
    "stretched over 24 hours": lambda stage, entry: stage.scene.stretch(entry, 25 * 60),
    "timer runs again": lambda stage, entry: stage.scene.product.put_entry({"id": entry, "end": None}),
    "marked invoiced": lambda stage, entry: stage.scene.edit_entry(entry, invoiced="inv-1"),
    "deleted in Clockify": lambda stage, entry: stage.scene.delete_entry(entry),
    "deleted and restored": _restore,
    "ignored": lambda stage, entry: stage.scene.ignore_entry(entry),
    "same time entered in QuickBooks": _enter_by_hand,
    "almost the same time entered in QuickBooks": _enter_almost_by_hand,
    "billed in QuickBooks": lambda stage, entry: stage.scene.bill(stage.key_of(entry)),
    "put on a sales receipt": lambda stage, entry: stage.scene.bill(stage.key_of(entry), entity="SalesReceipt"),
    "invoiced, and the invoice deleted": lambda stage, entry: [
        stage.scene.delete_form(invoice) for invoice in stage.scene.bill(stage.key_of(entry))
    ],
    "changed in QuickBooks": lambda stage, entry: stage.scene.put(
        "TimeActivity", {"Id": stage.key_of(entry), "Hours": 5}
    ),
    "cost rate added in QuickBooks": lambda stage, entry: stage.scene.put(
        "TimeActivity", {"Id": stage.key_of(entry), "CostRate": 40}
    ),
    "deleted in QuickBooks": lambda stage, entry: stage.scene.delete_activity(stage.key_of(entry)),
    EDITED: lambda stage, entry: stage.scene.stretch(entry, 90),
    DELETED: lambda stage, entry: stage.scene.delete_entry(entry),
}
Stage.entry_events = ENTRY_EVENTS
HAND_EVENTS = {
    "billed in QuickBooks",
    "put on a sales receipt",
    "invoiced, and the invoice deleted",
    "changed in QuickBooks",
    "cost rate added in QuickBooks",
    "deleted in QuickBooks",
}


def _link_changed(stage: Stage) -> None:
    other_employee = stage.scene.put("Employee", {"DisplayName": "Linus"})["Id"]
    stage.scene.check()
    stage.scene.decide("link", "user", stage.users["Lin"], other_employee)


def _partner_inactive(stage: Stage) -> None:
    stage.scene.deactivate("Employee", stage.scene.partner_of(stage.users["Ina"]))
    stage.scene.check()


def _books_closed(stage: Stage) -> None:
    stage.scene.configure(BookCloseDate=CLOSED)
    stage.scene.check()


def _subscription_unsupported(stage: Stage) -> None:
    stage.scene.configure(PayrollFeature="true")
    stage.scene.check()


def _setting_changed(stage: Stage) -> None:
    stage.scene.put("Item", {"Name": "Consulting"})
    stage.scene.check()
    stage.scene.policy(service_item="Consulting")


def _invoices_unreadable(stage: Stage) -> None:
    stage.scene.fault("answer_before", "/query", method="GET", match="from Invoice ", times=0, status=400, body=REFUSED)


CONTEXT_EVENTS: dict[str, Callable[[Stage], Any]] = {
    "rate changed": lambda stage: stage.scene.edit_project(stage.projects["Rated"], hourlyRate=9900),
    "link taken away": lambda stage: stage.scene.decide("unlink", "user", stage.users["Una"]),
    "link changed": _link_changed,
    "partner inactive": _partner_inactive,
    "person ignored": lambda stage: stage.scene.decide("ignore", "user", stage.users["Ivo"]),
    "books closed": _books_closed,
    "plan unsupported": _subscription_unsupported,
    "disconnected": lambda stage: stage.scene.decide("disconnect_quickbooks"),
    "default item changed": _setting_changed,
    "invoices unreadable": _invoices_unreadable,
}
# Events that concern everything need a world of their own; so does an undo, which is another kind of run.
SEPARATE_EVENTS = (
    "plan unsupported",
    "disconnected",
    "default item changed",
    "invoices unreadable",
    "run undone, and left out",
    "run undone",
)


def worlds() -> dict[str, list[tuple[str, str]]]:
    """Return the (event, state) pairs to play together, by world.

    Entries of unknown outcome get worlds of their own, a few each: a run stops where QuickBooks is silent too long.
    """
    pairs_by_world: dict[str, list[tuple[str, str]]] = {}
    uncertain_count = 0
    for event in all_events():
        for state in (candidate for candidate in STATES if can_happen(event, candidate)):
            world = next((name for name in SEPARATE_EVENTS if event.startswith(name)), state)
            if state == IN_DOUBT[1] and world != state:
                # A run that leaves one of these in doubt settles the other.
                world = f"{world}, {state}"
            if world in IN_DOUBT:
                world, uncertain_count = f"{world} {uncertain_count // MAX_UNCERTAIN + 1}", uncertain_count + 1
            pairs_by_world.setdefault(world, []).append((event, state))
    return pairs_by_world


def all_events() -> list[str]:
    entry_events = [event for event in ENTRY_EVENTS if event not in {EDITED, DELETED}]
    context = [event + suffix for event in CONTEXT_EVENTS for suffix in ("", EDITED, DELETED)]
    hand_events = [event + EDITED for event in sorted(HAND_EVENTS)]
    return [*entry_events, *hand_events, *context, "run undone", "run undone, and left out"]


def can_happen(event: str, state: str) -> bool:
    """Return whether an event makes sense: only activities in QuickBooks can be changed there or undone."""
    base = event.removesuffix(EDITED)
    if state == "given up":
        return event in OF_GIVEN_UP
    if event.endswith("same time entered in QuickBooks"):
        return state in {"never sent", "deleted by us"}
    if event.startswith("invoices unreadable"):
        return state in {"sent", "sent and billed"}
    if base in HAND_EVENTS:
        return state in {"sent", "in doubt"}
    return not event.startswith("run undone") or state in IN_QUICKBOOKS


def play(scene: Scene, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Outcome]:
    stage = Stage(scene)
    stage.begin(pairs)
    stage.happen()
    return stage.outcomes(stage.run())
