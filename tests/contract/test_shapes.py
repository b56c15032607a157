"""The JSON that scripts read: every key of the contract, with the types it promises."""

from __future__ import annotations

from typing import Any

from syncjobs.runs.figures import SYNC_FIGURES
from tests.support.scene import Scene, run_command

COUNTED = {"seen", "new", "changed", "gone"}
PLACES = {"clockify", "quickbooks", "here", "wait", "support"}


def numbers(section: dict[str, Any]) -> bool:
    return all(type(value) is int for value in section.values())


def test_check_for_new(scene: Scene) -> None:
    scene.user("Ada")
    scene.project("Site", client=scene.client("Acme"))

    result = scene.check()

    assert (result.code, result["status"], type(result["run"])) == (0, "succeeded", int)
    for side, names in {"clockify": ("users", "clients", "projects"), "quickbooks": ("employees", "customers")}.items():
        for name in names:
            assert set(result[side][name]) >= COUNTED and numbers(result[side][name])
    assert result["quickbooks"]["customers"] == {"seen": 2, "new": 2, "changed": 0, "gone": 0}
    assert result["mapping"] == {
        "users": {"mapped": 1, "unmapped": 1},  # the owner is no employee
        "clients": {"mapped": 1, "unmapped": 0},
        "projects": {"mapped": 1, "unmapped": 0},
    }
    plan = result["plan"]
    assert (plan["sku"], plan["payroll"], plan["supported"], plan["reason"]) == (
        "QuickBooks Online Plus",
        False,
        True,
        "",
    )
    assert numbers(result["api_calls"])


def test_an_unchanged_world_counts_nothing_new(scene: Scene) -> None:
    scene.user("Ada")
    scene.check()

    second_check = scene.check()

    assert second_check["clockify"]["users"] == {"seen": 2, "new": 0, "changed": 0, "gone": 0}
    assert second_check["quickbooks"]["employees"] == {"seen": 1, "new": 0, "changed": 0, "gone": 0}


def test_mapping(scene: Scene) -> None:
    ada, vera = scene.user("Ada"), scene.user("Vera", partner="Vendor")
    scene.check()
    scene.decide("link", "user", vera, scene.partner_of(vera), "--vendor")

    mapping = run_command("mapping").json

    assert set(mapping) == {"users", "clients", "projects"}
    by_id = {link["clockify_id"]: link for link in mapping["users"]}
    keys = {"clockify_id", "quickbooks_id", "quickbooks_kind", "by", "suspended"}
    assert all(keys <= set(link) for link in by_id.values())
    assert {key: (link["quickbooks_kind"], link["by"], link["suspended"]) for key, link in by_id.items()} == {
        ada: ("employee", "rule", False),
        vera: ("vendor", "person", False),
    }


def test_mismatches(scene: Scene) -> None:
    scene.user("ADA", partner=None)
    scene.put("Employee", {"DisplayName": "Ada"})
    scene.put("Employee", {"DisplayName": "Only there"})
    scene.project("Lost", client=scene.client("Nobody", customer=False), customer=False)
    scene.check()

    rows = run_command("mismatches").json

    for row in rows:
        assert {"kind", "reason", "clockify", "quickbooks", "suggestions", "blocked_minutes"} <= set(row)
        assert row["clockify"] is None or set(row["clockify"]) == {"id", "name", "client"}
        assert row["quickbooks"] is None or set(row["quickbooks"]) == {"id", "name", "parent"}
        assert all({"id", "name", "score", "why"} <= set(suggestion) for suggestion in row["suggestions"])
    reasons = {(row["kind"], (row["clockify"] or row["quickbooks"])["name"]): row["reason"] for row in rows}
    assert reasons == {
        ("user", "ADA"): "NAME_DIFFERS",
        ("user", "Sandbox Owner"): "NO_EMPLOYEE",
        ("client", "Nobody"): "NO_CUSTOMER",
        ("project", "Lost"): "PARENT_NOT_MAPPED",
        ("employee", "Only there"): "NO_CLOCKIFY_USER",
    }


def test_sync_time_adds_up(scene: Scene) -> None:
    ada, site = scene.user("Ada"), scene.project("Site", client=scene.client("Acme"))
    sent, edited, unbilled = scene.entries(ada, site, 3)
    assert scene.sync().counts == {"sent": 3}
    scene.edit_entry(edited, description="Said better")
    scene.edit_entry(unbilled, billable=False)
    scene.entry(ada, site, "2026-03-20 09:00", minutes=0.4)
    scene.entry(ada, site, "2026-03-20 10:00", minutes=90)

    planned, result = scene.sync(dry_run=True), scene.sync()

    assert (result.code, result["status"], result["dry_run"], planned["dry_run"]) == (0, "succeeded", False, True)
    assert (result["from"], result["to"]) == ("2026-03-01", "2026-03-31")
    assert result.counts == planned.counts == {"sent": 1, "updated": 1, "deleted": 1, "unchanged": 1, "blocked": 1}
    assert result["seen"] == 5
    assert result["minutes_sent"] == 90
    assert result["blocked_reasons"] == {"TOO_SHORT": 1}
    assert numbers({name: result[name] for name in SYNC_FIGURES})
    assert scene.receipt(sent).draft["minutes"] == 5


def test_api_calls_are_the_requests_that_arrived(scene: Scene) -> None:
    ada, site = scene.user("Ada"), scene.project("Site")
    scene.entries(ada, site, 5)
    scene.check()
    scene.zero_calls()
    scene.fault("429_retry_after", times=3, seconds=0.1)

    result = scene.sync()

    assert result.counts == {"sent": 5}
    assert result["api_calls"] == {
        "clockify": sum(scene.calls("clockify").values()),
        "quickbooks": sum(scene.calls("quickbooks").values()),
    }


def test_explain(scene: Scene) -> None:
    ada, site = scene.user("Ada"), scene.project("Site")
    good, bad = scene.entry(ada, site), scene.entry(ada, site, "2026-03-05 09:00", minutes=0.2, billable=False)
    scene.sync()

    sent, blocked = scene.explain(good).json, scene.explain(bad).json

    expected = {"entry": good, "state": "sent", "reasons": [], "quickbooks_id": scene.receipt(good).quickbooks_id}
    assert expected.items() <= sent.items()
    assert (blocked["state"], blocked["quickbooks_id"]) == ("blocked", None)
    assert {reason["code"] for reason in blocked["reasons"]} == {"NOT_BILLABLE", "TOO_SHORT"}
    for reason in blocked["reasons"]:
        assert set(reason) == {"code", "message", "fix_in", "fix"}
        assert reason["fix_in"] in PLACES


def test_policy(scene: Scene) -> None:
    policy = scene.policy(start_date="2026-03-01", approved_only="true", longest_hours="12").json

    assert (policy["start_date"], policy["approved_only"], policy["longest_hours"]) == ("2026-03-01", True, 12.0)
    named = {"matching", "time_zone", "rounding", "block_invoiced", "service_item", "allow_sku"}
    assert named | {"allow_unstated_payroll"} <= set(policy)
