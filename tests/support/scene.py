"""One workspace and one company for tests, with a method for each thing that people and commands do.

Our own commands reach both vendors of the sandbox over HTTP; people's changes are made in the sandbox's world directly.
"""

from __future__ import annotations

import io
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from integrations.models import Company, TimeEntry, Workspace
from sandbox.clockify.product import Product
from sandbox.clockify.records import Entry
from sandbox.clockify.state import ADMIN_KEY
from sandbox.data.datasets import REALM
from sandbox.quickbooks.companies import sales_forms
from sandbox.server import Running
from syncjobs.models import Action, EntryOverride, Receipt, Run
from syncjobs.runs import lifecycle
from syncjobs.runs.execution import RunExecution

NEW_YORK = "America/New_York"
FIRST, LAST = "2026-03-01", "2026-03-31"
COUNTS = ("sent", "updated", "deleted", "unchanged", "blocked", "failed", "unknown")


@dataclass(frozen=True)
class Result:
    """A command's exit code, JSON and stderr."""

    code: int
    json: Any
    stderr: str

    def __getitem__(self, name: str) -> Any:
        return self.json[name]

    @property
    def counts(self) -> dict[str, int]:
        """The counters that are not zero."""
        return {name: self.json[name] for name in COUNTS if self.json[name]}

    @property
    def codes(self) -> set[str]:
        """Reason codes of an `explain`."""
        return {reason["code"] for reason in self.json["reasons"]}


