"""Events: what people do in both products and here, applied to the sandbox and to the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from sandbox.clockify.records import Entry
from sandbox.data.datasets import REALM
from sandbox.quickbooks.companies import sales_forms
from tests.histories.books import Books
from tests.histories.rules import Rules, Settings
from tests.histories.who_is_who import ExpectedMapping, Key
from tests.support.scene import Scene, run_command

Choice = TypeVar("Choice")
TEXTS = ["", "Stand-up", "Review", "Grüße 🛠", "two\nlines", " outer spaces "]
MOMENTS = [f"2026-03-{day:02d} {hour:02d}:00" for day in (5, 6, 19) for hour in (0, 9, 23)]
LENGTHS = [60, 60, 90, 61, 60.4, 0.2, 1, 25 * 60]
DECISIONS = ("unlink", "ignore", "relink", "ignore entry", "rate", "text", "billable", "person", "delete", "option")
ZONES = ["America/New_York", "Pacific/Auckland", "UTC"]


def pick(choices: Sequence[Choice], number: int) -> Choice:
    return choices[number % len(choices)]


class Events:
    """Three people, four projects and their partners; every number picks one of the records there are."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.mapping = ExpectedMapping(scene)
        self.settings = Settings()
        self.rules = Rules(scene, self.mapping, self.settings)
        self.books = Books(scene, self.rules, self.mapping)
        self.removed: list[Entry] = []
        self.needs_check = True
        self._set_up()

    def _set_up(self) -> None:
        scene = self.scene
        self.users = [
            scene.user("Ada"),
            scene.user("Bea", zone="Pacific/Auckland"),
            scene.user("Vic", partner="Vendor"),
        ]
        acme, blau = scene.client("Acme"), scene.client("Blau")
        self.clients = [acme, blau]
        self.projects = [
            scene.project("Site", client=acme, hourlyRate=8000),
            scene.project("Hall", client=acme, hourlyRate=9050),
            scene.project("Solo"),
            scene.project("Shed", client=blau, hourlyRate=8000),
        ]
        self.keys: list[Key] = [
            *(("user", record_id) for record_id in self.users),
            *(("client", record_id) for record_id in self.clients),
            *(("project", record_id) for record_id in self.projects),
        ]
        self.names = {key: self.mapping.names(key[0])[key[1]] for key in self.keys}
        self.name_count = 0
        self.check()
        self.link(2)

    def check(self) -> None:
        run = self.scene.check()
        assert run.code == (0 if self.settings.connected else 3), run.stderr
        if self.settings.connected:
            self.mapping.check()
        self.needs_check = False

    def check_if_needed(self) -> None:
        """Check if the lists, the subscription or the time zones changed since the last check."""
        if self.needs_check:
            self.check()

    # --- time in Clockify ----------------------------------------------------------------------------------
    def work(self, user: int = 0, project: int = 0, moment: int = 1, length: int = 0, text: int = 1) -> str:
        fields: dict[str, Any] = {"minutes": pick(LENGTHS, length), "description": pick(TEXTS, text)}
        return self.scene.entry(pick(self.users, user), pick(self.projects, project), pick(MOMENTS, moment), **fields)

    def entry(self, number: int) -> str:
        return pick(list(self.scene.place.entries), number)

    def edit(self, number: int, how: str, value: int = 0) -> None:
        scene, entry = self.scene, self.entry(number)
        if how == "length":
            scene.stretch(entry, pick(LENGTHS, value))
        elif how == "start":
            scene.edit_entry(entry, start=pick(MOMENTS, value), minutes=60)
        elif how == "text":
            scene.edit_entry(entry, description=pick(TEXTS, value))
        elif how == "person":
            scene.edit_entry(entry, userId=pick(self.users, value))
        elif how == "project":
            scene.edit_entry(entry, projectId=pick([*self.projects, ""], value))
        elif how == "billable":
            scene.edit_entry(entry, billable=not scene.place.entries[entry].billable)
        elif how == "type":
            scene.edit_entry(entry, type=pick(["BREAK", "REGULAR", "HOLIDAY"], value))
        elif how == "timer":
            scene.product.put_entry({"id": entry, "end": None})
        elif how == "invoiced":
            scene.edit_entry(entry, invoiced=None if scene.place.entries[entry].invoice else "inv-1")
        else:
            assert how == "approved", how
            approved = scene.place.entries[entry].approval_state == "APPROVED"
            scene.edit_entry(entry, approvalState=None if approved else "APPROVED")

    def split(self, number: int) -> str:
        """Split an entry: the first half keeps the id. Return the id of the second half, a new entry."""
        entry = self.scene.place.entries[self.entry(number)]
        half = max(entry.seconds // 2, 0)
        self.scene.product.put_entry({"id": entry.id, "end": entry.start + half})
        body = {"userId": entry.user_id, "projectId": entry.project_id, "billable": entry.billable}
        times = {"start": entry.start + half, "end": entry.start + 2 * half}
        second_half = self.scene.product.put_entry({**body, **times, "description": entry.description})
        return str(second_half["id"])

    def delete(self, number: int) -> None:
        self.removed += self.scene.delete_entry(self.entry(number))

    def many_deletions(self, gone: int, value: int) -> None:
        """Delete so many of the sent entries, and make the others unbillable, or take their project or length."""
        sent = [key for key in self.books.sent if key in self.scene.place.entries]
        for number, key in enumerate(sent):
            if number < gone:
                self.removed += self.scene.delete_entry(key)
            else:
                lost: dict[str, Any] = pick([{"billable": False}, {"projectId": ""}, {"type": "BREAK"}], value + number)
                self.scene.edit_entry(key, **lost)

    def restore(self, number: int) -> None:
        self.scene.restore([self.removed.pop(number % len(self.removed))])

    # --- lists in Clockify ---------------------------------------------------------------------------------
    def clockify_lists(self, how: str, value: int) -> None:
        product, project = self.scene.product, pick(self.projects, value)
        self.needs_check = True
        if how == "archive":
            product.put_project({"id": project, "archived": not self.scene.place.projects[project].archived})
        elif how == "reparent":
            product.put_project({"id": project, "clientId": pick([*self.clients, ""], value // 4)})
        elif how == "rate":
            product.put_project({"id": project, "hourlyRate": pick([8000, 12345, None], value // 4)})
        elif how == "leave":
            product.put_user({"id": pick(self.users, value), "status": pick(["INACTIVE", "ACTIVE"], value // 3)})
        elif how == "zone":
            product.put_user({"id": pick(self.users, value), "timeZone": pick(ZONES, value // 3)})
        else:
            assert how == "rename", how
            kind, id = key = pick(self.keys, value)
            put = {"user": product.put_user, "client": product.put_client, "project": product.put_project}[kind]
            put({"id": id, "name": self._other_name(key, self.mapping.names(kind)[id])})

    def _other_name(self, key: Key, current: str) -> str:
        """Return a name that no record has, or the record's first name."""
        self.name_count += 1
        return f"{self.names[key]} {self.name_count}" if current == self.names[key] else self.names[key]

    # --- lists in QuickBooks -------------------------------------------------------------------------------
    def quickbooks_lists(self, how: str, value: int) -> None:
        key = pick(self.keys, value)
        entity = self.scene.people[key[1]][0] if key[0] == "user" else "Customer"
        partner = self.scene.partner_of(key[1])
        record = self.scene.books.records[entity].get(partner)
        if record is None:
            return
        self.needs_check = True
        if how == "deactivate":
            name = {} if record.get("Active", True) else {"DisplayName": self.names[key]}
            self.scene.put(entity, {"Id": partner, "Active": not record.get("Active", True), **name})
        elif how == "rename":
            self.scene.put(entity, {"Id": partner, "DisplayName": self._other_name(key, record["DisplayName"])})
        elif how == "reparent" and key[0] == "project":
            parents = [self.scene.customers[client] for client in self.clients]
            self.scene.put(entity, {"Id": partner, "Job": True, "ParentRef": {"value": pick(parents, value // 9)}})
        elif how == "merge" and key[0] == "project":
            with self.scene.world.lock:
                self.scene.books.remove(entity, partner)

    # --- time in QuickBooks --------------------------------------------------------------------------------
    def by_hand(self, how: str, value: int) -> None:
        """Enter, bill, change or remove time. Skips uncertain writes: the model could not follow them afterwards."""
        touchable = [
            key
            for key, activity in self.books.activities.items()
            if (activity.by_hand or activity.entry) and activity.entry not in self.books.uncertain_writes
        ]
        if how == "enter":
            self._enter_time(value)
        elif touchable:
            self.touch(how, pick(touchable, value), value)

    def touch(self, how: str, key: str, value: int) -> None:
        billed = self.books.activities[key].billed
        if how == "bill":
            self._bill_or_take_back(key, value)
            # A moved SyncToken alone is no change: what we sent is still there.
            self.books.note_manual_change(key, ours=False)
        elif how == "catch up":
            with self.scene.world.lock:
                changed = sales_forms.catch_up(self.scene.books)
            for invoiced in changed:
                self.books.note_manual_change(invoiced, ours=False)
        elif how == "annotate" and not billed:
            self.scene.annotate(key, **pick([{"class": "North"}, {"cost_rate": 12}], value))
            self.books.note_manual_change(key, ours=False)
        elif how == "change" and not billed:
            changes: list[dict[str, Any]] = [{"Hours": 5}, {"Description": "changed"}, {"TxnDate": "2026-03-12"}]
            if not self.books.activities[key].changed:
                # Changed twice, it would be as it was sent.
                status = self.books.activities[key].raw["BillableStatus"]
                changes.append({"BillableStatus": "NotBillable" if status == "Billable" else "Billable"})
            self.scene.put("TimeActivity", {"Id": key, **pick(changes, value)})
            self.books.note_manual_change(key)
        elif how == "remove" and not billed:
            self.scene.delete_activity(key)
            self.books.note_manual_change(key)

    def _bill_or_take_back(self, key: str, value: int) -> None:
        """Put time on a form of its customer or of the one above, or take it off; its status lags if it is switched."""
        if self.books.activities[key].billed:
            with self.scene.world.lock:
                sales_forms.take_off(self.scene.books, [key])
            return
        raw = self.scene.books.records["TimeActivity"][key]
        customer = self.scene.books.records["Customer"].get(raw["CustomerRef"]["value"], {})
        above = customer.get("ParentRef", {}).get("value", "") if value % 2 else ""
        self.scene.bill(key, entity=pick(["Invoice", "SalesReceipt"], value), customer=above)

    def _enter_time(self, value: int) -> None:
        """Enter the time of an entry that was not sent, or almost: with its text, and another length or customer."""
        unsent = [entry for entry in self.scene.place.entries.values() if entry.id not in self.books.sent]
        linked = [entry for entry in unsent if ("user", entry.user_id) in self.mapping.pairs]
        linked = [entry for entry in linked if ("project", entry.project_id or "") in self.mapping.pairs]
        if not linked or self.books.uncertain_writes:
            return
        time = self.rules.time(pick(linked, value), None)
        customers = sorted(pair.id for key, pair in self.mapping.pairs.items() if key[0] == "project")
        if value % 3 == 1:
            time = time._replace(minutes=time.minutes + 5)
        elif value % 3 == 2:
            time = time._replace(customer=customers[value % len(customers)])
        body = {
            "NameOf": time.name_of,
            f"{time.name_of}Ref": {"value": time.person},
            "CustomerRef": {"value": time.customer},
            "TxnDate": time.day,
            "Hours": time.minutes // 60,
            "Minutes": time.minutes % 60,
            "HourlyRate": 1,
            "Description": time.text if value % 3 else "typed in",
            "BillableStatus": "Billable",
        }
        self.books.note_manual_change(self.scene.put("TimeActivity", body)["Id"])

    # --- decisions here ------------------------------------------------------------------------------------
    def link(self, number: int, other: int | None = None) -> None:
        """Link to the partner of its own name, or to another record's; does nothing if that partner is inactive."""
        self.check_if_needed()
        kind, id = key = pick(self.keys, number)
        owner = (
            id
            if other is None
            else pick([owner_key[1] for owner_key in self.keys if (owner_key[0] == "user") == (kind == "user")], other)
        )
        entity = self.scene.people[owner][0] if kind == "user" else "Customer"
        partner = self.scene.partner_of(owner)
        record = self.scene.books.records[entity].get(partner)
        if record is None or not record.get("Active", True):
            return
        self.scene.decide("link", kind, id, partner, *(["--vendor"] if entity == "Vendor" else []))
        self.mapping.link(key, entity, partner)
        self.mapping.check()

    def unlink(self, number: int) -> None:
        self.check_if_needed()
        key = pick(self.keys, number)
        if key in self.mapping.pairs:
            self.scene.decide("unlink", *key)
            self.mapping.unlink(key)
            self.mapping.check()

    def ignore(self, number: int) -> None:
        self.check_if_needed()
        key = pick(self.keys, number)
        self.scene.decide("ignore", *key)
        self.mapping.ignore(key)
        self.mapping.check()

    def ignore_entry(self, number: int) -> None:
        entry = self.entry(number)
        if entry not in self.settings.ignored_entries:
            self.scene.ignore_entry(entry)
            self.settings.ignored_entries.add(entry)

    def decide(self, decision: str, number: int, value: int) -> None:
        """Do one of DECISIONS, about an entry or about what it needs."""
        if decision in ("unlink", "ignore"):
            (self.unlink if decision == "unlink" else self.ignore)(number)
        elif decision == "relink":
            self.link(number, value)
        elif decision == "ignore entry":
            self.ignore_entry(number)
        elif decision == "rate":
            self.clockify_lists("rate", value)
        elif decision == "delete":
            self.delete(number)
        elif decision == "option":
            self.configure("send_nonbillable", not self.settings.send_nonbillable)
        else:
            self.edit(number, decision, value)

    # --- settings ------------------------------------------------------------------------------------------
    def configure(self, how: str, value: int) -> None:
        settings, on = self.settings, bool(value % 2)
        self.needs_check = True
        if how == "books":
            settings.close_date = pick(["", "2026-03-05", "2026-03-31"], value)
            self.scene.configure(BookCloseDate=settings.close_date or None)
        elif how == "payroll":
            settings.payroll = not settings.payroll and on
            self.scene.configure(PayrollFeature="true" if settings.payroll else "false")
        elif how == "rounding":
            self.scene.place.settings = {
                **self.scene.place.settings,
                "timeRoundingInReports": True,
                "round": {"round": "Round up to", "minutes": "15"},
            }
            settings.rounding = "clockify" if on else "minute"
            self.scene.policy(rounding=settings.rounding)
        elif how == "item":
            item = next(item["Id"] for item in self.scene.books.records["Item"].values() if item["Type"] == "Service")
            settings.item = item if on else ""
            self.scene.policy(service_item=settings.item or "none")
        elif how == "longest_hours":
            settings.longest_hours = pick([24, 1, 48], value)
            self.scene.policy(longest_hours=settings.longest_hours)
        else:
            assert how in {"approved_only", "block_invoiced", "send_nonbillable"}, how
            setattr(settings, how, on)
            self.scene.policy(**{how: "true" if on else "false"})

    def disconnect(self) -> None:
        self.check_if_needed()
        self.scene.decide("disconnect_quickbooks")
        self.settings.connected = False

    def connect(self) -> None:
        token = self.scene.world.quickbooks.issue_refresh_token(REALM)
        assert run_command("connect_quickbooks", "--realm", REALM, "--refresh-token", token).code == 0
        self.settings.connected, self.needs_check = True, True
