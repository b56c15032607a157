"""`doctor`: the checklist's lines in their order, on real HTTP, with nothing written but a token that ran out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from integrations.database import database_now
from integrations.models import ApiCall, Company, RateBucket
from syncjobs.models import Schedule
from tests.contract.conftest import Shell
from tests.support.factories import UserFactory
from tests.support.scene import Result, Scene, run_command

HEADINGS = (
    *("plan", "payroll", "users", "clients", "projects", "new_records", "connection_quickbooks"),
    *("connection_clockify", "billable", "assigned", "mapped_users"),
)
INSTALLATION = (
    *("in_doubt", "refused", "schedule", "worker", "webhooks", "quota", "settings", "database", "migrations"),
    *("clock", "encryption", "backup_age", "version"),
)


def doctor(*args: str) -> Result:
    return run_command("doctor", *args)


def line(result: Result, name: str) -> dict[str, Any]:
    return next(row for row in result["checks"] if row["name"] == name)


def levels(result: Result, *names: str) -> list[str]:
    return [line(result, name)["level"] for name in names]


def whole_database() -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, as it is stored."""
    rows = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            rows[table] = sorted(cursor.fetchall(), key=repr)
    return rows


@pytest.fixture
def month(scene: Scene) -> Scene:
    """Return a workspace of which a month was read: one entry goes, and one is left out for each of three reasons."""
    ada = scene.user("Ada")
    site = scene.project("Site", client=scene.client("Acme"))
    ben = scene.user("Ben", partner=None)
    scene.policy(start_date="2026-03-01")
    scene.entry(ada, site)
    scene.entry(ada, site, billable=False, minutes=30)
    scene.entry(ada, "", minutes=45)
    scene.entry(ben, site, minutes=90)
    assert scene.check().code == 0
    return scene


def test_the_lines_have_their_names_and_order(month: Scene) -> None:
    result = doctor()

    assert [row["name"] for row in result["checks"]] == [*HEADINGS, *INSTALLATION]
    for row in result["checks"]:
        assert set(row) == {"name", "level", "ok", "message", "fix"}
        assert row["ok"] is (row["level"] != "fail") and row["message"]
        assert row["fix"] or row["level"] in {"ok", "skip"}
    assert levels(result, "plan", "payroll", "connection_quickbooks", "connection_clockify") == ["ok"] * 4
    assert levels(result, "webhooks", "backup_age") == ["skip", "skip"]
    assert result.code == 0, [row for row in result["checks"] if not row["ok"]]


def test_time_that_is_left_out_is_counted(month: Scene) -> None:
    result = doctor()

    assert line(result, "billable")["message"].startswith("1 time entry not marked billable, 0.5 h, left out.")
    assert line(result, "assigned")["message"].startswith("1 time entry without a project, 0.75 h, left out.")
    assert line(result, "mapped_users")["message"].startswith("1 time entry by users who are not linked, 1.5 h")
    assert "Ben" in line(result, "users")["message"] and line(result, "users")["level"] == "warn"
    assert levels(result, "clients", "projects", "new_records") == ["ok", "ok", "ok"]


def test_the_entries_are_counted_once_for_all_that_is_left_out(month: Scene) -> None:
    with CaptureQueriesContext(connection) as captured:
        doctor()

    counting = [row["sql"] for row in captured if "syncjobs_entryverdict" in row["sql"] and "COUNT(" in row["sql"]]
    left_out = [sql for sql in counting if "txn_date" in sql]
    assert len(left_out) == 1 and "MAX(" in left_out[0]


def test_it_writes_nothing_and_asks_each_vendor_twice(month: Scene) -> None:
    before = whole_database()
    month.zero_calls()

    assert doctor().code == 0

    assert whole_database() == before
    assert sum(month.calls("quickbooks").values()) <= 2
    assert sum(month.calls("clockify").values()) <= 2


def test_what_either_side_has_since_the_lists_were_read_is_named(month: Scene) -> None:
    nothing = line(doctor(), "new_records")
    month.user("Zoe")
    month.project("Zeta", client=month.client("Zen &amp; Co"))
    before = whole_database()
    month.zero_calls()

    row = line(doctor(), "new_records")

    assert nothing["level"] == "ok"
    assert (
        "QuickBooks has no newer employee, vendor or customer and Clockify has no newer project" in nothing["message"]
    )
    assert "Clockify's users and clients were not asked for." in nothing["message"]
    assert row["level"] == "warn" and "check_for_new" in row["fix"]
    assert "1 employee in QuickBooks (Zoe); 2 customers in QuickBooks" in row["message"]
    assert "1 project in Clockify (Zeta)" in row["message"]
    assert whole_database() == before
    assert month.calls("quickbooks") == {"GET companyinfo/{id}": 1, "POST batch": 1}
    assert sum(month.calls("clockify").values()) == 2


def test_a_side_that_could_not_be_asked_is_not_called_unchanged(month: Scene) -> None:
    month.fault("503", "batch", times=5)

    row = line(doctor(), "new_records")

    assert "QuickBooks has no newer" not in row["message"]
    assert "Clockify has no newer project" in row["message"]
    assert "the other side could not be asked" in row["message"]


def test_a_token_that_ran_out_is_replaced_and_kept(month: Scene) -> None:
    Company.objects.update(access_expires_at=timezone.now() - timedelta(hours=1))
    rows = ApiCall.objects.count()

    assert levels(doctor(), "connection_quickbooks", "plan") == ["ok", "ok"]

    assert Company.objects.get().access_expires_at > timezone.now()
    assert ApiCall.objects.count() == rows
    assert month.check().code == 0  # the connection still works


