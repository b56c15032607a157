"""What a refused write does after QuickBooks was asked again: what changed there, and which partner is inactive."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.errors import Gone, Rejected
from integrations.limits import retry
from integrations.quickbooks.client import QuickBooksApiClient
from syncjobs.ledger import journal
from syncjobs.models import Action, Receipt, Run, RunItem
from syncjobs.sending.circuit_breaker import CircuitBreaker
from syncjobs.sending.responses import Outcomes
from tests.support.factories import RunFactory, RunItemFactory
from tests.support.scene import Scene

# What a vendor answers, whatever the database.
pytestmark = pytest.mark.any_database

STALE, BUSINESS_RULE, BAD_REFERENCE, NOT_FOUND, NO_FEATURE = "5010", "6000", "2500", "610", "5020"


class Sending:
    """A run that is sending, and the writes that QuickBooks refuses."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.breaker = CircuitBreaker()
        self.run: Run = RunFactory(workspace=scene.workspace, status=Run.Status.RUNNING)
        self.outcomes = Outcomes(self.run, QuickBooksApiClient(scene.company), self.breaker)

    def item(self, verb: str, entry: str, *, entry_id: str = "", **draft: Any) -> RunItem:
        """Plan a write: an update or delete of what was sent of an entry, or a create that differs from it.

        `entry_id`: the entry that is created; by default one that the mirror does not know.
        """
        receipt = Receipt.objects.get(entry_id=entry)
        snapshot: dict[str, Any] = {"content_hash": "edited", "start_at": receipt.start_at.isoformat()}
        if verb != "create":
            snapshot["record"] = self.scene.activity(entry)
        item: RunItem = RunItemFactory(
            run=self.run,
            verb=verb,
            outcome="planned",
            entry_id=entry if verb != "create" else entry_id or f"new{RunItem.objects.count()}",
            quickbooks_id=receipt.quickbooks_id if verb != "create" else "",
            draft={**receipt.draft, "minutes": 75, **draft},
            source_snapshot=snapshot,
        )
        return item

    def refuse(self, item: RunItem, code: str, *, words: str = "Not this one.", **details: Any) -> bool:
        """Handle the refusal of an item's write; return whether it is to be tried once more."""
        kind = Gone if code == NOT_FOUND else Rejected
        action = journal.open_action(item, run=self.run)
        error = kind(words, vendor="quickbooks", code=code, tid="1-refused")
        again: bool = self.outcomes.refused(item, action, error, **details)
        assert Action.objects.get(pk=action.pk).state == "refused"
        item.refresh_from_db()
        return again

    def refusals_in_a_row(self, code: str) -> None:
        """Have writes of others refused until one more of the same stops the run."""
        for _ in range(retry.MAX_EQUAL_REFUSALS - 1):
            self.breaker.refused(Rejected("Not this one.", vendor="quickbooks", code=code))

    def hold(self, item: RunItem) -> list[dict[str, Any]] | None:
        """Return the reasons by which an item is held before it is sent; None if it is sent."""
        held = self.outcomes.hold_if_inactive(item)
        item.refresh_from_db()
        assert held is (item.outcome == "blocked")
        return item.reasons if held else None


@pytest.fixture
def entry(scene: Scene, ada: str, site: str) -> str:
    entry = scene.entry(ada, site)
    assert scene.sync().counts == {"sent": 1}
    return entry


@pytest.fixture
def sending(scene: Scene, entry: str) -> Sending:
    return Sending(scene)


# --- updates and deletes: what QuickBooks has now ------------------------------------------------------------
@pytest.mark.sample(4)
@pytest.mark.parametrize(
    ("verb", "code", "how"),
    [
        ("update", STALE, "changed"),
        ("delete", BUSINESS_RULE, "changed"),
        ("delete", NOT_FOUND, "deleted"),
        ("update", BAD_REFERENCE, "deleted"),
    ],
)
def test_what_people_changed_or_deleted_meanwhile_is_held_as_a_conflict(
    scene: Scene, entry: str, sending: Sending, verb: str, code: str, how: str
) -> None:
    item, key = sending.item(verb, entry), scene.receipt(entry).quickbooks_id
    scene.delete_activity(key) if how == "deleted" else scene.put("TimeActivity", {"Id": key, "Hours": 5})

    assert sending.refuse(item, code) is False

    assert item.outcome == "blocked"
    assert item.reasons == [{"code": "CHANGED_IN_QUICKBOOKS", "how": how}]
    assert (item.error_code, item.error_message, item.intuit_tid) == (code, "Not this one.", "1-refused")
    assert scene.receipt(entry).conflict == "CHANGED_IN_QUICKBOOKS"


