"""A bundle of the agency served again: a new installation there comes to the same links, mismatches and reasons."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from django.conf import settings as django_settings

from integrations.models import Company, TimeEntry, UnreadableRecord, Workspace
from sandbox.bundle import file
from sandbox.server import Running, start
from tests.support.scene import Scene, run_command
from tests.syncjobs.support.bundle.conftest import TODAY, Bundle

AGENCY = pytest.mark.sandbox(dataset="agency", today=TODAY, entries=100)
FIRST, LAST = "2026-02-20", "2026-03-27"


@dataclass(frozen=True)
class Outcome:
    """What an installation makes of both sides, by ids."""

    mapping: Any
    mismatches: Any
    entries: dict[str, tuple[str, tuple[str, ...]]]

    @classmethod
    def of(cls, entry_ids: list[str]) -> Outcome:
        links = {
            kind: {(row["clockify_id"], row["quickbooks_kind"], row["quickbooks_id"], row["by"]) for row in rows}
            for kind, rows in run_command("mapping").json.items()
        }
        rows = sorted(
            (
                row["kind"],
                row["reason"],
                row["clockify"]["id"] if row["clockify"] else "",
                row["quickbooks"]["id"] if row["quickbooks"] else "",
                tuple(
                    sorted((s["kind"], s["id"], s["score"], _apart_from_names(s["why"])) for s in row["suggestions"])
                ),
                row["blocked_minutes"],
            )
            for row in run_command("mismatches").json
        )
        explained = {key: run_command("explain", key) for key in entry_ids}
        return cls(
            links,
            rows,
            {key: (said["state"], tuple(r["code"] for r in said["reasons"])) for key, said in explained.items()},
        )

    def without_sent(self) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Return the entries as they are where nothing was sent yet."""
        return {
            key: ("ready", ()) if state == "sent" else (state, codes) for key, (state, codes) in self.entries.items()
        }


def _apart_from_names(why: str) -> str:
    return why.partition("under ")[0]


@pytest.fixture
def replay(settings: Any) -> Iterator[Callable[[Bundle], Running]]:
    """Return a function that empties our database, serves a bundle, and connects to it as a new installation does."""
    running: list[Running] = []

    def serve(bundle: Bundle) -> Running:
        Workspace.objects.all().delete()
        Company.objects.all().delete()
        served = start(bundle=file.read(bundle.path))
        running.append(served)
        settings.CLOCKIFY_API_URL, settings.CLOCKIFY_REPORTS_URL = f"{served.url}/api/v1", f"{served.url}/report/v1"
        settings.QUICKBOOKS_API_URL, settings.QUICKBOOKS_TOKEN_URL = served.url, f"{served.url}/oauth2/token"
        info = json.load(urllib.request.urlopen(f"{served.url}/control/info"))
        key, books = info["clockify"]["api_key"], info["quickbooks"]
        assert run_command("connect_clockify", "--api-key", key).code == 0
        connected = run_command(
            "connect_quickbooks", "--realm", books["realm"], "--refresh-token", books["refresh_token"]
        )
        assert connected.code == 0, connected.stderr
        rules = {name: value for name, value in bundle.json("manifest.json")["policy"].items() if value != ""}
        assert run_command("policy", *(f"{name}={value}" for name, value in rules.items())).code == 0
        return served

    yield serve
    for served in running:
        served.stop()


@AGENCY
@pytest.mark.parametrize("options", [pytest.param((), marks=pytest.mark.slow), ("--pseudonymize",)])
def test_the_agency_comes_out_the_same(
    agency: Scene, bundle: Callable[..., Bundle], replay: Callable[[Bundle], Running], options: tuple[str, ...]
) -> None:
    ids = list(TimeEntry.objects.values_list("clockify_id", flat=True))
    before = Outcome.of(ids)

    replay(bundle(*options))
    checked = run_command("check_for_new")
    after = Outcome.of(ids)

    assert (checked.code, checked["warnings"]) == (0, {"UNREADABLE": 0})
    assert after.mapping == before.mapping
    assert after.mismatches == before.mismatches
    assert after.entries == before.without_sent()
    assert sum(state == "sent" for state, _ in before.entries.values()) > 50
    assert {"ALREADY_IN_QUICKBOOKS", "BOOKS_CLOSED", "CURRENCY_DIFFERS", "TOO_LONG", "USER_NOT_MAPPED"} <= {
        code for _, codes in after.entries.values() for code in codes
    }


