"""What a bundle holds, and what it does not."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unicodedata import normalize

import pytest
from cryptography.fernet import Fernet

from integrations.models import ApiCall, ConnectionEvent, TimeEntry
from mapping.decisions import decide
from mapping.decisions.new_decision import NewDecision
from syncjobs.support.bundle import quickbooks_time
from tests.support.scene import Scene, run_command
from tests.syncjobs.support.bundle.conftest import TODAY, Bundle

AGENCY = pytest.mark.sandbox(dataset="agency", today=TODAY, entries=110)
Make = Callable[..., Bundle]
FILES = {
    *("README.txt", "manifest.json", "doctor.json", "settings.json", "mapping.json", "mismatches.json", "runs.json"),
    *("run_items.csv", "receipts.csv", "api_calls.csv", "events.csv", "world.json"),
    *(f"clockify/{name}.csv" for name in ("users", "clients", "projects", "entries")),
    *(f"quickbooks/{name}.csv" for name in ("employees", "vendors", "customers", "items", "time_activities")),
    "quickbooks/company.json",
}
# Words of the agency's names, addresses and descriptions; none is a word of ours.
TRUE_WORDS = (
    "Northlight",
    "Marsh",
    "Priya",
    "Dubois",
    "Krüger",
    "Acme",
    "Bluebird",
    "Tidewater",
    "Lumen",
    "northlight",
)
TRUE_WORDS += ("Wireframes", "Plugin", "Riverside", "Pinewood", "Cloudhost", "paper timesheet", "redesign", "go-live")


@AGENCY
def test_a_bundle_has_exactly_the_files_it_says(agency: Scene, bundle: Make) -> None:
    made = bundle()

    assert set(made.files) == FILES
    for name in FILES - {"manifest.json"}:
        assert Path(name).name in made.files["README.txt"] or Path(name).parent.name + "/" in made.files["README.txt"]
    manifest = made.json("manifest.json")
    assert (manifest["format"], manifest["workspace"]["name"]) == (1, "Northlight Studio")
    assert manifest["version"].startswith("Hourbridge ") and manifest["policy"]["start_date"] == "2026-02-20"
    assert len(made.rows("clockify/entries.csv")) == TimeEntry.objects.count() > 100
    assert [row["name"] for row in made.json("doctor.json")["checks"]][:2] == ["plan", "payroll"]
    assert made.json("mapping.json")["users"] == run_command("mapping")["users"]
    assert made.json("mismatches.json") == run_command("mismatches").json
    assert {row["kind"] for row in made.json("runs.json")} == {"check", "sync"}
    activities = made.rows("quickbooks/time_activities.csv")
    assert sum(row["ours"] == "yes" for row in activities) == len(made.rows("receipts.csv")) > 50
    assert [row["minutes"] for row in activities if row["ours"] == "no"] == ["85", "85", "120"]
    assert len(made.json("world.json")["quickbooks"]["TimeActivity"]) == 3


@AGENCY
def test_no_true_name_is_left_where_names_are_replaced(agency: Scene, bundle: Make) -> None:
    made = bundle("--pseudonymize")

    found = [(word, name) for name, text in made.files.items() for word in TRUE_WORDS if word.lower() in text.lower()]
    assert found == []
    plain = bundle()
    assert made.json("manifest.json")["names_replaced"] and not plain.json("manifest.json")["names_replaced"]
    # Ids, codes and figures are true.
    for name in ("clockify/entries.csv", "run_items.csv"):
        columns = ("id", "entry_id", "user_id", "state", "minutes", "outcome", "txn_date")
        shown, true = ([[row.get(c) for c in columns] for row in each.rows(name)] for each in (made, plain))
        assert shown == true
    lengths = [
        sorted(len(normalize("NFD", row["description"])) for row in each.rows("clockify/entries.csv"))
        for each in (made, plain)
    ]
    assert lengths[0] == lengths[1]


def test_names_within_sentences_are_replaced(scene: Scene, bundle: Make) -> None:
    scene.user("Quentin Xavier", partner=None)
    site = scene.project("Zephyrwerk", client=scene.client("Bøggild & Søn"), customer=False)
    short = scene.project("KVQX", client=scene.client("IKWQ", customer=False), customer=False)
    scene.entry(scene.user("TZ"), short)
    scene.entry(scene.user("Yolanda", partner=None, email="yolanda@zephyrwerk.example"), site)
    scene.policy(start_date="2026-03-01")
    scene.check()
    ConnectionEvent.objects.create(
        workspace=scene.workspace,
        at=scene.world.now(),
        kind="test",
        message="Yolanda (yolanda@zephyrwerk.example) works for Bøggild & Søn:Zephyrwerk; “Somebody New” too.",
    )

    text = "\n".join(bundle("--pseudonymize").files.values())

    for name in ("Quentin", "Xavier", "Zephyrwerk", "zephyrwerk", "Bøggild", "Søn", "Yolanda", "yolanda", "Somebody"):
        assert name not in text
    for name in ("KVQX", "IKWQ", "TZ"):
        assert re.search(rf"\b{name}\b", text) is None, name


def test_what_people_noted_is_replaced_like_descriptions(scene: Scene, bundle: Make) -> None:
    ada = scene.user("Ada Lovelace", partner=None)
    scene.check()
    decide.ignore(NewDecision(scene.workspace, "user", ada, at=scene.world.now(), note="ada moved to Vorpalith"))

    true_text, text = ("\n".join(bundle(*options).files.values()) for options in ((), ("--pseudonymize",)))

    assert true_text.count("ada moved to Vorpalith") == 2
    for word in ("ada moved", "Vorpalith"):
        assert word not in text


def test_what_no_rule_reads_stays_out(scene: Scene, bundle: Make) -> None:
    private = {
        "PrimaryAddr": {"Line1": "7 Hidden Lane"},
        "SSN": "078-05-1120",
        "PrimaryPhone": {"FreeFormNumber": "555-0199"},
    }
    scene.put("Employee", {"DisplayName": "Ada", **private, "Notes": "Owes us lunch"})
    scene.client("Acme", note="Pays late", address="7 Hidden Lane")
    scene.check()

    text = "\n".join(bundle().files.values())

    assert "Ada" in text
    for secret in ("Hidden Lane", "078-05", "555-0199", "lunch", "Pays late"):
        assert secret not in text


def test_no_cell_is_run_by_a_spreadsheet(scene: Scene, bundle: Make) -> None:
    scene.entry(scene.user("=HYPERLINK(1)"), scene.project("@SUM"), description="+1")
    scene.policy(start_date="2026-03-01")
    scene.check()

    made = bundle()

    assert [row["name"] for row in made.rows("clockify/users.csv") if "HYPER" in row["name"]] == ["'=HYPERLINK(1)"]
    assert [row["description"] for row in made.rows("clockify/entries.csv")] == ["'+1"]


def test_settings_are_named_without_values(scene: Scene, bundle: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENTRY_DSN", "https://dsn-value@example.test/1")
    monkeypatch.delenv("REDIS_URL", raising=False)

    made = bundle()

    settings = {row["name"]: row["set"] for row in made.json("settings.json")["settings"]}
    assert settings["SENTRY_DSN"] is True and settings["REDIS_URL"] is False
    assert "dsn-value" not in "".join(made.files.values())


def test_a_bundle_is_made_where_stored_secrets_can_t_be_read(scene: Scene, bundle: Make, settings: Any) -> None:
    scene.user("Ada")
    scene.check()
    settings.ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    scene.zero_calls()

    made = bundle()

    left_out = made.json("manifest.json")["left_out"]
    assert any("can't be decrypted" in line for line in left_out)
    assert any("time activities" in line for line in left_out)
    levels = {row["name"]: row["level"] for row in made.json("doctor.json")["checks"]}
    assert (levels["encryption"], levels["connection_quickbooks"]) == ("fail", "fail")
    assert [row["clockify_name"] for row in made.json("mapping.json")["users"]] == ["Ada"]
    assert sum(scene.calls().values()) == 0


def test_a_bundle_is_made_without_quickbooks(unconnected: Scene, bundle: Make) -> None:
    assert run_command("connect_clockify", "--api-key", "sandbox-clockify-key").code == 0

    made = bundle("--pseudonymize")

    assert made.json("world.json")["quickbooks"] is None
    assert made.json("quickbooks/company.json") == {"company": None}
    assert made.rows("quickbooks/customers.csv") == []


def test_decisions_of_people_are_named_in_the_manifest(scene: Scene, bundle: Make) -> None:
    ada = scene.user("Ada", partner=None)
    employee = scene.put("Employee", {"DisplayName": "Augusta"})["Id"]
    ben = scene.user("Ben")
    scene.check()
    scene.decide("link", "user", ada, employee)
    scene.decide("unlink", "user", ben)

    left_out = bundle().json("manifest.json")["left_out"]

    assert "1 links made by people, in world.json: rules do not repeat them." in left_out
    assert "1 records that people unlinked or ignored, in world.json: rules do not repeat them." in left_out


def test_activities_beyond_the_most_are_left_out_and_said(
    scene: Scene, bundle: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quickbooks_time, "MAX_ACTIVITIES", 2)
    ada, site = scene.user("Ada"), scene.project("Site")
    scene.entries(ada, site, 4)
    scene.policy(start_date="2026-03-01")
    scene.sync()

    made = bundle()

    assert len(made.rows("quickbooks/time_activities.csv")) == 2
    assert any("after the first 2" in line for line in made.json("manifest.json")["left_out"])


def test_nothing_is_overwritten_and_nothing_half_written(scene: Scene, tmp_path: Path) -> None:
    there = tmp_path / "there.zip"
    there.write_text("mine")

    refused = run_command("support_bundle", "--output", str(there))
    nowhere = run_command("support_bundle", "--output", str(tmp_path / "no" / "folder.zip"))

    assert (refused.code, nowhere.code) == (2, 2)
    assert "exists already" in refused.stderr and "There is no folder" in nowhere.stderr
    assert there.read_text() == "mine" and list(tmp_path.iterdir()) == [there]


def test_a_failure_leaves_no_part_behind(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("syncjobs.support.bundle.make.os.fsync", full)

    result = run_command("support_bundle", "--output", str(tmp_path / "bundle.zip"))

    assert result.code == 4 and "No space left on device" in result.stderr
    assert result["error"]["code"] == "NOT_WRITTEN" and list(tmp_path.iterdir()) == []


def test_json_says_what_was_written(scene: Scene, tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"

    result = run_command("support_bundle", "--pseudonymize", "--output", str(path))

    assert result.json["bytes"] == path.stat().st_size and result.json["names_replaced"] is True
    assert path.stat().st_mode & 0o077 == 0


def test_calls_are_listed_without_the_parameters_of_their_addresses(scene: Scene, bundle: Make) -> None:
    scene.check()
    ApiCall.objects.create(
        vendor="quickbooks",
        account=scene.company.realm_id,
        at=scene.world.now(),
        method="GET",
        path="/v3/company/1/query?query=select+Ada+Byron",
        milliseconds=1,
    )

    assert all("?" not in row["path"] for row in bundle().rows("api_calls.csv"))


@pytest.mark.slow
@pytest.mark.any_database
def test_memory_stays_the_same_however_many_entries(scene: Scene, tmp_path: Path) -> None:
    entry = scene.entry(scene.user("Ada"), scene.project("Site"))
    scene.policy(start_date="2026-03-01")
    scene.check()

    peaks = [_peak_with_copies(entry, count, tmp_path / f"{count}.zip") for count in (3_000, 9_000)]

    assert len(Bundle(tmp_path / "9000.zip").rows("clockify/entries.csv")) == 12_001
    assert peaks[1] < 1.3 * peaks[0]


def _peak_with_copies(entry: str, count: int, path: Path) -> int:
    """Add copies of an entry; return the most memory that making a bundle took, in bytes."""
    [columns] = TimeEntry.objects.filter(clockify_id=entry).values()
    del columns["id"]
    copies = (TimeEntry(**{**columns, "clockify_id": f"{count}-{number}"}) for number in range(count))
    TimeEntry.objects.bulk_create(copies, batch_size=1000)
    tracemalloc.start()
    assert run_command("support_bundle", "--output", str(path)).code == 0
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak
