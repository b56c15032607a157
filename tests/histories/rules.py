"""The contract's rules for one time entry, written a second time. Independent of the product's own rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sandbox.clockify.records import Entry
from tests.histories.who_is_who import ExpectedMapping
from tests.support.scene import Scene

NO_WORK = {"NOT_BILLABLE", "NO_PROJECT", "NOT_WORK_TIME", "TOO_SHORT"}
Content = tuple[Any, ...]


class Time(NamedTuple):
    """One TimeActivity, every field we write. `item` is "" where QuickBooks may choose; unbillable time has no rate."""

    name_of: str
    person: str
    customer: str
    day: str
    minutes: int
    rate: float
    text: str
    item: str
    status: str = "Billable"


@dataclass
class Sent:
    """The last written activity of an entry, and the content that it was made from."""

    key: str
    time: Time
    content: Content
    start: int


@dataclass
class Activity:
    """One TimeActivity in QuickBooks: its entry's id ("": not known yet), and manual changes since we wrote it."""

    entry: str
    raw: dict[str, Any]
    changed: bool = False
    by_hand: bool = False  # entered in QuickBooks, so it belongs to no entry
    invoiced: bool = False  # on an invoice or sales receipt, whatever its status says

    @property
    def billed(self) -> bool:
        return self.invoiced or bool(self.raw["BillableStatus"] == "HasBeenBilled")


@dataclass(frozen=True)
class ExpectedStatus:
    """The action that is due. Every code of `must` is reported, and apart from them only codes of `may`."""

    verb: str  # send, update, delete, keep, hold or wait
    state: str  # what `explain` reports after the action
    must: frozenset[str] = frozenset()
    may: frozenset[str] = frozenset()
    time: Time | None = None

    def allows(self, codes: Iterable[str]) -> bool:
        given = set(codes)
        if "NOT_FINISHED" in self.must:
            # Only the report tells of invoices, and it does not list running timers.
            given -= {"INVOICED_IN_CLOCKIFY"}
        return self.must <= given <= self.must | self.may and bool(given) == bool(self.must or self.may)


@dataclass
class Settings:
    """The workspace's policy as people set it."""

    time_zone: str = "America/New_York"
    rounding: str = "minute"
    longest_hours: int = 24
    approved_only: bool = False
    block_invoiced: bool = True
    send_nonbillable: bool = False
    item: str = ""
    close_date: str = ""
    payroll: bool = False
    connected: bool = True
    ignored_entries: set[str] = field(default_factory=set)
    # Kept in QuickBooks by a person, until they are billable work again.
    kept: set[str] = field(default_factory=set)

    @property
    def global_codes(self) -> set[str]:
        """Codes that block every entry."""
        if not self.connected:
            return {"NOT_CONNECTED"}
        return {"PAYROLL_ENABLED"} if self.payroll else set()


