"""The contract's rules for one time entry, said once more in plain words. Uses no rule of ours."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sandbox.clockify.records import Entry
from tests.histories.who_is_who import WhoIsWho
from tests.support.scene import Scene

NO_WORK = {"NOT_BILLABLE", "NO_PROJECT", "NOT_WORK_TIME", "TOO_SHORT"}
WHOLE = {"PAYROLL_ENABLED", "PLAN_NOT_SUPPORTED", "NOT_CONNECTED"}
Content = tuple[Any, ...]


class Time(NamedTuple):
    """One TimeActivity, every field we write. `item` is "" where QuickBooks may choose."""

    name_of: str
    person: str
    customer: str
    day: str
    minutes: int
    rate: float
    text: str
    item: str


@dataclass
class Sent:
    """What was written last for an entry, and the content that it was made from."""

    key: str
    time: Time
    content: Content
    start: int


@dataclass
class There:
    """One TimeActivity in QuickBooks: whose it is ("": not known yet), and what people did to it since we wrote it."""

    entry: str
    raw: dict[str, Any]
    changed: bool = False
    by_hand: bool = False  # entered by somebody else, so nobody's of ours

    @property
    def billed(self) -> bool:
        return bool(self.raw["BillableStatus"] == "HasBeenBilled")


@dataclass(frozen=True)
class Verdict:
    """What is due. Of `must` every code is said, and beside them none that is not in `may`."""

    verb: str  # send, update, delete, keep or hold
    state: str  # what `explain` says once that was done
    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    time: Time | None = None

    def allows(self, codes: Iterable[str]) -> bool:
        said = set(codes)
        if "NOT_FINISHED" in self.must:
            # Only the report tells of invoices, and it does not list running timers.
            said -= {"INVOICED_IN_CLOCKIFY"}
        return self.must <= said <= self.must | self.may and bool(said) == bool(self.must or self.may)


@dataclass
class Settings:
    """The workspace's policy as people set it."""

    time_zone: str = "America/New_York"
    rounding: str = "minute"
    longest_hours: int = 24
    approved_only: bool = False
    block_invoiced: bool = True
    item: str = ""
    closed: str = ""
    payroll: bool = False
    connected: bool = True
    ignored_entries: set[str] = field(default_factory=set)

    @property
    def whole(self) -> set[str]:
        """What speaks against everything."""
        if not self.connected:
            return {"NOT_CONNECTED"}
        return {"PAYROLL_ENABLED"} if self.payroll else set()


def content_of(entry: Entry) -> Content:
    """What counts as edited."""
    return (
        entry.user_id,
        entry.project_id or "",
        entry.start,
        entry.end,
        entry.billable,
        entry.description,
        entry.type,
    )


