"""The documents of a bundle that are not tables: README, manifest, checklist, settings, links, mismatches, runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from config.environment import SETTINGS
from config.version import name_and_version
from integrations.models import Company, Workspace
from mapping import command_output, queries
from mapping.models import Mismatch
from syncjobs.models import EntryOverride, Run
from syncjobs.support.bundle.tables import CHUNK
from syncjobs.support.bundle.texts import Texts

FORMAT = 1
# Of the workspace, then of the company: what a new installation needs so that its rules come to the same results.
POLICY = (
    *("matching", "people_to_vendors", "start_date", "time_zone", "rounding", "approved_only", "block_invoiced"),
    *("longest_hours", "service_item", "send_nonbillable", "send_cost_rate"),
)
COMPANY_POLICY = ("allow_sku", "allow_unstated_payroll")
PLAN = ("sku", "subscription", "payroll", "time_tracking", "book_close_date", "home_currency", "plan_problem")
RUN_COLUMNS = (
    *("id", "kind", "status", "trigger", "person__username", "dry_run", "from_date", "to_date", "options"),
    *("created_at", "started_at", "finished_at", "not_before", "stage", "total", "done", "attempts", "counters"),
    *("warnings", "error_code", "error_message", "error_fix"),
)
README = """Hourbridge support bundle

What one workspace knew at one moment: the plan evidence, both sides' lists, links, mismatches, runs and calls.
Keys, tokens and passwords are not in it. {names}

README.txt          this page
manifest.json       version, time, workspace, the workspace's rules, and what was left out
doctor.json         the checklist, as `doctor --json` prints it
settings.json       the names of the settings, and whether each is set; no values
clockify/           users, clients, projects and time entries, each entry with its state and its reasons
quickbooks/         the company, employees, vendors, customers, items and time activities
mapping.json        the links there are, and what people decided
mismatches.json     what does not match, and why
runs.json           runs; run_items.csv: what each did with each entry; receipts.csv: what was posted
api_calls.csv       the calls to both vendors, without keys and contents
events.csv          what happened to the connections, and what people decided
world.json          both sides in the vendors' own forms, without the time that was sent from here

To see what this workspace saw, in a checkout of Hourbridge (Python 3.11 or newer, git and make):

make setup
.venv/bin/python -m sandbox --bundle FILE.zip --port 8977

This serves what is in world.json until Ctrl-C. In a second terminal, in the same folder, connect a new installation
to it, with settings and a database of its own:

mkdir -p var
export ENV_FILE=var/bundle.env
cat > $ENV_FILE <<END
DEBUG=1
DATABASE_URL=sqlite:///var/bundle.sqlite3
CLOCKIFY_API_URL=http://127.0.0.1:8977/api/v1
CLOCKIFY_REPORTS_URL=http://127.0.0.1:8977/report/v1
QUICKBOOKS_CLIENT_ID=sandbox-client
QUICKBOOKS_CLIENT_SECRET=sandbox-secret
QUICKBOOKS_API_URL=http://127.0.0.1:8977
QUICKBOOKS_AUTHORIZE_URL=http://127.0.0.1:8977/oauth2/authorize
QUICKBOOKS_TOKEN_URL=http://127.0.0.1:8977/oauth2/token
QUICKBOOKS_REVOKE_URL=http://127.0.0.1:8977/oauth2/revoke
END
.venv/bin/python manage.py migrate
echo sandbox-clockify-key | .venv/bin/python manage.py connect_clockify --api-key -
{quickbooks}
Then read both sides, give it the same rules, and have it decide:

.venv/bin/python manage.py check_for_new
.venv/bin/python manage.py policy {policy}
.venv/bin/python manage.py check_for_new
.venv/bin/python manage.py mismatches
.venv/bin/python manage.py sync_time --dry-run

Links, mismatches and reasons come out the same as far as rules decide; docs/support-bundle.md says what differs, and
manifest.json counts what people decided. Time that was sent from here is *ready* there.
"""

CONNECT_QUICKBOOKS = """\
echo sandbox-refresh-1 | .venv/bin/python manage.py connect_quickbooks --realm {realm} --refresh-token -
"""


def readme(workspace: Workspace, texts: Texts) -> str:
    names = "Names, addresses and descriptions are replaced; ids are true." if texts.replaces_names else ""
    rules = " ".join(f"{name}={_as_argument(value)}" for name, value in policy(workspace).items() if value != "")
    connect = CONNECT_QUICKBOOKS.format(realm=workspace.company.realm_id) if workspace.company is not None else ""
    return README.format(names=names, quickbooks=connect, policy=rules)


def policy(workspace: Workspace) -> dict[str, Any]:
    """Return the workspace's rules by name, as `policy` takes them."""
    values = {name: getattr(workspace, name) for name in POLICY}
    if workspace.company is not None:
        values |= {name: getattr(workspace.company, name) for name in COMPANY_POLICY}
    return {name: _plain(value) for name, value in values.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, date | datetime) else value