def content_of(entry: Entry) -> Content:
    """Return the fields whose change counts as an edit."""
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
    def __init__(self, scene: Scene, mapping: ExpectedMapping, settings: Settings) -> None:
        self.scene, self.mapping, self.settings = scene, mapping, settings

    # --- facts ---------------------------------------------------------------------------------------------
    def minutes(self, entry: Entry) -> int:
        """Round to the nearest minute, half up; or up to a quarter of an hour, as these workspaces' reports do."""
        seconds = max(entry.seconds, 0)
        if self.settings.rounding == "clockify":
            return -(-seconds // 900) * 15
        return (seconds + 30) // 60

    def day(self, entry: Entry, sent: Sent | None) -> str:
        """Return the day in the owner's time zone; while the start is unchanged, the day that was sent."""
        if sent and sent.start == entry.start:
            return sent.time.day
        zone = self.scene.clockify.users[entry.user_id].time_zone or self.settings.time_zone
        return datetime.fromtimestamp(entry.start, UTC).astimezone(ZoneInfo(zone)).date().isoformat()

    def time(self, entry: Entry, sent: Sent | None) -> Time:
        person, customer = (
            self.mapping.pairs["user", entry.user_id],
            self.mapping.pairs["project", entry.project_id or ""],
        )
        return Time(
            person.entity,
            person.id,
            customer.id,
            self.day(entry, sent),
            self.minutes(entry),
            (self.scene.place.rate_of(entry) or 0) / 100 if entry.billable else 0,
            entry.description,
            self.settings.item,
            "Billable" if entry.billable else "NotBillable",
        )

    def codes(self, entry: Entry, sent: Sent | None) -> set[str]:
        """Return every reason that blocks the entry, except those that need a query to QuickBooks."""
        limit = self.settings.longest_hours * 3600
        close_date = self.settings.close_date
        applies_by_code = {
            "NOT_FINISHED": entry.end is None,
            "NOT_WORK_TIME": entry.type != "REGULAR",
            "NOT_BILLABLE": not entry.billable and not self._goes_unbillable(sent),
            "NO_PROJECT": not entry.project_id,
            "TOO_SHORT": entry.end is not None and self.minutes(entry) < 1,
            "TOO_LONG": entry.end is not None and entry.seconds > limit,
            "NOT_APPROVED": self.settings.approved_only and entry.approval_state != "APPROVED",
            "INVOICED_IN_CLOCKIFY": self.settings.block_invoiced
            and entry.invoice is not None
            and entry.end is not None,
            "BOOKS_CLOSED": bool(close_date) and self.day(entry, sent) <= close_date,
            "IGNORED": self._is_ignored(entry),
        }
        codes = {code for code, applies in applies_by_code.items() if applies}
        return codes | self._person(entry) | self._customer(entry) | self.settings.global_codes

    def _goes_unbillable(self, sent: Sent | None) -> bool:
        """Return whether unbillable time goes; what was sent as such stays such, whatever is set by now."""
        return self.settings.send_nonbillable or (sent is not None and sent.time.status == "NotBillable")

    def is_no_work(self, entry: Entry, sent: Sent | None) -> bool:
        """Return whether an entry is not what was sent of it any more: no work, or no billable work."""
        is_unbillable = sent is not None and sent.time.status == "Billable" and not entry.billable
        return bool(self.codes(entry, sent) & NO_WORK) or is_unbillable

    def _person(self, entry: Entry) -> set[str]:
        pair = self.mapping.pairs.get(("user", entry.user_id))
        if pair and pair.suspension == "EMPLOYEE_INACTIVE":
            return {"EMPLOYEE_INACTIVE"}
        return set() if pair and not pair.suspension else {"USER_NOT_MAPPED"}

    def _customer(self, entry: Entry) -> set[str]:
        """Return the codes of the project's link. The client does not matter where the project was linked by hand."""
        if not entry.project_id:
            return set()
        pair = self.mapping.pairs.get(("project", entry.project_id))
        codes = set()
        if pair and pair.suspension == "CUSTOMER_INACTIVE":
            codes.add("CUSTOMER_INACTIVE")
        elif pair is None or pair.suspension:
            codes.add("PROJECT_NOT_MAPPED")
        client_id = self.scene.place.projects[entry.project_id].client_id
        if client_id and not (pair and pair.by_hand and not pair.suspension):
            client = self.mapping.pairs.get(("client", client_id))
            if client and client.suspension == "CUSTOMER_INACTIVE":
                codes.add("CUSTOMER_INACTIVE")
            elif client is None or client.suspension:
                codes |= {"CLIENT_NOT_MAPPED", "PROJECT_NOT_MAPPED"}
        return codes

    def _is_ignored(self, entry: Entry) -> bool:
        project = self.scene.place.projects.get(entry.project_id or "")
        records = [("user", entry.user_id), ("project", entry.project_id or "")]
        records += [("client", project.client_id)] if project and project.client_id else []
        return entry.id in self.settings.ignored_entries or any(map(self.mapping.is_ignored, records))

    # --- decisions -----------------------------------------------------------------------------------------
    def decide(
        self, entry: Entry, sent: Sent | None, activity: Activity | None, has_equal_activity: bool
    ) -> ExpectedStatus:
        """Return what is due for an entry in Clockify.

        `has_equal_activity`: QuickBooks holds the same time, entered by somebody else.
        """
        codes = self.codes(entry, sent)
        if sent is None:
            if codes:
                may = frozenset({"ALREADY_IN_QUICKBOOKS"}) if has_equal_activity else frozenset()
                return ExpectedStatus("hold", "ignored" if "IGNORED" in codes else "blocked", frozenset(codes), may)
            if has_equal_activity:
                return ExpectedStatus("hold", "blocked", frozenset({"ALREADY_IN_QUICKBOOKS"}))
            return ExpectedStatus("send", "sent", time=self.time(entry, None))
        if content_of(entry) == sent.content:
            return ExpectedStatus("keep", "sent")
        if entry.id in self.settings.kept and self.is_no_work(entry, sent):
            return ExpectedStatus("keep", "sent")
        if codes & NO_WORK:
            return self._delete(sent, activity, codes)
        quickbooks_codes = _quickbooks_codes(activity)
        if codes:
            return ExpectedStatus("hold", "changed", frozenset(codes), frozenset(quickbooks_codes))
        time = self.time(entry, sent)
        if time == sent.time:
            return ExpectedStatus("keep", "sent")
        closed_codes = (
            {"BOOKS_CLOSED"} if self.settings.close_date and sent.time.day <= self.settings.close_date else set()
        )
        if activity is not None and not closed_codes and has(activity.raw, time) and not has(activity.raw, sent.time):
            return ExpectedStatus("keep", "sent", time=time)
        if quickbooks_codes or closed_codes:
            return _held(quickbooks_codes or closed_codes, closed_codes)
        return ExpectedStatus("update", "sent", time=time)

    def warnings(self, entry: Entry, sent: Sent) -> set[str]:
        """Return what is different today from what was sent of an entry that was not edited since."""
        if content_of(entry) != sent.content or self._is_ignored(entry):
            return set()
        person, customer = (
            self.mapping.pairs.get(("user", entry.user_id)),
            self.mapping.pairs.get(("project", entry.project_id or "")),
        )
        rate = (self.scene.place.rate_of(entry) or 0) / 100 if entry.billable else sent.time.rate
        other_person = person is not None and (person.entity, person.id) != (sent.time.name_of, sent.time.person)
        other_customer = customer is not None and customer.id != sent.time.customer
        changed = {"RATE_CHANGED": rate != sent.time.rate, "LINK_CHANGED": other_person or other_customer}
        return {code for code, applies in changed.items() if applies}

    def decide_deleted(self, entry_id: str, sent: Sent, activity: Activity | None) -> ExpectedStatus:
        """Return what is due for the activity of an entry that was deleted in Clockify."""
        if entry_id in self.settings.kept:
            return ExpectedStatus("keep", "sent")
        return self._delete(sent, activity, set())

    def undo(self, sent: Sent, activity: Activity | None) -> ExpectedStatus:
        """Return what an undo does with an activity: whatever the entry is now, by the same rules as a deletion."""
        return self._delete(sent, activity, set())

    def _delete(self, sent: Sent, activity: Activity | None, codes: set[str]) -> ExpectedStatus:
        """Delete the activity, unless its books are closed or people changed it; then hold it with those codes."""
        closed_codes = (
            {"BOOKS_CLOSED"} if self.settings.close_date and sent.time.day <= self.settings.close_date else set()
        )
        own_codes, quickbooks_codes = closed_codes | self.settings.global_codes, _quickbooks_codes(activity)
        if own_codes:
            return ExpectedStatus("hold", "changed", may=frozenset(own_codes | quickbooks_codes | codes))
        if quickbooks_codes:
            return _held(quickbooks_codes, codes)
        return ExpectedStatus("delete", "deleted")


def time_of(raw: dict[str, Any]) -> Time:
    kind, is_billable = raw["NameOf"], raw["BillableStatus"] != "NotBillable"
    return Time(
        kind,
        raw[f"{kind}Ref"]["value"],
        raw["CustomerRef"]["value"],
        raw["TxnDate"],
        raw["Hours"] * 60 + raw["Minutes"],
        float(raw["HourlyRate"]) if is_billable else 0,
        raw.get("Description", ""),
        (raw.get("ItemRef") or {}).get("value", ""),
        "Billable" if is_billable else "NotBillable",
    )


def has(raw: dict[str, Any], expected: Time) -> bool:
    """Return whether a TimeActivity holds the expected values. Any item will do where no item was set."""
    actual = time_of(raw)
    return actual == (expected if expected.item else expected._replace(item=actual.item))


def _held(codes: set[str], may: set[str]) -> ExpectedStatus:
    """Return the status of time that QuickBooks holds: for its code, or for one of several."""
    must = frozenset(codes if len(codes) == 1 else ())
    return ExpectedStatus("hold", "changed", must, frozenset(may | (codes - must)))


def _quickbooks_codes(activity: Activity | None) -> set[str]:
    """Return the code of what people did in QuickBooks: billed, changed or deleted activities stay as they are.

    Either code for time that was changed and that an invoice alone says is billed: no invoice is asked about it alone.
    """
    if activity is None:
        return {"CHANGED_IN_QUICKBOOKS"}
    if activity.changed and activity.billed and activity.raw["BillableStatus"] != "HasBeenBilled":
        return {"BILLED_IN_QUICKBOOKS", "CHANGED_IN_QUICKBOOKS"}
    if activity.billed:
        return {"BILLED_IN_QUICKBOOKS"}
    return {"CHANGED_IN_QUICKBOOKS"} if activity.changed else set()