def test_a_refused_access_token_costs_one_of_the_two_requests(month: Scene) -> None:
    month.tokens(expire_access=True)
    month.zero_calls()

    result = doctor()

    assert levels(result, "connection_quickbooks", "plan") == ["ok", "warn"]
    assert "not read since" in line(result, "plan")["message"]
    assert month.calls("quickbooks") == {"GET companyinfo/{id}": 2, "POST token": 1}


def test_a_disconnected_company_keeps_what_was_read(month: Scene) -> None:
    month.decide("disconnect_quickbooks")
    month.zero_calls()

    result = doctor()

    assert result.code == 4
    assert levels(result, "connection_quickbooks", "connection_clockify") == ["fail", "ok"]
    assert "not read since" in line(result, "plan")["message"]
    assert "Not asked now" in line(result, "connection_quickbooks")["message"]
    assert sum(month.calls("quickbooks").values()) == 0


def test_a_refused_refresh_token_is_said_and_not_noted(month: Scene) -> None:
    month.tokens(expire_access=True, refuse_refresh=True)

    result = doctor()

    assert (result.code, levels(result, "connection_quickbooks")) == (4, ["fail"])
    assert Company.objects.get().state == Company.State.CONNECTED


def test_a_refused_key_fails_and_is_not_noted(month: Scene) -> None:
    with month.world.lock:
        month.clockify.revoke_key("sandbox-clockify-key")
    before = whole_database()

    assert levels(doctor(), "connection_clockify", "connection_quickbooks") == ["fail", "ok"]
    assert whole_database() == before


def test_an_unsupported_plan_and_payroll_fail_apart(month: Scene) -> None:
    month.configure(OfferingSku="QuickBooks Online Simple Start", PayrollFeature=True)

    result = doctor()

    assert (result.code, levels(result, "plan", "payroll")) == (4, ["fail", "fail"])
    assert "Simple Start" in line(result, "plan")["message"]


def test_a_vendor_that_asked_us_to_wait_is_not_asked(month: Scene) -> None:
    account = RateBucket.objects.get(key__startswith="quickbooks:", key__endswith=month.company.realm_id)
    RateBucket.objects.filter(pk=account.pk).update(blocked_until=database_now().timestamp() + 600)
    month.zero_calls()

    result = doctor()

    assert levels(result, "connection_quickbooks", "connection_clockify") == ["warn", "ok"]
    assert sum(month.calls("quickbooks").values()) == 0


def test_a_vendor_in_trouble_fails_its_line_and_is_asked_once(month: Scene) -> None:
    month.fault("503", "companyinfo", method="GET", times=5)
    before = whole_database()
    month.zero_calls()

    result = doctor()

    assert levels(result, "connection_quickbooks", "plan", "connection_clockify") == ["fail", "warn", "ok"]
    assert line(result, "plan")["fix"] == "See the line `connection_quickbooks`."
    assert (sum(month.calls("quickbooks").values()), whole_database()) == (1, before)


def test_time_that_was_refused_is_quoted(month: Scene) -> None:
    refusal = {
        "Fault": {"Error": [{"Message": "Not this one", "Detail": "", "code": "6330"}], "type": "ValidationFault"}
    }
    month.fault("status_before", status=400, body=refusal, times=9)
    assert month.sync()["failed"] == 1

    result = doctor()

    assert (result.code, levels(result, "refused")) == (4, ["fail"])
    message = line(result, "refused")["message"]
    assert message.startswith("1 time entry refused, 1 h.") and "Not this one" in message


def test_a_schedule_that_nobody_starts_fails(month: Scene) -> None:
    due = timezone.now() - timedelta(hours=1)
    Schedule.objects.create(workspace=month.workspace, kind="sync", mode="hours", every=1, next_at=due)

    assert levels(doctor(), "schedule", "worker") == ["fail", "fail"]


def test_short_settling_is_a_warning(month: Scene, settings: Any) -> None:
    settings.SETTLE_SECONDS = 60

    row = line(doctor(), "settings")

    assert row["level"] == "warn" and "SETTLE_SECONDS is 60" in row["message"]
    assert row["fix"].startswith("Set SETTLE_SECONDS to 120 or more.")


def test_a_wrong_key_fails_its_line_and_those_that_need_the_secrets(month: Scene, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    result = doctor()

    assert result.code == 4
    assert levels(result, "encryption", "connection_quickbooks", "connection_clockify") == ["fail"] * 3
    assert levels(result, "users", "billable", "migrations") == ["warn", "ok", "ok"]
    assert "3 of 3 stored secrets" in line(result, "encryption")["message"]


def test_second_factors_count_as_secrets(month: Scene) -> None:
    factor = Authenticator(user=UserFactory(), type=Authenticator.Type.TOTP)
    sealed = Fernet(Fernet.generate_key()).encrypt(b"seed").decode()
    factor.data = {"secret": sealed}
    factor.save()

    row = line(doctor(), "encryption")

    assert row["level"] == "fail" and "1 of 4 stored secrets" in row["message"] and sealed not in row["message"]


@pytest.mark.django_db(transaction=True)
def test_without_a_workspace_only_the_installation_is_judged() -> None:
    result = doctor()

    assert [row["name"] for row in result["checks"]] == list(INSTALLATION)
    assert result.code == 0
    assert doctor("--workspace", "Nobody's").code == 2


def test_it_works_before_migrate(shell: Shell, tmp_path: Path) -> None:
    ended = shell("doctor", DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite3'}")

    assert ended.returncode == 4
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "fail  migrations" in ended.stdout


def test_a_database_that_is_away_fails_its_lines(shell: Shell) -> None:
    ended = shell("doctor")

    assert ended.returncode == 4
    assert "Traceback" not in ended.stdout + ended.stderr
    assert "fail  database" in ended.stdout and "ok    clock" in ended.stdout