def test_what_was_billed_meanwhile_is_held_with_its_invoice(scene: Scene, entry: str, sending: Sending) -> None:
    item = sending.item("update", entry)
    [invoice] = scene.bill(scene.receipt(entry).quickbooks_id)

    assert sending.refuse(item, STALE) is False

    assert [reason["code"] for reason in item.reasons] == ["BILLED_IN_QUICKBOOKS"]
    receipt = scene.receipt(entry)
    assert (receipt.conflict, receipt.billed_on["transaction_id"]) == ("BILLED_IN_QUICKBOOKS", invoice["Id"])


def test_what_is_not_known_to_be_unbilled_fails_and_is_no_conflict(scene: Scene, entry: str, sending: Sending) -> None:
    item = sending.item("update", entry)
    scene.fault("answer_before", "/query", method="GET", match="from Invoice ", times=0, status=400, preset="fault")

    assert sending.refuse(item, STALE) is False

    assert (item.outcome, [reason["code"] for reason in item.reasons]) == ("failed", ["INVOICES_NOT_READ"])
    assert (item.error_code, scene.receipt(entry).conflict) == (STALE, "")


def test_what_an_unclear_invoice_may_have_billed_waits_and_is_no_conflict(
    scene: Scene, entry: str, sending: Sending, site: str
) -> None:
    item = sending.item("update", entry)
    scene.put("Invoice", {"CustomerRef": {"value": scene.partner_of(site)}, "LinkedTxn": "odd"})

    assert sending.refuse(item, STALE) is False

    assert (item.outcome, [reason["code"] for reason in item.reasons]) == ("blocked", ["UNREADABLE"])
    assert scene.receipt(entry).conflict == ""


@pytest.mark.sample(2)
@pytest.mark.parametrize("verb", ["update", "delete"])
def test_a_token_that_moved_alone_is_sent_once_more_with_the_newer_one(
    scene: Scene, entry: str, sending: Sending, verb: str
) -> None:
    item, key = sending.item(verb, entry), scene.receipt(entry).quickbooks_id
    scene.annotate(key, cost_rate=12)

    assert sending.refuse(item, STALE) is True

    assert (item.outcome, item.reasons) == ("planned", [])
    newer = scene.activity(entry)
    assert item.source_snapshot["record"]["SyncToken"] == newer["SyncToken"] != "0"
    assert item.source_snapshot["content_hash"] == "edited"
    # Not for ever: what moves each time is told.
    assert sending.refuse(item, STALE, second_try=True) is False
    assert (item.outcome, item.reasons[0]["code"], item.reasons[0]["error"]) == ("failed", "QUICKBOOKS_REFUSED", STALE)


@pytest.mark.sample(2)
@pytest.mark.parametrize("code", [BUSINESS_RULE, BAD_REFERENCE])
def test_another_refusal_of_unchanged_time_is_told_in_quickbooks_words(entry: str, sending: Sending, code: str) -> None:
    sending.refusals_in_a_row(code)
    item = sending.item("update", entry)

    assert sending.refuse(item, code) is False

    assert (item.outcome, item.reasons[0]["words"]) == ("failed", "Not this one.")
    assert sending.breaker.is_set(), "it was one more of the same"


def test_an_update_whose_customer_became_inactive_waits_for_it(
    scene: Scene, entry: str, sending: Sending, site: str
) -> None:
    item = sending.item("update", entry)
    scene.deactivate("Customer", scene.partner_of(site))

    assert sending.refuse(item, BAD_REFERENCE) is False

    assert (item.outcome, item.reasons) == ("blocked", [{"code": "CUSTOMER_INACTIVE", "name": "Site"}])
    assert scene.receipt(entry).conflict == ""