@AGENCY
@pytest.mark.slow
def test_the_steps_of_its_own_readme_work(agency: Scene, bundle: Callable[..., Bundle], tmp_path: Path) -> None:
    scene_rules = ("service_item=Design", "rounding=up:6")
    assert run_command("policy", *scene_rules).code == 0
    mismatches = len(run_command("mismatches").json)
    made = bundle()
    readme = made.files["README.txt"]
    served = start(bundle=file.read(made.path))
    steps = readme.partition("of its own:")[2].partition("Links, mismatches")[0]
    # The prose between the commands is no command.
    steps = "\n".join(line for line in steps.splitlines() if not line.startswith("Then read"))
    here = steps.replace("http://127.0.0.1:8977", served.url).replace(".venv/bin/python", sys.executable)
    here = here.replace("var", str(tmp_path))

    done = subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", here],
        cwd=django_settings.BASE_DIR,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    served.stop()

    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" | ") == mismatches > 5
    assert "service_item=" in done.stdout
    assert "python -m sandbox --bundle FILE.zip" in readme


def _spoil(scene: Scene) -> None:
    """Add a record of each kind that can't be read, and one in an odd form that can."""
    place = scene.place
    ada, site = scene.user("Ada &amp; Co"), scene.project("Site", client=scene.client("Acme"))
    scene.entry(ada, site, description="Wire &lt;frames&gt;")
    odd = {"billable": "yes", "timeInterval": {"start": "2026-03-05T09:00:00Z", "end": "2026-03-05T10:00:00Z"}}
    for key, row in {
        scene.entry(ada, site, "2026-03-05 09:00"): {"id": "odd-entry", "userId": ada, "projectId": site, **odd},
        scene.user("Ben"): {"id": "odd-user", "name": 7, "memberships": []},
        scene.client("Beta"): {"id": "odd-client", "name": "Beta", "currencyCode": "DOLLARS"},
        scene.project("Gamma"): {"name": "without an id"},
    }.items():
        place.keep_row(key, row)
    dan = scene.put("Employee", {"DisplayName": "Dan"})
    scene.books.keep_answer("Employee", dan["Id"], {**dan, "Active": "perhaps"})


def test_records_that_can_t_be_read_are_as_odd_there(
    scene: Scene, bundle: Callable[..., Bundle], replay: Callable[[Bundle], Running]
) -> None:
    scene.policy(start_date="2026-03-01")
    _spoil(scene)
    checked = scene.check()
    before = sorted(UnreadableRecord.objects.values_list("kind", "vendor_id", "reason"))
    ids = list(TimeEntry.objects.values_list("clockify_id", flat=True))
    outcome = Outcome.of(ids)

    replay(bundle("--pseudonymize"))
    again = run_command("check_for_new")

    assert len(before) == 5 and again["warnings"] == checked["warnings"]
    assert sorted(UnreadableRecord.objects.values_list("kind", "vendor_id", "reason")) == before
    assert Outcome.of(ids) == outcome