class Rules:
    def __init__(self, scene: Scene, who: WhoIsWho, settings: Settings) -> None:
        self.scene, self.who, self.settings = scene, who, settings

    # --- facts ---------------------------------------------------------------------------------------------
    def minutes(self, entry: Entry) -> int:
        """To the nearest minute, half up; or up to the next quarter of an hour, as these workspaces round."""
        seconds = max(entry.seconds, 0)
        if self.settings.rounding == "clockify":
            return -(-seconds // 900) * 15
        return (seconds + 30) // 60

    def day(self, entry: Entry, sent: Sent | None) -> str:
        """Where the owner lives; while the start is unchanged, the day it was sent for."""
        if sent and sent.start == entry.start:
            return sent.time.day
        zone = self.scene.clockify.users[entry.user_id].time_zone or self.settings.time_zone
        return datetime.fromtimestamp(entry.start, UTC).astimezone(ZoneInfo(zone)).date().isoformat()

    def time(self, entry: Entry, sent: Sent | None) -> Time:
        person, customer = self.who.pairs["user", entry.user_id], self.who.pairs["project", entry.project_id or ""]
        return Time(
            person.entity,
            person.id,
            customer.id,
            self.day(entry, sent),
            self.minutes(entry),
            (self.scene.place.rate_of(entry) or 0) / 100,
            entry.description,
            self.settings.item,
        )

    def codes(self, entry: Entry, sent: Sent | None) -> set[str]:
        """Every reason that speaks against sending it, what QuickBooks would have to be asked for aside."""
        limit = self.settings.longest_hours * 3600
        closed = self.settings.closed
        said = {
            "NOT_FINISHED": entry.end is None,
            "NOT_WORK_TIME": entry.type != "REGULAR",
            "NOT_BILLABLE": not entry.billable,
            "NO_PROJECT": not entry.project_id,
            "TOO_SHORT": entry.end is not None and self.minutes(entry) < 1,
            "TOO_LONG": entry.end is not None and entry.seconds > limit,
            "NOT_APPROVED": self.settings.approved_only and entry.approval_state != "APPROVED",
            "INVOICED_IN_CLOCKIFY": self.settings.block_invoiced
            and entry.invoice is not None
            and entry.end is not None,
            "BOOKS_CLOSED": bool(closed) and self.day(entry, sent) <= closed,
            "IGNORED": self._is_ignored(entry),
        }
        codes = {code for code, applies in said.items() if applies}
        return codes | self._person(entry) | self._customer(entry) | self.settings.whole

    def _person(self, entry: Entry) -> set[str]:
        pair = self.who.pairs.get(("user", entry.user_id))
        if pair and pair.held == "EMPLOYEE_INACTIVE":
            return {"EMPLOYEE_INACTIVE"}
        return set() if pair and not pair.held else {"USER_NOT_MAPPED"}

    def _customer(self, entry: Entry) -> set[str]:
        """Of a project that was linked by hand the client does not matter."""
        if not entry.project_id:
            return set()
        pair = self.who.pairs.get(("project", entry.project_id))
        codes = set()
        if pair and pair.held == "CUSTOMER_INACTIVE":
            codes.add("CUSTOMER_INACTIVE")
        elif pair is None or pair.held:
            codes.add("PROJECT_NOT_MAPPED")
        client_id = self.scene.place.projects[entry.project_id].client_id
        if client_id and not (pair and pair.by_hand and not pair.held):
            client = self.who.pairs.get(("client", client_id))
            if client and client.held == "CUSTOMER_INACTIVE":
                codes.add("CUSTOMER_INACTIVE")
            elif client is None or client.held:
                codes |= {"CLIENT_NOT_MAPPED", "PROJECT_NOT_MAPPED"}
        return codes

    def _is_ignored(self, entry: Entry) -> bool:
        project = self.scene.place.projects.get(entry.project_id or "")
        records = [("user", entry.user_id), ("project", entry.project_id or "")]
        records += [("client", project.client_id)] if project and project.client_id else []
        return entry.id in self.settings.ignored_entries or any(map(self.who.is_ignored, records))

    # --- decisions -----------------------------------------------------------------------------------------
    def decide(self, entry: Entry, sent: Sent | None, there: There | None, twins: bool) -> Verdict:
        """What is due for an entry that Clockify has; `twins`: QuickBooks has the same time from somebody else."""
        codes = self.codes(entry, sent)
        if sent is None:
            if codes:
                may = frozenset({"ALREADY_IN_QUICKBOOKS"}) if twins else frozenset()
                return Verdict("hold", "ignored" if "IGNORED" in codes else "blocked", frozenset(codes), may)
            if twins:
                return Verdict("hold", "blocked", frozenset({"ALREADY_IN_QUICKBOOKS"}))
            return Verdict("send", "sent", time=self.time(entry, None))
        if content_of(entry) == sent.content:
            return Verdict("keep", "sent")
        if codes & NO_WORK:
            return self._delete(sent, there, codes)
        theirs = _theirs(there)
        if codes:
            return Verdict("hold", "changed", frozenset(codes), frozenset(theirs))
        time = self.time(entry, sent)
        if time == sent.time:
            return Verdict("keep", "sent")
        closed = {"BOOKS_CLOSED"} if self.settings.closed and sent.time.day <= self.settings.closed else set()
        if theirs or closed:
            return Verdict("hold", "changed", frozenset(theirs or closed), frozenset(closed))
        return Verdict("update", "sent", time=time)

    def decide_gone(self, sent: Sent, there: There | None) -> Verdict:
        """What is due for the time of an entry that Clockify no longer has."""
        return self._delete(sent, there, set())

    def _delete(self, sent: Sent, there: There | None, codes: set[str]) -> Verdict:
        """It goes, unless its books are closed or it is other people's by now; then the reasons say which."""
        closed = {"BOOKS_CLOSED"} if self.settings.closed and sent.time.day <= self.settings.closed else set()
        ours, theirs = closed | self.settings.whole, _theirs(there)
        if ours:
            return Verdict("hold", "changed", may=frozenset(ours | theirs | codes))
        if theirs:
            return Verdict("hold", "changed", frozenset(theirs), frozenset(codes))
        return Verdict("delete", "deleted")


def _theirs(there: There | None) -> set[str]:
    """Time that people billed, changed or deleted in QuickBooks is theirs."""
    if there is None:
        return {"CHANGED_IN_QUICKBOOKS"}
    if there.billed:
        return {"BILLED_IN_QUICKBOOKS"}
    return {"CHANGED_IN_QUICKBOOKS"} if there.changed else set()