# --- partners ------------------------------------------------------------------------------------------------
@pytest.mark.sample(4)
@pytest.mark.parametrize(
    ("entity", "how", "code"),
    [
        ("Employee", "inactive", BAD_REFERENCE),
        ("Vendor", "inactive", NOT_FOUND),
        ("Customer", "inactive", NOT_FOUND),
        ("Customer", "gone", BAD_REFERENCE),
    ],
)
def test_a_partner_that_became_inactive_holds_all_that_would_go_to_it(
    scene: Scene, entry: str, site: str, entity: str, how: str, code: str
) -> None:
    bea = scene.user("Bea", partner="Vendor")
    hall = scene.project("Hall")
    scene.check()
    sending = Sending(scene)
    vendor = {"person_kind": "vendor", "person_id": scene.partner_of(bea)}
    about: dict[str, str] = vendor if entity == "Vendor" else {}
    key = str(
        {"customer_id": scene.partner_of(site), **Receipt.objects.get().draft, **about}[
            "customer_id" if entity == "Customer" else "person_id"
        ]
    )
    scene.deactivate(entity, key) if how == "inactive" else scene.books.remove(entity, key)
    item = sending.item("create", entry, **about)
    assert sending.hold(item) is None, "nothing is known before the first refusal"

    assert sending.refuse(item, code) is False

    name = {"Employee": "Ada", "Vendor": "Bea", "Customer": "Site"}[entity]
    reason = {"code": "CUSTOMER_INACTIVE" if entity == "Customer" else "EMPLOYEE_INACTIVE", "name": name}
    assert (item.outcome, item.reasons, item.error_code) == ("blocked", [reason], code)
    later = sending.item("create", entry, **about)
    assert sending.hold(later) == [reason]
    assert (later.error_code, later.error_message) == ("", ""), "QuickBooks was not asked about this one"
    # Other time goes on, and a deletion needs no partner.
    others = {"customer_id": scene.partner_of(hall), **({} if entity == "Vendor" else vendor)}
    assert sending.hold(sending.item("create", entry, **others)) is None
    assert sending.hold(sending.item("delete", entry, **about)) is None


def test_a_refusal_of_an_inactive_partner_counts_for_nothing(
    scene: Scene, entry: str, sending: Sending, ada: str
) -> None:
    sending.refusals_in_a_row(BAD_REFERENCE)
    scene.deactivate("Employee", scene.partner_of(ada))

    sending.refuse(sending.item("create", entry), BAD_REFERENCE)

    assert not sending.breaker.is_set()


def test_what_is_held_without_asking_is_no_answer(scene: Scene, entry: str, sending: Sending, ada: str) -> None:
    scene.deactivate("Employee", scene.partner_of(ada))
    sending.refuse(sending.item("create", entry), BAD_REFERENCE)
    sending.refusals_in_a_row("6330")

    assert sending.hold(sending.item("create", entry)) is not None

    sending.breaker.refused(Rejected("Not this one.", vendor="quickbooks", code="6330"))
    assert sending.breaker.is_set(), "these refusals are still in a row"


@pytest.mark.sample(3)
@pytest.mark.parametrize(
    ("code", "draft"),
    [(BAD_REFERENCE, {}), (NOT_FOUND, {"customer_id": "99999"}), (NO_FEATURE, {})],
    ids=["all are active", "one that was never listed", "no right to enter time"],
)
def test_a_refusal_that_nothing_explains_fails_its_item_alone(
    entry: str, sending: Sending, code: str, draft: dict[str, str]
) -> None:
    item = sending.item("create", entry, **draft)

    assert sending.refuse(item, code) is False

    assert (item.outcome, item.reasons) == (
        "failed",
        [{"code": "QUICKBOOKS_REFUSED", "error": code, "words": "Not this one."}],
    )
    assert sending.hold(sending.item("create", entry, **draft)) is None


# --- items, classes and locations ----------------------------------------------------------------------------
BY_FIELD = {"item": ("Item", "item_id"), "class": ("Class", "class_id"), "location": ("Department", "department_id")}
LABELS = {"item": "The service item", "class": "The class", "location": "The location"}


@pytest.fixture
def lists(scene: Scene, entry: str) -> dict[str, str]:
    """Return ids by name of an item, a location and two classes, which the company uses."""
    scene.configure(ClassTrackingPerTxn=True, TrackDepartments=True)
    ids = {"Design": scene.put("Item", {"Name": "Design", "Type": "Service"})["Id"]}
    ids |= {name: scene.put("Class", {"Name": name})["Id"] for name in ("Print", "Retail")}
    ids["Boston"] = scene.put("Department", {"Name": "Boston"})["Id"]
    scene.check()
    scene.zero_calls()
    return ids


def broken(what: str, how: str, **facts: Any) -> list[dict[str, Any]]:
    return [{"code": "LINE_RULE_BROKEN", "what": what, "how": how, **facts}]