def test_rules_and_facts_of_every_kind_come_out_the_same(
    scene: Scene, bundle: Callable[..., Bundle], replay: Callable[[Bundle], Running]
) -> None:
    scene.switch(clockify_entities_in_api="all", clockify_entities_in_reports="all")
    scene.place.settings |= {"timeRoundingInReports": True, "round": {"round": "Round up to", "minutes": "6"}}
    scene.configure(PayrollFeature=None, BookCloseDate="2026-03-03", HomeCurrency="EUR", MultiCurrencyEnabled=True)
    ada = scene.user("Ada & Söhne", zone="Asia/Tokyo", partner=None)
    scene.put("Employee", {"DisplayName": "ADA  & Söhne"})
    gone, left = scene.user("Kiosk <1>", partner="Vendor"), scene.user("Strauß", status="INACTIVE")
    client = scene.client("Løwe & Co", currencyCode="EUR")
    site, archived = scene.project("Site", client=client), scene.project("Old site", client=client, archived=True)
    scene.put("Customer", {"DisplayName": "Retired"})
    scene.deactivate("Customer", scene.put("Customer", {"DisplayName": "Sleeping"})["Id"])
    scene.project("Sleeping", customer=False)
    scene.entry(ada, site, "2026-03-04 23:50", minutes=7, approvalState="APPROVED", description="A & B")
    scene.entry(ada, site, "2026-03-02 09:00", invoiced="x1", approvalState="PENDING")
    scene.entry(gone, archived, "2026-03-05 09:00", billable=False)
    scene.entry(left, site, "2026-03-06 09:00", minutes=0.3, approvalState="APPROVED")
    # In no list any more, and known from the report alone.
    scene.clockify.users[gone] = replace(scene.clockify.users[gone], status="LIMITED")
    policy = {"matching": "forgiving", "approved_only": "true", "rounding": "clockify", "time_zone": "Asia/Kolkata"}
    scene.policy(start_date="2026-03-01", longest_hours="8", **policy)
    scene.check()
    ids = list(TimeEntry.objects.values_list("clockify_id", flat=True))
    days = dict(TimeEntry.objects.values_list("clockify_id", "txn_date"))
    outcome = Outcome.of(ids)

    replay(bundle("--pseudonymize"))
    checked = run_command("check_for_new")

    assert (checked.code, len(ids), checked["plan"]["reason"]) == (0, 4, "PLAN_NOT_SUPPORTED")
    assert dict(TimeEntry.objects.values_list("clockify_id", "txn_date")) == days
    assert Outcome.of(ids) == outcome
    assert {"NOT_APPROVED", "INVOICED_IN_CLOCKIFY", "USER_NOT_MAPPED", "BOOKS_CLOSED"} <= {
        code for _, codes in outcome.entries.values() for code in codes
    }


def test_what_people_change_there_is_answered_changed(
    scene: Scene, bundle: Callable[..., Bundle], replay: Callable[[Bundle], Running]
) -> None:
    ben = scene.user("Ben", partner=None)
    scene.check()
    served = Scene(replay(bundle()))

    served.product.put_user({"id": ben, "name": "Benjamin"})
    served.put("Employee", {"DisplayName": "Benjamin"})
    run_command("check_for_new")

    assert [row["clockify_id"] for row in run_command("mapping")["users"]] == [ben]


def test_the_command_serves_a_bundle(scene: Scene, bundle: Callable[..., Bundle], tmp_path: Path) -> None:
    scene.user("Ada")
    scene.check()
    made, data = bundle(), tmp_path / "data.json"
    command = [sys.executable, "-m", "sandbox", "--bundle", str(made.path), "--data", str(data), "--port", "0"]
    with subprocess.Popen(command, cwd=django_settings.BASE_DIR, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        state = json.load(urllib.request.urlopen(f"{url}/control/state"))
        process.terminate()

    assert [row["DisplayName"] for row in state["quickbooks"][scene.company.realm_id]["Employee"]] == ["Ada"]
    served = start(data=data)
    served.stop()
    assert served.world.clockify.dump()[scene.workspace.clockify_id]["users"]


def sandbox_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=django_settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_file_that_is_no_bundle_gets_a_sentence(tmp_path: Path) -> None:
    files = {
        "no-zip.zip": (b"not a zip", "is no whole zip"),
        "other.zip": ({"photo.txt": "x"}, "is no support bundle: manifest.json is missing"),
        "garbage.zip": ({"manifest.json": "{", "world.json": "{}"}, "no JSON"),
        "newer.zip": ({"manifest.json": '{"format": 2}', "world.json": '{"format": 1}'}, "has format 2"),
        "list.zip": ({"manifest.json": "[]", "world.json": "[]"}, "has format None"),
        "empty.zip": ({"manifest.json": '{"format": 1}', "world.json": '{"format": 1}'}, "no Clockify workspace"),
    }
    for name, (content, sentence) in files.items():
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            with ZipFile(path, "w") as archive:
                for member, text in content.items():
                    archive.writestr(member, text)
        with pytest.raises(file.NotABundle, match=sentence):
            file.read(path)

    missing = sandbox_command("--bundle", str(tmp_path / "nowhere.zip"))

    assert (missing.returncode, missing.stdout) == (2, "")
    assert missing.stderr.strip().endswith("nowhere.zip can't be read: No such file or directory.")