def run_command(name: str, *args: str) -> Result:
    """Run a management command with --json in this process."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    try:
        call_command(name, *args, "--json", stdout=out, stderr=err, no_color=True)
    except SystemExit as end:
        code = int(end.code or 0)
    except CommandError as error:
        code = error.returncode
        err.write(str(error))
    text = out.getvalue().strip()
    return Result(code, json.loads(text) if text else None, err.getvalue())


class Scene:
    """A workspace and a company under test. Every method does what a person or a command would do."""

    def __init__(self, running: Running) -> None:
        self.running = running
        self.world = running.world
        self.clockify = self.world.clockify
        self.books = self.world.quickbooks.companies[REALM]
        self.place = next(iter(self.clockify.workspaces.values()))
        self.product = Product(self.clockify, self.place)
        self.people: dict[str, tuple[str, str]] = {}  # user id -> NameOf, id in QuickBooks
        self.customers: dict[str, str] = {}  # client or project id -> id in QuickBooks
        self.names: dict[str, str] = {}
        self.switch(clockify_rate_limit="off")

    # --- connecting ----------------------------------------------------------------------------------------
    def connect(self) -> Scene:
        token = self.world.quickbooks.issue_refresh_token(REALM)
        clockify = run_command("connect_clockify", "--api-key", ADMIN_KEY)
        assert clockify.code == 0, clockify.stderr
        quickbooks = run_command("connect_quickbooks", "--realm", REALM, "--refresh-token", token)
        assert quickbooks.code == 0, quickbooks.stderr
        return self

    @property
    def workspace(self) -> Workspace:
        return Workspace.objects.get()

    @property
    def company(self) -> Company:
        return Company.objects.get(realm_id=REALM)

    # --- people and customers ------------------------------------------------------------------------------
    def user(self, name: str, *, zone: str = NEW_YORK, partner: str | None = "Employee", **fields: Any) -> str:
        """Create a Clockify user and, unless `partner` is None, the Employee or Vendor of that name. Return its id."""
        with self.world.lock:
            user_id = self.product.put_user({"name": name, "timeZone": zone, **fields})["id"]
            if partner:
                self.people[user_id] = partner, self.books.put(partner, {"DisplayName": name})["Id"]
        self.names[user_id] = name
        return user_id

    def client(self, name: str, *, customer: bool = True, **fields: Any) -> str:
        with self.world.lock:
            client_id = self.product.put_client({"name": name, **fields})["id"]
            if customer:
                self.customers[client_id] = self.books.put("Customer", {"DisplayName": name})["Id"]
        return client_id

    def project(self, name: str, *, client: str = "", customer: bool = True, **fields: Any) -> str:
        """Create a project and the customer (below the client's) of that name. Return the project's id."""
        with self.world.lock:
            project_id = self.product.put_project({"name": name, "clientId": client, **fields})["id"]
            if customer:
                below = {"Job": True, "ParentRef": {"value": self.customers[client]}} if client else {}
                self.customers[project_id] = self.books.put("Customer", {"DisplayName": name, **below})["Id"]
        return project_id

    def edit_project(self, project_id: str, **fields: Any) -> None:
        with self.world.lock:
            self.product.put_project({"id": project_id, **fields})

    def partner_of(self, clockify_id: str) -> str:
        """Return the QuickBooks id of a user's, client's or project's partner."""
        return self.people[clockify_id][1] if clockify_id in self.people else self.customers[clockify_id]

    def task(self, name: str, project: str) -> str:
        with self.world.lock:
            task_id: str = self.product.put_task({"name": name, "projectId": project})["id"]
        return task_id

    def tag(self, name: str) -> str:
        with self.world.lock:
            tag_id: str = self.product.put_tag({"name": name})["id"]
        return tag_id

    # --- time in Clockify ----------------------------------------------------------------------------------
    def entry(
        self,
        user: str,
        project: str,
        start: str = "2026-03-04 09:00",
        *,
        minutes: float | None = 60,
        zone: str = NEW_YORK,
        **fields: Any,
    ) -> str:
        """Create a time entry from `start`, wall clock of `zone`, of `minutes` (None: it still runs). Return its id."""
        body = {"userId": user, "projectId": project, "billable": True, **_times(start, minutes, zone), **fields}
        with self.world.lock:
            entry_id: str = self.product.put_entry(body)["id"]
        return entry_id

    def entries(self, user: str, project: str, count: int, *, day: int = 2, **fields: Any) -> list[str]:
        """Create `count` entries from that day of March on, eight a day, of different lengths. Return their ids."""
        return [
            self.entry(
                user,
                project,
                f"2026-03-{day + number // 8:02d} {9 + number % 8:02d}:00",
                minutes=5 + number % 50,
                **{"description": f"Task {number}", **fields},
            )
            for number in range(count)
        ]

    def edit_entry(
        self, entry_id: str, *, start: str = "", minutes: float = 60, zone: str = NEW_YORK, **fields: Any
    ) -> None:
        times = _times(start, minutes, zone) if start else {}
        with self.world.lock:
            self.product.put_entry({"id": entry_id, **times, **fields})

    def stretch(self, entry_id: str, minutes: float) -> None:
        """Move the entry's end; its start stays."""
        entry = self.place.entries[entry_id]
        with self.world.lock:
            self.product.put_entry({"id": entry_id, "end": int(entry.start + minutes * 60)})

    def delete_entry(self, *entry_ids: str) -> list[Entry]:
        """Delete in Clockify. Return the entries, so that `restore` can put them back."""
        with self.world.lock:
            entries = [self.place.entries[entry_id] for entry_id in entry_ids]
            for entry_id in entry_ids:
                self.place.remove_entry(entry_id)
        return entries

    def restore(self, entries: Iterable[Entry]) -> None:
        with self.world.lock:
            for entry in entries:
                self.place.put_entry(entry)

    # --- what people do in QuickBooks ----------------------------------------------------------------------
    def put(self, entity: str, fields: dict[str, Any], *, keep_token: bool = False) -> dict[str, Any]:
        """Create (without Id) or change a record, as by hand."""
        with self.world.lock:
            return dict(self.books.put(entity, fields, keep_token=keep_token))

    def deactivate(self, entity: str, key: str) -> None:
        self.put(entity, {"Id": key, "Active": False})

    def bill(self, *ids: str, **form: Any) -> list[dict[str, Any]]:
        """Put time on an invoice, or what `form` says; returns the forms. The time's own status lags behind them."""
        with self.world.lock:
            return [dict(made) for made in sales_forms.bill(self.books, ids, **form)]

    def delete_form(self, form: dict[str, Any], entity: str = "Invoice") -> None:
        with self.world.lock:
            sales_forms.delete(self.books, entity, form["Id"])

    def annotate(self, *ids: str, **details: Any) -> None:
        """Add a `class`, `cost_rate` or `project` to activities, as another person; their SyncTokens move."""
        self._control(f"quickbooks/{REALM}/annotate", {"ids": ids, **details})

    def delete_activity(self, key: str) -> None:
        with self.world.lock:
            self.books.remove("TimeActivity", key)

    def configure(self, **settings: Any) -> None:
        """Set the company's subscription, Payroll, closed books and the like; None removes a value."""
        self._control(f"quickbooks/{REALM}/company", settings)

    def tokens(self, **details: bool) -> None:
        self._control(f"quickbooks/{REALM}/tokens", details)

    def activities(self) -> list[dict[str, Any]]:
        """Return every TimeActivity, ordered by id."""
        with self.world.lock:
            return [
                dict(record)
                for _, record in sorted(self.books.records["TimeActivity"].items(), key=lambda p: int(p[0]))
            ]

    def activity(self, entry_id: str) -> dict[str, Any]:
        """Return the TimeActivity that an entry's receipt names."""
        with self.world.lock:
            return dict(self.books.records["TimeActivity"][self.receipt(entry_id).quickbooks_id])

    # --- trouble -------------------------------------------------------------------------------------------
    def fault(self, kind: str, path: str = "timeactivity", **details: Any) -> None:
        vendor = details.pop("vendor", "quickbooks")
        method = details.pop("method", "POST" if vendor == "quickbooks" else "")
        with self.world.lock:
            self.world.faults.add(vendor=vendor, method=method, path=path, kind=kind, **details)

    def at_the_next_write(self, happens: Callable[[], None], kind: str = "hang_before", **details: Any) -> None:
        """Call `happens` while the next write is on its way, before QuickBooks handles it, or answers with a fault."""
        self.fault(kind, seconds=0.5, **details)

        def wait() -> None:
            while not self.hits():
                time.sleep(0.01)
            happens()

        threading.Thread(target=wait, daemon=True).start()

    def clear_faults(self) -> None:
        with self.world.lock:
            self.world.faults.clear()

    def hits(self) -> int:
        """Return how many calls a planned fault has hit."""
        return sum(fault["hits"] for fault in self.world.faults.to_json())  # type: ignore[misc]

    def switch(self, **values: Any) -> None:
        for name, value in values.items():
            self.world.switches.set(name, value)

    def calls(self, vendor: str = "quickbooks") -> dict[str, int]:
        """Return the number of requests since the last `zero_calls`, by route."""
        with self.world.lock:
            routes: dict[str, int] = dict(self.world.counters.to_json()[vendor]["by_route"])
        return routes

    def zero_calls(self) -> None:
        with self.world.lock:
            self.world.counters = type(self.world.counters)()

    # --- our commands --------------------------------------------------------------------------------------
    def check(self) -> Result:
        return run_command("check_for_new")

    def sync(self, first: str = FIRST, last: str = LAST, *, dry_run: bool = False) -> Result:
        return run_command("sync_time", "--from", first, "--to", last, *(["--dry-run"] if dry_run else []))

    def compare(self, first: str = FIRST, last: str = LAST, **details: Any) -> Run:
        """Have both sides compared as *Compare again* and a worker do; returns the run."""
        days = {"first": date.fromisoformat(first), "last": date.fromisoformat(last)}
        now = timezone.now()
        run = lifecycle.create_run("reconcile", self.workspace, now=now, **({"trigger": "button"} | days | details))
        return RunExecution(run).work()

    def by_hand(self, user: str, project: str, day: str = "2026-03-17", *, minutes: int = 45) -> str:
        """Enter time in QuickBooks as a person there does; returns the activity's id."""
        kind, person = self.people[user]
        about = {"NameOf": kind, f"{kind}Ref": {"value": person}, "CustomerRef": {"value": self.partner_of(project)}}
        length = {"Hours": minutes // 60, "Minutes": minutes % 60}
        return str(self.put("TimeActivity", {**about, "TxnDate": day, **length})["Id"])

    def explain(self, entry_id: str) -> Result:
        return run_command("explain", entry_id)

    def policy(self, **settings: Any) -> Result:
        result = run_command("policy", *(f"{name}={value}" for name, value in settings.items()))
        assert result.code == 0, result.stderr
        return result

    def line_rule(self, action: str, *values: str) -> Result:
        """Run `line_rule`, which must work."""
        result = run_command("line_rule", action, *values)
        assert result.code == 0, result.stderr
        return result

    def decide(self, command: str, *args: str) -> str:
        """Run a command without JSON, such as link, unlink or ignore. Return its output."""
        out, err = io.StringIO(), io.StringIO()
        call_command(command, *args, stdout=out, stderr=err, no_color=True)
        return out.getvalue() + err.getvalue()

    # --- our books -----------------------------------------------------------------------------------------
    def receipt(self, entry_id: str) -> Receipt:
        return Receipt.objects.get(entry_id=entry_id, part=0)

    def open_actions(self) -> int:
        return Action.objects.filter(state=Action.State.SENDING).count()

    def set_aside(self, entry_id: str, *codes: str) -> None:
        EntryOverride.objects.create(
            workspace=self.workspace, clockify_id=entry_id, send_anyway=list(codes), at=self.world.now()
        )

    def ignore_entry(self, entry_id: str) -> None:
        decided = {"ignored": True, "at": self.world.now()}
        EntryOverride.objects.update_or_create(workspace=self.workspace, clockify_id=entry_id, defaults=decided)

    def mirrored(self, entry_id: str) -> TimeEntry:
        return TimeEntry.objects.get(clockify_id=entry_id)

    def _control(self, path: str, body: dict[str, Any]) -> None:
        request = urllib.request.Request(
            f"{self.running.url}/control/{path}", data=json.dumps(body).encode(), method="POST"
        )
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200


def _times(start: str, minutes: float | None, zone: str) -> dict[str, Any]:
    begin = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone))
    second = int(begin.timestamp())
    return {"start": second, "end": None if minutes is None else second + round(minutes * 60)}