@pytest.mark.sample(3)
@pytest.mark.parametrize(("field", "name"), [("item", "Design"), ("class", "Print"), ("location", "Boston")])
def test_what_became_inactive_holds_all_that_would_go_with_it(
    scene: Scene, entry: str, lists: dict[str, str], field: str, name: str
) -> None:
    entity, column = BY_FIELD[field]
    sending, planned = Sending(scene), {column: lists[name]}
    scene.deactivate(entity, lists[name])
    item = sending.item("create", entry, **planned)

    assert sending.refuse(item, BAD_REFERENCE, words=f"Invalid Reference Id : {entity} element id 7 not found") is False

    # Known by this answer alone: no rule gives it, so that no check would see it.
    reasons = broken(f"{LABELS[field]} {name}", "is inactive in QuickBooks", answered=True)
    assert (item.outcome, item.reasons) == ("blocked", reasons)
    assert sending.hold(sending.item("create", entry, **planned)) == reasons
    assert sending.hold(sending.item("create", entry)) is None
    assert "GET preferences" not in scene.calls()


@pytest.mark.sample(3)
@pytest.mark.parametrize(("field", "name"), [("item", "Design"), ("class", "Print"), ("location", "Boston")])
def test_what_quickbooks_names_is_at_fault_though_it_is_active(
    scene: Scene, entry: str, lists: dict[str, str], field: str, name: str
) -> None:
    entity, column = BY_FIELD[field]
    sending, words = Sending(scene), f"{entity} elements id 7 not found"
    item = sending.item(
        "create",
        entry,
        **{"item_id": lists["Design"], "class_id": lists["Print"]},
        **({column: lists[name]} if field == "location" else {}),
    )

    sending.refuse(item, BAD_REFERENCE, words=words)

    assert item.reasons == broken(f"{LABELS[field]} {name}", f"is refused by QuickBooks (“{words}”)", answered=True)


@pytest.mark.sample(4)
@pytest.mark.parametrize("given_by", ["rule", "default", "people", "nobody"])
def test_a_class_is_told_with_what_gave_it(
    scene: Scene, entry: str, lists: dict[str, str], ada: str, given_by: str
) -> None:
    facts: dict[str, Any] = {"answered": True}
    by = ""
    if given_by == "rule":
        rule = scene.line_rule("add", f"user={ada}", f"class={lists['Print']}")["id"]
        by, facts = f", which rule {rule}: user Ada gives,", {"rule": rule}
    elif given_by == "default":
        scene.policy(**{"class": "Print"})
        facts = {"default": "class"}
    elif given_by == "people":
        # An update keeps the class that people chose, whatever the rule says.
        scene.line_rule("add", f"user={ada}", f"class={lists['Retail']}")
        scene.put("TimeActivity", {"Id": scene.receipt(entry).quickbooks_id, "ClassRef": {"value": lists["Print"]}})
    sending = Sending(scene)
    scene.deactivate("Class", lists["Print"])
    if given_by == "people":
        item = sending.item("update", entry, class_id=lists["Retail"])
    else:
        item = sending.item("create", entry, class_id=lists["Print"], entry_id="" if given_by == "nobody" else entry)

    sending.refuse(item, BAD_REFERENCE)

    assert item.reasons == broken(f"The class Print{by}", "is inactive in QuickBooks", **facts)


def test_a_class_that_was_never_listed_is_told_by_its_id(scene: Scene, entry: str, lists: dict[str, str]) -> None:
    sending = Sending(scene)
    item = sending.item("create", entry, class_id="99999")

    sending.refuse(item, BAD_REFERENCE)

    assert item.reasons == broken("The class 99999", "is gone from QuickBooks", answered=True)


@pytest.mark.sample(4)
@pytest.mark.parametrize(
    ("what", "off", "outcome"),
    [("class", True, "blocked"), ("class", False, "failed"), ("item", True, "failed")],
    ids=["classes are off", "classes are on", "no class"],
)
def test_a_feature_that_is_refused_may_be_that_of_classes(
    scene: Scene, entry: str, lists: dict[str, str], what: str, off: bool, outcome: str
) -> None:
    sending = Sending(scene)
    if off:
        scene.configure(ClassTrackingPerTxn=False)
    item = sending.item("create", entry, **{BY_FIELD[what][1]: lists["Print" if what == "class" else "Design"]})

    assert sending.refuse(item, NO_FEATURE) is False

    assert item.outcome == outcome
    if outcome == "blocked":
        how = "can't be used, since classes are switched off in QuickBooks"
        assert item.reasons == broken("The class Print", how, answered=True)
    assert (scene.calls().get("GET preferences", 0) > 0) is (what == "class")