def _as_argument(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f'"{text}"' if " " in text else text


def manifest(workspace: Workspace, texts: Texts, left_out: Sequence[str], *, now: datetime) -> dict[str, Any]:
    company = workspace.company
    return {
        "format": FORMAT,
        "version": name_and_version(),
        "made_at": now.isoformat(timespec="seconds"),
        "workspace": {"id": workspace.clockify_id, "name": texts.name(workspace.name)},
        "company": {"realm": company.realm_id, "name": texts.name(company.name)} if company else None,
        "names_replaced": texts.replaces_names,
        "policy": {name: texts.value(value) for name, value in policy(workspace).items()},
        "left_out": [texts.value(line) for line in left_out],
    }


def decided(workspace: Workspace) -> list[str]:
    """Return a line for each kind of thing that people or earlier runs decided, which rules do not repeat."""
    links = queries.links_of(workspace)
    counts = {
        "links made by people": links.filter(by="person").count(),
        "records that people unlinked or ignored": queries.all_mapping_overrides_of(workspace).count(),
        "links that are suspended": links.exclude(suspended="").count(),
        "links kept after a record was renamed": Mismatch.objects.filter(workspace=workspace, reason="RENAMED").count(),
        "entries that people decided about": EntryOverride.objects.filter(workspace=workspace).count(),
    }
    return [f"{count} {what}, in world.json: rules do not repeat them." for what, count in counts.items() if count]


def settings() -> dict[str, Any]:
    return {"settings": [{"name": name, "set": bool(os.environ.get(name, "").strip())} for name in SETTINGS]}


def company(row: Company | None, records: tuple[dict[str, Any], dict[str, Any]] | None, texts: Texts) -> dict[str, Any]:
    """Return what is known of the company and its plan, and its two records where QuickBooks answered them now."""
    if row is None:
        return {"company": None}
    times = {name: _plain(getattr(row, name)) for name in ("plan_read_at", "pulled_at", "connected_at", "state_since")}
    return {
        "realm": row.realm_id,
        "name": texts.name(row.name),
        "state": row.state,
        "state_reason": texts.message(row.state_reason),
        **times,
        "plan": {name: texts.value(_plain(getattr(row, name))) for name in PLAN},
        **{name: texts.value(getattr(row, name)) for name in COMPANY_POLICY},
        "asked_now": {"CompanyInfo": records[0], "Preferences": records[1]} if records else None,
    }


def mapping(workspace: Workspace, texts: Texts) -> dict[str, Any]:
    links = {
        kind: [_named(row, texts) for row in rows] for kind, rows in command_output.mapping_json(workspace).items()
    }
    overrides = queries.all_mapping_overrides_of(workspace).order_by("pk")
    columns = ("kind", "clockify_id", "choice", "at", "note")
    rows = [dict(zip(columns, map(_plain, values), strict=True)) for values in overrides.values_list(*columns)]
    return {**links, "overrides": [{**row, "note": texts.description(row["note"])} for row in rows]}


def mismatches(workspace: Workspace, texts: Texts) -> Iterator[dict[str, Any]]:
    for row in queries.mismatches_of(workspace).iterator(chunk_size=CHUNK):
        yield _named(command_output.mismatch_json(row), texts)


def runs(workspace: Workspace, texts: Texts) -> Iterator[dict[str, Any]]:
    rows = Run.objects.filter(workspace=workspace).order_by("pk").values(*RUN_COLUMNS)
    for row in rows.iterator(chunk_size=CHUNK):
        person = texts.name(row.pop("person__username") or "")
        yield {**{name: texts.value(_plain(value)) for name, value in row.items()}, "person": person}


# Keys under which matching's JSON has a name of one of the vendors' records.
NAME_KEYS = {"name", "client", "parent", "clockify_name", "quickbooks_name"}


def _named(value: Any, texts: Texts, key: str = "") -> Any:
    """Return a value of matching's JSON: texts under certain keys are names, all others are sentences and codes."""
    if isinstance(value, dict):
        return {name: _named(item, texts, name) for name, item in value.items()}
    if isinstance(value, list):
        return [_named(item, texts, key) for item in value]
    if isinstance(value, str) and (key in NAME_KEYS or key.endswith("_name")):
        return texts.name(value)
    return texts.value(value)
