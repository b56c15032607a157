"""Every reason that keeps time back, alone and with others, and the figures that must add up."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.oracle import assert_books_agree
from tests.support.scene import Result, Scene, run_command

Arrange = Callable[[Scene, str, str], str]


def not_finished(scene: Scene, ada: str, site: str) -> str:
    scene.switch(clockify_report_running=True)
    return scene.entry(ada, site, minutes=None)


def no_work_time(scene: Scene, ada: str, site: str) -> str:
    return scene.entry(ada, site, type="BREAK")


def not_billable(scene: Scene, ada: str, site: str) -> str:
    return scene.entry(ada, site, billable=False)


def no_project(scene: Scene, ada: str, site: str) -> str:
    return scene.entry(ada, "")


def user_not_mapped(scene: Scene, ada: str, site: str) -> str:
    return scene.entry(scene.user("Ben", partner=None), site)


def project_not_mapped(scene: Scene, ada: str, site: str) -> str:
    return scene.entry(ada, scene.project("Nowhere", customer=False))


def client_not_mapped(scene: Scene, ada: str, site: str) -> str:
    return scene.entry(ada, scene.project("Inside", client=scene.client("Stranger", customer=False), customer=False))


def employee_inactive(scene: Scene, ada: str, site: str) -> str:
    scene.check()
    scene.deactivate("Employee", scene.partner_of(ada))
    scene.check()
    return scene.entry(ada, site)


def customer_inactive(scene: Scene, ada: str, site: str) -> str:
    scene.check()
    scene.deactivate("Customer", scene.partner_of(site))
    scene.check()
    return scene.entry(ada, site)


def too_short(scene: Scene, ada: str, site: str) -> str:
    return scene.entry(ada, site, minutes=29 / 60)


def end_before_start(scene: Scene, ada: str, site: str) -> str:
    return scene.entry(ada, site, minutes=-5)


def too_long(scene: Scene, ada: str, site: str) -> str:
    return scene.entry(ada, site, minutes=24 * 60 + 1 / 60)


def books_closed(scene: Scene, ada: str, site: str) -> str:
    scene.configure(BookCloseDate="2026-03-04")
    scene.check()
    return scene.entry(ada, site, "2026-03-04 09:00")


def currency_differs(scene: Scene, ada: str, site: str) -> str:
    scene.check()
    client = scene.place.projects[site].client_id
    scene.product.put_client({"id": client, "currencyCode": "EUR"})
    return scene.entry(ada, site)


def not_approved(scene: Scene, ada: str, site: str) -> str:
    scene.policy(approved_only="true")
    return scene.entry(ada, site, approvalState="PENDING")


def invoiced(scene: Scene, ada: str, site: str) -> str:
    return scene.entry(ada, site, invoiced="inv-1")


def invoiced_by_hand(scene: Scene, ada: str, site: str) -> str:
    return scene.entry(ada, site, invoiced=True)


def already_there(scene: Scene, ada: str, site: str) -> str:
    put_by_hand(scene, ada, site)
    return scene.entry(ada, site, "2026-03-04 09:00", minutes=60)


def put_by_hand(scene: Scene, ada: str, site: str, **more: object) -> str:
    """Enter time in QuickBooks as somebody else does: Ada, an hour on 4 March."""
    kind, person = scene.people[ada]
    fields = {
        "NameOf": kind,
        f"{kind}Ref": {"value": person},
        "CustomerRef": {"value": scene.partner_of(site)},
        "TxnDate": "2026-03-04",
        "Hours": 1,
        "Minutes": 0,
    }
    key: str = scene.put("TimeActivity", fields | more)["Id"]
    return key


REFUSAL = {"Fault": {"Error": [{"Message": "no", "Detail": "Not this one", "code": "6330"}], "type": "ValidationFault"}}
REASONS: list[tuple[str, Arrange]] = [
    ("NOT_FINISHED", not_finished),
    ("NOT_WORK_TIME", no_work_time),
    ("NOT_BILLABLE", not_billable),
    ("NO_PROJECT", no_project),
    ("USER_NOT_MAPPED", user_not_mapped),
    ("PROJECT_NOT_MAPPED", project_not_mapped),
    ("CLIENT_NOT_MAPPED PROJECT_NOT_MAPPED", client_not_mapped),
    ("EMPLOYEE_INACTIVE", employee_inactive),
    ("CUSTOMER_INACTIVE", customer_inactive),
    ("TOO_SHORT", too_short),
    ("TOO_SHORT", end_before_start),
    ("TOO_LONG", too_long),
    ("BOOKS_CLOSED", books_closed),
    ("CURRENCY_DIFFERS", currency_differs),
    ("NOT_APPROVED", not_approved),
    ("INVOICED_IN_CLOCKIFY", invoiced),
    ("INVOICED_IN_CLOCKIFY", invoiced_by_hand),
    ("ALREADY_IN_QUICKBOOKS", already_there),
]


@pytest.mark.sample(9)
@pytest.mark.parametrize(("codes", "arrange"), REASONS, ids=[arrange.__name__ for _, arrange in REASONS])
def test_time_is_held_back_and_the_reason_named(
    scene: Scene, ada: str, site: str, codes: str, arrange: Arrange
) -> None:
    entry = arrange(scene, ada, site)
    activities = scene.activities()

    run = scene.sync()

    assert (run.code, run["status"], run["seen"], run.counts) == (0, "succeeded", 1, {"blocked": 1})
    assert run["blocked_reasons"] == dict.fromkeys(codes.split(), 1)
    assert scene.activities() == activities
    explained = scene.explain(entry)
    assert (explained["state"], explained.codes) == ("blocked", set(codes.split()))
    for reason in explained["reasons"]:
        assert reason["fix_in"] in {"clockify", "quickbooks", "here", "wait", "support"}
        assert reason["message"] and reason["fix"]
        assert "?" not in reason["message"], "a fact is missing in the sentence"
    # A second sync blocks the same for the same reasons and sends nothing.
    second_run = scene.sync()
    assert (second_run.code, second_run.counts, second_run["blocked_reasons"]) == (
        0,
        {"blocked": 1},
        run["blocked_reasons"],
    )


def test_a_running_timer_that_the_report_leaves_out_is_explained_all_the_same(
    scene: Scene, ada: str, site: str
) -> None:
    entry = scene.entry(ada, site, minutes=None)

    assert scene.sync()["seen"] == 0
    explained = scene.explain(entry)
    assert (explained["state"], explained.codes) == ("blocked", {"NOT_FINISHED"})


def test_a_timer_that_was_stopped_is_sent(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site, minutes=None)
    scene.sync()
    scene.explain(entry)

    scene.stretch(entry, 45)

    assert scene.sync().counts == {"sent": 1}
    assert_books_agree(scene)


def test_all_reasons_of_one_entry_are_counted_and_explained(scene: Scene, ada: str, site: str) -> None:
    unlinked_user = scene.user("Ben", partner=None)
    project = scene.project("Inside", client=scene.client("Stranger", customer=False), customer=False)
    entry = scene.entry(unlinked_user, project, minutes=25 * 60, billable=False, type="HOLIDAY", invoiced=True)
    codes = {
        "NOT_BILLABLE",
        "NOT_WORK_TIME",
        "TOO_LONG",
        "INVOICED_IN_CLOCKIFY",
        "USER_NOT_MAPPED",
        "CLIENT_NOT_MAPPED",
        "PROJECT_NOT_MAPPED",
    }

    run = scene.sync()

    assert (run["blocked"], run["blocked_reasons"]) == (1, dict.fromkeys(sorted(codes), 1))
    assert scene.explain(entry).codes == codes


def test_the_figures_of_a_mixed_month_add_up(scene: Scene, ada: str, site: str) -> None:
    unbillable = [scene.entry(ada, site, f"2026-03-{day} 09:00") for day in (10, 11)]
    gone = [scene.entry(ada, site, f"2026-03-{day} 09:00") for day in (12, 13, 14)]
    edited = scene.entry(ada, site, "2026-03-15 09:00")
    same = scene.entry(ada, site, "2026-03-16 09:00")
    billed = scene.entry(ada, site, "2026-03-17 09:00")
    gone_billed = scene.entry(ada, site, "2026-03-18 09:00")
    assert scene.sync()["sent"] == 9
    for entry in unbillable:
        scene.edit_entry(entry, billable=False)
    scene.stretch(edited, 90)
    scene.bill(scene.receipt(billed).quickbooks_id, scene.receipt(gone_billed).quickbooks_id)
    scene.stretch(billed, 90)
    scene.delete_entry(*gone, gone_billed)
    scene.entry(ada, site, "2026-03-19 09:00")
    for arrange in (not_billable, no_project, too_short, user_not_mapped):
        arrange(scene, ada, site)

    run = scene.sync()

    assert run.counts == {"sent": 1, "updated": 1, "deleted": 5, "unchanged": 1, "blocked": 5}
    assert run["blocked_reasons"] == {
        "BILLED_IN_QUICKBOOKS": 2,
        "NOT_BILLABLE": 1,
        "NO_PROJECT": 1,
        "TOO_SHORT": 1,
        "USER_NOT_MAPPED": 1,
    }
    assert_adds_up(run, deleted_in_clockify=3)
    assert run.code == 0
    assert scene.explain(same)["state"] == "sent"


def assert_adds_up(run: Result, *, deleted_in_clockify: int = 0) -> None:
    kinds = ("sent", "updated", "unchanged", "blocked", "failed", "unknown", "deleted")
    assert run["seen"] == sum(run[kind] for kind in kinds) - deleted_in_clockify


# --- freeing what was held back ----------------------------------------------------------------------------
def test_held_time_goes_as_soon_as_its_people_and_projects_are_linked(scene: Scene, ada: str, site: str) -> None:
    ben = scene.user("Ben", partner=None)
    nowhere = scene.project("Nowhere", customer=False)
    scene.entry(ben, nowhere)
    assert scene.sync()["blocked"] == 1

    scene.people[ben] = "Employee", scene.put("Employee", {"DisplayName": "Benjamin"})["Id"]
    scene.customers[nowhere] = scene.put("Customer", {"DisplayName": "Somewhere"})["Id"]
    scene.check()
    scene.decide("link", "user", ben, scene.partner_of(ben))
    assert scene.sync()["blocked_reasons"] == {"PROJECT_NOT_MAPPED": 1}
    scene.decide("link", "project", nowhere, scene.partner_of(nowhere))

    assert scene.sync().counts == {"sent": 1}
    assert_books_agree(scene)


def test_a_project_linked_by_hand_needs_no_client(scene: Scene, ada: str, site: str) -> None:
    project = scene.project("Inside", client=scene.client("Stranger", customer=False), customer=False)
    scene.entry(ada, project)
    assert scene.sync()["blocked"] == 1

    scene.customers[project] = scene.partner_of(site)
    scene.decide("link", "project", project, scene.partner_of(site))

    assert scene.sync().counts == {"sent": 1}
    assert_books_agree(scene)


def test_what_a_person_ignores_is_left_out(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site)
    scene.check()
    scene.decide("ignore", "project", site)

    run = scene.sync()

    assert (run.code, run.counts, run["blocked_reasons"]) == (0, {"blocked": 1}, {"IGNORED": 1})
    assert scene.explain(entry)["state"] == "ignored"
    assert scene.activities() == []


def test_one_ignored_entry_is_left_out(scene: Scene, ada: str, site: str) -> None:
    entry, later_entry = scene.entry(ada, site), scene.entry(ada, site, "2026-03-05 09:00")
    scene.ignore_entry(entry)

    assert scene.sync().counts == {"sent": 1, "blocked": 1}
    assert (scene.explain(entry)["state"], scene.explain(later_entry)["state"]) == ("ignored", "sent")


@pytest.mark.parametrize(
    ("arrange", "code"),
    [(too_long, "TOO_LONG"), (invoiced, "INVOICED_IN_CLOCKIFY"), (already_there, "ALREADY_IN_QUICKBOOKS")],
    ids=["too long", "invoiced", "already in QuickBooks"],
)
def test_a_person_may_send_it_anyway(scene: Scene, ada: str, site: str, arrange: Arrange, code: str) -> None:
    entry = arrange(scene, ada, site)
    assert scene.sync()["blocked_reasons"] == {code: 1}
    before = len(scene.activities())

    scene.set_aside(entry, code)

    assert scene.explain(entry)["state"] == "ready"
    assert scene.sync().counts == {"sent": 1}
    assert len(scene.activities()) == before + 1
    assert scene.sync().counts == {"unchanged": 1}


def test_policies_free_what_they_held(scene: Scene, ada: str, site: str) -> None:
    scene.policy(approved_only="true", longest_hours="1")
    scene.entry(ada, site, "2026-03-04 09:00", approvalState="APPROVED")
    scene.entry(ada, site, "2026-03-05 09:00")
    scene.entry(ada, site, "2026-03-06 09:00", approvalState="APPROVED", minutes=61)
    assert scene.sync()["blocked_reasons"] == {"NOT_APPROVED": 1, "TOO_LONG": 1}

    scene.policy(approved_only="false", longest_hours="24")

    assert scene.sync().counts == {"sent": 2, "unchanged": 1}
    assert_books_agree(scene)


# --- time that is there already ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "different",
    [{"Minutes": 1}, {"TxnDate": "2026-03-05"}],
    ids=["other minutes", "other day"],
)
def test_unowned_time_that_differs_is_no_equal_activity(
    scene: Scene, ada: str, site: str, different: dict[str, object]
) -> None:
    put_by_hand(scene, ada, site, **different)
    scene.entry(ada, site, "2026-03-04 09:00", minutes=60)

    assert scene.sync().counts == {"sent": 1}


def test_unowned_time_with_start_and_end_is_an_equal_activity_too(scene: Scene, ada: str, site: str) -> None:
    clock = {"StartTime": "2026-03-04T09:00:00-08:00", "EndTime": "2026-03-04T10:00:00-08:00"}
    put_by_hand(scene, ada, site, Hours=None, Minutes=None, **clock)
    scene.entry(ada, site, "2026-03-04 09:00", minutes=60)

    assert scene.sync()["blocked_reasons"] == {"ALREADY_IN_QUICKBOOKS": 1}


def test_our_own_time_is_never_taken_for_somebody_elses(scene: Scene, ada: str, site: str) -> None:
    scene.entry(ada, site, description="one")
    assert scene.sync().counts == {"sent": 1}
    scene.entry(ada, site, description="two")

    assert scene.sync().counts == {"sent": 1, "unchanged": 1}


def test_removing_an_equal_activity_unblocks_the_entry(scene: Scene, ada: str, site: str) -> None:
    key = put_by_hand(scene, ada, site)
    entry = scene.entry(ada, site, "2026-03-04 09:00", minutes=60)
    assert scene.sync()["blocked"] == 1

    scene.delete_activity(key)

    assert scene.explain(entry)["state"] in {"blocked", "ready"}
    assert scene.sync().counts == {"sent": 1}
    assert_books_agree(scene)


# --- closed books ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("code", ["6200", "6210"])
def test_books_that_are_closed_without_saying_so_hold_time_back(scene: Scene, ada: str, site: str, code: str) -> None:
    scene.switch(book_close_date_readable=False, closed_books_code=code)
    scene.configure(BookCloseDate="2026-03-10")
    closed = scene.entry(ada, site, "2026-03-10 09:00")
    scene.entry(ada, site, "2026-03-11 09:00")

    run = scene.sync()

    assert (run.code, run["status"], run.counts) == (0, "succeeded", {"sent": 1, "blocked": 1})
    assert run["blocked_reasons"] == {"BOOKS_CLOSED": 1}
    assert scene.explain(closed).codes == {"BOOKS_CLOSED"}
    scene.configure(BookCloseDate=None)
    assert scene.sync().counts == {"sent": 1, "unchanged": 1}


def test_a_closed_month_does_not_keep_the_open_one_from_being_sent(scene: Scene, ada: str, site: str) -> None:
    scene.switch(book_close_date_readable=False)
    scene.configure(BookCloseDate="2026-03-10")
    scene.entries(ada, site, 45, day=2)
    scene.entries(ada, site, 5, day=20)

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"sent": 5, "blocked": 45})


# --- partners that became inactive since the last check ----------------------------------------------------
@pytest.mark.parametrize("fault_code", ["2500", "610"])
@pytest.mark.parametrize("entity", ["Employee", "Customer"])
def test_a_partner_found_inactive_by_refusal_holds_time_back(
    scene: Scene, ada: str, site: str, fault_code: str, entity: str
) -> None:
    scene.switch(inactive_ref_error=fault_code)
    scene.check()
    scene.deactivate(entity, scene.partner_of(ada if entity == "Employee" else site))
    entry = scene.entry(ada, site)

    run = scene.sync()

    code = f"{entity.upper()}_INACTIVE"
    assert (run.code, run["status"], run.counts) == (0, "succeeded", {"blocked": 1})
    assert run["blocked_reasons"] == {code: 1}
    explained = scene.explain(entry)
    assert explained.codes == {code}
    assert "(deleted)" not in explained["reasons"][0]["message"]
    scene.zero_calls()
    assert scene.sync()["blocked_reasons"] == {code: 1}
    assert "POST timeactivity" not in scene.calls()


def test_a_partner_found_inactive_by_refusal_works_again_only_once_a_person_confirms(
    scene: Scene, ada: str, site: str
) -> None:
    scene.check()
    employee = scene.partner_of(ada)
    scene.entry(ada, site)
    scene.deactivate("Employee", employee)
    scene.sync()
    assert run_command("mapping").json["users"][0]["suspended"]
    listed = {row["clockify"]["id"]: row["reason"] for row in run_command("mismatches").json if row["kind"] == "user"}
    assert listed[ada] == "EMPLOYEE_INACTIVE"

    scene.put("Employee", {"Id": employee, "DisplayName": "Ada", "Active": True})
    scene.check()
    assert scene.sync()["blocked_reasons"] == {"EMPLOYEE_INACTIVE": 1}

    scene.decide("link", "user", ada, employee)
    assert scene.sync().counts == {"sent": 1}


def test_one_inactive_person_does_not_keep_the_others_from_being_sent(scene: Scene, ada: str, site: str) -> None:
    bea = scene.user("Bea")
    scene.check()
    scene.deactivate("Employee", scene.partner_of(ada))
    scene.entries(ada, site, 30, day=2)
    scene.entries(bea, site, 3, day=20)

    run = scene.sync()

    assert (run.code, run.counts) == (0, {"sent": 3, "blocked": 30})
    assert run["blocked_reasons"] == {"EMPLOYEE_INACTIVE": 30}


def test_a_customer_that_was_merged_away_holds_time_back(scene: Scene, ada: str, site: str) -> None:
    scene.check()
    scene.books.remove("Customer", scene.partner_of(site))
    scene.entry(ada, site)

    run = scene.sync()

    assert (run.code, run.counts, run["blocked_reasons"]) == (0, {"blocked": 1}, {"CUSTOMER_INACTIVE": 1})


def test_one_refused_record_does_not_stop_the_others(scene: Scene, ada: str, site: str) -> None:
    scene.entries(ada, site, 6)
    scene.fault("status_before", status=400, body=REFUSAL)

    run = scene.sync()

    assert (run.code, run["status"], run.counts) == (4, "partial", {"sent": 5, "failed": 1})
    assert scene.sync().counts == {"sent": 1, "unchanged": 5}
    assert_books_agree(scene)


def test_a_refusal_is_explained_with_quickbooks_words(scene: Scene, ada: str, site: str) -> None:
    entry = scene.entry(ada, site)
    scene.fault("status_before", status=400, body=REFUSAL)

    run = scene.sync()

    assert (run.code, run["status"], run.counts) == (4, "failed", {"failed": 1})
    explained = scene.explain(entry)
    assert (explained["state"], explained.codes) == ("failed", {"QUICKBOOKS_REFUSED"})
    message = explained["reasons"][0]["message"]
    assert "6330" in message and "Not this one" in message


def test_what_is_held_back_is_listed_with_its_minutes(scene: Scene, ada: str, site: str) -> None:
    scene.policy(start_date="2026-03-01")
    scene.entry(scene.user("Ben", partner=None), site, minutes=90)
    scene.entry(scene.user("Cleo", partner=None), site, minutes=30, billable=False)

    scene.check()

    rows = {
        row["clockify"]["name"]: row["blocked_minutes"] for row in run_command("mismatches").json if row["clockify"]
    }
    assert rows == {"Ben": 90, "Cleo": 0, "Sandbox Owner": 0}
